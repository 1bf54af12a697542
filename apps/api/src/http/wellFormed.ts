import { StasisError } from '@stasis/errors';

/**
 * Refuses what no leaf could hold: NUL, lone surrogates, integers above 2^53.
 * @throws StasisError BadRequest naming the field by JSON pointer.
 */
export function requireWellFormed(value: unknown, pointer = ''): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw malformed(pointer, 'holds a NUL');
    if (!value.isWellFormed()) throw malformed(pointer, 'holds a lone surrogate');
  } else if (typeof value === 'number') {
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw malformed(pointer, 'is above 2^53; send it as a string');
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) requireWellFormed(item, `${pointer}/${index}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      requireWellFormed(name, pointer);
      requireWellFormed(item, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  }
}

const malformed = (field: string, message: string): StasisError =>
  new StasisError('BadRequest', `body ${message} at ${field || '/'}`, { details: [{ field: field || '/', message }] });
