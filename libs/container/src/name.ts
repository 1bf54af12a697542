import { StasisError } from '@stasis/errors';

/** runsc's own rule for ids (gvisor runsc/container/state_file.go, `idRegex`), with a length that is a file name. */
const idPattern = /^[A-Za-z0-9_+.-]+$/;
const maxIdLength = 128;
/** RFC 1123 label, as Kubernetes node names are made of; it is part of topic keys, group ids and paths. */
const nodePattern = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;

export const isContainerId = (text: string): boolean =>
  text.length <= maxIdLength && idPattern.test(text) && !/^\.+$/.test(text);

export const isNodeName = (text: string): boolean => nodePattern.test(text) && !text.includes('..');

/** A container in the fleet: `<node>/<id>`. */
export interface ContainerRef {
  readonly node: string;
  readonly id: string;
}

export const formatRef = (ref: ContainerRef): string => `${ref.node}/${ref.id}`;

/**
 * Reads `<node>/<id>` or a bare `<id>` (then `node` is absent).
 * @throws StasisError BadRequest when neither fits.
 */
export function parseName(text: string): { node?: string; id: string } {
  const slash = text.indexOf('/');
  const node = slash < 0 ? undefined : text.slice(0, slash);
  const id = text.slice(slash + 1);
  if (!isContainerId(id))
    throw new StasisError('BadRequest', `"${text}" is not a container name`, {
      next: 'Use letters, digits and _ + . - (at most 128), as <name> or <node>/<name>.',
    });
  if (node !== undefined && !isNodeName(node))
    throw new StasisError('BadRequest', `"${node}" is not a node name`, { next: 'Use a lower-case RFC 1123 label.' });
  return node === undefined ? { id } : { node, id };
}

/** @throws StasisError BadRequest unless both halves are there and well formed. */
export function parseRef(text: string): ContainerRef {
  const { node, id } = parseName(text);
  if (node === undefined)
    throw new StasisError('BadRequest', `"${text}" lacks its node`, { next: 'Use <node>/<name>.' });
  return { node, id };
}
