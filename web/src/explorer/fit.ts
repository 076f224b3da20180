/** Where to look from, so that all of a rectangle is seen. */
import { overlap, type Rect } from './grid.ts';
import type { Camera } from './paint.ts';
import type { SceneNode } from './scene.ts';

/** Whether a node or one of its counts lies beneath a part of the window. */
const isBeneath = (n: SceneNode, { x, y, zoom }: Camera, cover: Rect): boolean => {
  const seen = { x: x + cover.x / zoom, y: y + cover.y / zoom, w: cover.w / zoom, h: cover.h / zoom };
  return overlap(n, seen) || n.pills.some((p) => overlap(p, seen));
};

/** The look at a rectangle that fills a part of the window, no larger than 1:1. */
function into(part: Rect, r: Rect, least: number): Camera {
  const zoom = Math.max(least, Math.min(1, part.w / r.w, part.h / r.h));
  return { x: r.x + r.w / 2 - (part.x + part.w / 2) / zoom, y: r.y + r.h / 2 - (part.y + part.h / 2) / zoom, zoom };
}

/** The look at all of a rectangle in a window of which something covers a part: the whole window where no node lies beneath that, else what is beside, above or below it, whichever shows more. */
export function fitted(r: Rect, width: number, height: number, least: number, cover: Rect | null, nodes: readonly SceneNode[]): Camera {
  const whole = into({ x: 0, y: 0, w: width, h: height }, r, least);
  if (!cover || !nodes.some((n) => isBeneath(n, whole, cover))) return whole;
  const right = cover.x + cover.w, bottom = cover.y + cover.h;
  const parts = [{ x: 0, y: 0, w: cover.x, h: height }, { x: right, y: 0, w: width - right, h: height }, { x: 0, y: bottom, w: width, h: height - bottom }, { x: 0, y: 0, w: width, h: cover.y }];
  const looks = parts.filter((p) => p.w > 0 && p.h > 0).map((p) => into(p, r, least));
  return looks.reduce((best, look) => (look.zoom > best.zoom ? look : best), looks[0] ?? whole);
}

/** Whether something covers a rectangle of the window. */
export const isCovered = (r: Rect, cover: Rect | null): boolean => cover !== null && overlap(r, cover);
