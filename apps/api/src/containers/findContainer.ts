import { parseName } from '@stasis/container';
import { StasisError } from '@stasis/errors';
import { getContainer, type LedgerDatabase, listContainers } from '@stasis/ledger/postgres';
import type { ContainerView } from '@stasis/lifecycle';

/**
 * The container that a name means: `<node>/<name>`, or a bare name where it is unique. Containers that are gone count
 * only where no other has the name.
 * @throws StasisError ContainerNotFound; AmbiguousName with the candidates as details.
 */
export async function findContainer(database: LedgerDatabase, name: string): Promise<ContainerView> {
  const { node, id } = parseName(name);
  if (node !== undefined) {
    const { item } = await getContainer(database, `${node}/${id}`);
    if (item === undefined) throw unknown(name);
    return item;
  }
  const { items } = await listContainers(database, { name: id, limit: 1000 });
  const present = items.filter((item) => item.status !== 'gone');
  const candidates = present.length > 0 ? present : items;
  const [only] = candidates;
  if (only === undefined) throw unknown(name);
  if (candidates.length > 1) {
    const names = candidates.map((item) => item.id).toSorted();
    throw new StasisError('AmbiguousName', `"${id}" is the name of ${names.length} containers: ${names.join(', ')}`, {
      next: 'Use <node>/<name>.',
      details: names.map((message) => ({ field: '/container', message })),
    });
  }
  return only;
}

export const unknown = (name: string): StasisError =>
  new StasisError('ContainerNotFound', `no container "${name}" is known`, {
    next: 'GET /v1/containers lists those that are.',
  });
