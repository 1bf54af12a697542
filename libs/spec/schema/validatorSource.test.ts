import { expect, it } from 'vitest';
import { validatorSource } from './validatorSource.ts';

it('is what the committed validator was generated from', async () => {
  await expect(validatorSource()).toMatchFileSnapshot('../src/generated/validateConfig.ts');
});
