// `npm run screenshots`: writes docs/screenshots/<page>-<theme>-<width>.png from a real platform with a small fleet.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { launchBrowser, whyNoBrowser } from '../tests/e2e/browser.ts';
import { makeTemp, startStasis, stasis, whyNoRunsc } from '../tests/e2e/stasis.ts';

const folder = path.join(import.meta.dirname, '../docs/screenshots');
const themes = ['light', 'dark'] as const;
const widths = [1440, 360] as const;

const why = whyNoBrowser() ?? whyNoRunsc();
if (why !== undefined) {
  console.error(why);
  process.exit(1);
}

const temp = makeTemp('screenshots');
const env = { STASIS_HOME: path.join(temp.dir, 'home') };
const run = async (...words: string[]): Promise<{ id: string }> => {
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  const { code, out, err } = await stasis(words.toSpliced(end, 0, '-o', 'json'), env);
  if (code !== 0) throw new Error(`stasis ${words.join(' ')} ended with ${code}: ${err}`);
  return JSON.parse(out) as { id: string };
};

const platform = startStasis(
  ['up', '--bus', 'postgres', '--node', 'node-a', '--node', 'node-b', '--listen', '127.0.0.1:0'],
  env,
);
try {
  const [, url = ''] = await platform.until(/Stasis runs at (http:\/\/\S+)\n/);
  const program = ['/bin/sh', '-c', 'n=0; while :; do n=$((n + 1)); echo count $n; sleep 0.1; done'];
  for (const node of ['node-a', 'node-b'])
    for (const name of ['web-1', 'web-2', 'ci-17']) await run('run', '--node', node, '--name', name, '--', ...program);
  for (const reason of ['nightly', 'before the change CHG-42', 'kernel upgrade'])
    await run('checkpoint', 'node-a/web-1', '--leave-running', '--wait', '--reason', reason);
  const checkpoint = await run('checkpoint', 'node-b/ci-17', '--leave-running', '--wait', '--reason', 'spot node');
  const restore = await run('restore', checkpoint.id, '--node', 'node-a', '--name', 'ci-17b', '--wait');

  const pages = {
    fleet: '/',
    container: '/containers/node-a/web-1',
    checkpoint: `/checkpoints/${checkpoint.id}`,
    restore: `/restores/${restore.id}`,
    audit: `/audit?q=${encodeURIComponent('container:node-a/web-1')}`,
  };
  mkdirSync(folder, { recursive: true });
  const browser = await launchBrowser();
  for (const width of widths)
    for (const theme of themes) {
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
      const page = await context.newPage();
      await page.goto(url);
      await page.getByLabel('Token').fill(readFileSync(path.join(env.STASIS_HOME, 'admin.token'), 'utf8').trim());
      await page.getByRole('button', { name: 'Sign in' }).click();
      for (const [name, place] of Object.entries(pages)) {
        await page.goto(`${url}${place}`);
        await page.getByText('live', { exact: true }).waitFor();
        // The event stream never ends, so there is no quiet network to wait for.
        await page.waitForTimeout(2000);
        const file = path.join(folder, `${name}-${theme}-${width}.png`);
        await page.screenshot({ path: file });
        console.error(path.relative(process.cwd(), file));
      }
      await context.close();
    }
  await browser.close();
} finally {
  await stasis(['down', '--containers'], env);
  platform.child.kill('SIGTERM');
  await platform.ended;
  await temp.remove();
}
