/** What brings new nodes into the picture: expanding a side, adding what was pasted, traces, paths. Each is one command, so one undo takes it back. */
import type { App } from './app.ts';
import type { TraceOptions } from './api.ts';
import { factOf, fromLinks, UNBOUNDED, type Bounds, type NeighboursReport } from './reports.ts';
import { t } from './texts.ts';
import { sentence } from './format.ts';
import { apply, putAll, type Command, type Patch } from './commands.ts';
import { beside, flow, stacked, type Spot } from './layout.ts';
import { COLUMN, ROW } from './room.ts';
import { layoutInput } from './arrange.ts';
import { addressId, isAccountChain, txId, type Learn } from './learn.ts';
import { edgeKey, hiddenNeighbours, looked, type Fact, type Graph, type Place, type Side } from './model.ts';
import { viewOf } from './aggregate.ts';

/** Inputs of a transaction that are shown with it, so that it can become payments of its payer. */
const INPUTS = 12;
/** Nodes that a trace may bring; the rest stays in the rests. */
const MOST = 600;
/** Answers that are waited for at once. */
const AT_ONCE = 6;

/** Asks for many, a few at a time; gives what came, how many failed, and why the last one did. */
export async function several<T, R>(list: readonly T[], ask: (item: T) => Promise<R>): Promise<{ got: R[]; failed: number; why: string }> {
  const got: R[] = [];
  let failed = 0;
  let why = '';
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < list.length) {
      const item = list[next];
      next += 1;
      if (item === undefined) continue;
      try {
        got.push(await ask(item));
      } catch (e) {
        failed += 1;
        why = e instanceof Error ? e.message : String(e);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, run));
  return { got, failed, why };
}

/** Tries commands on the graph and takes them back: to see what a following one would find. */
class Draft {
  readonly commands: Command[] = [];
  private undo: Patch[] = [];
  constructor(readonly graph: Graph) {}
  do(command: Command): void {
    this.undo = [...apply(this.graph, command), ...this.undo];
    this.commands.push(command);
  }
  /** Ends the draft; the graph is as it was. */
  end(name: string): Command {
    putAll(this.graph, this.undo);
    return { do: 'batch', name, commands: this.commands };
  }
}

const standing = (draft: Draft): (readonly [number, number])[] => [...draft.graph.places.values()].map((p) => [p.x, p.y] as const);
const show = (draft: Draft, spots: readonly Spot[]): void => { draft.do({ do: 'show', places: spots.map(([id, x, y]) => [id, { x, y, pinned: false }] as const) }); };

/** Shows nodes beside a place, where nothing stands yet. */
function showBeside(draft: Draft, at: { x: number; y: number }, side: Side, ids: readonly string[]): void {
  show(draft, beside(at, side, ids, standing(draft)));
}

/** Shows nodes below a place, where nothing stands yet. */
function showBelow(draft: Draft, at: { x: number; y: number }, ids: readonly string[]): void {
  show(draft, stacked({ x: at.x, y: at.y + ROW }, ids, standing(draft)));
}

/** Shows hidden neighbours of a node, the largest first, beside it. */
function unfold(draft: Draft, at: { id: string; x: number; y: number }, side: Side, most: number, only?: ReadonlySet<string>): string[] {
  const { graph } = draft;
  const ids = hiddenNeighbours(graph, at.id, side).map((n) => n.id).filter((id) => !only || only.has(id)).slice(0, most);
  if (ids.length === 0) return [];
  const hop = graph.facts.get(at.id)?.hop ?? null;
  const facts = ids.flatMap((id): Fact[] => { const f = graph.facts.get(id); return f && f.hop === null && hop !== null ? [{ ...f, hop: hop + (side === 'out' ? 1 : -1) }] : []; });
  if (facts.length > 0) draft.do({ do: 'learn', facts, edges: [], totals: [] });
  showBeside(draft, at, side, ids);
  return ids;
}

const placeOf = (graph: Graph, id: string): { id: string; x: number; y: number } => { const p = graph.places.get(id); return { id, x: p?.x ?? 0, y: p?.y ?? 0 }; };

