/** What a person does in the explorer, in Chromium: `node test/browser/run.mjs check`. No console error, no outside request, no sideways scroll. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { amount } from '../../src/explorer/format.ts';
import { addressOf, RANSOM } from './ledger.ts';
import { start } from './serve.ts';

const dist = process.argv[2] ?? 'dist';
const { url, server, saves } = await start(dist);
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
let failed = 0;

const status = (page: Page): Promise<string> => page.locator('.x-status').innerText();
/** Until nothing is being looked up and a picture stands. */
const idle = (page: Page): Promise<unknown> => page.waitForFunction(() => {
  const s = document.querySelector('.x-status');
  return s?.classList.contains('busy') === false && s.textContent !== '' && !s.textContent.endsWith('…') && document.querySelector<HTMLElement>('.x-stage')?.dataset['redraw'] !== undefined;
});
const nodes = async (page: Page): Promise<number> => Number(/([\d,]+) nodes?, [\d,]+ edges?/.exec(await page.evaluate(() => document.querySelector('caption')?.textContent ?? ''))?.[1]?.replace(/,/g, '') ?? NaN);
const press = async (page: Page, ...keys: string[]): Promise<void> => {
  for (const key of keys) {
    await page.keyboard.press(key);
    await idle(page);
  }
};

async function check(name: string, test: (page: Page) => Promise<void>, size = { width: 1440, height: 900 }, path = '/', colorScheme: 'light' | 'dark' = 'light'): Promise<void> {
  const page = await browser.newPage({ viewport: size, acceptDownloads: true, colorScheme });
  const wrong: string[] = [];
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') wrong.push(m.text()); });
  page.on('pageerror', (e) => { wrong.push(e.message); });
  page.on('request', (r) => { if (!r.url().startsWith(url) && !/^(data|blob):/.test(r.url())) wrong.push(`asked ${r.url()}`); });
  try {
    await page.goto(url + path);
    await idle(page);
    await page.locator('.x-stage').focus();
    await test(page);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(sideways, 0, 'the page scrolls sideways');
    assert.deepEqual(wrong, []);
    console.log(`ok ${name}`);
  } catch (e) {
    failed += 1;
    console.log(`not ok ${name}\n  ${e instanceof Error ? e.message : String(e)}`);
  }
  await page.close();
}

await check('the subject is looked up, and what is not drawn is said with its sum', async (page) => {
  const panel = await page.locator('.x-panel-body').innerText();
  const report = addressOf(RANSOM);
  assert.ok(report);
  const shown = [...report.receipts].sort((a, b) => (b.value ?? 0) - (a.value ?? 0)).slice(0, 12).reduce((n, r) => n + BigInt(r.value ?? 0), 0n);
  const rest = amount(BigInt(report.received) - shown, { id: 'b', unit: 'BTC', decimals: 8 });
  assert.ok(panel.includes(`+13 more and 5 movements not listed, ${rest}.`), panel);
});

await check('five hops by trace in two keys, all in view', async (page) => {
  await press(page, 't', 'Enter');
  assert.match(await status(page), /^Trace: \d+ nodes/);
  await press(page, 'Shift+T');
  assert.ok(await nodes(page) > 30);
});

await check('six keys follow the money five hops by hand', async (page) => {
  await press(page, 'Shift+R');
  await page.locator('.x-stage').focus();
  await press(page, 'ArrowRight', 'o', 'ArrowRight', 'o', 'ArrowRight', 'o');
  const levels = await page.evaluate(() => Math.max(...[...document.querySelectorAll('[role=treeitem]')].map((e) => Number(e.getAttribute('aria-level')))));
  assert.ok(levels >= 3, `level ${levels}`);
  assert.equal(await page.locator('[role=treeitem][aria-selected=true]').count(), 1);
});

await check('everything is undone and done again', async (page) => {
  await press(page, 'Shift+T');
  await page.locator('.x-stage').focus();
  const first = await nodes(page);
  await press(page, 'Delete');
  assert.equal(await nodes(page), first - 1);
  await press(page, 'u');
  assert.equal(await nodes(page), first);
  await press(page, 'r');
  assert.equal(await nodes(page), first - 1);
  for (const said of [/^Undone: remove 1/, /^Undone: expand/, /^Undone: add 1/, /^Undo: not possible now/]) {
    await press(page, 'Control+z');
    assert.match(await status(page), said);
  }
});

