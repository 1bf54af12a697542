import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext, Locator, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { barriersOn, launchBrowser, whyNoBrowser } from './browser.ts';
import { makeTemp, type Running, startStasis, stasis, whyNoRunsc } from './stasis.ts';

const skip = whyNoBrowser();
const runtime = whyNoRunsc() === undefined ? 'runsc' : 'simulated';
const temp = makeTemp('console-e2e');
const env = { STASIS_HOME: path.join(temp.dir, 'home') };
const patience = 30_000;

let platform: Running;
let url: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];

const run = async (...words: string[]): Promise<string> => {
  const { code, out, err } = await stasis(words, env);
  expect({ words, code, err }).toMatchObject({ code: 0 });
  return out;
};

const expectSeen = (what: string, place: Locator): Promise<void> =>
  expect.poll(() => place.isVisible(), { timeout: patience, message: what }).toBe(true);

async function signIn(on: Page, token: string): Promise<void> {
  await on.goto(url);
  await on.getByLabel('Token').fill(token);
  await on.getByRole('button', { name: 'Sign in' }).click();
}

beforeAll(async () => {
  if (skip !== undefined) return;
  const words = ['up', '--bus', 'postgres', '--runtime', runtime, '--node', 'node-a', '--listen', '127.0.0.1:0'];
  platform = startStasis(words, env);
  const [, address = ''] = await platform.until(/Stasis runs at (http:\/\/127\.0\.0\.1:\d+)\n/);
  url = address;
  const program = ['/bin/sh', '-c', 'n=0; while :; do n=$((n + 1)); echo count $n; sleep 0.1; done'];
  await run('run', '--name', 'web', '--', ...program);
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
  page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.text().includes('Content Security') && complaints.push(message.text()));
  page.on('request', (request) => request.url().startsWith(url) || complaints.push(`asked ${request.url()}`));
}, 120_000);

afterAll(async () => {
  await browser?.close();
  if (platform !== undefined) {
    await stasis(['down', '--containers'], env);
    platform.child.kill('SIGTERM');
    await platform.ended;
  }
  await temp.remove();
}, 60_000);