/** Shows addresses of an entity of which movements were learned, so that its money can be drawn. */
function unfoldEntity(draft: Draft, entity: Fact, most: number): string[] {
  const { graph } = draft;
  const ids = [...graph.facts.values()].filter((f) => f.entity === entity.id && !graph.shown.has(f.id)).slice(0, most).map((f) => f.id);
  showBelow(draft, placeOf(graph, entity.id), ids);
  return [...graph.facts.values()].filter((f) => f.entity === entity.id && graph.shown.has(f.id)).map((f) => f.id);
}

/** Expands sides of nodes, within bounds. Above the level of transactions the other ends of UTXO transactions come too. */
export async function expand(app: App, sides: readonly Side[], members: readonly string[] = app.members(), bounds: Bounds = UNBOUNDED, most = bounds.most): Promise<string> {
  const facts = members.flatMap((id) => { const f = app.graph.facts.get(id); return f && f.kind !== 'note' && f.kind !== 'service' && f.kind !== 'group' ? [f] : []; });
  if (facts.length === 0) return t('say-select-subject');
  const isBounded = bounds !== UNBOUNDED;
  const wanting = facts.filter((f) => isBounded || sides.some((s) => !looked(app.graph, f.id, s)));
  const { got, failed, why } = await several(wanting, async (f) => ({ f, ...(await app.api.within(f, sides, bounds)) }));
  const name = t('do-expand', { n: facts.length });
  const draft = new Draft(app.graph);
  for (const { learned } of got) for (const learn of learned) draft.do(learn);
  const deep = app.graph.setting('level', 'transaction') !== 'transaction';
  const added: string[] = [];
  let failures = failed;
  try {
    for (const f of facts) {
      const only = isBounded ? got.find((g) => g.f.id === f.id)?.rows : undefined;
      const from = f.kind === 'entity' ? unfoldEntity(draft, f, INPUTS) : [f.id];
      for (const id of from) for (const side of sides) {
        const first = unfold(draft, placeOf(app.graph, id), side, most, only);
        // Of a category are the transactions' other ends.
        const ends = bounds.category === '' ? [] : first.flatMap((tx) => unfold(draft, placeOf(app.graph, tx), side, most, only));
        added.push(...first, ...ends);
      }
    }
  } catch (e) {
    draft.end('');
    throw e;
  }
  let command = draft.end(name);
  if (deep) {
    const learned = new Map(got.flatMap((g) => g.learned.flatMap((l) => l.facts)).map((f) => [f.id, f]));
    const txs = added.flatMap((id) => { const f = learned.get(id) ?? app.graph.facts.get(id); return f?.kind === 'transaction' ? [f] : []; });
    const details = await several(txs.filter((f) => !looked(app.graph, f.id, 'in')), (f) => app.api.look(f, ['in', 'out']));
    failures += details.failed;
    const more = new Draft(app.graph);
    more.do(command);
    for (const learn of details.got.flat()) more.do(learn);
    for (const f of txs) {
      unfold(more, placeOf(app.graph, f.id), 'in', INPUTS);
      for (const side of sides) unfold(more, placeOf(app.graph, f.id), side, 3);
    }
    command = more.end(name);
  }
  if (failures > 0 && added.length === 0 && wanting.length === failures) return why;
  const before = app.view.nodes.size;
  app.do(command);
  return [t('say-expanded', { n: app.view.nodes.size - before }), app.summary(), failures > 0 ? t('say-failed-again', { n: failures }) : ''].filter(Boolean).join(' ');
}

/** Takes out what hangs on the selected nodes alone: neighbours that have no other drawn neighbour. */
export function collapse(app: App): string {
  const kept = new Set(app.selected);
  const ids: string[] = [];
  for (const id of app.selected) for (const n of app.neighbours.of(id)) {
    const node = app.view.nodes.get(n.id);
    if (!node || kept.has(n.id) || node.hop === 0 || node.mark.note || ids.includes(n.id)) continue;
    if (app.neighbours.of(n.id).every((m) => app.selected.has(m.id))) ids.push(...node.members, n.id);
  }
  const shown = ids.filter((id) => app.graph.shown.has(id));
  if (shown.length > 0) app.do({ do: 'hide', ids: [...new Set(shown)] });
  return shown.length > 0 ? t('say-collapsed', { n: new Set(shown).size }) : t('say-nothing-collapses');
}

