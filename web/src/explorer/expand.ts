/** What brings new nodes into the picture: expanding a side, adding what was pasted, traces, paths. Each is one command, so one undo takes it back. */
import type { App } from './app.ts';
import type { TraceOptions } from './api.ts';
import { apply, putAll, type Command, type Patch } from './commands.ts';
import { counted } from './format.ts';
import { beside, COLUMN, flow, ROW } from './layout.ts';
import { layoutInput } from './arrange.ts';
import { addressId, fromTransfers, isAccountChain, txId, type Learn } from './learn.ts';
import { hiddenNeighbours, looked, type Fact, type Graph, type Place, type Side } from './model.ts';
import { viewOf } from './aggregate.ts';

/** Neighbours that one expansion shows on a side; the others stand in the node's rest. */
export const TOP = 12;
/** Inputs of a transaction that are shown with it, so that it can become payments of its payer. */
const INPUTS = 12;
/** Nodes that a trace may bring; the rest stays in the rests. */
const MOST = 600;
/** Answers that are waited for at once. */
const AT_ONCE = 6;

/** Asks for many, a few at a time; gives what came and how many failed. */
async function several<T, R>(list: readonly T[], ask: (item: T) => Promise<R>): Promise<{ got: R[]; failed: number }> {
  const got: R[] = [];
  let failed = 0;
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < list.length) {
      const item = list[next];
      next += 1;
      if (item === undefined) continue;
      try {
        got.push(await ask(item));
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, run));
  return { got, failed };
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

/** Shows hidden neighbours of a node, the largest first, beside it. */
function unfold(draft: Draft, at: { id: string; x: number; y: number }, side: Side, most: number, only?: ReadonlySet<string>): string[] {
  const { graph } = draft;
  const ids = hiddenNeighbours(graph, at.id, side).map((n) => n.id).filter((id) => !only || only.has(id)).slice(0, most);
  if (ids.length === 0) return [];
  const hop = graph.facts.get(at.id)?.hop ?? null;
  const facts = ids.flatMap((id): Fact[] => { const f = graph.facts.get(id); return f && f.hop === null && hop !== null ? [{ ...f, hop: hop + (side === 'out' ? 1 : -1) }] : []; });
  if (facts.length > 0) draft.do({ do: 'learn', facts, edges: [], totals: [] });
  const standing = [...graph.places.values()].map((p) => [p.x, p.y] as const);
  draft.do({ do: 'show', places: beside(at, side, ids, standing).map(([id, x, y]) => [id, { x, y, pinned: false }] as const) });
  return ids;
}

const placeOf = (graph: Graph, id: string): { id: string; x: number; y: number } => { const p = graph.places.get(id); return { id, x: p?.x ?? 0, y: p?.y ?? 0 }; };

/** Expands sides of the selected nodes. Above the level of transactions the other ends of UTXO transactions come too. */
export async function expand(app: App, sides: readonly Side[], members: readonly string[] = app.members()): Promise<string> {
  const facts = members.flatMap((id) => { const f = app.graph.facts.get(id); return f && f.kind !== 'note' && f.kind !== 'service' ? [f] : []; });
  if (facts.length === 0) return 'Select an address or a transaction first.';
  const wanting = facts.filter((f) => sides.some((s) => !looked(app.graph, f.id, s)));
  const { got, failed } = await several(wanting, (f) => app.api.look(f, sides));
  const draft = new Draft(app.graph);
  for (const learn of got.flat()) draft.do(learn);
  const deep = app.graph.setting('level', 'transaction') !== 'transaction';
  const added: string[] = [];
  let failures = failed;
  try {
    for (const f of facts) for (const side of sides) added.push(...unfold(draft, placeOf(app.graph, f.id), side, TOP));
  } catch (e) {
    draft.end('');
    throw e;
  }
  let command = draft.end(`expand ${counted(facts.length, 'node')}`);
  if (deep) {
    const txs = added.flatMap((id) => { const f = [...got.flat().flatMap((l) => l.facts)].find((x) => x.id === id) ?? app.graph.facts.get(id); return f?.kind === 'transaction' ? [f] : []; });
    const details = await several(txs.filter((f) => !looked(app.graph, f.id, 'in')), (f) => app.api.look(f, ['in', 'out']));
    failures += details.failed;
    const more = new Draft(app.graph);
    more.do(command);
    for (const learn of details.got.flat()) more.do(learn);
    for (const f of txs) {
      unfold(more, placeOf(app.graph, f.id), 'in', INPUTS);
      for (const side of sides) unfold(more, placeOf(app.graph, f.id), side, 3);
    }
    command = more.end(`expand ${counted(facts.length, 'node')}`);
  }
  const before = app.view.nodes.size;
  app.do(command);
  const fresh = app.view.nodes.size - before;
  return `${counted(fresh, 'new node')}. ${app.summary()}${failures > 0 ? ` ${counted(failures, 'question')} failed; expand again to ask again.` : ''}`;
}