await check('select all, group, find, note, colour, menu by keys', async (page) => {
  await press(page, 'n');
  await page.keyboard.type('first seen in May');
  await press(page, 'Enter', 'f');
  await page.keyboard.type('seen in may');
  await press(page, 'Enter');
  assert.match(await page.locator('.x-panel-body').innerText(), /first seen in May/);
  await press(page, 'Control+a', 'g');
  await page.keyboard.type('all');
  await press(page, 'Enter');
  assert.match(await page.locator('.x-panel-body').innerText(), /Stands for\s+15 nodes/);
  await press(page, 'Shift+F10');
  assert.ok(await page.locator('.x-menu [role=menuitem]').count() > 5);
  await press(page, 'Escape', 'Shift+G', '?');
  assert.ok(await page.locator('dialog kbd').count() > 40);
  await press(page, 'Escape');
});

await check('drag moves and pins; the wheel zooms; a lasso selects; a click on an edge shows its movements', async (page) => {
  const box = await page.locator('.x-stage').boundingBox();
  assert.ok(box);
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(middle.x, middle.y);
  await page.mouse.wheel(0, -400);
  await page.waitForTimeout(250);
  await page.keyboard.press('0');
  await page.keyboard.press('x');
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.mouse.down();
  for (const [x, y] of [[box.width - 5, 5], [box.width - 5, box.height - 5], [5, box.height - 5]] as const) await page.mouse.move(box.x + x, box.y + y, { steps: 5 });
  await page.mouse.up();
  assert.match(await status(page), /^15 selected/);
  await page.keyboard.press('x');
  await page.keyboard.press('Escape');
});

await check('the slider bounds times, and says what it hides', async (page) => {
  await page.getByLabel('Shown until').focus();
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('PageDown');
  await page.getByLabel('Shown until').blur();
  assert.match(await status(page), /hidden by filters: \d+ nodes?, \d+ movements? of [\d.]+ BTC/);
});

await check('save, export', async (page) => {
  await press(page, 's');
  await page.getByLabel('Title').fill('The ransom');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.x-status')?.textContent?.startsWith('Saved in case 7 as item 1.'));
  const body = JSON.parse(saves[0] ?? '{}') as { step: string; kind: string; body: { version: number; log: unknown[] } };
  assert.deepEqual([body.step, body.kind, body.body.version], ['add', 'graph', 2]);
  await page.locator('.x-stage').focus();
  for (const [key, start] of [['Shift+I', '\u0089PNG'], ['Shift+S', '<svg xmlns'], ['Shift+C', 'from,from_label'], ['Shift+M', '<?xml']] as const) {
    const waiting = page.waitForEvent('download');
    await page.keyboard.press(key);
    const file = await (await waiting).path();
    assert.ok(readFileSync(file).toString('latin1').startsWith(start), key);
  }
});

await check('pasted lines are added; what is not found is said', async (page) => {
  await page.getByLabel('Add to graph').fill(`LuckyDice, nobody ${addressOf(RANSOM)?.receipts[0]?.txid ?? ''}`);
  await page.keyboard.press('Enter');
  await idle(page);
  assert.match(await status(page), /Not found: nobody/);
});

await check('a list that another page handed over is added, once', async (page) => {
  const other = addressOf(RANSOM)?.receipts[0]?.txid ?? '';
  await page.evaluate((items) => { sessionStorage.setItem('holdfast.list', JSON.stringify(items)); }, [RANSOM, other, 'no such name']);
  await page.goto(`${url}/?empty=1`);
  await idle(page);
  assert.match(await status(page), /^2 nodes added\..* Not found: no such name\./);
  await page.reload();
  await page.locator('.x-status', { hasText: /^Add an address/ }).waitFor();
});

/** Violations of axe's rules, best practice included, as rule and element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: a } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    return (await a.run()).violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)}`));
  });
}
for (const theme of ['light', 'dark'] as const) for (const width of [1440, 390]) await check(`axe finds nothing, ${theme}, ${width} px`, async (page) => {
  const found = await violations(page);
  for (const key of ['Shift+R', 'Shift+T', 'Shift+F', 'Escape', '?', 'Escape', 'Shift+F10', 'Escape', 't']) {
    await press(page, key);
    if (key !== 'Escape') found.push(...(await violations(page)).map((v) => `after ${key}: ${v}`));
    if (key === 'Escape' || key.startsWith('Shift+R') || key === 'Shift+T') await page.locator('.x-stage').focus();
  }
  assert.deepEqual([...new Set(found)], []);
}, { width, height: 900 }, '/', theme);

for (const width of [390, 768, 1280]) await check(`${width} px wide`, async () => undefined, { width, height: 844 });
await check('5,000 nodes and 20,000 edges open', async (page) => {
  assert.match(await status(page), /5,000 nodes, 20,000 edges/);
}, { width: 1440, height: 860 }, '/?fixture=5000/20000');

await browser.close();
server.close();
if (failed > 0) process.exit(1);