/** One hop along the largest payment: expands the focused node on a side until the next address stands, and goes there. */
export async function follow(app: App, side: Side): Promise<string> {
  const start = app.focus;
  if (start === null) return t('say-select-subject');
  const seen = new Set([start]);
  let at = start;
  // An address, the transaction that spends, the address that is paid.
  for (let step = 0; step < 2; step += 1) {
    const node = app.view.nodes.get(at);
    if (!node) break;
    // What is drawn already need not be the largest.
    if (!node.looked[side] || node.rest[side] !== null) await expand(app, [side], node.members, UNBOUNDED, step === 0 ? 1 : 2);
    const onward = app.neighbours.of(at, side).filter((n) => !seen.has(n.id));
    // Amounts of different assets do not compare: who came by one goes on by it, where the node passes it on.
    const by = app.neighbours.of(at, side === 'out' ? 'in' : 'out').find((n) => n.id === app.came)?.edge.asset;
    const next = onward.find((n) => n.edge.asset === by) ?? onward[0];
    if (!next) break;
    seen.add(next.id);
    app.came = at;
    at = next.id;
    if (app.view.nodes.get(at)?.kind !== 'transaction') break;
  }
  if (at === start) return t('say-no-further');
  app.select([at]);
  app.surface.fit();
  const node = app.view.nodes.get(at);
  return t('say-followed', { name: node?.label || node?.ref || at });
}

/** Adds nodes, each below the last, and looks them up. */
export async function addFacts(app: App, facts: readonly Fact[], learned: readonly Learn[] = []): Promise<string> {
  const graph = app.graph;
  const draft = new Draft(graph);
  for (const l of learned) draft.do(l);
  draft.do({ do: 'learn', facts: facts.map((f) => ({ ...f, hop: graph.facts.get(f.id)?.hop ?? 0 })), edges: [], totals: [] });
  const places = [...graph.places.values()];
  const fresh = facts.filter((f) => !graph.shown.has(f.id));
  const y = places.length > 0 ? places.reduce((m, p) => Math.max(m, p.y), -Infinity) + 2 * ROW : 0;
  // A long list stands in a block, not in one column.
  const tall = Math.max(12, Math.ceil(Math.sqrt(fresh.length * 4)));
  draft.do({ do: 'show', places: fresh.map((f, i) => [f.id, { x: Math.floor(i / tall) * COLUMN, y: y + (i % tall) * ROW, pinned: false }] as const) });
  app.do(draft.end(t('do-add', { n: fresh.length })));
  app.select(facts.map((f) => f.id));
  return fresh.length === 0 ? t('say-in-graph') : t('say-added', { n: fresh.length });
}

/** Puts neighbours that were ticked in a table into the picture, with the movements between. */
export async function addRows(app: App, subject: Fact, report: NeighboursReport, ids: ReadonlySet<string>): Promise<string> {
  const side = report.direction;
  const wanted = report.rows.flatMap((r) => { const f = factOf(report.chain, r); return f && ids.has(f.id) ? [f] : []; });
  const txs = wanted.filter((f) => f.kind === 'transaction');
  // The movements with an address stand in the transactions between: the largest are looked up.
  const learned = txs.length > 0 ? await app.api.transactions(subject.chain, txs.map((f) => f.ref)) : await app.api.look(subject, [side], { ...UNBOUNDED, most: 100 });
  const draft = new Draft(app.graph);
  for (const l of learned) draft.do(l);
  draft.do({ do: 'learn', facts: wanted, edges: [], totals: [] });
  const at = placeOf(app.graph, subject.id);
  const between = new Set<string>();
  if (!isAccountChain(subject.chain) && txs.length === 0) for (const e of app.graph.edgesOf(subject.id, side)) {
    const tx = side === 'in' ? e.from : e.to;
    for (const f of app.graph.edgesOf(tx, side)) if (ids.has(side === 'in' ? f.from : f.to)) between.add(tx);
  }
  if (between.size > 0) unfold(draft, at, side, between.size, between);
  const left = wanted.filter((f) => !app.graph.shown.has(f.id)).map((f) => f.id);
  const column = between.size > 0 ? { x: at.x + (side === 'out' ? COLUMN : -COLUMN), y: at.y } : at;
  showBeside(draft, column, side, left);
  app.do(draft.end(t('do-add', { n: left.length + between.size })));
  return `${t('say-added', { n: left.length + between.size })} ${app.summary()}`;
}

