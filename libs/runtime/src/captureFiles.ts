/** In an attempt's directory, what the runtime said while it captured. No part of the image: removed before sealing. */
export const stderrFileName = 'runtime.stderr';
