/** Screenshots: `node test/browser/run.mjs look FOLDER`. */
import { mkdirSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';
import { start } from './serve.ts';

const folder = process.argv[2] ?? 'build/shots';
const dist = process.argv[3] ?? 'dist';
mkdirSync(folder, { recursive: true });
const { url, server } = await start(dist);
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });

const watched = (page: Page): void => {
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') console.log(`console: ${m.text()}`); });
  page.on('pageerror', (e) => { console.log(`error: ${e.message}`); });
};
const idle = (page: Page): Promise<unknown> => page.waitForFunction(() => !document.querySelector('.x-status.busy') && document.querySelector<HTMLElement>('.x-stage')?.dataset['redraw'] !== undefined && document.querySelector('.x-status')?.textContent?.endsWith('…') === false);

for (const [width, height] of [[1440, 900], [390, 844]] as const) for (const theme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
  watched(page);
  const shot = (name: string): Promise<unknown> => page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png` });
  await page.goto(url);
  await idle(page);
  await page.waitForTimeout(300);
  await shot('subject');
  await page.locator('.x-stage').focus();
  await page.keyboard.press('t');
  await page.keyboard.press('Enter');
  await idle(page);
  await page.waitForTimeout(500);
  await shot('trace');
  console.log(width, theme, await page.locator('.x-status').textContent());
  await page.locator('.x-panel-body summary', { hasText: 'Counterparties' }).click();
  await page.waitForTimeout(400);
  await page.locator('.x-more').scrollIntoViewIfNeeded();
  await shot('counterparties');
  if (width === 1440) {
    await page.locator('.x-stage').focus();
    await page.keyboard.press('Shift+E');
    await page.waitForTimeout(200);
    await shot('expand-by');
    await page.keyboard.press('Escape');
    await page.locator('.x-stage').focus();
    await page.keyboard.press('b');
    await page.waitForTimeout(200);
    await shot('label');
    await page.keyboard.press('Escape');
    await page.locator('.x-stage').focus();
    await page.keyboard.press('Shift+F10');
    await page.waitForTimeout(200);
    await shot('menu');
    await page.keyboard.press('Escape');
    await page.locator('.x-tools select').first().selectOption('entity');
    await page.keyboard.press('Escape');
    await page.locator('.x-stage').focus();
    await page.keyboard.press('l');
    await page.waitForTimeout(600);
    await shot('entities');
    await page.keyboard.press('Shift+T');
    await page.waitForTimeout(200);
    await shot('table');
    await page.locator('.x-stage').focus();
    await page.keyboard.press('Shift+R');
    await page.keyboard.press('?');
    await page.waitForTimeout(200);
    await shot('keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+F');
    await page.waitForTimeout(200);
    await shot('filters');
  }
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (overflow > 0) console.log(`sideways by ${overflow} px at ${width}`);
  await page.close();
}

await browser.close();
server.close();
