/** The alert workbench by keys, counted, in Chromium: `node test/browser/run.mjs workbench`. The markup is that of crates/app/web/src/desk/alerts.rs. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { chromium, type Page } from 'playwright-core';
import { CSP } from './serve.ts';

const dist = process.argv[2] ?? 'dist';
const ROWS = 50;
const { names } = JSON.parse(readFileSync(`${dist}/manifest.json`, 'utf8')) as { names: Record<string, { file: string }> };
const file = (name: string): string => `/assets/${names[name]?.file ?? ''}`;

const row = (n: number): string => `<tr data-alert="${n}" data-version="${n}" data-state="open"${n === 1 ? ' aria-current="true"' : ''}><td><input type="checkbox" name="alert" value="${n}:${n}" aria-label="Alert ${n}"></td><td><span class="risk high">high</span></td><td class="n"><a href="/desk/alerts/${n}">${n}</a></td><td class="cut" title="A rule with a long title that needs two lines otherwise">rule.sanctions +1</td><td class="cut"><a href="/desk/customers/c-${n}">c-${n}</a></td><td class="n">62.41615621 BTC</td><td class="n">1,234,567</td><td>5 h <span class="clock late" title="late by 1 h"><span aria-hidden="true">⚠</span> late</span></td><td class="cut" data-who><span class="note">nobody</span></td></tr>`;
const panel = (n: number): string => `<div class="panel-head"><h2 tabindex="-1">Alert ${n}</h2></div><p class="lead">Deposit of 62 BTC by customer c-${n}.</p>${n === 2 ? '<ul class="plain"><li data-hold="7"><a href="/desk/holds/7">7</a> active</li></ul>' : ''}`;
const TEXTS = ['closed', 'assigned', 'undone', 'undo', 'nothing', 'selected', 'hold', 'keep', 'release', 'case', 'new-case', 'case-number', 'note', 'no-hold', 'own', 'may-not', 'other', 'failed', 'ok', 'done', 'new', 'came'];
const REASONS = [['false_positive', 'Expected activity of this customer'], ['false_positive', 'Known counterparty'], ['true_positive', 'Confirmed']] as const;
/** Alerts that were raised since the page was made. */
let raised = 0;
const body = (): string => `<div class="bench" data-looks="0" data-bench="alerts holds desk" data-who="ann"><section class="queue" aria-label="Alerts"><nav class="filters" aria-label="Views"><a href="/desk/alerts" aria-current="true">Open <span class="count">${ROWS}</span></a></nav>
<div class="tools"><details class="filter"><summary>Filter and sort</summary></details></div>
<form method="post" action="/desk/alerts/steps"><div class="wide"><table class="rows"><thead><tr><th><span class="unseen">Select</span></th><th>Risk</th><th class="n">Alert</th><th>Rule</th><th>Customer</th><th class="n">Amount</th><th class="n">Value, USD</th><th>Age</th><th>Assignee</th></tr></thead><tbody>${Array.from({ length: raised }, (_, i) => row(ROWS + raised - i)).join('')}${Array.from({ length: ROWS }, (_, i) => row(i + 1)).join('')}</tbody></table></div>
<fieldset class="step bulk"><legend>Selected alerts</legend><label>Assignee<select name="assignee"><option>ann</option></select></label><button type="submit" name="do" value="assign">Assign</button></fieldset></form></section>
<aside id="panel" aria-label="Evidence">${panel(1)}</aside></div>
<template id="bench-close" data-title="Close, with a reason by its number"><ol class="reasons">${REASONS.map(([outcome, text]) => `<li data-outcome="${outcome}"><label><input type="radio" name="reason" value="${text}">${text} <span class="note">${outcome}</span></label></li>`).join('')}</ol></template>
<template id="bench-people" data-title="Assign to"><ol class="reasons"><li><label><input type="radio" name="reason" value="ann">ann</label></li><li><label><input type="radio" name="reason" value="bo">bo</label></li></ol></template>
<template data-texts="${JSON.stringify(Object.fromEntries(TEXTS.map((t) => [`bench-text-${t}`, t]))).replace(/"/g, '&quot;')}"></template><template id="bench-keys"><p data-key="c">Close, with a reason by its number</p></template><script type="module" src="${file('workbench.js')}"></script>`;
const html = (main: string): string => `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Alerts - Holdfast</title><link rel="stylesheet" href="/style.css"><link rel="stylesheet" href="${file('workbench.css')}"><link rel="icon" href="data:,"><script type="module" src="${file('shell.js')}"></script></head>
<body data-desk data-who="ann"><a class="skip" href="#main">Skip</a><header><a class="brand" href="/">Holdfast</a></header><div class="frame"><nav class="menu" id="menu" aria-label="Desk"><ul><li><a href="/desk/alerts" aria-current="page">Alerts</a></li></ul></nav><main id="main"><h1>Alerts</h1>${main}</main></div></body></html>`;

