/** What a person does with the shell, in Chromium: `node test/browser/run.mjs shell`. No console error, no outside request, no sideways scroll. */
import assert from 'node:assert/strict';
import axe from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { start, TX } from './shell-serve.ts';

const { url, server, asked, live } = await start(process.argv[2] ?? 'dist');
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
let failed = 0;

interface How { path?: string; width?: number; dark?: boolean; script?: boolean }
async function check(name: string, test: (page: Page) => Promise<void>, { path = '/desk/alerts', width = 1280, dark = false, script = true }: How = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme: dark ? 'dark' : 'light', javaScriptEnabled: script, permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  const wrong: string[] = [];
  // The browser itself says on the console that a question was answered with an error.
  page.on('console', (m) => { if ((m.type() === 'error' || m.type() === 'warning') && !m.text().startsWith('Failed to load resource')) wrong.push(m.text()); });
  page.on('pageerror', (e) => { wrong.push(e.message); });
  page.on('request', (r) => { if (!r.url().startsWith(url) && !/^(data|blob):/.test(r.url())) wrong.push(`asked ${r.url()}`); });
  page.setDefaultTimeout(5_000);
  try {
    await page.goto(url + path);
    await test(page);
    if (script) assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, 'the page scrolls sideways');
    assert.deepEqual(wrong, []);
    console.log(`ok ${name}`);
  } catch (e) {
    failed += 1;
    console.log(`not ok ${name}\n  ${e instanceof Error ? e.message : String(e)}`);
  }
  await context.close();
}

const press = async (page: Page, ...keys: string[]): Promise<void> => { for (const key of keys) await page.keyboard.press(key); };
const at = (page: Page): Promise<string | null> => page.locator('[role=option][aria-selected=true]').innerText().then((t) => t.split('\n')[0] ?? null);
const said = (page: Page, text: string): Promise<void> => page.locator('.palette [role=status]', { hasText: text }).waitFor();
const place = (page: Page, path: string): Promise<void> => page.waitForURL(url + path);
const focused = (page: Page): Promise<string | null> => page.evaluate(() => document.activeElement?.getAttribute('href') ?? null);
const pasteIn = (page: Page, selector: string, text: string): Promise<void> => page.locator(selector).evaluate((field, t) => {
  const data = new DataTransfer();
  data.setData('text', t);
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}, text);

await check('Ctrl+K finds a name and a case; arrows and Enter open; it is recent afterwards', async (page) => {
  await press(page, 'Control+k');
  await page.keyboard.type('Locky');
  await said(page, '3 found.');
  assert.deepEqual(await page.locator('[role=group] > p').allInnerTexts(), ['Names', 'Cases', 'Customers', 'All results']);
  assert.equal(await at(page), 'Locky');
  await press(page, 'ArrowDown', 'ArrowDown');
  assert.equal(await at(page), 'c-77: address');
  assert.equal(await page.locator('[role=combobox]').getAttribute('aria-activedescendant'), await page.locator('[role=option][aria-selected=true]').getAttribute('id'));
  await press(page, 'ArrowUp', 'ArrowUp', 'ArrowUp');
  assert.equal(await at(page), 'Search for “Locky”');
  await press(page, 'ArrowDown', 'ArrowDown', 'Enter');
  await place(page, '/desk/cases/3');
  await press(page, '/');
  assert.equal(await at(page), '3: Locky ransom of May');
  assert.deepEqual((await page.locator('[role=group] > p').allInnerTexts())[0], 'Recent');
  await press(page, 'Escape');
  await page.locator('.menu button').click();
  await page.waitForURL(`${url}/sign-out`);
  assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith('holdfast.recent')).length), 0);
});

