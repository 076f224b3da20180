import { ENGLISH } from './english.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, Asker } from '../src/shell/asking.ts';
import { copied } from '../src/shell/copy.ts';
import { ALL, GO, Sequence } from '../src/shell/keys.ts';
import { pasted } from '../src/shell/list.ts';
import { parse as recent, withNew } from '../src/shell/recent.ts';
import { graphPage, marked, offer, pageOf, remarks, type Lookup, type LookupHit, type Option } from '../src/shell/results.ts';
import { subjects } from '../src/shell/rows.ts';
import { apply, parse } from '../src/shell/settings.ts';
import { use } from '../src/texts.ts';

const hit = (change: Partial<LookupHit>): LookupHit => ({ kind: 'address', id: 'bc1q', name: null, chain: null, assets: ['BTC'], category: 'unattributed', risk: 'none', in_ledger: true, addresses: 1, examples: ['bc1q'], ...change });
const lookup = (hits: LookupHit[], more = 0): Lookup => ({ hits, more, unknown: [], notes: [] });
const titles = (options: Option[]): string[] => options.map((o) => `${o.group}/${o.title}`);

test('what was chosen is read; anything else is the default', () => {
  const usual = { theme: 'system', density: 'comfortable', keys: true };
  for (const text of [null, '', '{', '[]', 'null', '7', '{"theme":"pink","density":1,"keys":"no"}']) assert.deepEqual(parse(text), usual, String(text));
  assert.deepEqual(parse('{"theme":"dark","density":"compact","keys":false}'), { theme: 'dark', density: 'compact', keys: false });
});

test('a theme stands on the document only where one was chosen', () => {
  const to = { dataset: { theme: 'light' } as DOMStringMap };
  apply({ theme: 'dark', density: 'compact', keys: true }, to);
  assert.deepEqual(to.dataset, { theme: 'dark', density: 'compact' });
  apply({ theme: 'system', density: 'comfortable', keys: true }, to);
  assert.deepEqual(to.dataset, { density: 'comfortable' });
});

test('hits lead to the pages of the server', () => {
  const pages: [Partial<LookupHit>, string][] = [
    [{}, '/address/bc1q'],
    [{ chain: 'eip155:1', id: '0xab' }, '/accounts/eip155:1/address/0xab'],
    [{ kind: 'transaction', id: 'ff' }, '/tx/ff'],
    [{ kind: 'transaction', id: 'ff', chain: 'tron:0x2b6653dc' }, '/accounts/tron:0x2b6653dc/tx/ff'],
    [{ kind: 'output', id: 'ff:1' }, '/tx/ff'],
    [{ kind: 'block', id: '7' }, '/block/7?chain=BTC'],
    [{ kind: 'block', id: '7', assets: [] }, '/block/7'],
    [{ kind: 'block', id: '7', chain: 'eip155:1' }, '/accounts/eip155:1/block/7'],
    [{ kind: 'asset', id: 'eip155:1/erc20:0xab', chain: 'eip155:1' }, '/accounts/eip155:1/asset/erc20:0xab'],
    [{ kind: 'asset', id: 'USDT' }, '/search?q=USDT'],
    [{ kind: 'actor', id: 'lucky', addresses: 1, examples: ['1Lucky'] }, '/address/1Lucky'],
    [{ kind: 'label', id: 'Locky', name: 'Locky & sons', addresses: 7000, examples: ['1a', '1b'] }, '/search?q=Locky+%26+sons'],
    [{ id: '../x?y#z' }, '/address/..%2Fx%3Fy%23z'],
  ];
  for (const [change, page] of pages) assert.equal(pageOf(hit(change)), page);
});

