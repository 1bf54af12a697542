/** Sizes and marks of the page store; docs/formats/page-store.md is the page that another reader is written from. */
export const formatVersion = 1;

export const pageSize = 4096;
/** Pages in a frame. */
export const slots = 64;
export const frameBytes = pageSize * slots;
export const fingerprintBytes = 16;
/** The fingerprints of one frame and the check of them. */
export const fingerprintBlockBytes = fingerprintBytes * slots + 16;

export const packMagic = Buffer.from('STASISPK', 'latin1');
export const imageMagic = Buffer.from('STASISIM', 'latin1');
export const packHeaderBytes = 32;
export const idBytes = 16;

/** A pack is closed at whichever comes first; a reader needs the second to be a bound. */
export const packFullBytes = 64 << 20;
export const maxFramesInPack = 1024;

/** Files below this, and the runtime's state (checkpoint.img), are kept whole: their pages do not come back. */
export const pagedFromBytes = 64 << 10;

/** How the bytes of a frame are kept. */
export const codec = { raw: 0, zstd: 1, patch: 2 } as const;

export const zeroPage = -1;