/** Adds nodes, each below the last, and looks them up. */
export async function addFacts(app: App, facts: readonly Fact[], learned: readonly Learn[] = []): Promise<string> {
  const graph = app.graph;
  const draft = new Draft(graph);
  for (const l of learned) draft.do(l);
  draft.do({ do: 'learn', facts: facts.map((f) => ({ ...f, hop: graph.facts.get(f.id)?.hop ?? 0 })), edges: [], totals: [] });
  const places = [...graph.places.values()];
  const fresh = facts.filter((f) => !graph.shown.has(f.id));
  const y = places.length > 0 ? Math.max(...places.map((p) => p.y)) + 2 * ROW : 0;
  draft.do({ do: 'show', places: fresh.map((f, i) => [f.id, { x: 0, y: y + i * ROW, pinned: false }] as const) });
  app.do(draft.end(`add ${counted(fresh.length, 'node')}`));
  app.select(facts.map((f) => f.id));
  return fresh.length === 0 ? 'It is in the graph.' : `${counted(fresh.length, 'node')} added.`;
}

/** Looks up what was typed or pasted (separated by spaces, commas or lines; 1,000 at most), or a list, and adds what was found. */
export async function addPasted(app: App, text: string | readonly string[], chain: string): Promise<string> {
  const parts = typeof text === 'string' ? text.split(/[\s,;]+/) : text;
  const items = [...new Set(parts.map((t) => t.trim().replace(/^"|"$/g, '')).filter((t) => t !== ''))];
  if (items.length === 0) return 'Type an address, a transaction or a name.';
  if (items.length > 1_000) return `${counted(items.length, 'item')} were pasted; at most 1,000 are added at once.`;
  const { got, failed } = await several(items, async (item) => ({ item, hits: (await app.api.search(item)).hits }));
  const facts: Fact[] = [];
  const learned: Learn[] = [];
  const missed: string[] = [];
  for (const { item, hits } of got) {
    const hit = hits.find((h) => h.kind === 'address' || h.kind === 'transaction' || h.kind === 'output');
    if (!hit) {
      missed.push(item);
      continue;
    }
    const on = hit.chain ?? chain;
    const kind = hit.kind === 'address' ? 'address' : 'transaction';
    const ref = hit.kind === 'output' ? hit.id.replace(/:\d+$/, '') : hit.id;
    if (kind === 'transaction' && isAccountChain(on)) {
      const transfers = await app.api.transactionTransfers(on, ref);
      const ends = new Set(transfers.flatMap((t) => [t.from, t.to].filter((a): a is string => Boolean(a))));
      for (const a of ends) {
        const learn = fromTransfers(a, on, 'out', transfers, false);
        learned.push({ ...learn, totals: [] });
        facts.push(...learn.facts.filter((f) => f.ref === a));
      }
      continue;
    }
    facts.push({ id: kind === 'address' ? addressId(on, ref) : txId(on, ref), kind, ref, chain: on, label: hit.name ?? '', risk: riskText(hit.risk), category: hit.category, entity: null, time: null, hop: 0 });
  }
  const said = facts.length > 0 ? await addFacts(app, facts, learned) : '';
  const notes = [missed.length > 0 ? `Not found: ${missed.slice(0, 5).join(', ')}${missed.length > 5 ? ` and ${missed.length - 5} more` : ''}.` : '', failed > 0 ? `${counted(failed, 'question')} failed.` : ''];
  return [said, ...notes].filter(Boolean).join(' ');
}

