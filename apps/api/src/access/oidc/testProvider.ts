import type { webcrypto } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';

export const testAudience = 'https://stasis.example';

export interface TestProvider {
  readonly issuer: string;
  /** A token by the client_credentials grant (RFC 6749 section 4.4). */
  token(client: string, scope: string): Promise<string>;
  /** A token as this provider could sign it, good unless `claims` say otherwise; `null` leaves a claim out. */
  forge(claims?: Record<string, unknown>, header?: { kid?: string }): Promise<string>;
  /** A token signed with HMAC under the provider's public key, which is no secret. */
  confused(): Promise<string>;
  /** From now on it signs with another key, under another id. */
  rotate(): Promise<void>;
  /** Requests for its keys so far. */
  fetches(): number;
  stop(): Promise<void>;
}

const secret = 'x'.repeat(40);
const goodFor = 600;

/** A certified provider (npm's oidc-provider) on a free port, with clients `ci`, `ada` and `bob`. */
export async function startTestProvider(): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  let fetches = 0;
  let signer = await newSigner('first');
  let handle = handlerOf(issuer, signer.jwk);
  server.on('request', (request, response) => {
    if (request.url === '/jwks') fetches += 1;
    void handle(request, response);
  });
  const claimsOf = (changes: Record<string, unknown>): JWTPayload => {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: issuer, aud: testAudience, sub: 'ci', iat: now, exp: now + goodFor, scope: 'stasis.viewer' };
    return Object.fromEntries(Object.entries({ ...all, ...changes }).filter(([, value]) => value !== null));
  };
  return {
    issuer,
    token: async (client, scope) => {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
      });
      const { access_token: token } = (await response.json()) as { access_token?: string };
      if (token === undefined) throw new Error(`the provider answered ${response.status}`);
      return token;
    },
    forge: (claims = {}, { kid = signer.kid } = {}) =>
      new SignJWT(claimsOf(claims)).setProtectedHeader({ alg: 'RS256', kid }).sign(signer.privateKey),
    confused: async () =>
      new SignJWT(claimsOf({}))
        .setProtectedHeader({ alg: 'HS256', kid: signer.kid })
        .sign(new TextEncoder().encode(await exportSPKI(signer.publicKey))),
    rotate: async () => {
      signer = await newSigner('second');
      handle = handlerOf(issuer, signer.jwk);
    },
    fetches: () => fetches,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Signer {
  readonly kid: string;
  readonly jwk: JWK;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

async function newSigner(kid: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { kid, privateKey, publicKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' } };
}

function handlerOf(issuer: string, jwk: JWK): ReturnType<Provider['callback']> {
  const client = (id: string) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  });
  const provider = new Provider(issuer, {
    clients: [client('ci'), client('ada'), client('bob')],
    jwks: { keys: [jwk] },
    ttl: { ClientCredentials: goodFor },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => testAudience,
        getResourceServerInfo: () => ({
          scope: 'stasis.viewer stasis.restorer stasis.approver stasis.admin other',
          audience: testAudience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_, { clientId }) => ({ name: `${clientId} of the tests`, email: `${clientId}@stasis.example` }),
  });
  return provider.callback();
}
