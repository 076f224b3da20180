/** Rectangles in cells, to find quickly what lies at a point or in a window. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const CELL_W = 240;
const CELL_H = 120;
// Keys of cells as one number: 2^21 cells either way.
const SPAN = 2_097_152;
const key = (a: number, b: number): number => (a + SPAN / 2) * SPAN + (b + SPAN / 2);

export const overlap = (a: Rect, b: Rect): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

export class Grid<T extends Rect> {
  private readonly cells = new Map<number, T[]>();

  constructor(items: Iterable<T> = []) {
    for (const item of items) this.add(item);
  }

  add(item: T): void {
    const right = Math.floor((item.x + item.w) / CELL_W), bottom = Math.floor((item.y + item.h) / CELL_H);
    for (let a = Math.floor(item.x / CELL_W); a <= right; a += 1) for (let b = Math.floor(item.y / CELL_H); b <= bottom; b += 1) {
      const cell = this.cells.get(key(a, b));
      if (cell) cell.push(item);
      else this.cells.set(key(a, b), [item]);
    }
  }

  /** Whether anything lies in the rectangle. */
  has(r: Rect): boolean {
    const right = Math.floor((r.x + r.w) / CELL_W), bottom = Math.floor((r.y + r.h) / CELL_H);
    for (let a = Math.floor(r.x / CELL_W); a <= right; a += 1) for (let b = Math.floor(r.y / CELL_H); b <= bottom; b += 1) {
      if (this.cells.get(key(a, b))?.some((item) => overlap(item, r))) return true;
    }
    return false;
  }

  /** All that lies in the rectangle, each once. Cells that are more than the items are not walked. */
  within(r: Rect): T[] {
    const found = new Set<T>();
    const walked = (Math.ceil(r.w / CELL_W) + 1) * (Math.ceil(r.h / CELL_H) + 1);
    if (walked > this.cells.size) {
      for (const cell of this.cells.values()) for (const item of cell) if (overlap(item, r)) found.add(item);
    } else {
      const right = Math.floor((r.x + r.w) / CELL_W), bottom = Math.floor((r.y + r.h) / CELL_H);
      for (let a = Math.floor(r.x / CELL_W); a <= right; a += 1) for (let b = Math.floor(r.y / CELL_H); b <= bottom; b += 1) {
        for (const item of this.cells.get(key(a, b)) ?? []) if (overlap(item, r)) found.add(item);
      }
    }
    return [...found];
  }

  /** What was added last of all that covers a point. */
  at(x: number, y: number): T | undefined {
    return this.cells.get(key(Math.floor(x / CELL_W), Math.floor(y / CELL_H)))?.findLast((i) => x >= i.x && x <= i.x + i.w && y >= i.y && y <= i.y + i.h);
  }
}

/** The square of the distance of a point from a line between two others. */
export function toSegment(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax, dy = by - ay;
  const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  const ex = x - ax - t * dx, ey = y - ay - t * dy;
  return ex * ex + ey * ey;
}

/** Whether a polygon holds a point, by the even-odd rule. */
export function within(polygon: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  polygon.forEach(([ax, ay], i) => {
    const [bx, by] = polygon[(i + polygon.length - 1) % polygon.length] ?? [0, 0];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  });
  return inside;
}
