/** What the reader filled into a form, by field. */
export type Answers = Readonly<Record<string, string>>;

/** Files are no answers to anything that is asked here. */
export const answersOf = (form: HTMLFormElement): Answers =>
  Object.fromEntries(
    [...new FormData(form)].filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
