/** Paints a scene on a Canvas 2D context; the same code on the page and in the worker. */
import type { Rect } from './grid.ts';
import { overlap } from './grid.ts';
import { RISKS } from './model.ts';
import { corners, SIGN, type Palette } from './palette.ts';
import { COLOUR_SHIFT, CROSSING, cut, DASHED, textWidth, type Scene, type SceneEdges, type SceneNode } from './scene.ts';

/** The part of the world that is seen: its left upper corner, and pixels per unit. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}
export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** One path of very many lines is slow to stroke; batches of this many are quick. */
const BATCH = 32;
/** Levels of detail by pixels per unit. */
export const CURVES = 0.35;
export const LABELS = 0.5;
export const AMOUNTS = 0.7;

const SANS = 'Inter, system-ui, sans-serif';

export interface Frame {
  readonly camera: Camera;
  /** Size in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

/** The part of the world that a frame shows. */
export function windowOf(f: Frame): Rect {
  return { x: f.camera.x, y: f.camera.y, w: f.width / f.camera.zoom, h: f.height / f.camera.zoom };
}

export function edgeColour(style: number, p: Palette): string {
  const own = style >> COLOUR_SHIFT;
  if (own > 0) return p.marks[(own - 1) % p.marks.length] ?? p.accent;
  const risk = RISKS[style & 7] ?? 'unknown';
  return risk === 'unknown' ? p.line : p.risk[risk];
}

/** With more edges in the picture, lines are a device pixel thin, but those that a person coloured: what is wider is filled as a shape, which takes four times as long. */
const DENSE = 800;
/** So few nodes or edges are drawn whole from afar too, with a name as large as it can be read. */
const FEW = 150;
const NAMES = 0.18;

function paintEdges(ctx: Context, e: SceneEdges, seen: Rect, scale: number, zoom: number, p: Palette): void {
  const right = seen.x + seen.w, bottom = seen.y + seen.h;
  const visible: number[] = [];
  for (let i = 0; i < e.count; i += 1) {
    const x1 = e.xy[4 * i] ?? 0, y1 = e.xy[4 * i + 1] ?? 0, x2 = e.xy[4 * i + 2] ?? 0, y2 = e.xy[4 * i + 3] ?? 0, c = e.bend[i] ?? 0;
    if (Math.max(x1, x2, c) >= seen.x && Math.min(x1, x2, c) <= right && Math.max(y1, y2) >= seen.y && Math.min(y1, y2) <= bottom) visible.push(i);
  }
  const dense = visible.length > DENSE;
  const curved = zoom >= CURVES || visible.length <= FEW;
  let style = -1, width = -1, open = 0;
  const heads: number[] = [];
  const flush = (): void => {
    if (open > 0) ctx.stroke();
    open = 0;
  };
  const fill = (): void => {
    for (let h = 0; h < heads.length; h += BATCH) {
      ctx.beginPath();
      for (const i of heads.slice(h, h + BATCH)) arrow(ctx, e, i);
      ctx.fill();
    }
    heads.length = 0;
  };
  for (const i of visible) {
    const x1 = e.xy[4 * i] ?? 0, y1 = e.xy[4 * i + 1] ?? 0, x2 = e.xy[4 * i + 2] ?? 0, y2 = e.xy[4 * i + 3] ?? 0, c = e.bend[i] ?? 0;
    const s = e.style[i] ?? 0, w = e.width[i] ?? 1;
    if (s !== style || w !== width) {
      flush();
      if (s !== style) {
        fill();
        ctx.strokeStyle = ctx.fillStyle = edgeColour(s, p);
        ctx.setLineDash(s & DASHED ? [6, 4] : s & CROSSING ? [12, 3] : []);
      }
      // Never thinner than a third of a pixel, or a whole graph seen from afar vanishes.
      ctx.lineWidth = dense && s >> COLOUR_SHIFT === 0 ? 0.9 / scale : Math.max(w, 0.34 / zoom);
      style = s;
      width = w;
    }
    if (open === 0) ctx.beginPath();
    ctx.moveTo(x1, y1);
    if (curved) ctx.bezierCurveTo(c, y1, c, y2, x2, y2);
    else ctx.lineTo(x2, y2);
    if ((zoom >= CURVES || curved) && x2 >= seen.x && x2 <= right && y2 >= seen.y && y2 <= bottom) heads.push(i);
    open += 1;
    if (open === BATCH) flush();
  }
  flush();
  fill();
  ctx.setLineDash([]);
}

function arrow(ctx: Context, e: SceneEdges, i: number): void {
  const x2 = e.xy[4 * i + 2] ?? 0, y2 = e.xy[4 * i + 3] ?? 0;
  const a = 5 + (e.width[i] ?? 1);
  const back = (e.bend[i] ?? 0) > x2 ? a : -a;
  ctx.moveTo(x2, y2);
  ctx.lineTo(x2 + back, y2 - a / 2);
  ctx.lineTo(x2 + back, y2 + a / 2);
  ctx.closePath();
}

function paintChips(ctx: Context, e: SceneEdges, seen: Rect, p: Palette): void {
  ctx.font = `10.5px ${SANS}`;
  ctx.textAlign = 'center';
  for (let i = 0; i < e.count; i += 1) {
    const x = e.chips[2 * i] ?? NaN, y = e.chips[2 * i + 1] ?? NaN;
    if (!(x > seen.x - 80 && x < seen.x + seen.w + 80 && y > seen.y - 20 && y < seen.y + seen.h + 20)) continue;
    const text = e.labels[i] ?? '';
    const w = textWidth(text, 10.5) + 8;
    ctx.fillStyle = p.bg;
    ctx.fillRect(x - w / 2, y - 8, w, 16);
    ctx.fillStyle = p.ink;
    ctx.fillText(text, x, y + 4);
  }
}

const RADIUS: Readonly<Record<SceneNode['kind'], number>> = { transaction: 3, note: 0, group: 8, address: 20, entity: 20, service: 20 };

/** From afar a node is a block of its risk's colour. */
function block(ctx: Context, n: SceneNode, zoom: number, p: Palette): void {
  const plain = n.kind === 'transaction' || n.kind === 'note' || n.kind === 'group';
  ctx.fillStyle = n.colour > 0 ? (p.marks[(n.colour - 1) % p.marks.length] ?? p.accent) : plain ? p.line : n.risk === 'unknown' ? p.soft : p.risk[n.risk];
  const w = Math.max(n.w, 2 / zoom), h = Math.max(n.h, 1.5 / zoom);
  ctx.fillRect(n.x, n.y, w, h);
}

export function paintNode(ctx: Context, n: SceneNode, zoom: number, p: Palette): void {
  if (zoom < CURVES) {
    block(ctx, n, zoom, p);
    return;
  }
  const plain = n.kind === 'transaction' || n.kind === 'note' || n.kind === 'group';
  ctx.beginPath();
  ctx.roundRect(n.x, n.y, n.w, n.h, RADIUS[n.kind]);
  ctx.fillStyle = n.kind === 'note' ? p.note : p.panel;
  ctx.fill();
  ctx.lineWidth = plain ? 1 : 2;
  ctx.strokeStyle = plain ? p.line : n.risk === 'unknown' ? p.soft : p.risk[n.risk];
  if (!plain && n.risk === 'unknown') ctx.setLineDash([4, 3]);
  ctx.stroke();
  ctx.setLineDash([]);
  if (n.kind === 'group') {
    ctx.beginPath();
    ctx.roundRect(n.x + 3, n.y + 3, n.w - 6, n.h - 6, 6);
    ctx.stroke();
  }
  const cx = n.x + 20, cy = n.y + n.h / 2;
  if (!plain) sign(ctx, n, cx, cy, p);
  else if (n.kind === 'transaction') {
    ctx.beginPath();
    ctx.moveTo(cx - 7, cy);
    ctx.lineTo(cx + 5, cy);
    ctx.moveTo(cx + 1, cy - 4);
    ctx.lineTo(cx + 5, cy);
    ctx.lineTo(cx + 1, cy + 4);
    ctx.strokeStyle = p.soft;
    ctx.lineWidth = 1.5;
    ctx.stroke();
  }
  if (n.colour > 0) {
    ctx.fillStyle = p.marks[(n.colour - 1) % p.marks.length] ?? p.accent;
    ctx.fillRect(n.x + n.w - 12, n.y + 8, 6, n.h - 16);
  }
  if (zoom >= LABELS) texts(ctx, n, p);
}

function sign(ctx: Context, n: SceneNode, cx: number, cy: number, p: Palette): void {
  const [first, ...others] = corners(n.risk, cx, cy, 10);
  ctx.beginPath();
  if (first) {
    ctx.moveTo(...first);
    for (const c of others) ctx.lineTo(...c);
    ctx.closePath();
  } else ctx.arc(cx, cy, 9, 0, 2 * Math.PI);
  ctx.fillStyle = p.risk[n.risk];
  ctx.fill();
  if (n.risk === 'unknown') {
    ctx.strokeStyle = p.soft;
    ctx.lineWidth = 1;
    ctx.setLineDash([3, 2]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  ctx.font = `600 11px ${SANS}`;
  ctx.textAlign = 'center';
  ctx.fillStyle = p.on[n.risk];
  ctx.fillText(SIGN[n.risk], cx, cy + 4);
}

function texts(ctx: Context, n: SceneNode, p: Palette): void {
  // The scene cuts texts by the widths of one font; a wider one is drawn narrower instead of over the node's edge.
  const room = n.w - 44;
  ctx.textAlign = 'left';
  ctx.font = `500 12px ${SANS}`;
  ctx.fillStyle = p.ink;
  ctx.fillText(n.title, n.x + 36, n.y + (n.sub ? 17 : 25), room);
  ctx.font = `10.5px ${SANS}`;
  ctx.fillStyle = p.soft;
  if (n.sub) ctx.fillText(n.sub, n.x + 36, n.y + 31, room);
  ctx.textAlign = 'center';
  if (n.note) {
    ctx.font = `italic 10.5px ${SANS}`;
    ctx.fillStyle = p.accent;
    ctx.fillText(n.note, n.x + n.w / 2, n.y - 5);
  }
}

/** Counts of what is left out, above all nodes: one that a person put there covers none. */
function paintPills(ctx: Context, nodes: readonly SceneNode[], p: Palette): void {
  ctx.font = `10px ${SANS}`;
  ctx.textAlign = 'center';
  ctx.strokeStyle = p.line;
  ctx.lineWidth = 1;
  for (const n of nodes) for (const pill of n.pills) {
    ctx.beginPath();
    ctx.roundRect(pill.x, pill.y, pill.w, pill.h, 8);
    ctx.fillStyle = p.bg;
    ctx.fill();
    ctx.setLineDash([3, 2]);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = p.ink;
    ctx.fillText(pill.text, pill.x + pill.w / 2, pill.y + 11.5, pill.w - 8);
  }
}

/** One line of nine pixels, whatever the zoom. */
function name(ctx: Context, n: SceneNode, zoom: number, p: Palette): void {
  const size = 9 / zoom;
  ctx.textAlign = 'left';
  ctx.font = `500 ${size}px ${SANS}`;
  ctx.fillStyle = p.ink;
  ctx.fillText(cut(n.title, n.w - 56, size), n.x + 34, n.y + n.h / 2 + size * 0.36);
}

/** Paints what a frame sees of a scene over a plain ground. */
export function paint(ctx: Context, scene: Scene, f: Frame, p: Palette): void {
  const { camera: { x, y, zoom }, ratio } = f;
  const seen = windowOf(f);
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.fillStyle = p.bg;
  ctx.fillRect(0, 0, f.width * ratio, f.height * ratio);
  const scale = zoom * ratio;
  ctx.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
  paintEdges(ctx, scene.edges, seen, scale, zoom, p);
  if (zoom >= AMOUNTS) paintChips(ctx, scene.edges, seen, p);
  const near = { x: seen.x - 10, y: seen.y - 60, w: seen.w + 20, h: seen.h + 120 };
  const nodes = scene.nodes.filter((n) => overlap(n, near));
  const few = nodes.length <= FEW && zoom >= NAMES;
  for (const n of nodes) {
    paintNode(ctx, n, few ? Math.max(zoom, CURVES) : zoom, p);
    if (few && zoom < LABELS) name(ctx, n, zoom, p);
  }
  if (zoom >= LABELS) paintPills(ctx, nodes, p);
}

/** Paints pictures as bitmaps on a canvas of its own. */
export class Painter {
  private canvas: OffscreenCanvas | null = null;

  /** What a frame sees of a scene; null where the browser gives no context. */
  picture(scene: Scene, f: Frame, p: Palette): ImageBitmap | null {
    const w = Math.max(1, Math.round(f.width * f.ratio)), h = Math.max(1, Math.round(f.height * f.ratio));
    if (this.canvas?.width !== w || this.canvas.height !== h) this.canvas = new OffscreenCanvas(w, h);
    const ctx = this.canvas.getContext('2d', { alpha: false });
    if (!ctx) return null;
    paint(ctx, scene, f, p);
    return this.canvas.transferToImageBitmap();
  }
}
