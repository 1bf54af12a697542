import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const good = { DATABASE_URL: 'postgresql://127.0.0.1/stasis' };

describe('the settings', () => {
  it('have defaults for all but the database', () => {
    expect(readSettings(good)).toMatchObject({
      host: '127.0.0.1',
      port: 7070,
      expectedNodes: [],
      allowHostCommands: false,
      nodeLostAfterMs: 30_000,
      deadlineMs: 900_000,
    });
  });

  it('read an IPv6 address, a list of nodes and the permission to start commands', () => {
    const read = readSettings({
      ...good,
      STASIS_LISTEN: '[::1]:8080',
      STASIS_NODES: 'a, b',
      STASIS_ALLOW_HOST_COMMANDS: '1',
    });
    expect(read).toMatchObject({ host: '::1', port: 8080, expectedNodes: ['a', 'b'], allowHostCommands: true });
  });

  it('listen to others with TLS, or when told to in so many words', () => {
    const open = { ...good, STASIS_LISTEN: '0.0.0.0:7070' };
    const tls = { STASIS_TLS_CERT: '/etc/cert.pem', STASIS_TLS_KEY: '/etc/key.pem' };
    expect(readSettings({ ...open, ...tls })).toMatchObject({ insecureListen: false, tls: { cert: '/etc/cert.pem' } });
    expect(readSettings({ ...open, STASIS_INSECURE_LISTEN: '1' })).toMatchObject({ insecureListen: true });
    expect(readSettings(good)).toMatchObject({ insecureListen: false, tls: undefined });
  });

  it.each([
    [{}, 'DATABASE_URL'],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
    [{ ...good, STASIS_LISTEN: '7070' }, 'STASIS_LISTEN'],
    [{ ...good, STASIS_LISTEN: '127.0.0.1:99999' }, 'STASIS_LISTEN'],
    [{ ...good, STASIS_NODES: 'A_b' }, 'STASIS_NODES'],
    [{ ...good, STASIS_NODE_LOST_AFTER_MS: 'soon' }, 'STASIS_NODE_LOST_AFTER_MS'],
    [{ ...good, STASIS_RATE_LIMIT: '0' }, 'STASIS_RATE_LIMIT'],
    [{ ...good, STASIS_TLS_CERT: 'cert.pem' }, 'STASIS_TLS_KEY'],
    [{ ...good, STASIS_TLS_KEY: 'key.pem' }, 'STASIS_TLS_CERT'],
    [{ ...good, STASIS_LISTEN: '0.0.0.0:7070' }, 'in the clear'],
    [{ ...good, STASIS_LISTEN: '[::]:7070' }, 'in the clear'],
    [{ ...good, STASIS_LISTEN: '127.evil.example:7070' }, 'in the clear'],
  ])('of %o are refused, naming %s', (env, name) => {
    expect(() => readSettings(env)).toThrowError(expect.objectContaining({ code: 'ConfigInvalid' }));
    expect(() => readSettings(env)).toThrowError(name);
  });
});
