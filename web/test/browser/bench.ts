/** Times of the explorer in Chromium, medians of five: `npm run bench`, also by `holdfast-bench web` (with `--json`). No test: a loaded machine is slow. */
import { cpus, loadavg } from 'node:os';
import { chromium, type Page } from 'playwright-core';
import { start } from './serve.ts';

const isJson = process.argv.includes('--json');
const [dist = 'dist', asked = '5'] = process.argv.slice(2).filter((a) => a !== '--json');
const rounds = Number(asked);
const { url, server } = await start(dist);
const load = (): string => loadavg()[0]?.toFixed(1) ?? '';
const loadBefore = load();
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;

/** Frame times of a gesture, in ms. */
async function frames(page: Page, gesture: () => Promise<void>): Promise<number[]> {
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
  return page.evaluate(() => { const w = window as unknown as { times: number[]; run: boolean }; w.run = false; return w.times.slice(1, 121); });
}
const p95 = (times: number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? NaN;

const results = new Map<string, number[]>();
const put = (name: string, value: number): void => { results.set(name, [...(results.get(name) ?? []), value]); };
for (const size of ['1000/4000', '5000/20000']) for (let round = 0; round < rounds; round += 1) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 860 } });
  // The mark is set when the picture is handed to the browser; a person sees it with the frame after it.
  await page.addInitScript(() => {
    const mark = performance.mark.bind(performance);
    performance.mark = (name, options) => {
      if (name === 'explorer-picture') requestAnimationFrame(() => { setTimeout(() => mark('explorer-seen')); });
      return mark(name, options);
    };
  });
  // Made before the clock runs: the graph is the server's work, and cases have theirs stored.
  await fetch(`${url}/?fixture=${size}`).then((answer) => answer.text());
  await page.goto(`${url}/?fixture=${size}`);
  await page.waitForFunction(() => performance.getEntriesByName('explorer-seen').length > 0, undefined, { timeout: 60_000 });
  const marks = await page.evaluate(() => {
    const n = performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming;
    return performance.getEntriesByType('mark').map((m) => [m.name, m.startTime, m.startTime - n.responseEnd] as const);
  });
  for (const [name, , at] of marks) put(`${size} ${name}, ms after the page had come`, at);
  for (const [name, at] of marks) if (name === 'explorer-seen') put(`${size} first picture seen from the navigation, ms`, at);
  await page.waitForTimeout(1500);
  put(`${size} redraw of all, ms`, Number(await page.locator('.x-stage').getAttribute('data-redraw')));
  const pan = async (): Promise<void> => {
    await page.mouse.move(500, 500);
    await page.mouse.down();
    for (let i = 0; i < 120; i += 1) await page.mouse.move(500 + Math.sin(i / 20) * 300, 500 - i * 2);
    await page.mouse.up();
  };
  put(`${size} pan, p95 of 120 frames, ms`, p95(await frames(page, pan)));
  put(`${size} zoom, p95 of 120 frames, ms`, p95(await frames(page, async () => { for (let i = 0; i < 60; i += 1) await page.mouse.wheel(0, i < 30 ? -120 : 120); })));
  await page.locator('.x-stage').focus();
  await page.keyboard.press('0');
  await page.keyboard.press('1');
  await page.waitForTimeout(1000);
  put(`${size} redraw at full size, ms`, Number(await page.locator('.x-stage').getAttribute('data-redraw')));
  put(`${size} pan at full size, p95 of 120 frames, ms`, p95(await frames(page, pan)));
  put(`${size} heap, MB`, await page.evaluate(() => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 1e6));
  await page.close();
}
await browser.close();
server.close();
if (!isJson) console.log(`Medians of ${rounds} (each in brackets) in headless Chromium without a GPU; ${cpus().length} cores, load ${loadBefore} before and ${load()} after.
"After the page had come" is from the last byte of the page, which carries the graph; "from the navigation" has the request and the transfer too, not the making of the graph.
A redraw is the painting of a bitmap of 2.25 windows, in the worker once it runs. A frame is the time between two callbacks of requestAnimationFrame on the page.`);
for (const [name, list] of results) if (isJson) {
  const [, what = name, unit = ''] = /^(.*), (ms(?: after the page had come)?|MB)$/.exec(name) ?? [];
  console.log(JSON.stringify({ what: `explorer, ${what}`, value: median(list), unit: unit.slice(0, 2) }));
} else console.log(`${median(list).toFixed(0).padStart(6)}  ${name} (${list.map((v) => v.toFixed(0)).join(', ')})`);
