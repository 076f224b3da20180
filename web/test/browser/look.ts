/** Screenshots and frame times: `node test/browser/run.mjs look FOLDER`. */
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
  if (width === 1440) {
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

/** Frame times over a gesture, in ms. */
async function frames(page: Page, gesture: () => Promise<void>): Promise<string> {
  await page.evaluate(() => {
    const w = window as unknown as { times: number[]; run: boolean };
    w.times = [];
    w.run = true;
    let last = performance.now();
    const tick = (): void => {
      const now = performance.now();
      w.times.push(now - last);
      last = now;
      if (w.run) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await gesture();
  const times = await page.evaluate(() => { const w = window as unknown as { times: number[]; run: boolean }; w.run = false; return w.times.slice(1); });
  times.sort((a, b) => a - b);
  const at = (q: number): string => (times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0).toFixed(0);
  return `${times.length} frames, p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)} ms`;
}

for (const size of ['1000/4000', '5000/20000']) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 860 } });
  watched(page);
  await page.goto(`${url}/?fixture=${size}`);
  await page.waitForFunction(() => performance.getEntriesByName('explorer-picture').length > 0, undefined, { timeout: 60_000 });
  const first = await page.evaluate(() => { const p = performance.getEntriesByName('explorer-picture')[0]?.startTime ?? 0; const n = performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming; return `${(p - n.responseEnd).toFixed(0)} ms after the page had come`; });
  await page.waitForTimeout(3000);
  console.log(`${size}: first picture ${first}; redraw ${await page.locator('.x-stage').getAttribute('data-redraw')} ms`);
  await page.screenshot({ path: `${folder}/big-${size.replace('/', '-')}.png` });
  const pan = async (): Promise<void> => {
    await page.mouse.move(500, 500);
    await page.mouse.down();
    for (let i = 0; i < 120; i += 1) await page.mouse.move(500 + Math.sin(i / 20) * 300, 500 - i * 2);
    await page.mouse.up();
  };
  const zoom = async (): Promise<void> => { for (let i = 0; i < 60; i += 1) await page.mouse.wheel(0, i < 30 ? -120 : 120); };
  console.log('  pan, whole view:', await frames(page, pan));
  console.log('  zoom:', await frames(page, zoom));
  await page.locator('.x-stage').focus();
  await page.keyboard.press('0');
  await page.keyboard.press('1');
  await page.waitForTimeout(1500);
  console.log(`  redraw at 1:1 ${await page.locator('.x-stage').getAttribute('data-redraw')} ms`);
  console.log('  pan at 1:1:', await frames(page, pan));
  await page.screenshot({ path: `${folder}/big-${size.replace('/', '-')}-close.png` });
  console.log('  heap', await page.evaluate(() => Math.round(((performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize) / 1e6)), 'MB');
  await page.close();
}
await browser.close();
server.close();
