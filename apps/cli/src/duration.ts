import { InvalidArgumentError } from 'commander';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `500ms`, `30`, `30s`, `5m`, `1h`, `30d` (a bare number is seconds) into milliseconds. @throws InvalidArgumentError */
export const parseDuration = (text: string): number => {
  const [, number, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('Use a number with ms, s, m, h or d, for example 30s.');
  return Number(number) * unitMs[unit as keyof typeof unitMs];
};

/** Reads a whole number from 1. @throws InvalidArgumentError */
export const parseCount = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 1.');
  return Number(text);
};