await check('answers to older questions are dropped; one question a pause', async (page) => {
  await press(page, '/');
  asked.length = 0;
  await page.keyboard.type('4a5');
  await page.waitForTimeout(200);
  await page.keyboard.type('e1e4b');
  await said(page, '1 found.');
  await page.waitForTimeout(700);
  assert.deepEqual(await page.locator('.palette-title').allInnerTexts(), [TX, 'Search for “4a5e1e4b”']);
  assert.ok(asked.filter((a) => a.startsWith('/api/v1/search ')).length <= 3, asked.join());
  assert.deepEqual(asked.filter((a) => a.includes('/desk/')), ['/api/v1/desk/search 4a5e1e4b'], 'the desk, whose audit log has each look, is asked last');
  await press(page, 'Control+Enter');
  await place(page, `/desk/graph?subject=${TX}`);
});

await check('what a person moved to stays marked when more is found', async (page) => {
  await press(page, '/');
  await page.keyboard.type('lock');
  await page.locator('[role=option]', { hasText: 'severe' }).waitFor();
  await press(page, 'ArrowDown', 'ArrowUp');
  assert.equal(await at(page), 'Locky');
  await said(page, '3 found.');
  assert.deepEqual(await page.locator('[role=group] > p').allInnerTexts(), ['Cases', 'Customers', 'Names', 'All results']);
  assert.equal(await at(page), 'Locky');
});

await check('Ctrl+Enter on what the explorer cannot draw says so; a name gives its addresses', async (page) => {
  await press(page, '/');
  await page.keyboard.type('Locky');
  await said(page, '3 found.');
  await press(page, 'ArrowDown', 'Control+Enter');
  await said(page, 'Only addresses, transactions and names open in the explorer.');
  await press(page, 'ArrowUp', 'Control+Enter');
  await place(page, '/desk/graph');
  assert.equal(await page.evaluate(() => sessionStorage.getItem('holdfast.list')), '["1LockyA","1LockyB"]');
});

await check('errors are sentences; nothing found says so; pages are found by name', async (page) => {
  await press(page, '/');
  await page.keyboard.type('wrong');
  await said(page, 'The server refused: q is no search.');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('zzzz');
  await said(page, 'Nothing found.');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('hol');
  assert.equal(await at(page), 'Holds');
  await press(page, 'Enter');
  await place(page, '/desk/holds');
});

for (const [name, open, selector] of [['palette', true, '[role=combobox]'], ["header's field", false, 'header input']] as const) await check(`lines pasted into the ${name} go to the explorer`, async (page) => {
  if (open) await press(page, '/');
  await pasteIn(page, selector, '1LockyA\n1LockyB\r\nLucky Dice\n');
  assert.equal(await at(page), 'Open in the explorer: 3');
  await press(page, 'Enter');
  await place(page, '/desk/graph');
  assert.equal(await page.evaluate(() => sessionStorage.getItem('holdfast.list')), '["1LockyA","1LockyB","Lucky Dice"]');
});

await check('a page without a person of the desk asks the ledgers alone, and the field works as a form', async (page) => {
  asked.length = 0;
  await press(page, '/');
  await page.keyboard.type('Locky');
  await said(page, '1 found.');
  assert.deepEqual(asked.filter((a) => a.includes('/desk/')), []);
  await press(page, 'Control+Enter');
  await said(page, 'You have no page of the explorer.');
  await press(page, 'Escape');
  await page.locator('header input').fill('a/b');
  await press(page, 'Enter');
  await place(page, '/search?q=a%2Fb');
}, { path: '/' });

await check('j and k move, o opens, u leads back to the row with the filter', async (page) => {
  await press(page, 'j', 'j', 'j', 'j', 'k');
  assert.equal(await focused(page), '/desk/alerts/3');
  assert.equal(await page.locator('tr[aria-current=true]').count(), 1);
  assert.ok(await page.locator('tr[aria-current=true]').evaluate((r) => getComputedStyle(r).outlineStyle === 'solid'));
  await press(page, 'o');
  await place(page, '/desk/alerts/3');
  await press(page, 'u');
  await place(page, '/desk/alerts?state=open');
  assert.equal(await focused(page), '/desk/alerts/3');
  await press(page, 'Enter');
  await place(page, '/desk/alerts/3');
}, { path: '/desk/alerts?state=open' });

