/** Serves the built explorer on a static page with the headers that the desk sends, and a small ledger behind the API. */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { flow } from '../../src/explorer/layout.ts';
import { stringify } from '../../src/explorer/model.ts';
import { layered } from '../random.ts';
import { activity, begun, exposed, figures, Graphs, lookup, neighbours, transactions } from './graph-api.ts';
import { addressOf, RANSOM, search, trace, txOf } from './ledger.ts';

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** A graph as cases kept it before there were versions. */
const VERSION_1 = JSON.stringify({ nodes: [{ id: RANSOM, kind: 'address', label: 'Locky', risk: 'severe', note: 'seen', x: 10, y: 20 }] });

interface Manifest { names: Record<string, { file: string }> }

function page(names: Manifest['names'], attributes: string, saved: string): string {
  const file = (name: string): string => `/assets/${names[name]?.file ?? ''}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Explorer</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="${file('tokens.css')}"><link rel="stylesheet" href="${file('explorer.css')}"><link rel="stylesheet" href="/page.css"></head>
<body><main><h1>Explorer</h1><div class="explorer" data-explorer ${attributes}></div></main><script type="module" src="${file('explorer.js')}"></script>
<script type="application/json" id="saved">${saved.replace(/</g, '\\u003c')}</script>
<script type="text/plain" id="explorer-texts">${readFileSync('../crates/app/page/locales/en/explorer.ftl', 'utf8')}</script></body></html>`;
}

const made = new Map<string, string>();
/** A graph of a size as a saved log: facts, then places. Made once. */
function bigGraph(nodes: number, edges: number): string {
  const known = made.get(`${nodes}/${edges}`);
  if (known !== undefined) return known;
  const learn = layered(nodes, edges);
  const spots = flow(learn.facts.map((f) => ({ id: f.id, layer: f.hop, time: null, x: 0, y: 0, pinned: false })), learn.edges.map((e) => ({ from: e.from, to: e.to, weight: 1 })));
  const commands = [learn, { do: 'show', places: spots.map(([id, x, y]) => [id, { x, y, pinned: false }]) }];
  const text = stringify({ version: 2, log: commands.map((command) => ({ command, by: 'test', at: 0 })) }).replace(/</g, '\\u003c');
  made.set(`${nodes}/${edges}`, text);
  return text;
}

export function start(dist: string): Promise<{ url: string; server: Server; saves: string[] }> {
  const { names } = JSON.parse(readFileSync(`${dist}/manifest.json`, 'utf8')) as Manifest;
  const saves: string[] = [];
  const graphs = new Graphs();
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const send = (status: number, type: string, body: string | Buffer): void => {
      response.writeHead(status, { 'content-type': type, 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' });
      response.end(body);
    };
    const json = (value: unknown): void => { if (value === undefined) send(404, 'application/json', '{"error":"Not in this ledger."}'); else send(200, 'application/json', JSON.stringify(value)); };
    const [, first = '', ...rest] = url.pathname.split('/');
    if (first === '') {
      const big = url.searchParams.get('fixture');
      const [nodes = 0, edges = 0] = (big ?? '').split('/').map(Number);
      const asked = (name: string): string => url.searchParams.get(name) ?? '';
      const item = asked('item') ? ` data-item="${Number(asked('item'))}"` : '';
      const graph = item || asked('graph') ? ` data-graph="${Number(asked('graph'))}" data-version="${Number(asked('version'))}"` : '';
      const subject = asked('empty') || graph ? '' : asked('alert') ? `data-start="alert:${Number(asked('alert'))}"` : `data-subject="${RANSOM}"`;
      send(200, 'text/html; charset=utf-8', page(names, `${big ? '' : subject}${item || graph} data-chain="bitcoin" data-ticker="BTC" data-who="ann" data-case="7"`, big ? bigGraph(nodes, edges) : item ? VERSION_1 : ''));
    } else if (first === 'page.css') send(200, 'text/css', 'html,body{margin:0;height:100%}body{background:var(--hf-bg)}main{height:100%;display:flex;flex-direction:column}h1{font:600 16px/32px system-ui;margin:0 12px;color:var(--hf-ink)}.explorer{flex:1;min-height:0}');
    else if (first === 'assets') send(200, url.pathname.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8', readFileSync(`${dist}/${rest.join('').replace(/[^\w.-]/g, '')}`));
    else if (request.method === 'POST' || request.method === 'PUT') {
      let body = '';
      request.on('data', (part: Buffer) => { body += part.toString(); });
      request.on('end', () => {
        const path = rest.slice(1).join('/');
        if (path === 'graph/lookup') json(lookup(JSON.parse(body) as { items: string[] }));
        else if (path === 'graph/transactions') json(transactions(JSON.parse(body) as { transactions: { id: string }[]; between: string[] }));
        else if (path === 'graph/bundle') send(200, 'application/x-tar', 'a bundle');
        else if (path.includes('/graphs')) {
          saves.push(body);
          const { status, answer } = graphs.save(JSON.parse(body) as Parameters<Graphs['save']>[0]);
          if (status === 200) for (const heard of listeners) heard.write(`event: graph\nid: ${saves.length}\ndata: ${JSON.stringify({ by: 'ben', what: answer })}\n\n`);
          send(status, 'application/json', JSON.stringify(answer));
        } else {
          saves.push(body);
          json(path === 'tags' ? { new_tags: 1, warnings: [] } : { item: saves.length });
        }
      });
    } else if (rest[1] === 'live') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-security-policy': CSP });
      response.write('event: hello\ndata: {"after":0}\n\n');
      listeners.add(response);
      request.on('close', () => { listeners.delete(response); });
    } else if (rest[1] === 'addresses' && rest[3] === 'figures') json(figures(rest[2] ?? ''));
    else if (rest[1] === 'graph' && rest[2] === 'neighbours') json(neighbours(url.searchParams));
    else if (rest[1] === 'graph' && rest[2] === 'start') json(begun(url.searchParams));
    else if (rest[1] === 'addresses') json(activity(rest[2] ?? ''));
    else if (rest[1] === 'desk' && rest[4] === 'graphs') json(rest[6] ? graphs.one(Number(rest[6])) : graphs.list());
    else if (rest[1] === 'address') json(exposed(addressOf(rest[2] ?? '')));
    else if (rest[1] === 'tx') json(txOf(rest[2] ?? ''));
    else if (rest[1] === 'search') json(search(url.searchParams.get('q') ?? ''));
    else if (rest[1] === 'trace') json(trace(url.searchParams.get('subject') ?? '', Number(url.searchParams.get('max_hops') ?? 5)));
    else if (rest[1] === 'paths') json([]);
    else if (rest[1] === 'prices') json({ currency: 'USD', prices: [{ asset: 'BTC', base_units: '100000000', value: 6_000_000 }] });
    else if (rest[1] === 'explain') json({ joined: true, steps: [{ from: url.searchParams.get('a'), to: url.searchParams.get('b'), heuristic: 'co_spend', txid: 'ab' }] });
    else json(undefined);
  });
  return new Promise((resolve) => { server.listen(0, '127.0.0.1', () => { resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, saves }); }); });
}
