import { describe, expect, it } from 'vitest';
import { parseGoFlags } from './goFlags.ts';

const kinds = { 'image-path': 'text', 'leave-running': 'switch', compression: ['none', 'flate-best-speed'] } as const;
const parse = (...words: string[]) => {
  const { texts, switches, rest } = parseGoFlags(words, kinds);
  return { ...texts, ...Object.fromEntries([...switches].map((name) => [name, true])), rest };
};

describe('flags as Go reads them', () => {
  it.each([
    [['-image-path', 'x', 'id'], { 'image-path': 'x', rest: ['id'] }],
    [['--image-path=x=y', 'id'], { 'image-path': 'x=y', rest: ['id'] }],
    [['--image-path=', 'id'], { 'image-path': '', rest: ['id'] }],
    [['-image-path', '-leave-running', 'id'], { 'image-path': '-leave-running', rest: ['id'] }],
    [['-leave-running', 'id'], { 'leave-running': true, rest: ['id'] }],
    [['-leave-running=true', 'id'], { 'leave-running': true, rest: ['id'] }],
    [['-leave-running', '--leave-running=F', 'id'], { rest: ['id'] }],
    [['-compression=none'], { compression: 'none', rest: [] }],
    [['id', '-leave-running'], { rest: ['id', '-leave-running'] }],
    [['--', '-leave-running'], { rest: ['-leave-running'] }],
    [['-'], { rest: ['-'] }],
    [[], { rest: [] }],
  ])('%j', (words, expected) => {
    expect(parse(...words)).toEqual(expected);
  });

  it.each([
    [['-imagepath', 'x'], 'flag provided but not defined: -imagepath'],
    [['-constructor'], 'flag provided but not defined: -constructor'],
    [['-image-path'], 'flag needs an argument: -image-path'],
    [['-leave-running=maybe'], 'invalid boolean value "maybe" for -leave-running'],
    [['-compression', 'zip'], 'invalid value "zip" for flag -compression: one of none, flate-best-speed'],
  ])('refuses %j in Go’s words', (words, message) => {
    expect(() => parse(...words)).toThrow(expect.objectContaining({ code: 'Usage', message }));
  });
});