await check('x selects; what is selected is copied, opened in the explorer, cleared', async (page) => {
  await press(page, 'x', 'j', 'j', 'x');
  const bar = page.getByRole('region', { name: 'Selected rows' });
  assert.match(await bar.innerText(), /Rows selected: 2/);
  await bar.getByText('Copy').click();
  await page.locator('.toast', { hasText: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '1\tc-1\treview\t1Lucky100000000000000000000\n3\tc-3\treview\t1Lucky300000000000000000000');
  await bar.getByText('Clear').click();
  assert.equal(await bar.count(), 0);
  await press(page, 'x');
  await bar.getByText('Open in the explorer: 1').click();
  await place(page, '/desk/graph');
  assert.equal(await page.evaluate(() => sessionStorage.getItem('holdfast.list')), '["1Lucky300000000000000000000"]');
});

await check('g leads to pages of the menu, and says where there is none; no key counts while typing or when turned off', async (page) => {
  await page.getByLabel('Reason').fill('');
  await page.keyboard.type('j?/g a');
  assert.equal(await page.getByLabel('Reason').inputValue(), 'j?/g a');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.getByLabel('Reason').blur();
  await press(page, 'g', 'r');
  await page.locator('.toast', { hasText: 'Your menu has no page for this: Requests.' }).waitFor();
  await press(page, 'g', 'c');
  await place(page, '/desk/cases');
  await press(page, '?');
  assert.ok(await page.locator('dialog.box dt').count() >= 11);
  await press(page, 'Escape');
  await page.getByText('Display').click();
  await page.getByLabel('Single keys').uncheck();
  await press(page, 'Escape', '?');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await press(page, 'Control+k');
  assert.equal(await page.locator('dialog[open]').count(), 1);
}, { path: '/desk/alerts/3' });

await check('theme and density are kept, and hold before the first paint', async (page) => {
  const look = (): Promise<unknown> => page.evaluate(() => [document.documentElement.dataset['theme'], document.documentElement.dataset['density'], getComputedStyle(document.body).backgroundColor, document.querySelector('tbody tr')?.getBoundingClientRect().height]);
  const [, , white, high] = await look() as [string, string, string, number];
  assert.equal(white, 'rgb(255, 255, 255)');
  await page.getByText('Display').click();
  await page.getByLabel('Dark').check();
  await page.getByLabel('Compact').check();
  await page.goto('about:blank');
  // What holds as soon as there is a body, before any deferred script.
  await page.addInitScript(() => { new MutationObserver((_, o) => { if (document.body as HTMLElement | null) { o.disconnect(); (window as unknown as { first: unknown }).first = { ...document.documentElement.dataset }; } }).observe(document, { childList: true, subtree: true }); });
  await page.goto(`${url}/desk/alerts`);
  assert.deepEqual(await page.evaluate(() => (window as unknown as { first: unknown }).first), { theme: 'dark', density: 'compact' });
  const [theme, density, dark, low] = await look() as [string, string, string, number];
  assert.deepEqual([theme, density, dark], ['dark', 'compact', 'rgb(16, 22, 29)']);
  assert.ok(low <= 28 && low < high, `${low} of ${high} px`);
});

await check('a message of the page becomes a toast that can be dismissed', async (page) => {
  const toast = page.locator('.toasts[role=status] .toast');
  await toast.waitFor();
  assert.match(await toast.innerText(), /Alert 3 is closed\./);
  assert.equal(await page.locator('main .flash').count(), 0);
  await toast.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await toast.count(), 0);
}, { path: '/desk/alerts/3' });

