/** What a person does in the explorer, in Chromium: `node test/browser/run.mjs check`. No console error, no outside request, no sideways scroll. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { amount } from '../../src/explorer/format.ts';
import type { App } from '../../src/explorer/app.ts';
import { neighbours } from './graph-api.ts';
import { addressOf, outputOf, RANSOM } from './ledger.ts';
import { start } from './serve.ts';

const dist = process.argv[2] ?? 'dist';
/** Only checks of which the name has this. */
const only = process.argv[3] ?? '';
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
/** Forgets expected messages of the browser's console. */
let wrongs: (page: Page, expected: RegExp) => void = () => undefined;
const press = async (page: Page, ...keys: string[]): Promise<void> => {
  for (const key of keys) {
    await page.keyboard.press(key);
    await idle(page);
  }
};

async function check(name: string, test: (page: Page) => Promise<void>, size = { width: 1440, height: 900 }, path = '/', colorScheme: 'light' | 'dark' = 'light'): Promise<void> {
  if (!only.split('|').some((o) => name.includes(o))) return;
  const page = await browser.newPage({ viewport: size, acceptDownloads: true, colorScheme });
  let wrong: string[] = [];
  wrongs = (_, expected) => { wrong = wrong.filter((w) => !expected.test(w)); };
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
  // The twelve largest of thirty are drawn; the ledger says exactly what the others are.
  const values = neighbours(new URLSearchParams({ subject: RANSOM, direction: 'in', by: 'transaction', limit: '12' }));
  const rest = amount(BigInt(values?.rest[0]?.amount ?? '0'), { id: 'b', unit: 'BTC', decimals: 8 });
  assert.match(panel, new RegExp(`\\+\\d+ more( and \\d movements? not listed)?, ${rest.replace('.', '\\.')}\\.`));
  const more = Number(/\+(\d+) more/.exec(panel)?.[1]), unlisted = Number(/(\d+) movements? not listed/.exec(panel)?.[1] ?? 0);
  assert.equal(12 + more + unlisted, report.receipt_count);
});

/** Greatest distance from the subject among drawn addresses, in payments, and whether all that is drawn is in the window. */
const reach = (page: Page): Promise<{ hops: number; inView: boolean }> => page.evaluate(() => {
  const { app } = (document.querySelector('[data-explorer]') as unknown as { mounted: { app: App } }).mounted;
  const s = app.surface, far = new Map<string, number>();
  const start = [...app.view.nodes.values()].find((n) => n.label === 'Locky ransom')?.id ?? '';
  far.set(start, 0);
  for (const at of far.keys()) for (const n of app.neighbours.of(at, 'out')) if (!far.has(n.id)) far.set(n.id, (far.get(at) ?? 0) + (app.view.nodes.get(n.id)?.kind === 'transaction' ? 0 : 1));
  const b = s.bounds, [x, y] = s.window(b.x, b.y), [right, bottom] = s.window(b.x + b.w, b.y + b.h);
  return { hops: Math.max(...far.values()), inView: x >= -1 && y >= -1 && right <= s.width + 1 && bottom <= s.height + 1 };
});

await check('five hops of a ransom by trace in two keys, all in view, with shares', async (page) => {
  await press(page, 't', 'Enter');
  assert.match(await status(page), /^Trace by haircut: \d+ nodes/);
  assert.deepEqual(await reach(page), { hops: 5, inView: true });
  assert.match(await page.evaluate(() => (document.querySelector('[data-explorer]') as unknown as { mounted: { app: App } }).mounted.app.surface.labels.join('\n')), /BTC, all traced/);
});

await check('six keys follow a ransom five hops by hand, all in view', async (page) => {
  await press(page, 'w', 'w', 'w', 'w', 'w', '0');
  const { hops, inView } = await reach(page);
  assert.ok(hops >= 5, `${hops} hops`);
  assert.ok(inView);
});

await check('every drawn edge is the sum of its movements in the ledger, at every level, with folds and after collapse', async (page) => {
  await press(page, 'w', 'w', 'w', 'e', 'Control+a', 'e');
  for (const keys of [[], ['v'], ['v'], ['v', 'z'], ['Control+a', 'k']]) {
    await press(page, ...keys);
    const movements = await page.evaluate(() => {
      const { app } = (document.querySelector('[data-explorer]') as unknown as { mounted: { app: App } }).mounted;
      return [...app.view.edges.values()].map((e) => ({ sum: e.sum.units.toString(), ids: e.movements.map((m) => m.id) }));
    });
    assert.ok(movements.length > 0);
    for (const { sum, ids } of movements) assert.equal(sum, ids.reduce((n, id) => n + BigInt(outputOf(id.slice(1))), 0n).toString(), ids.join());
  }
});

