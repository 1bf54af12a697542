import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { messageOf, StasisError } from '@stasis/errors';

/**
 * Believes the authority in the file that STASIS_CA names (PEM), beside those that Node believes already. For the whole
 * process, so before its first connection.
 * @throws StasisError ConfigInvalid when the file holds no certificate.
 */
export const trustCa = (env: Readonly<Record<string, string | undefined>>): void => {
  const file = env['STASIS_CA'];
  if (!file) return;
  try {
    const pem = readFileSync(file, 'utf8');
    tls.createSecureContext({ ca: pem });
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), pem]);
  } catch (error) {
    throw new StasisError('ConfigInvalid', `STASIS_CA (${file}) cannot be used: ${messageOf(error)}`, {
      next: 'Name the PEM file of the authority that signed the certificate of the api.',
      cause: error,
    });
  }
};
