/** Between the view and the layouts: what a layout is given of it. */
import type { View } from './aggregate.ts';
import type { Box, Tie } from './layout.ts';

/** Hops of all nodes: those given; of others one further than a neighbour whose hop is known. Null where no hop is known at all. */
export function hopsOf(view: View): Map<string, number> | null {
  const hops = new Map<string, number>();
  for (const n of view.nodes.values()) if (n.hop !== null) hops.set(n.id, n.hop);
  if (hops.size === 0) return null;
  const edges = [...view.edges.values()];
  for (let changed = true, pass = 0; changed && pass < 100; pass += 1) {
    changed = false;
    for (const e of edges) {
      const a = hops.get(e.from), b = hops.get(e.to);
      if (a !== undefined && b === undefined) hops.set(e.to, a + 1);
      else if (b !== undefined && a === undefined) hops.set(e.from, b - 1);
      else continue;
      changed = true;
    }
  }
  return hops;
}

export function layoutInput(view: View): { boxes: Box[]; ties: Tie[] } {
  const hops = hopsOf(view);
  const used = [...new Set(hops?.values() ?? [])].sort((a, b) => a - b);
  const rank = new Map(used.map((h, i) => [h, i]));
  const boxes = [...view.nodes.values()].map((n): Box => {
    const hop = hops?.get(n.id);
    return { id: n.id, layer: hop === undefined ? null : (rank.get(hop) ?? 0), time: n.time, x: n.x, y: n.y, pinned: n.pinned };
  });
  const ties = [...view.edges.values()].map((e): Tie => ({ from: e.from, to: e.to, weight: 1 + Math.log10(1 + Number(e.sum.units)) }));
  return { boxes, ties };
}