await check('what an alert names is drawn; what is on no chain is said', async (page) => {
  assert.match(await status(page), /^1 from alert 12\. On no chain that this desk stores: x1\./);
  await press(page, 'Shift+T');
  assert.ok(await nodes(page) > 1);
}, { width: 1440, height: 900 }, '/?alert=12');

await check('the panel tells tags with sources, exposure, activity, counterparties that are ticked into the graph', async (page) => {
  const body = page.locator('.x-panel-body'), received = (addressOf(RANSOM)?.received ?? 0) / 100_000_000;
  await body.getByText('Locky ransom').first().waitFor();
  await body.getByText('Where its money went, BTC').waitFor();
  await body.locator('figure figcaption', { hasText: new RegExp(`^Received ${received} BTC and sent`) }).waitFor();
  await body.locator('section', { hasText: 'Figures of the whole chain' }).getByText('15 BTC').waitFor();
  await body.getByText('Counterparties in the ledger').click();
  await body.getByLabel('Side').selectOption('in');
  await body.getByText(`In all: ${received} BTC in 30 movements.`).waitFor();
  const before = await nodes(page);
  await body.getByLabel(/^Tick /).first().check();
  await body.getByRole('button', { name: 'Add ticked' }).click();
  await idle(page);
  assert.match(await status(page), /nodes? added/);
  await press(page, 'Shift+T');
  assert.ok(!(await nodes(page) < before));
  // A desk without figures of the whole chain has no such section.
  const other = await page.evaluate(() => { const { app } = (document.querySelector('[data-explorer]') as HTMLElement & { mounted: { app: App } }).mounted; return [...app.view.nodes.values()].find((n) => n.kind === 'address' && n.hop !== 0 && !n.id.startsWith('u:'))?.id ?? ''; });
  await page.evaluate((id) => { (document.querySelector('[data-explorer]') as HTMLElement & { mounted: { app: App } }).mounted.app.select([id]); }, other);
  await press(page, 'Shift+D');
  await body.locator('figure figcaption').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.x-panel-body')?.textContent.includes('loading'));
  assert.equal(await body.getByText('as of block').count() + await body.getByText('no figures').count(), 0);
});

await check('a dialog takes the focus and gives it back; Tab leaves the picture and every panel', async (page) => {
  const at = (): Promise<string> => page.evaluate(() => document.activeElement?.className ?? '');
  for (const key of ['Insert', '?', 'Shift+F', 't', 'Shift+E', 's', 'a']) {
    await page.locator('.x-stage').focus();
    await page.keyboard.press(key);
    await page.locator('dialog[open]').waitFor();
    assert.ok(await page.evaluate(() => document.querySelector('dialog[open]')?.contains(document.activeElement)), `${key}: the focus is in the dialog`);
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    assert.match(await at(), /x-stage/, `${key}: the focus is back at the picture`);
  }
  for (const tab of ['Shift+D', 'Shift+R', 'Shift+T']) {
    await page.locator('.x-stage').focus();
    await page.keyboard.press(tab);
    // In both directions: each press moves on until the page ends or begins anew at its first place.
    for (const step of ['Tab', 'Shift+Tab']) {
      await page.locator('.x-stage').focus();
      const ended = await page.evaluate(() => { (window as unknown as { passed: Set<Element> }).passed = new Set(); return false; });
      let isEnd = ended, presses = 0;
      for (; presses < 400 && !isEnd; presses += 1) {
        await page.keyboard.press(step);
        isEnd = await page.evaluate(() => {
          const e = document.activeElement, { passed } = window as unknown as { passed: Set<Element> };
          if (!e || e === document.body || e.classList.contains('x-stage')) return true;
          if (passed.has(e) && !(e instanceof HTMLInputElement)) throw new Error(`Tab comes back to ${e.tagName + ' ' + e.className}`);
          passed.add(e);
          return false;
        });
      }
      assert.ok(isEnd, `${tab}, ${step}: ${presses} presses do not leave the page`);
    }
  }
});

await check('expanding within bounds adds what they let through, and nothing else', async (page) => {
  await press(page, 'Control+z', 'Shift+E');
  await page.getByLabel('Direction').selectOption('in');
  await page.getByLabel('Most nodes a side').fill('3');
  await page.getByLabel('Least amount').fill('1.5');
  await page.keyboard.press('Enter');
  await idle(page);
  assert.match(await status(page), /^3 new nodes\./);
});

await check('expanding by category adds the payments to it, with its addresses', async (page) => {
  await press(page, 'Control+z', 'w', 'Shift+E');
  await page.getByLabel('Only these categories').fill('exchange');
  await page.keyboard.press('Enter');
  await idle(page);
  await press(page, 'f');
  await page.keyboard.type('northwind');
  await press(page, 'Enter');
  assert.match(await page.locator('.x-panel-body').innerText(), /Northwind Exchange[^]*Received from \(drawn\)[^]*0\.45 BTC/);
});