/** Draws the engine's trace from the focused node: all that it marked, up to a bound that is said. */
export async function trace(app: App, options: TraceOptions, asset: string | null): Promise<string> {
  const id = app.focused()?.members[0];
  const fact = id === undefined ? undefined : app.graph.facts.get(id);
  if (!fact || (fact.kind !== 'address' && fact.kind !== 'transaction')) return t('say-select-subject');
  const found = await app.api.trace(fact, options, asset);
  const wanted = found.facts.slice(0, MOST);
  // Whole values stand in the transactions; without them an edge says what is marked only.
  const txs = wanted.filter((f) => f.kind === 'transaction' && !looked(app.graph, f.id, 'in')).slice(0, 400);
  let failed = 0;
  const got = await app.api.transactions(fact.chain, txs.map((f) => f.ref)).catch((): Learn[] => { failed = txs.length; return []; });
  const draft = new Draft(app.graph);
  draft.do(found);
  for (const learn of got) draft.do(learn);
  draft.do({ do: 'show', places: wanted.filter((f) => !app.graph.shown.has(f.id)).map((f) => [f.id, { x: 0, y: 0, pinned: false }] as const) });
  arrangeIn(draft);
  app.do(draft.end(t('do-trace', { direction: options.direction, policy: options.policy })));
  app.surface.fit();
  const left = found.facts.length - wanted.length;
  return [t('say-traced', { policy: options.policy }), app.summary(), left > 0 ? t('say-trace-left', { n: left }) : '', failed > 0 ? t('say-whole-values', { n: failed }) : ''].filter(Boolean).join(' ');
}

/** Arranges all that no person placed, as part of a draft. */
function arrangeIn(draft: Draft): void {
  const view = viewOf(draft.graph);
  const { boxes, ties } = layoutInput(view);
  const places: (readonly [string, Place])[] = flow(boxes, ties).flatMap(([id, x, y]) => (view.nodes.get(id)?.pinned ? [] : [[id, { x, y, pinned: false }] as const]));
  draft.do({ do: 'move', places });
}

/** Draws the ways between the two selected nodes. */
export async function paths(app: App): Promise<string> {
  const facts = addresses(app);
  const [a, b] = facts;
  if (!a || !b || facts.length !== 2) return t('say-select-two');
  const found = await app.api.paths(a, b);
  if (found.txs.length + found.addresses.length === 0) return t('say-no-path');
  const facts2: Fact[] = [...found.txs.map((t) => plain(txId(a.chain, t), 'transaction', t, a.chain)), ...found.addresses.map((x) => plain(addressId(a.chain, x), 'address', x, a.chain))].slice(0, MOST);
  const { got, failed } = await several(facts2.filter((f) => f.kind === 'transaction' || isAccountChain(f.chain)), (f) => app.api.look(f, ['in', 'out']));
  const draft = new Draft(app.graph);
  draft.do({ do: 'learn', facts: facts2, edges: [], totals: [] });
  for (const learn of got.flat()) draft.do(learn);
  draft.do({ do: 'show', places: facts2.filter((f) => !app.graph.shown.has(f.id)).map((f, i) => [f.id, { x: (i + 1) * COLUMN, y: 0, pinned: false }] as const) });
  arrangeIn(draft);
  app.do(draft.end(t('do-paths')));
  app.surface.fit();
  return [t('say-paths'), app.summary(), failed > 0 ? t('say-failed-again', { n: failed }) : ''].filter(Boolean).join(' ');
}

const plain = (id: string, kind: Fact['kind'], ref: string, chain: string): Fact => ({ id, kind, ref, chain, label: '', risk: 'unknown', category: '', entity: null, time: null, hop: null });

const addresses = (app: App): Fact[] => app.members().flatMap((id) => { const f = app.graph.facts.get(id); return f?.kind === 'address' ? [f] : []; });

