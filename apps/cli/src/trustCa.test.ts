import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { selfSigned } from '@stasis/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runLine } from './testing/runLine.ts';

let home: string;
let server: Server;
let env: Record<string, string>;
const page = { items: [], next: null, position: 1 };

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'stasis-test-ca-'));
  const { cert, key } = selfSigned();
  await writeFile(path.join(home, 'ca.pem'), cert);
  server = createServer({ cert, key }, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  env = { STASIS_SERVER: `https://127.0.0.1:${port}`, STASIS_TOKEN: 'x' };
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(home, { recursive: true, force: true });
});

// The first of these must come first: what a process believes once, it believes to its end.
it('a server with a certificate of its own is not believed', async () => {
  const { code, err } = await runLine(['ps'], env);
  expect(code).toBe(1);
  expect(err).toMatch(/ServerUnreachable: .*self-signed/);
});

it('is believed with its authority in STASIS_CA', async () => {
  expect(await runLine(['ps'], { ...env, STASIS_CA: path.join(home, 'ca.pem') })).toMatchObject({ code: 0 });
});

it.each([
  ['is not there', 'none.pem', undefined],
  ['holds no certificate', 'broken.pem', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'],
])('STASIS_CA that %s is one line that names it', async (_, name, content) => {
  if (content !== undefined) await writeFile(path.join(home, name), content);
  const { code, err } = await runLine(['ps'], { ...env, STASIS_CA: path.join(home, name) });
  expect(code).toBe(2);
  expect(err).toMatch(new RegExp(`^error: ConfigInvalid: STASIS_CA \\(.*${name}\\)`));
});