test('what the explorer can draw opens there', () => {
  const open = (change: Partial<LookupHit>): Option['graph'] => offer('q', [], [], lookup([hit(change)])).options[0]?.graph ?? null;
  assert.deepEqual(open({}), { subject: 'bc1q', chain: '' });
  assert.deepEqual(open({ kind: 'output', id: 'ff:1' }), { subject: 'ff', chain: '' });
  assert.deepEqual(open({ kind: 'label', examples: ['1a', '1b'], addresses: 9 }), { list: ['1a', '1b'] });
  assert.equal(open({ kind: 'block' }), null);
  assert.equal(graphPage({ subject: '0xab', chain: 'eip155:1' }), '/desk/graph?subject=0xab&chain=eip155%3A1');
  assert.equal(graphPage({ list: ['1a'] }), '/desk/graph');
});

test('one group per kind; pages that begin with the text come first, unless something has it as its name; all results last', () => {
  const pages = [{ name: 'Alerts', href: '/desk/alerts' }, { name: 'People and alerts', href: '/desk/people' }, { name: 'Holds', href: '/desk/holds' }];
  const desk = [{ kind: 'alert', id: '12', title: 'c-1: sanctions' }, { kind: 'case', id: '3', title: 'Alerts of May' }, { kind: 'alert', id: '13', title: '' }];
  assert.deepEqual(titles(offer('aler', pages, desk, lookup([hit({ kind: 'label', id: 'alert', name: 'alert', addresses: 1200 })])).options), [
    'Pages/Alerts', 'Alerts/12: c-1: sanctions', 'Alerts/13', 'Cases/3: Alerts of May', 'Names/alert', 'Pages/People and alerts', 'All results/Search for “aler”',
  ]);
  assert.deepEqual(titles(offer('alert', pages, [], lookup([hit({ kind: 'label', id: 'alert' })])).options), ['Names/alert', 'Pages/Alerts', 'Pages/People and alerts', 'All results/Search for “alert”']);
  assert.deepEqual(offer('12', [], desk.slice(0, 1), null).options.map((o) => o.href), ['/desk/alerts/12', '/search?q=12']);
  assert.deepEqual(titles(offer('nothing', pages, [], lookup([])).options), ['All results/Search for “nothing”']);
});

test('the whole name or number comes first', () => {
  const desk = [{ kind: 'case', id: '3', title: 'Locky ransom of May' }, { kind: 'alert', id: '33', title: 'c-1' }, { kind: 'hold', id: '3', title: 'c-1: sanctions' }];
  const named = lookup([hit({ kind: 'transaction', id: '3ff' }), hit({ kind: 'label', id: 'Locky', name: 'Locky' })]);
  const groups = (q: string): string[] => offer(q, [], desk, named).options.map((o) => o.group);
  assert.deepEqual(groups('locky'), ['Names', 'Cases', 'Alerts', 'Holds', 'Transactions', 'All results']);
  assert.deepEqual(groups('3'), ['Cases', 'Holds', 'Alerts', 'Transactions', 'Names', 'All results']);
});

test('what is not listed is counted', () => {
  const { options, left } = offer('x', [], [], lookup(Array.from({ length: 9 }, (_, i) => hit({ id: `a${i}` })), 1200));
  assert.equal(options.length, 7);
  assert.equal(left, 1203);
  assert.equal(options.at(-1)?.detail, '1,203 more');
});

test('a hit says its risk, category, count, chain, and that tags alone know it', () => {
  const of = (change: Partial<LookupHit>): Option | undefined => offer('q', [], [], lookup([hit(change)])).options[0];
  assert.equal(of({})?.risk, '', 'what is not known has no risk');
  const named = of({ kind: 'label', id: 'Locky', category: 'ransomware', risk: 'severe', addresses: 7038 });
  assert.deepEqual([named?.risk, named?.detail], ['severe', 'ransomware, addresses: 7,038, BTC']);
  assert.equal(of({ in_ledger: false, assets: ['BTC', 'LTC'] })?.detail, 'BTC, LTC, known by tags only');
  assert.deepEqual(remarks({ hits: [], more: 0, unknown: ['a', 'b', 'c', 'd'], notes: ['the block is not final'] }), ['Not known here: a, b, c, 1 more.', 'the block is not final.']);
});