await check('long hashes are copied whole; short ones have no button', async (page) => {
  assert.equal(await page.locator('main .copy').count(), 2);
  const button = page.getByRole('button', { name: `Copy ${TX.slice(0, 8)}…${TX.slice(-6)}` });
  assert.ok((await button.boundingBox())?.width === 1, 'hidden at rest');
  await page.locator('dd > .hash').first().hover();
  assert.ok(((await button.boundingBox())?.width ?? 0) > 20, 'shown on hover');
  await button.click();
  // The clipboard answers later.
  await page.locator('dd > .hash + .copy[data-shown="Copied"]').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), TX);
  await page.locator('dd.hash .copy').focus();
  await press(page, 'Enter');
  await page.locator('dd.hash .copy[data-shown="Copied"]').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'ab'.repeat(32));
}, { path: '/desk/alerts/3' });

await check('without script the message stands in the page, and the field is a form', async (page) => {
  assert.equal(await page.locator('main .flash').innerText(), 'Alert 3 is closed.');
  await page.locator('header input').fill('Locky');
  await press(page, 'Enter');
  await place(page, '/search?q=Locky');
}, { path: '/desk/alerts/3', script: false });

/** Waits for something of the server, which tells no page of it. */
async function until(page: Page, holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 300 && !holds(); i += 1) await page.waitForTimeout(10);
  assert.ok(holds(), what);
}
const tell = (id: number): void => { for (const to of live.open.keys()) to.write(`event: notification\nid: ${id}\ndata: {"by":"engine","what":{"why":"notification"}}\n\n`); };

await check('the bell is told live, over one connection for all pages; when its page goes, the next one goes on', async (page) => {
  const bell = (of: Page): ReturnType<Page['locator']> => of.locator('a.bell');
  await until(page, () => live.open.size === 1, 'one connection');
  const second = await page.context().newPage();
  await second.goto(`${url}/desk/holds`);
  await second.waitForTimeout(300);
  assert.deepEqual([...live.open.values()], ['?topics=notifications'], 'both pages have the one connection');
  live.unseen = 2;
  tell(7);
  await page.bringToFront();
  await bell(page).filter({ hasText: '2' }).waitFor();
  await page.goto('about:blank');
  await until(second, () => [...live.open.values()].join() === '?topics=notifications&after=7', 'the second page goes on from what was told last');
  live.unseen = 5;
  tell(8);
  await second.bringToFront();
  await bell(second).filter({ hasText: '5' }).waitFor();
  assert.match(await bell(second).getAttribute('aria-label') ?? '', /5/);
  live.unseen = 0;
});

await check('a page that was told nothing comes back over a break to where its connection began', async (page) => {
  await until(page, () => live.open.size === 1, 'a connection');
  live.unseen = 3;
  for (const response of live.open.keys()) response.end();
  await until(page, () => [...live.open.values()].join() === '?topics=notifications from 6', 'the browser goes on from the number of hello');
  await page.locator('a.bell').filter({ hasText: '3' }).waitFor();
  live.unseen = 0;
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: a } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    return (await a.run()).violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)}`));
  });
}
for (const dark of [false, true]) for (const width of [1280, 390]) await check(`axe finds nothing, ${dark ? 'dark' : 'light'}, ${width} px`, async (page) => {
  const found = await violations(page);
  const after = async (what: string, ...keys: string[]): Promise<void> => {
    await press(page, ...keys);
    found.push(...(await violations(page)).map((v) => `${what}: ${v}`));
  };
  await after('rows', 'j', 'x', 'j', 'x');
  await after('palette', '/');
  await page.keyboard.type('Locky');
  await said(page, '3 found.');
  await after('results');
  await after('keys', 'Escape', '?');
  await press(page, 'Escape');
  await page.getByText('Display').click();
  await after('display');
  await press(page, 'Escape');
  await page.goto(`${url}/desk/alerts/3`);
  await page.locator('.toast').waitFor();
  await page.locator('dd.hash .copy').focus();
  await after('toast and copy');
  assert.deepEqual([...new Set(found)], []);
}, { dark, width });

for (const width of [390, 768]) await check(`${width} px wide, with the palette open`, async (page) => {
  await press(page, '/');
  await page.keyboard.type('Locky');
  await said(page, '3 found.');
}, { width });

await browser.close();
server.close();
if (failed > 0) process.exit(1);
