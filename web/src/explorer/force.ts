/** A layout by forces, for graphs in which money does not go one way. Begins with the flow layout, so the same graph gives the same picture. */
import { flow, type Box, type Spot, type Tie } from './layout.ts';
import { COLUMN, spread } from './room.ts';

/** Keys of cells as one number. */
const SPAN = 2_097_152;

/** Springs along ties, repulsion between near nodes (by a grid), a weak pull to the middle. */
export function force(boxes: readonly Box[], ties: readonly Tie[], steps = boxes.length > 2_000 ? 40 : 150): Spot[] {
  const start = flow(boxes.map((b) => ({ ...b, pinned: false })), ties);
  const n = start.length;
  const at = new Map(start.map(([id], i) => [id, i]));
  const fixed = new Map(boxes.filter((b) => b.pinned).map((b) => [b.id, b]));
  // Layers squeezed to a square, so that springs need not travel far.
  const x = Float64Array.from(start, (s) => fixed.get(s[0])?.x ?? s[1] * 0.6);
  const tall = Math.max(1, ...start.map((s) => Math.abs(s[2]))) / (Math.sqrt(n) * 60 + 200);
  const y = Float64Array.from(start, (s, i) => fixed.get(s[0])?.y ?? s[2] / Math.max(1, tall) + ((i * 7919) % 13));
  const held = Uint8Array.from(start, (s) => (fixed.has(s[0]) ? 1 : 0));
  const pairs = ties.flatMap((t) => { const a = at.get(t.from), b = at.get(t.to); return a === undefined || b === undefined || a === b ? [] : [[a, b] as const]; }).sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  const reach = COLUMN * 0.8;
  for (let step = 0; step < steps; step += 1) {
    const dx = new Float64Array(n), dy = new Float64Array(n);
    const cells = new Map<number, number[]>();
    for (let i = 0; i < n; i += 1) {
      const key = Math.floor((x[i] ?? 0) / reach) * SPAN + Math.floor((y[i] ?? 0) / reach);
      const cell = cells.get(key);
      if (cell) cell.push(i);
      else cells.set(key, [i]);
    }
    const push = (i: number, j: number): void => {
      let ux = (x[i] ?? 0) - (x[j] ?? 0);
      // Boxes are wider than high, so they part sooner up and down.
      let uy = ((y[i] ?? 0) - (y[j] ?? 0)) * 2;
      if (ux === 0 && uy === 0) { ux = (i - j) * 0.5; uy = 1; }
      const d2 = ux * ux + uy * uy;
      if (d2 > reach * reach) return;
      const f = (reach * reach) / (d2 + 400);
      const d = Math.sqrt(d2) || 1;
      dx[i] = (dx[i] ?? 0) + (ux / d) * f * 4;
      dy[i] = (dy[i] ?? 0) + (uy / d) * f * 2;
    };
    for (const [key, cell] of cells) {
      for (let a = -1; a <= 1; a += 1) for (let b = -1; b <= 1; b += 1) {
        const near = cells.get(key + a * SPAN + b);
        if (!near) continue;
        // At most 40 of a full cell: a crowd is parted in later steps.
        const most = Math.min(near.length, 40);
        for (const i of cell) for (let k = 0; k < most; k += 1) if (i !== near[k]) push(i, near[k] ?? i);
      }
    }
    for (const [a, b] of pairs) {
      const ux = (x[b] ?? 0) - (x[a] ?? 0), uy = (y[b] ?? 0) - (y[a] ?? 0);
      const d = Math.sqrt(ux * ux + uy * uy) || 1;
      const f = (d - COLUMN * 0.75) * 0.05;
      for (const [i, sign] of [[a, 1], [b, -1]] as const) {
        dx[i] = (dx[i] ?? 0) + sign * (ux / d) * f;
        dy[i] = (dy[i] ?? 0) + sign * (uy / d) * f;
      }
    }
    const cool = 60 * (1 - step / steps) + 2;
    for (let i = 0; i < n; i += 1) {
      if (held[i]) continue;
      const mx = (dx[i] ?? 0) - (x[i] ?? 0) * 0.002, my = (dy[i] ?? 0) - (y[i] ?? 0) * 0.002;
      const m = Math.sqrt(mx * mx + my * my) || 1;
      x[i] = (x[i] ?? 0) + (mx / m) * Math.min(m, cool);
      y[i] = (y[i] ?? 0) + (my / m) * Math.min(m, cool);
    }
  }
  spread(x, y, held);
  return start.map(([id], i) => { const b = fixed.get(id); return b ? [id, b.x, b.y] : [id, Math.round(x[i] ?? 0), Math.round(y[i] ?? 0)]; });
}