interface Sent { path: string; body: { alerts: { id: number; version: number }[] | number[]; step?: { action: string; assignee?: string; outcome?: string; text?: string }; hold?: string } }
const sent: Sent[] = [];
let refuse = false;
const live = new Set<ServerResponse>();
const tell = (alert: number, by: string, raised = false): void => { for (const to of live) to.write(`event: alert\ndata: ${JSON.stringify({ by, what: raised ? { alert, raised } : { alert } })}\n\n`); };
const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  const send = (status: number, type: string, content: string | Buffer): void => {
    response.writeHead(status, { 'content-type': type, 'content-security-policy': CSP });
    response.end(content);
  };
  if (path === '/style.css') return send(200, 'text/css', readFileSync('css/tokens.css', 'utf8') + readFileSync('style.css', 'utf8'));
  if (path === '/api/v1/live') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-security-policy': CSP });
    live.add(response);
    response.on('close', () => { live.delete(response); });
    return undefined;
  }
  if (path.startsWith('/assets/')) return send(200, path.endsWith('.css') ? 'text/css' : 'text/javascript; charset=utf-8', readFileSync(`${dist}/${path.slice(8).replace(/[^\w.-]/g, '')}`));
  const of = /^\/desk\/alerts\/(\d+)\/panel$/.exec(path);
  if (of) return send(200, 'text/html; charset=utf-8', panel(Number(of[1])));
  if (request.method !== 'POST') return send(200, 'text/html; charset=utf-8', html(path === '/desk/alerts' ? body() : `<p>${path}</p>`));
  let text = '';
  request.on('data', (part: Buffer) => { text += part.toString(); });
  request.on('end', () => {
    const asked = JSON.parse(text) as Sent['body'];
    sent.push({ path, body: asked });
    if (refuse) send(409, 'application/json', JSON.stringify({ error: 'alert 1 was closed by bo while you looked at it; look again' }));
    else if (path.endsWith('/case')) send(200, 'application/json', JSON.stringify({ case: 4, added: 5 }));
    else send(200, 'application/json', JSON.stringify((asked.alerts as { id: number; version: number }[]).map(({ id, version }) => ({ id, done: true, version: version + 100 }))));
  });
});
await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
let failed = 0;

async function check(name: string, test: (page: Page) => Promise<void>, { width = 1440, dark = false } = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('console', (m) => { if ((m.type() === 'error' || m.type() === 'warning') && !m.text().startsWith('Failed to load resource')) wrong.push(m.text()); });
  page.on('pageerror', (e) => { wrong.push(e.message); });
  page.setDefaultTimeout(5_000);
  sent.length = 0;
  refuse = false;
  try {
    await page.goto(`${url}/desk/alerts`);
    await page.locator('[data-script]').waitFor();
    await test(page);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, 'the page scrolls sideways');
    assert.deepEqual(wrong, []);
    console.log(`ok ${name}`);
  } catch (e) {
    failed += 1;
    console.log(`not ok ${name}\n  ${e instanceof Error ? e.message : String(e)}`);
  }
  await context.close();
}
const press = async (page: Page, ...keys: string[]): Promise<void> => { for (const key of keys) await page.keyboard.press(key); };
const here = (page: Page): Promise<string | null> => page.locator('tr[data-alert][aria-current]').getAttribute('data-alert');
const wanted = async (n: number): Promise<void> => {
  for (let i = 0; i < 200 && sent.length < n; i += 1) await new Promise((resolve) => { setTimeout(resolve, 10); });
  assert.equal(sent.length, n);
};

await check('22 alerts or more stand on a screen of 1440 x 900, one line each', async (page) => {
  const boxes = await page.locator('tr[data-alert]').evaluateAll((rows) => rows.map((r) => { const b = r.getBoundingClientRect(); return [b.top, b.bottom, b.height] as const; }));
  const whole = boxes.filter(([top, bottom]) => top >= 0 && bottom <= 900);
  assert.ok(whole.length >= 22, `${whole.length} rows`);
  assert.ok(boxes.every(([, , height]) => height <= 34), `${Math.max(...boxes.map((b) => b[2]))} px`);
  const cut = await page.locator('.bench .wide').evaluate((box) => box.scrollWidth - box.clientWidth);
  assert.equal(cut, 0, 'no column is cut off');
});

