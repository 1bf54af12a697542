/** What Kafka or kafkajs calls an error, found along its causes; '' for one that has no such name. */
export const typeOf = (error: unknown): string => {
  const { type, cause } = error as { type?: unknown; cause?: unknown };
  if (typeof type === 'string') return type;
  return cause === undefined || cause === null ? '' : typeOf(cause);
};

/** Along the causes: kafkajs wraps what it gave up on. */
const some = (
  error: unknown,
  holds: (one: { name?: unknown; code?: unknown; message?: unknown }) => boolean,
): boolean =>
  typeof error === 'object' && error !== null && (holds(error) || some((error as { cause?: unknown }).cause, holds));

/** The broker's certificate is not vouched for, is for another name or has expired (codes of node:tls and OpenSSL). */
export const isCertificateRefused = (error: unknown): boolean =>
  some(error, ({ code }) =>
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'CERT_SIGNATURE_FAILURE',
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ].includes(String(code)),
  );

/** The broker does not take this user, password or mechanism. */
export const isLoginRefused = (error: unknown): boolean =>
  some(error, ({ name }) => name === 'KafkaJSSASLAuthenticationError') ||
  ['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'].includes(typeOf(error));

/** A broker that has just started reads its groups and transactions in; it says so, and answers a little later. */
export const isLoading = (error: unknown): boolean =>
  ['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'].includes(typeOf(error));
