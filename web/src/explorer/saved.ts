/** Graphs of a case: version 2 is a log of commands; version 1 (before) named nodes and summed edges, of which the nodes are taken and looked up again. */
import type { Entry, History } from './commands.ts';
import { addressId, riskOf, txId } from './learn.ts';
import { t } from './texts.ts';
import { revived, type Fact, type Mark, type Place } from './model.ts';

interface Version1 { nodes: { id: string; kind: string; label?: string; risk?: string; note?: string; x: number; y: number }[] }

/** Opens a saved graph from its parsed JSON, which it takes over; gives the ids of nodes that must be looked up for their movements. */
export function open(body: unknown, chain: string, history: History): string[] {
  const saved = revived(body) as { version?: number; log?: Entry[] } & Partial<Version1>;
  if (saved.version === 2 && Array.isArray(saved.log)) {
    history.replay(saved.log);
    return [];
  }
  if (saved.version !== undefined || !Array.isArray(saved.nodes)) throw new Error(t('saved-unreadable'));
  const facts: Fact[] = [];
  const places: [string, Place][] = [];
  const marks: [string, Mark][] = [];
  for (const n of saved.nodes) {
    if (n.kind !== 'tx' && n.kind !== 'address') continue;
    const id = n.kind === 'tx' ? txId(chain, n.id) : addressId(chain, n.id);
    facts.push({ id, kind: n.kind === 'tx' ? 'transaction' : 'address', ref: n.id, chain, label: n.label ?? '', risk: riskOf(n.risk), category: '', entity: null, time: null, hop: null });
    places.push([id, { x: n.x, y: n.y, pinned: true }]);
    if (n.note) marks.push([id, { note: n.note }]);
  }
  history.do({ do: 'batch', name: t('do-open-old'), commands: [
    { do: 'learn', facts, edges: [], totals: [] }, { do: 'show', places }, ...marks.map(([id, mark]) => ({ do: 'mark' as const, ids: [id], mark })),
  ] });
  return facts.map((f) => f.id);
}
