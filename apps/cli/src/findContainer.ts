import type { Client } from '@stasis/api-contract';
import { parseName } from '@stasis/container';
import { StasisError } from '@stasis/errors';

/**
 * The node and id of a container named `<node>/<name>`, or `<name>` with `--node` or where it is unique: among those
 * that exist, else among those that are gone.
 * @throws StasisError ContainerNotFound, AmbiguousName with the candidates, BadRequest.
 */
export const findContainer = async (
  client: Client,
  text: string,
  onNode?: string,
): Promise<{ node: string; id: string }> => {
  const { node = onNode, id } = parseName(text);
  if (node !== undefined) return { node, id };
  const known = (await client.listContainers({ query: { name: id, all: 'true' } })).items;
  const there = known.filter(({ status }) => status !== 'gone');
  const items = there.length > 0 ? there : known;
  const [first, ...others] = items;
  if (first === undefined)
    throw new StasisError('ContainerNotFound', `no container named "${id}" is known`, {
      next: '`stasis ps` lists them.',
    });
  if (others.length > 0)
    throw new StasisError('AmbiguousName', `${items.length} containers are named "${id}"`, {
      next: 'Give <node>/<name> or --node.',
      details: items.map((item) => ({ message: item.id })),
    });
  return { node: first.node, id };
};

/** The name as the api takes it, with the node of `--node` before a bare one. @throws StasisError BadRequest */
export const refOf = (text: string, onNode?: string): string => {
  const { node = onNode, id } = parseName(text);
  return node === undefined ? id : `${node}/${id}`;
};
