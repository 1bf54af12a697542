/** What the tests use of oidc-provider 9, which brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';
  import type { JWK } from 'jose';

  interface ResourceServer {
    readonly scope: string;
    readonly audience: string;
    readonly accessTokenFormat: 'jwt';
    readonly jwt: { readonly sign: { readonly alg: 'RS256' } };
  }

  export default class Provider {
    constructor(
      issuer: string,
      configuration: {
        readonly clients: readonly object[];
        readonly jwks: { readonly keys: readonly JWK[] };
        readonly ttl: Readonly<Record<string, number>>;
        readonly features: {
          readonly clientCredentials: { readonly enabled: boolean };
          readonly devInteractions: { readonly enabled: boolean };
          readonly resourceIndicators: {
            readonly enabled: boolean;
            readonly defaultResource: () => string;
            readonly getResourceServerInfo: () => ResourceServer;
          };
        };
        readonly extraTokenClaims: (context: unknown, token: { readonly clientId: string }) => object;
      },
    );
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  }
}
