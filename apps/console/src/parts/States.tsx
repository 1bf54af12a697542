import { isStasisError } from '@stasis/errors';
import type { ReactNode } from 'react';

/** What stands where an answer has not come yet: as high as what will stand there. */
export const Loading = ({ what }: { readonly what: string }) => (
  <div className="state" role="status">
    Reading {what}…
  </div>
);

export const Empty = ({ children }: { readonly children: ReactNode }) => <div className="state">{children}</div>;

/** A failure in the api's own words, with what to do about it. */
export function Failed({ error, again }: { readonly error: unknown; readonly again?: () => void }) {
  const code = isStasisError(error) ? error.code : 'Internal';
  const denied = code === 'NotAuthorised' || code === 'PolicyDenied';
  return (
    <div className="state failed" role="alert">
      <strong>{denied ? 'Your role does not allow this.' : code}</strong>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {isStasisError(error) && error.next !== undefined && <p className="dim">{error.next}</p>}
      {again !== undefined && !denied && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
