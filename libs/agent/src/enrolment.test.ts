import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { factBytes, newId } from '@stasis/events';
import { isSignedBy, newPrivateKey, seal, signingKeyOf } from '@stasis/proof';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureEnrolled, readEnrolment, type EnrolOptions } from './enrolment.ts';
import { factMaker } from './facts.ts';
import { nodeKeyFile, openNodeKeys, rekeyNode } from './nodeKey.ts';

let nodeDir: string;
beforeEach(() => {
  nodeDir = join(mkdtempSync(join(tmpdir(), 'stasis-enrol-')), 'node-a');
});
afterEach(() => rmSync(join(nodeDir, '..'), { recursive: true, force: true }));

const mode = (file: string): number => statSync(file).mode & 0o777;
const fact = () =>
  factMaker({ node: 'node-a', agent: 'restorer', instance: 'i', authid: newId('sub') })(
    'checkpoint.accepted',
    newId('ckp'),
    {
      attempt: 1,
    },
  );

describe('enrolment', () => {
  const api = async () => {
    const apiKey = await signingKeyOf(newPrivateKey());
    const keys = [{ keyId: apiKey.keyId, publicKey: apiKey.publicKey }];
    return vi.fn<EnrolOptions['enrol']>(async ({ node }) => ({ node, keyId: 'k', apiKeys: keys }));
  };

  it('is done once, by whichever agent comes first, with the token that appears in the node directory', async () => {
    const enrol = await api();
    const options = { node: 'node-a', nodeDir, enrol, log: () => undefined };
    const both = Promise.all([ensureEnrolled(options), ensureEnrolled(options)]);
    setTimeout(() => writeFileSync(join(nodeDir, 'enrol.token'), 'secret\n'), 200);
    const [one, other] = await both;
    expect(other).toEqual(one);
    const { publicKey } = await openNodeKeys(nodeDir).current();
    expect(enrol.mock.calls).toEqual([[{ node: 'node-a', token: 'secret', publicKey }]]);
    expect(readEnrolment(nodeDir)).toEqual(one);
    expect([nodeKeyFile(nodeDir), join(nodeDir, 'enrolment.json')].map(mode)).toEqual([0o600, 0o600]);
    expect(() => statSync(join(nodeDir, 'enrol.token'))).toThrow('ENOENT');
    await ensureEnrolled(options);
    expect(enrol).toHaveBeenCalledTimes(1);
  });

  it('waits for an api that is not up, and ends with what an api says that refuses', async () => {
    const enrol = await api();
    enrol.mockRejectedValueOnce(new StasisError('ServerUnreachable', 'not yet'));
    const options = { node: 'node-a', nodeDir, token: 't', enrol, log: () => undefined };
    await ensureEnrolled(options);
    expect(enrol).toHaveBeenCalledTimes(2);
    const other = { ...options, nodeDir: join(nodeDir, '..', 'node-b') };
    enrol.mockRejectedValueOnce(new StasisError('Unauthenticated', 'the token is used'));
    await expect(ensureEnrolled(other)).rejects.toMatchObject({ code: 'Unauthenticated' });
    const { token: _, ...without } = { ...other, waitMs: 50 };
    await expect(ensureEnrolled(without)).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});

describe('a new key of the node', () => {
  it('signs from the next fact on, also in an agent that runs, and the old one still opens what was sealed for it', async () => {
    const keys = openNodeKeys(nodeDir);
    const old = await keys.current();
    const box = await seal(old, new TextEncoder().encode('hush'), 'evt_1');
    const told: string[][] = [];
    const next = await rekeyNode(nodeDir, async (before, after) => void told.push([before.keyId, after.keyId]));
    expect(told).toEqual([[old.keyId, next.keyId]]);
    const signed = await keys.sign(fact());
    expect(signed.nodekeyid).toBe(next.keyId);
    expect(await isSignedBy(next, factBytes(signed), signed.nodesignature ?? '')).toBe(true);
    expect(new TextDecoder().decode(await keys.open(old.keyId, box, 'evt_1'))).toBe('hush');
  });

  it('is the same one when the api was told and the answer was lost', async () => {
    const old = await openNodeKeys(nodeDir).current();
    let lost = '';
    const dies = rekeyNode(nodeDir, async (_, { keyId }) => {
      lost = keyId;
      throw new Error('the line is cut');
    });
    await expect(dies).rejects.toThrow('the line is cut');
    expect((await openNodeKeys(nodeDir).current()).keyId).toBe(old.keyId);
    expect((await rekeyNode(nodeDir, async () => undefined)).keyId).toBe(lost);
  });
});