test('a category is said in the words of the page', () => {
  use({ ...ENGLISH, 'category-is-illicit_market': 'illegaler Markt' });
  const detail = (category: string): string | undefined => offer('q', [], [], lookup([hit({ category, risk: 'high' })])).options[0]?.detail;
  assert.deepEqual([detail('illicit_market'), detail('rug_pull'), detail('unattributed')], ['illegaler Markt, BTC', 'rug pull, BTC', 'BTC']);
  use(ENGLISH);
});

test('several lines are a list, one line is a question', () => {
  for (const one of ['', 'bc1q', 'a b c', ' bc1q\n', 'bc1q\nbc1q', '\n\n']) assert.equal(pasted(one), null, JSON.stringify(one));
  assert.deepEqual(pasted('bc1q\r\n"Lucky Dice"\n\nbc1q\n0xab;1a'), ['bc1q', 'Lucky Dice', '0xab', '1a']);
});

test('recent pages are of this site, newest first, each once, eight at most', () => {
  const option = (n: number): Option => ({ group: 'Alerts', title: `${n}`, detail: '', risk: '', href: `/desk/alerts/${n}`, graph: null });
  let all: Option[] = [];
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9, 3]) all = withNew(all, option(n));
  assert.deepEqual(all.map((o) => o.title), ['3', '9', '8', '7', '6', '5', '4', '2']);
  assert.deepEqual(recent(JSON.stringify(all)).map((o) => [o.group, o.detail, o.href])[0], ['Recent', 'Alerts', '/desk/alerts/3']);
  const bad = ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', 'desk', 7].map((href) => ({ title: 'x', href }));
  for (const text of [null, '{', '7', '[7,null]', JSON.stringify(bad)]) assert.deepEqual(recent(text), [], String(text));
});

test('g and a key within a moment are one; later they are two', () => {
  const s = new Sequence();
  assert.deepEqual([s.press('g', 0), s.press('a', 1400), s.press('a', 1500)], [null, 'g a', 'a']);
  assert.deepEqual([s.press('g', 2000), s.press('x', 3600), s.press('j', 3700)], [null, 'x', 'j']);
  assert.equal(new Set(ALL.flatMap((k) => k.keys)).size, ALL.flatMap((k) => k.keys).length, 'each key does one thing');
  for (const key of Object.keys(GO)) assert.ok(ALL.some((k) => k.keys.includes(`g ${key}`)));
});

test('rows lead to addresses and transactions, each once', () => {
  assert.deepEqual(subjects(['/address/bc1q', '/accounts/eip155:1/tx/0xab', '/desk/alerts/7', '/address/bc1q?chain=BTC', '/accounts/ethereum', '/address/cashaddr%3Aq']), ['bc1q', '0xab', 'cashaddr:q']);
});

test('only one long id is copied', () => {
  const id = 'ab'.repeat(32);
  assert.equal(copied(` ${id}\n`, false), id);
  for (const [text, inner] of [[id, true], ['ab'.repeat(10), false], [`${id} of May`, false]] as const) assert.equal(copied(text, inner), null, text);
});

test('typing asks once; the answer to an older question is dropped', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const open = new Map<string, (value: string) => void>();
  const aborted: string[] = [];
  let changes = 0;
  const asker = new Asker<string>((q, signal) => {
    signal.addEventListener('abort', () => { aborted.push(q); });
    return new Promise((resolve) => { open.set(q, resolve); });
  }, () => { changes += 1; }, 100);
  const settle = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
  for (const q of ['l', 'lo', 'loc']) asker.ask(q);
  t.mock.timers.tick(99);
  assert.equal(open.size, 0);
  t.mock.timers.tick(1);
  assert.deepEqual([...open.keys()], ['loc']);
  asker.ask('lock');
  assert.deepEqual([asker.told.state, aborted], ['waiting', ['loc']]);
  t.mock.timers.tick(100);
  open.get('lock')?.('new');
  await settle();
  open.get('loc')?.('old');
  await settle();
  assert.deepEqual([asker.told, changes], [{ state: 'got', value: 'new' }, 1]);
  asker.ask('lock');
  assert.equal(asker.told.state, 'got', 'the same question is not asked again');
  asker.ask('');
  assert.equal(asker.told.state, 'none');
});

