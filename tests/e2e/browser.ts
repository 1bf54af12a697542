// A real Chromium without a window, as Debian's package brings it.
import { accessSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright-core';

const program = process.env['STASIS_CHROMIUM'] || '/usr/bin/chromium';

/** Why there is no browser to test with; undefined when there is, and under CI, where it must be. */
export const whyNoBrowser = (): string | undefined => {
  if (process.env['CI'] === 'true') return undefined;
  try {
    accessSync(program);
    return undefined;
  } catch {
    return `no ${program}: apt-get install chromium`;
  }
};

/** As root Chromium refuses its own sandbox; it only ever sees the page of this test. It calls nobody outside. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: program,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  });

/** What WCAG 2.2 A and AA would have otherwise, as axe sees the page now: rule and place. */
export async function barriersOn(page: Page): Promise<string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}