describe.skipIf(skip !== undefined)(`the console in Chromium (${skip ?? runtime})`, () => {
  it('asks who is not signed in, refuses a bad token in words, and goes on to where the way led', async () => {
    await page.goto(`${url}/containers/node-a/web`);
    await page.getByLabel('Token').fill('stasis_not-a-token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('the token is not known').waitFor();
    await page.getByLabel('Token').fill(readFileSync(path.join(env.STASIS_HOME, 'admin.token'), 'utf8').trim());
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'node-a/web' }).waitFor();
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  });

  it('takes a checkpoint when asked, with a reason, and shows it become Ready by itself', async () => {
    await page.getByRole('button', { name: 'Checkpoint' }).click();
    await page.getByLabel('Why').fill('kernel upgrade, asked in the browser');
    await page.getByRole('dialog').getByRole('button', { name: 'Checkpoint' }).click();
    await page.getByRole('heading', { name: 'Checkpoint' }).waitFor();
    await page.locator('.mark', { hasText: /^Ready$/ }).waitFor();
    await page.getByText('kernel upgrade, asked in the browser').waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/checkpoints\/ckp_/);
  });

  it('shows a refused restore in place, and restores under another name', async () => {
    await page.getByRole('button', { name: 'Restore' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why').fill('a second copy');
    await dialog.getByLabel('Name').fill('not a name/');
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await dialog.getByRole('alert').getByText('is not a container name').waitFor();
    await dialog.getByLabel('Name').fill('web-again');
    await dialog.getByRole('button', { name: 'Restore' }).click();
    await page.locator('.mark', { hasText: /^Running$/ }).waitFor();
    await page.getByRole('link', { name: 'node-a/web-again' }).click();
    await expectSeen('the new container', page.getByRole('heading', { name: 'node-a/web-again' }));
  });

  it('searches the audit, and checks an event in the browser with a key of the reader', async () => {
    await page.goto(`${url}/audit?q=${encodeURIComponent('type:checkpoint.ready')}`);
    await page.getByRole('row').first().click();
    const key = await (await fetch(`${url}/v1/tree-heads/key`)).text();
    await page.getByLabel(/^Verifier key/).fill(key.trim());
    await page.getByRole('button', { name: 'Check it in this browser' }).click();
    await expectSeen('the verdict', page.getByText('It holds: the event stands in the ledger as shown.'));
  });

  it.each([
    ['a hash of the proof', (proof: Record<string, unknown>) => ({ ...proof, hashes: [] })],
    ['the recorded bytes', (proof: Record<string, unknown>) => ({ ...proof, leaf: 'AAAA' })],
    [
      'the tree head',
      (proof: Record<string, unknown>) => ({
        ...proof,
        treeHead: String(proof['treeHead']).replace(/\n(\d+)\n/, '\n1$1\n'),
      }),
    ],
  ])('shows a proof as false when somebody changed %s on the way', async (_, tamper) => {
    const between = async (route: Route): Promise<void> => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: tamper((await answer.json()) as Record<string, unknown>) });
    };
    await page.route('**/v1/audit/proof?*', between);
    await page.getByRole('button', { name: 'Check it in this browser' }).click();
    await expectSeen('the verdict', page.getByText('It does not hold.'));
    await page.unroute('**/v1/audit/proof?*', between);
    await page.getByRole('button', { name: 'Check it in this browser' }).click();
    await expectSeen('the verdict', page.getByText('It holds:'));
  });

  it('shows the fleet as it was, says so, and offers nothing to do with the past', async () => {
    await page.goto(`${url}/?at=2020-01-01T00:00:00.000Z`);
    await page.getByText('Nothing can be done to the past').waitFor();
    await page.getByText('No container runs here yet').waitFor();
    await page.goto(`${url}/containers/node-a/web?at=${new Date().toISOString()}`);
    expect(await page.getByRole('button', { name: 'Checkpoint' }).isDisabled()).toBe(true);
    await page.getByRole('link', { name: 'Back to now' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Checkpoint' }).isDisabled()).toBe(false);
  });

  it('says that it is stale when the api was killed, and catches up once another one stands in its place', async () => {
    await page.goto(url);
    await page.getByText('live', { exact: true }).waitFor();
    const { pid } = JSON.parse(readFileSync(path.join(env.STASIS_HOME, 'run/api.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await page.getByText(/stale since/).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await run('stop', 'node-a/web-again', '--reason', 'after the kill');
    await expect
      .poll(() => page.getByRole('row', { name: /node-a\/web-again/ }).innerText(), { timeout: patience })
      .toMatch(/stopped/);
  });

  it('can be worked by keyboard alone', async () => {
    await page.goto(url);
    await page.getByRole('row', { name: /node-a\/web / }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('node-a/web');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /node-a\/web/ }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    await page.keyboard.press('/');
    expect(await page.evaluate(`document.activeElement?.getAttribute('aria-label')`)).toBe('Search the audit');
  });

  it('offers an auditor nothing but the audit, and says so where the address is typed', async () => {
    const made = await run('token', 'create', '--role', 'auditor', '--name', 'Ada', '-o', 'json');
    const other = await browser.newContext();
    const hers = await other.newPage();
    hers.setDefaultTimeout(patience);
    await signIn(hers, (JSON.parse(made) as { secret: string }).secret);
    await hers.getByText('Your role does not allow this.').first().waitFor();
    expect(await hers.getByRole('button', { name: 'Checkpoint' }).count()).toBe(0);
    await hers.getByRole('link', { name: 'Audit' }).click();
    await hers.getByRole('row').first().waitFor();
    await other.close();
  });

  it.each(['light', 'dark'] as const)('has no barrier that axe can find, in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const checkpoint = (JSON.parse(await run('checkpoints', 'node-a/web', '-o', 'json')) as { items: { id: string }[] })
      .items[0]!.id;
    const places = ['/', '/containers/node-a/web', `/checkpoints/${checkpoint}`, '/audit?q=type%3Acheckpoint.ready'];
    for (const place of places) {
      await page.goto(`${url}${place}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText('live', { exact: true }).waitFor();
      expect({ place, barriers: await barriersOn(page) }).toEqual({ place, barriers: [] });
    }
  });

  it('fits a screen of 360 px', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const place of ['/', '/containers/node-a/web', '/audit']) {
      await page.goto(`${url}${place}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const over = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect({ place, over }).toEqual({ place, over: 0 });
    }
  });

  it('ran without an error, a breach of its own policy, or a request to anywhere else', () => {
    expect(complaints).toEqual([]);
  });
});