test('a failure is a sentence', async (t) => {
  const said = async (fetched: () => Promise<Response>): Promise<string> => {
    t.mock.method(globalThis, 'fetch', fetched);
    return ask('/api/v1/search', 'q', new AbortController().signal).then(() => 'nothing', (e: unknown) => (e as Error).message);
  };
  assert.equal(await said(() => Promise.reject(new TypeError('Failed to fetch'))), 'The server could not be reached.');
  assert.equal(await said(() => Promise.reject(new DOMException('', 'TimeoutError'))), 'The server did not answer within 10 seconds.');
  assert.equal(await said(() => Promise.resolve(new Response('{"error":"q must be 1 to 1000 bytes"}', { status: 400 }))), 'The server refused: q must be 1 to 1000 bytes.');
  assert.equal(await said(() => Promise.resolve(new Response('<html>', { status: 502 }))), 'The server answered with status 502.');
  assert.equal(await said(() => Promise.resolve(new Response('{"error":"x"}', { status: 401 }))), 'You are signed out: sign in again to search.');
  assert.equal(await said(() => Promise.resolve(new Response('<html>', { status: 200 }))), 'The answer of the server could not be read.');
});

test('the bell says how many are new, within its bound', async () => {
  const { label } = await import('../src/shell/bell.ts');
  assert.deepEqual([0, 1, 1_000].map(label), ['Notifications', 'Notifications: 1 new', 'Notifications: 1,000 or more new']);
});

test('topics of live events: each once, the latest within the bound; their events are named in the singular', async () => {
  const { eventOf, pathOf, topicsOf } = await import('../src/shell/live.ts');
  assert.deepEqual(['alerts', 'cases', 'notifications', 'graph:7', 'case:3'].map(eventOf), ['alert', 'case', 'notification', 'graph', 'case']);
  assert.deepEqual(topicsOf(['alerts', 'graph:1', 'alerts']), ['alerts', 'graph:1']);
  const many = Array.from({ length: 30 }, (_, i) => `graph:${i}`);
  assert.deepEqual(topicsOf(many), many.slice(10));
  assert.equal(pathOf(['alerts', 'graph:7'], ''), '/api/v1/live?topics=alerts%2Cgraph%3A7');
  assert.equal(pathOf(['notifications'], '12'), '/api/v1/live?topics=notifications&after=12');
});

test('answers mark the best result, unless a person moved to another or it has the whole name', () => {
  const page = { name: 'Blocks', href: '/blocks' };
  const asked = offer('bl', [], [], null).options, found = offer('bl', [page], [], lookup([hit({ id: 'blue' })])).options;
  assert.equal(marked('bl', asked[0], false, found), 0, '“Search for” is not kept');
  const last = found.length - 1;
  assert.equal(marked('bl', found[last], true, found), last, 'moved to');
  const name = hit({ kind: 'label', id: 'blue', name: 'Blue' }), early = offer('blue', [], [], lookup([name])).options;
  const late = offer('blue', [], [{ kind: 'case', id: '4', title: 'Blue' }], lookup([name])).options;
  assert.equal(late[marked('blue', early[0], false, late)]?.title, early[0]?.title, 'Enter may be on its way to it');
  assert.equal(marked('bl', undefined, false, found), 0);
  assert.equal(marked('bl', { group: 'x', title: 'gone', detail: '', risk: '', href: '/gone', graph: null }, true, found), 0);
});
