import * as Dialog from '@radix-ui/react-dialog';
import { type ComponentProps, type FormEvent, type ReactNode, useState } from 'react';
import { type Answers, answersOf } from './answers.ts';
import { Failed } from './States.tsx';

/**
 * A button that asks before it acts: why, and whatever `children` add. `typed` is what has to be typed to go on, for
 * what cannot be taken back. A refusal is shown where it was asked.
 */
export function Ask(props: {
  readonly label: string;
  readonly title: string;
  readonly says: ReactNode;
  readonly typed?: string;
  readonly disabled?: string | undefined;
  readonly children?: ReactNode;
  readonly act: (answers: Answers) => Promise<unknown>;
}) {
  const [open, setOpen] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [typed, setTyped] = useState('');

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const answers = answersOf(event.currentTarget);
    setBusy(true);
    setFailure(undefined);
    try {
      await props.act(answers);
      setOpen(false);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  const onOpenChange = (next: boolean): void => {
    setOpen(next);
    setFailure(undefined);
    setTyped('');
  };

  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Trigger
        className={props.typed === undefined ? undefined : 'danger'}
        disabled={props.disabled !== undefined}
        title={props.disabled}
      >
        {props.label}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog">
          <Dialog.Title>{props.title}</Dialog.Title>
          <Dialog.Description>{props.says}</Dialog.Description>
          <form onSubmit={(event) => void submit(event)}>
            {props.children}
            <Field name="reason" label="Why" required maxLength={2000} placeholder="kernel upgrade, CHG-1234" />
            {props.typed !== undefined && (
              <Field
                name="typed"
                label={`Type ${props.typed} to go on`}
                value={typed}
                onChange={({ target }) => setTyped(target.value)}
                autoComplete="off"
              />
            )}
            {failure !== undefined && <Failed error={failure} />}
            <div className="row end">
              <Dialog.Close type="button">Leave it</Dialog.Close>
              <button
                type="submit"
                className={props.typed === undefined ? 'primary' : 'danger'}
                disabled={busy || (props.typed !== undefined && typed !== props.typed)}
              >
                {props.label}
              </button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A labelled field of a form. */
export function Field({ label, ...input }: { readonly label: string } & ComponentProps<'input'>) {
  return (
    <label className="field">
      <span>{label}</span>
      <input {...input} />
    </label>
  );
}