const riskText = (text: string): Fact['risk'] => (text === 'severe' || text === 'high' || text === 'medium' || text === 'low' ? text : 'unknown');

/** Draws the engine's trace from the focused node: all that it marked, up to a bound that is said. */
export async function trace(app: App, options: TraceOptions, asset: string | null): Promise<string> {
  const id = app.focused()?.members[0];
  const fact = id === undefined ? undefined : app.graph.facts.get(id);
  if (!fact || (fact.kind !== 'address' && fact.kind !== 'transaction')) return 'Select an address or a transaction first.';
  const found = await app.api.trace(fact, options, asset);
  const wanted = found.facts.slice(0, MOST);
  // Whole values stand in the transactions; without them an edge says what is marked only.
  const txs = wanted.filter((f) => f.kind === 'transaction' && !looked(app.graph, f.id, 'in')).slice(0, 120);
  const { got, failed } = await several(txs, (f) => app.api.look(f, ['in', 'out']));
  const draft = new Draft(app.graph);
  draft.do(found);
  for (const learn of got.flat()) draft.do(learn);
  draft.do({ do: 'show', places: wanted.filter((f) => !app.graph.shown.has(f.id)).map((f) => [f.id, { x: 0, y: 0, pinned: false }] as const) });
  arrangeIn(draft);
  app.do(draft.end(`trace ${options.direction} by ${options.policy}`));
  app.surface.fit();
  const left = found.facts.length - wanted.length;
  return `Trace: ${app.summary()}${left > 0 ? ` ${counted(left, 'node')} of the trace are not drawn.` : ''}${failed > 0 ? ` Whole values of ${counted(failed, 'transaction')} could not be read.` : ''}`;
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
  const facts = app.members().flatMap((id) => { const f = app.graph.facts.get(id); return f?.kind === 'address' ? [f] : []; });
  const [a, b] = facts;
  if (!a || !b || facts.length !== 2) return 'Select exactly two addresses first.';
  const found = await app.api.paths(a, b);
  if (found.txs.length + found.addresses.length === 0) return 'No way between them within the bounds of the search.';
  const facts2: Fact[] = [...found.txs.map((t) => plain(txId(a.chain, t), 'transaction', t, a.chain)), ...found.addresses.map((x) => plain(addressId(a.chain, x), 'address', x, a.chain))].slice(0, MOST);
  const { got, failed } = await several(facts2.filter((f) => f.kind === 'transaction' || isAccountChain(f.chain)), (f) => app.api.look(f, ['in', 'out']));
  const draft = new Draft(app.graph);
  draft.do({ do: 'learn', facts: facts2, edges: [], totals: [] });
  for (const learn of got.flat()) draft.do(learn);
  draft.do({ do: 'show', places: facts2.filter((f) => !app.graph.shown.has(f.id)).map((f, i) => [f.id, { x: (i + 1) * COLUMN, y: 0, pinned: false }] as const) });
  arrangeIn(draft);
  app.do(draft.end('paths'));
  app.surface.fit();
  return `Ways drawn. ${app.summary()}${failed > 0 ? ` ${counted(failed, 'question')} failed.` : ''}`;
}

const plain = (id: string, kind: Fact['kind'], ref: string, chain: string): Fact => ({ id, kind, ref, chain, label: '', risk: 'unknown', category: '', entity: null, time: null, hop: null });
