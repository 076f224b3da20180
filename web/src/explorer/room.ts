/** Which places are free: no node may cover another one, nor the counts of what others leave out, which stand below them. */

/** Distances of columns and rows. */
export const COLUMN = 320;
export const ROW = 76;
/** A node is 180 by 40, with at most two rows of counts below it that are at most 236 wide (`scene.ts`): so far apart middles must be one way or the other. */
const WIDE = 236, TALL = 75;
const SPAN = 2_097_152;
const cell = (x: number, y: number): number => (Math.floor(x / WIDE) + SPAN / 2) * SPAN + Math.floor(y / TALL) + SPAN / 2;

/** Ways from a place, the nearest first, within so many steps; a step is a half of a row, or a third of the width. */
const AROUND = 5;
const ways = Array.from({ length: (2 * AROUND + 1) ** 2 }, (_, i) => [((i % (2 * AROUND + 1)) - AROUND) * (WIDE / 3), (Math.floor(i / (2 * AROUND + 1)) - AROUND) * (ROW / 2)] as const)
  .sort(([a, b], [c, d]) => a * a + b * b - c * c - d * d || b - d || a - c);

/** Middles of nodes by place. Places are taken and never given back. */
export class Room {
  private readonly cells = new Map<number, number[]>();
  /** How far up and down was searched from a place, so that the next search from there goes on where the last one ended. */
  private readonly searched = new Map<string, { up: number; down: number }>();
  constructor(places: Iterable<readonly [x: number, y: number]> = []) {
    for (const [x, y] of places) this.take(x, y);
  }

  take(x: number, y: number): void {
    const at = cell(x, y);
    const known = this.cells.get(at);
    if (known) known.push(x, y);
    else this.cells.set(at, [x, y]);
  }

  /** The height of what covers a place: of several the lowest or the highest one; null where it is free. */
  private over(x: number, y: number, lowest: boolean): number | null {
    let found: number | null = null;
    for (let a = -1; a <= 1; a += 1) for (let b = -1; b <= 1; b += 1) {
      const list = this.cells.get(cell(x + a * WIDE, y + b * TALL));
      if (!list) continue;
      for (let i = 0; i < list.length; i += 2) {
        const at = list[i + 1] ?? 0;
        if (Math.abs((list[i] ?? 0) - x) < WIDE && Math.abs(at - y) < TALL && (found === null || (lowest ? at > found : at < found))) found = at;
      }
    }
    return found;
  }

  isFree(x: number, y: number): boolean {
    return this.over(x, y, true) === null;
  }

  /** The nearest free height at a place; below where above is as near. */
  row(x: number, y: number): number {
    if (this.isFree(x, y)) return y;
    const key = `${x},${y}`;
    const { up, down } = this.searched.get(key) ?? { up: y, down: y };
    const found = { up, down };
    for (let by = this.over(x, found.down, true); by !== null; by = this.over(x, found.down, true)) found.down = by + ROW;
    for (let by = this.over(x, found.up, false); by !== null; by = this.over(x, found.up, false)) found.up = by - ROW;
    this.searched.set(key, found);
    return found.down - y <= y - found.up ? found.down : found.up;
  }

  /** The nearest free place to any side. */
  place(x: number, y: number): readonly [x: number, y: number] {
    const way = ways.find(([dx, dy]) => this.isFree(x + dx, y + dy));
    return way ? [x + way[0], y + way[1]] : [x, this.row(x, y)];
  }
}

/** How much more room than its nodes need a layout has after it was spread. */
const LOOSE = 2;

/**
 * Moves what covers something apart, each pair by half of the shorter way, over and over; what is left then goes to the nearest free place. Held ones stay.
 * The same places give the same ones.
 */
export function spread(x: Float64Array, y: Float64Array, held: Uint8Array, rounds = x.length > 2_000 ? 25 : 60): void {
  const n = x.length;
  const wide = WIDE + 2, tall = TALL + 2;
  // As a whole first, where all of it is too dense: pairs alone would push one another on for long.
  const span = (list: Float64Array): number => list.reduce((m, v) => Math.max(m, v), -Infinity) - list.reduce((m, v) => Math.min(m, v), Infinity);
  const larger = Math.sqrt((n * wide * tall * LOOSE) / ((span(x) + wide) * (span(y) + tall)));
  if (larger > 1 && !held.includes(1)) for (const list of [x, y]) list.forEach((v, i) => { list[i] = v * larger; });
  const own = new Float64Array(n), next = new Int32Array(n);
  for (let round = 0; round < rounds; round += 1) {
    // Of each cell its first node, and of each node the next one in its cell.
    const heads = new Map<number, number>();
    for (let i = n - 1; i >= 0; i -= 1) {
      const key = Math.floor((x[i] ?? 0) / wide) * SPAN + Math.floor((y[i] ?? 0) / tall);
      own[i] = key;
      next[i] = heads.get(key) ?? -1;
      heads.set(key, i);
    }
    let moved = false;
    for (let i = 0; i < n; i += 1) for (let a = -1; a <= 1; a += 1) for (let b = -1; b <= 1; b += 1) for (let j = heads.get((own[i] ?? 0) + a * SPAN + b) ?? -1; j >= 0; j = next[j] ?? -1) {
      if (j <= i || (held[i] && held[j])) continue;
      const dx = (x[j] ?? 0) - (x[i] ?? 0), dy = (y[j] ?? 0) - (y[i] ?? 0);
      const px = wide - Math.abs(dx), py = tall - Math.abs(dy);
      if (px <= 0 || py <= 0) continue;
      moved = true;
      const both = held[i] || held[j] ? 1 : 0.5;
      const [by, list] = py * 2 < px ? [(dy < 0 ? -py : py) * both, y] as const : [(dx < 0 ? -px : px) * both, x] as const;
      if (!held[i]) list[i] = (list[i] ?? 0) - by;
      if (!held[j]) list[j] = (list[j] ?? 0) + by;
    }
    if (!moved) break;
  }
  const room = new Room();
  for (let i = 0; i < n; i += 1) if (held[i]) room.take(x[i] ?? 0, y[i] ?? 0);
  for (let i = 0; i < n; i += 1) {
    if (held[i]) continue;
    const [px, py] = room.isFree(Math.round(x[i] ?? 0), Math.round(y[i] ?? 0)) ? [x[i] ?? 0, y[i] ?? 0] : room.place(Math.round(x[i] ?? 0), Math.round(y[i] ?? 0));
    x[i] = Math.round(px);
    y[i] = Math.round(py);
    room.take(x[i] ?? 0, y[i] ?? 0);
  }
}