await check('replay draws the graph as it was, and leaves it as it is', async (page) => {
  await press(page, 'Shift+T');
  const all = await nodes(page);
  await page.locator('.x-stage').focus();
  await press(page, '.');
  assert.match(await status(page), /^As it was 2024-/);
  assert.ok(await nodes(page) < all);
  await press(page, ',');
  for (let i = 0; i < 60 && !/^As it is/.test(await status(page)); i += 1) await press(page, '.');
  assert.equal(await nodes(page), all);
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
  for (const said of [/^Undone: remove 1/, /^Undone: expand 1/, /^Undone: add 1/, /^Undo: not possible now/]) {
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
  await page.waitForFunction(() => document.querySelector('.x-status')?.textContent?.startsWith('Saved in case 7 as version 1, item 1.'));
  const body = JSON.parse(saves[0] ?? '{}') as { title: string; subject: string; body: { version: number; log: unknown[] } };
  assert.deepEqual([body.title, body.subject, body.body.version], ['The ransom', RANSOM, 2]);
  assert.match(page.url(), /case=7&graph=1&version=1$/);
  const drawn = await page.evaluate(() => document.querySelector('.x-panel-body')?.textContent);
  assert.ok(drawn);
  await page.locator('.x-stage').focus();
  for (const [key, start] of [['Alt+1', '\u0089PNG'], ['Alt+2', '<svg xmlns'], ['Alt+4', 'from,from_label'], ['Alt+5', '<?xml'], ['Alt+6', 'a bundle'], ['Alt+7', '{"version":2']] as const) {
    const waiting = page.waitForEvent('download');
    await page.keyboard.press(key);
    const file = await (await waiting).path();
    assert.ok(readFileSync(file).toString('latin1').startsWith(start), key);
  }
});

await check('a graph of the first form opens from its item, is looked up, and its item is a version', async (page) => {
  assert.match(await status(page), /^The graph as it was saved\. 1 node/);
  assert.match(page.url(), /case=7&graph=1&version=1$/);
  await press(page, 'Control+a', 'o');
  assert.ok(Number(/(\d+) nodes/.exec(await status(page))?.[1]) > 1);
}, { width: 1440, height: 900 }, '/?item=1');

await check('another person\'s version is told and taken over; a version on an old one is refused', async (page) => {
  assert.match(await status(page), /^Version 1\./);
  const other = await browser.newPage();
  await other.goto(`${url}/?case=7&graph=1&version=1`);
  await idle(other);
  await other.locator('.x-stage').focus();
  await press(other, 'Control+a', 'c', 's');
  await other.keyboard.press('Enter');
  await other.locator('.x-status', { hasText: /^Saved in case 7 as version 2/ }).waitFor();
  await other.close();
  await page.locator('.x-banner', { hasText: 'saved version 2' }).waitFor();
  await press(page, 's');
  await page.keyboard.press('Enter');
  await page.locator('.x-status', { hasText: /^Not saved: ben saved version 2 first/ }).waitFor();
  wrongs(page, /409/);
  await page.getByRole('button', { name: 'Load it' }).click();
  await page.locator('.x-status', { hasText: /^Version 2 is drawn/ }).waitFor();
  assert.match(page.url(), /version=2$/);
}, { width: 1440, height: 900 }, '/?case=7&graph=1&version=1');

await check('notes by themselves, edges coloured and noted, own labels with source, items of a case', async (page) => {
  await press(page, 'j');
  await page.keyboard.type('ask the exchange');
  await press(page, 'Enter', 'Shift+T');
  await page.locator('.x-panel-body td button').first().click();
  await page.locator('.x-stage').focus();
  await press(page, 'n');
  await page.keyboard.type('the change');
  await press(page, 'Enter', 'c');
  assert.match(await page.locator('.x-panel-body').innerText(), /note: the change/);
  await press(page, 'f');
  await page.keyboard.type('locky');
  await press(page, 'Enter', 'b');
  await page.getByLabel('Label', { exact: true }).fill('the collector');
  await page.getByLabel('Source: how you know').fill('case 7');
  await page.keyboard.press('Enter');
  await page.locator('.x-status', { hasText: 'Tagged as the collector.' }).waitFor();
  const { tag, reason } = JSON.parse(saves.at(-1) ?? '{}') as { tag?: { label: string; source: string }; reason?: string };
  assert.deepEqual([tag?.label, tag?.source, reason], ['the collector', 'case 7', 'case 7']);
  await press(page, 'a');
  await page.keyboard.press('Enter');
  await page.locator('.x-status', { hasText: /^1 added to case 7/ }).waitFor();
  assert.equal((JSON.parse(saves.at(-1) ?? '{}') as { key: string }).key, RANSOM);
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
