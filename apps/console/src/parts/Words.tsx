import { ago, bytes, milliseconds } from '@stasis/api-contract';
import { useEffect, useState } from 'react';

/** An instant in the reader's zone; UTC on hover. */
export function At({ at }: { readonly at: string | undefined }) {
  if (at === undefined) return <span className="dim">–</span>;
  return (
    <time dateTime={at} title={at}>
      {new Date(at).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' })}
    </time>
  );
}

/** How long ago an instant was, kept current. */
export function Ago({ at }: { readonly at: string | undefined }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 10_000);
    return () => clearInterval(timer);
  }, []);
  if (at === undefined) return <span className="dim">never</span>;
  return (
    <time dateTime={at} title={at}>
      {ago(at)}
    </time>
  );
}

export const Size = ({ of }: { readonly of: number | undefined }) => (
  <span title={of === undefined ? undefined : `${of.toLocaleString('en')} bytes`}>{bytes(of)}</span>
);

export const Took = ({ ms }: { readonly ms: number | undefined }) => <span>{milliseconds(ms)}</span>;

/** An id, whole for the eye and the clipboard. */
export const Id = ({ of }: { readonly of: string }) => <code className="id">{of}</code>;
