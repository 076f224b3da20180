/** Pages with the frame's own markup (crates/app/page/src/frame.rs) and the headers of the desk, and small answers of the API. */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ENGLISH } from '../english.ts';
import { CSP } from './serve.ts';

export const TX = '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b';
const MENU = [['/desk', 'Home'], ['/desk/graph', 'Explorer'], ['/desk/cases', 'Cases'], ['/desk/alerts', 'Alerts'], ['/desk/events', 'Events'], ['/desk/holds', 'Holds'], ['/desk/watch-lists', 'Watch lists']] as const;
interface Names { names: Record<string, { file: string }> }

/** The head, header and menu as the frame makes them; `who` is empty for a page without a person of the desk. */
function frame(dist: string, title: string, here: string, main: string, who: string): string {
  const { names } = JSON.parse(readFileSync(`${dist}/manifest.json`, 'utf8')) as Names;
  const file = (name: string): string => `/assets/${names[name]?.file ?? ''}`;
  const links = MENU.map(([to, name]) => `<li><a href="${to}"${to === here ? ' aria-current="page"' : ''}>${name}</a></li>`).join('');
  const menu = `<nav class="menu" id="menu" aria-label="Desk"><a class="close-menu" href="#main">Close</a><p>Work</p><ul>${links}</ul><form method="post" action="/sign-out"><button class="plain" type="submit">Sign out (${who})</button></form></nav>`;
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} - Holdfast</title><script src="${file('theme.js')}"></script><link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,"><script type="module" src="${file('shell.js')}"></script></head>
<body${who ? ` data-desk data-who="${who}"` : ''}><a class="skip" href="#main">Skip to the content</a><header>${who ? '<a class="open-menu" href="#menu">Menu</a>' : ''}<a class="brand" href="/">Holdfast</a><form class="search" action="/search" method="get" role="search"><input type="search" name="q" value="" aria-label="Search" placeholder="Address or name"><button type="submit">Search</button></form></header>
<div${who ? ' class="frame"' : ''}>${who ? menu : ''}<main id="main"><h1>${title}</h1>${main}</main></div><template id="texts" data-texts="${JSON.stringify(ENGLISH).replace(/&/g, '&amp;').replace(/"/g, '&quot;')}"></template></body></html>`;
}

const row = (n: number): string => `<tr><td class="n"><a href="/desk/alerts/${n}">${n}</a></td><td><a href="/desk/customers/c-${n}">c-${n}</a></td><td>review</td><td>${n % 2 ? `<a class="hash" href="/address/1Lucky${n}00000000000000000000">1Lucky${n}00000000000000000000</a>` : 'sanctions'}</td></tr>`;
const ALERTS = `<p class="filters">Show <a href="/desk/alerts" aria-current="true">open</a></p><div class="wide"><table><thead><tr><th class="n">Alert</th><th>Customer</th><th>Decision</th><th>Reason</th></tr></thead><tbody>${Array.from({ length: 40 }, (_, i) => row(i + 1)).join('')}</tbody></table></div>`;
const ALERT = `<p class="flash" role="status" data-flash>Alert 3 is closed.</p><dl><dt>Transaction</dt><dd><span class="hash"><span title="${TX}">${TX.slice(0, 8)}<span class="midst">${TX.slice(8, 58)}</span>${TX.slice(58)}</span></span></dd><dt>Book</dt><dd class="hash">${'ab'.repeat(32)}</dd><dt>Id</dt><dd><span class="hash">k-7</span></dd></dl><form class="step" method="post"><label>Reason<input name="text"></label><button>Close</button></form>`;

const LOCKY = { kind: 'label', id: 'Locky', name: 'Locky', chain: null, assets: ['BTC'], category: 'ransomware', risk: 'severe', in_ledger: true, addresses: 7038, examples: ['1LockyA', '1LockyB'] };
function lookup(q: string): { status: number; body: unknown } {
  if (q === 'wrong') return { status: 400, body: { error: 'q is no search' } };
  const whole = { hits: [] as unknown[], more: 0, unknown: [] as string[], notes: [] as string[] };
  if ('locky'.startsWith(q.toLowerCase())) whole.hits.push(LOCKY);
  if (TX.startsWith(q)) whole.hits.push({ kind: 'transaction', id: TX, name: null, chain: null, assets: ['BTC'], category: 'unattributed', risk: 'none', in_ledger: true, addresses: 0, examples: [] });
  return { status: 200, body: whole };
}
const desk = (q: string): unknown[] => ('locky'.startsWith(q.toLowerCase()) ? [{ kind: 'case', id: '3', title: 'Locky ransom of May' }, { kind: 'customer', id: 'c-77', title: 'address' }] : []);

/** Live connections with what they asked for, and how many notifications are new. */
export interface Live { readonly open: Map<ServerResponse, string>; unseen: number }

export function start(dist: string): Promise<{ url: string; server: Server; asked: string[]; live: Live }> {
  const asked: string[] = [];
  const live: Live = { open: new Map(), unseen: 0 };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const send = (status: number, type: string, body: string | Buffer): void => {
      response.writeHead(status, { 'content-type': type, 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' });
      response.end(body);
    };
    const path = url.pathname, q = url.searchParams.get('q') ?? '';
    if (path === '/style.css') send(200, 'text/css', ['css/tokens.css', 'style.css', 'css/words.css'].map((file) => readFileSync(file, 'utf8')).join(''));
    else if (path.startsWith('/assets/')) send(200, 'text/javascript; charset=utf-8', readFileSync(`${dist}/${path.slice(8).replace(/[^\w.-]/g, '')}`));
    else if (path === '/api/v1/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-security-policy': CSP });
      const from = request.headers['last-event-id'];
      response.write('id: 6\nevent: hello\nretry: 50\ndata: {"after":6}\n\n');
      live.open.set(response, url.search + (from ? ` from ${String(from)}` : ''));
      request.on('close', () => { live.open.delete(response); });
    } else if (path === '/api/v1/desk/notifications') send(200, 'application/json', JSON.stringify({ unseen: live.unseen, notifications: [] }));
    else if (path.startsWith('/api/')) {
      asked.push(`${path} ${q}`);
      const { status, body } = path.endsWith('/desk/search') ? { status: 200, body: desk(q) } : lookup(q);
      // A short question takes longest, so that its answer comes after those of longer ones; the desk's answer to one of four letters comes after the ledgers'.
      const after = q.length === 3 ? 600 : q.length === 4 && path.endsWith('/desk/search') ? 1500 : 5;
      setTimeout(() => { send(status, 'application/json', JSON.stringify(body)); }, after);
    } else {
      const page = path === '/desk/alerts' ? ALERTS : path.startsWith('/desk/alerts/') ? ALERT : `<p>${path}</p>`;
      const here = MENU.map(([to]) => to).findLast((to) => path === to || path.startsWith(`${to}/`)) ?? '';
      send(200, 'text/html; charset=utf-8', frame(dist, path.slice(1) || 'Start', here, page, path === '/' ? '' : 'ann'));
    }
  });
  return new Promise((resolve) => { server.listen(0, '127.0.0.1', () => { resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, asked, live }); }); });
}
