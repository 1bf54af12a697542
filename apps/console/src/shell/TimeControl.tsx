import { useNavigate } from '@tanstack/react-router';
import { useId } from 'react';

/** `datetime-local` wants the reader's own clock without a zone. */
const localOf = (iso: string): string => {
  const date = new Date(iso);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
};

/** Now, or an instant of the past. It stands in the URL, so that a link shows the same fleet. */
export function TimeControl({ at }: { readonly at: string | undefined }) {
  const navigate = useNavigate();
  const id = useId();
  const show = (next: string | undefined): void =>
    void navigate({ to: '.', search: (before) => ({ ...before, at: next }) });
  return (
    <span className="time-control">
      <label htmlFor={id}>As of</label>
      <input
        id={id}
        type="datetime-local"
        step={1}
        value={at === undefined ? '' : localOf(at)}
        max={localOf(new Date().toISOString())}
        onChange={({ target }) => show(target.value === '' ? undefined : new Date(target.value).toISOString())}
      />
      <button type="button" disabled={at === undefined} onClick={() => show(undefined)}>
        Now
      </button>
    </span>
  );
}