/** Draws the payments that the ledger has between the selected addresses. */
export async function between(app: App): Promise<string> {
  const facts = addresses(app);
  const chain = facts[0]?.chain;
  if (chain === undefined || facts.length < 2 || facts.length > 100 || facts.some((f) => f.chain !== chain)) return t('say-select-of-one-chain');
  const found = await app.api.between(chain, facts.map((f) => f.ref));
  const txs = [...new Set(found.between.map((b) => b.tx))];
  if (txs.length === 0) return [t('say-none-between'), ...found.notes.map(sentence)].join(' ');
  const learned = await app.api.transactions(chain, txs.slice(0, MOST));
  const draft = new Draft(app.graph);
  for (const l of learned) draft.do(l);
  if (!isAccountChain(chain)) draft.do({ do: 'show', places: txs.filter((tx) => !app.graph.shown.has(txId(chain, tx))).slice(0, MOST).map((tx, i) => [txId(chain, tx), { x: COLUMN, y: i * ROW, pinned: false }] as const) });
  arrangeIn(draft);
  app.do(draft.end(t('do-between')));
  app.surface.fit();
  const more = found.more_between.reduce((n, s) => n + s.count, 0);
  return [t('say-between', { n: found.between.length }), more > 0 ? t('say-more-between', { n: more }) : '', app.summary()].filter(Boolean).join(' ');
}

/** Says why two addresses are held to be one owner's, and draws each reason as an inferred link. */
export async function explain(app: App): Promise<string> {
  const [a, b] = addresses(app);
  if (!a || !b) return t('say-select-two');
  const found = await app.api.explain(a, b);
  if (!found.joined || found.steps.length === 0) return t('say-not-joined');
  const steps = found.steps.slice(0, 50);
  const ends = [...new Set(steps.flatMap((s) => [s.from, s.to]))].map((ref) => plain(addressId(a.chain, ref), 'address', ref, a.chain));
  const draft = new Draft(app.graph);
  const asset = [...app.graph.assets.keys()].find((id) => id.startsWith(`${a.chain}/`)) ?? a.chain;
  draft.do({ do: 'learn', facts: ends, totals: [], edges: steps.map((s) => {
    const from = addressId(a.chain, s.from), to = addressId(a.chain, s.to);
    return { key: edgeKey(from, to, asset, 'inferred'), from, to, asset, link: 'inferred' as const, movements: [{ id: `h:${s.heuristic}:${s.txid ?? s.through ?? ''}`, tx: s.txid ?? '', index: 0, value: null, time: null }] };
  }) });
  showBelow(draft, placeOf(app.graph, a.id), ends.filter((f) => !app.graph.shown.has(f.id)).map((f) => f.id));
  app.do(draft.end(t('do-explain')));
  return t('say-joined', { n: steps.length, how: [...new Set(steps.map((s) => s.heuristic.replace(/_/g, ' ')))].join(', ') });
}

/** Draws the swaps and bridges of the selected accounts, each as an edge of its own. */
export async function crossings(app: App): Promise<string> {
  const facts = addresses(app).filter((f) => isAccountChain(f.chain)).slice(0, 20);
  if (facts.length === 0) return t('say-select-account');
  const { got, failed } = await several(facts, async (f) => ({ f, report: await app.api.links(f) }));
  const draft = new Draft(app.graph);
  let drawn = 0, left = 0;
  for (const { f, report } of got) {
    const { learn, halves } = fromLinks(report);
    draft.do(learn);
    drawn += learn.edges.reduce((n, e) => n + e.movements.length, 0);
    left += halves;
    const ids = learn.facts.map((x) => x.id).filter((id) => !app.graph.shown.has(id));
    showBeside(draft, placeOf(app.graph, f.id), 'out', ids);
  }
  app.do(draft.end(t('action-crossings')));
  const more = got.filter(({ report }) => report.next !== null && report.next !== undefined).length;
  return [t('say-crossings', { n: drawn }), left > 0 ? t('say-half-crossings', { n: left }) : '', more > 0 ? t('say-more-crossings') : '', failed > 0 ? t('say-failed-again', { n: failed }) : ''].filter(Boolean).join(' ');
}