await check('an alert is closed with a reason in 3 keys, and the next one opens', async (page) => {
  await press(page, 'c', '1', 'Enter');
  assert.equal(await here(page), '2');
  await page.locator('#panel h2', { hasText: 'Alert 2' }).waitFor();
  assert.equal(sent.length, 0, 'it can be undone before it is sent');
  await page.goto(`${url}/desk/cases`);
  await wanted(1);
  assert.deepEqual(sent[0]?.body, { alerts: [{ id: 1, version: 1 }], step: { action: 'close', outcome: 'false_positive', text: 'Expected activity of this customer' } });
});

await check('a close is undone and never sent', async (page) => {
  await press(page, 'c', '1', 'Enter', 'u');
  await page.locator('tr[data-alert="1"]:not(.gone)').waitFor();
  await page.goto(`${url}/desk/cases`);
  assert.equal(sent.length, 0);
});

await check('a true positive with a hold asks what happens to it', async (page) => {
  await press(page, 'j');
  await page.locator('#panel [data-hold]').waitFor();
  await press(page, 'c', '3', 'Enter', '2', 'Enter');
  await page.goto(`${url}/desk/cases`);
  await wanted(1);
  assert.equal(sent[0]?.body.hold, 'release');
  assert.equal(sent[0].body.step?.outcome, 'true_positive');
});

await check('50 alerts are assigned in 3 keys', async (page) => {
  await press(page, 'x', 'Shift+X', 'a');
  await wanted(1);
  assert.equal(sent[0]?.body.alerts.length, ROWS);
  assert.deepEqual(sent[0].body.step, { action: 'assign', assignee: 'ann' });
  assert.equal(await page.locator('td[data-who]', { hasText: 'ann' }).count(), ROWS);
});

await check('a case is made from an alert in 2 keys', async (page) => {
  await press(page, 'e', 'Enter');
  await page.waitForURL(`${url}/desk/cases/4`);
  assert.deepEqual(sent.map((s) => [s.path, s.body.alerts]), [['/api/v1/alerts/case', [1]]]);
});

await check('who comes second is told who was first, and the row comes back', async (page) => {
  refuse = true;
  await press(page, 'Shift+A', '2', 'Enter');
  await page.locator('.toast.bad', { hasText: 'closed by bo' }).waitFor();
});

await check('j and k move, o opens, g c goes to cases, ? lists the keys of the page', async (page) => {
  await press(page, 'j', 'j', 'k');
  assert.equal(await here(page), '2');
  await press(page, '?');
  await page.locator('dialog', { hasText: 'Close, with a reason by its number' }).waitFor();
  await press(page, 'Escape', 'o');
  await page.waitForURL(`${url}/desk/alerts/2`);
});

await check('what somebody else does marks the row; what one does oneself does not; new alerts are told', async (page) => {
  for (let i = 0; i < 200 && live.size === 0; i += 1) await page.waitForTimeout(10);
  tell(2, 'ann');
  tell(3, 'bo');
  await page.locator('tr[data-alert="3"][data-by="bo"]').waitFor();
  assert.equal(await page.locator('tr[data-by]').count(), 1);
  tell(51, 'engine', true);
  tell(52, 'engine', true);
  await page.locator('.toast', { hasText: '2 new' }).waitFor();
  // Those of the list come into it, above, and the cursor stays at its alert.
  await press(page, 'j');
  raised = 2;
  tell(51, 'engine', true);
  await page.locator('.toast', { hasText: '2 came' }).waitFor();
  assert.deepEqual(await page.locator('tr[data-alert]').evaluateAll((rows) => rows.slice(0, 3).map((r) => r.getAttribute('data-alert'))), ['52', '51', '1']);
  assert.equal(await page.locator('tr.came').count(), 2);
  assert.equal(await page.locator('tr[aria-current]').getAttribute('data-alert'), '2');
  await press(page, 'k', 'k', 'x');
  assert.equal(await page.locator('tr[aria-selected]').getAttribute('data-alert'), '51');
  raised = 0;
});

for (const dark of [false, true]) for (const width of [1440, 390]) await check(`axe finds nothing, ${dark ? 'dark' : 'light'}, ${width} px`, async (page) => {
  const violations = async (): Promise<string[]> => {
    await page.evaluate(axe.source);
    return page.evaluate(async () => {
      const { axe: a } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
      return (await a.run()).violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)}`));
    });
  };
  const found = await violations();
  await press(page, 'j', 'x', 'c');
  found.push(...(await violations()));
  assert.deepEqual([...new Set(found)], []);
}, { dark, width });

await browser.close();
for (const response of live) response.end();
server.close();
if (failed > 0) process.exit(1);
