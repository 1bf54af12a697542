import { canonicalBytes, factBytes, type StasisEvent } from '@stasis/events';
import { isSignedBy, publicKeyOf, signingKeyOf } from '@stasis/proof';
import { docsSection } from '@stasis/testing';
import { expect, it } from 'vitest';
import { signFact } from '../testApi.ts';

const told = {
  specversion: '1.0',
  id: 'evt_01k9tq8x4ye5n8j9yq2f3c4d5e',
  type: 'dev.stasis.checkpoint.accepted.v1',
  source: '/stasis/nodes/node-a',
  subject: 'ckp_01k9tq8wzfe5n8j9yq2f3c4d5e',
  time: '2026-11-24T12:00:00.000Z',
  datacontenttype: 'application/json',
  ledger: 'default',
  authtype: 'system',
  authid: 'sub_01k9tq8wzfe5n8j9yq2f3c4d5e',
  correlationid: 'ckp_01k9tq8wzfe5n8j9yq2f3c4d5e',
  data: { attempt: 1 },
} as StasisEvent;

const block = (text: string): string => `\`\`\`\n${text.trimEnd()}\n\`\`\``;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

it('docs/formats/signatures.md shows a fact that checks out from its leaf alone', async () => {
  const key = await signingKeyOf(new Uint8Array(32).fill(1));
  const recorded = { ...(await signFact(told, key)), recordedtime: '2026-11-24T12:00:00.250Z' };
  const leaf = text(canonicalBytes(recorded));
  const example = [
    `The node's seed is 32 bytes of 01. Its public key is \`${key.publicKey}\`, its id \`${key.keyId}\`. The leaf:`,
    block(leaf),
    'What was signed:',
    block(text(factBytes(recorded))),
  ].join('\n\n');
  const { written, expected } = docsSection('formats/signatures.md', 'example', example);
  expect(written).toBe(expected);

  // As the page says, with nothing but the page.
  const [, publicKey = ''] = /public key is `([^`]+)`/.exec(written) ?? [];
  const [shownLeaf = '', shownBytes = ''] = [...written.matchAll(/```\n([\s\S]*?)\n```/g)].map(([, inside]) => inside);
  const { nodesignature, recordedtime, ...rest } = JSON.parse(shownLeaf) as Record<string, string>;
  expect(recordedtime).toBe('2026-11-24T12:00:00.250Z');
  expect(`stasis fact v1\n${text(canonicalBytes(rest))}`).toBe(shownBytes);
  expect(await isSignedBy(publicKeyOf(publicKey), new TextEncoder().encode(shownBytes), nodesignature ?? '')).toBe(
    true,
  );
});
