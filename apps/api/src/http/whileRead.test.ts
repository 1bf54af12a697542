import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { whileRead } from './whileRead.ts';

const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));
const never = new AbortController().signal;

it('ends when the reader goes', () => {
  const answer = response();
  const signal = whileRead(answer, never);
  expect(signal.aborted).toBe(false);
  answer.emit('close');
  expect(signal.aborted).toBe(true);
});

it('has ended for a reader that left before, and for an api that closes', () => {
  const left = response();
  left.destroy();
  expect(whileRead(left, never).aborted).toBe(true);
  expect(whileRead(response(), AbortSignal.abort()).aborted).toBe(true);
});
