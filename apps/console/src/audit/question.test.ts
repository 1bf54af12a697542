import { expect, it } from 'vitest';
import { filterNames, questionOf, readSearch, writeSearch } from './question.ts';

it('takes the words of the api as filters and all others as free text', () => {
  expect(questionOf('container:node-1/web type:checkpoint.ready kernel upgrade')).toEqual({
    container: 'node-1/web',
    type: 'checkpoint.ready',
    text: 'kernel upgrade',
  });
  expect(filterNames).toEqual(expect.arrayContaining(['container', 'checkpoint', 'restore', 'node', 'type']));
});

it('leaves a colon in free text alone, and takes a quoted value whole', () => {
  expect(questionOf('at 10:30 label:"team=core web"')).toEqual({ label: 'team=core web', text: 'at 10:30' });
});

it('writes what it reads', () => {
  const words = 'container:node-1/web label:"team=core web" kernel upgrade';
  const { chips, text } = readSearch(words);
  expect(writeSearch(chips, text)).toBe(words);
});
