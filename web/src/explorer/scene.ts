/** The display list: what is drawn where, without colours. Both painters, hit tests and the SVG use it. Flat arrays for edges, since there are many. */
import { viewText } from './words.ts';
import type { View, ViewEdge, ViewNode } from './aggregate.ts';
import { shortAmount, type Asset, sumText } from './format.ts';
import { Grid, type Rect } from './grid.ts';
import { RISKS, type Kind, type Risk, type Side } from './model.ts';
import { t } from './texts.ts';

export const NODE_W = 180;
export const NODE_H = 40;
const PILL_H = 16;
/** A pill may stand out of its node's sides by a fifth of the gap between columns. */
const PILL_W = NODE_W + 56;

/** Shown below a node: what a side leaves out, or that nobody looked yet. */
export interface Pill extends Rect {
  readonly side: Side;
  readonly text: string;
}
export interface SceneNode extends Rect {
  readonly id: string;
  readonly kind: Kind;
  readonly risk: Risk;
  readonly title: string;
  readonly sub: string;
  readonly note: string;
  readonly colour: number;
  readonly pinned: boolean;
  readonly pills: readonly Pill[];
}

/** Style bits of an edge: three for the risk of where it begins, then these. */
export const DASHED = 8;
export const CROSSING = 16;
/** The upper three bits are the colour that a person gave. */
export const COLOUR_SHIFT = 5;

/** Edge i goes from (xy[4i], xy[4i+1]) to (xy[4i+2], xy[4i+3]) as a cubic curve whose control points stand at `bend[i]`, at the height of either end. */
export interface SceneEdges {
  readonly count: number;
  readonly xy: Float32Array;
  readonly bend: Float32Array;
  readonly width: Float32Array;
  readonly style: Uint8Array;
  readonly keys: readonly string[];
  readonly labels: readonly string[];
  /** Middle of each label; NaN where it would cover something. */
  readonly chips: Float32Array;
}
export interface Scene {
  readonly nodes: readonly SceneNode[];
  readonly edges: SceneEdges;
  readonly bounds: Rect;
}

const NARROW = new Set('ijl.,:;\'|!()[] ftr1I-');
const WIDE = new Set('mwMW@%≈…');
const widthOf = (c: string): number => (NARROW.has(c) ? 0.34 : WIDE.has(c) ? 0.86 : c > '\u2e7f' ? 1 : 0.58);
const ASCII = Float64Array.from({ length: 128 }, (_, code) => widthOf(String.fromCharCode(code)));
/** Width of a text in a proportional font, estimated: the same on every machine. */
export function textWidth(text: string, size: number): number {
  let w = 0;
  for (let i = 0; i < text.length; i += 1) {
    const ascii = ASCII[text.charCodeAt(i)];
    if (ascii !== undefined) w += ascii;
    else {
      const c = String.fromCodePoint(text.codePointAt(i) ?? 0);
      w += widthOf(c);
      i += c.length - 1;
    }
  }
  return w * size;
}

/** A text cut to a width, with an ellipsis. */
export function cut(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  let out = '';
  let w = textWidth('…', size);
  for (const c of text) {
    w += textWidth(c, size);
    if (w > width) break;
    out += c;
  }
  return `${out.replace(/[\s…]+$/, '')}…`;
}

function pillsOf(node: ViewNode, asset: (id: string) => Asset): Pill[] {
  const pills: Pill[] = [];
  let taken = 0;
  for (const side of ['in', 'out'] as const) {
    const text = cut(viewText.rest(node.rest[side], asset), PILL_W - 8, 10);
    if (!text) continue;
    const w = Math.min(PILL_W, textWidth(text, 10) + 12);
    const row = taken > 0 && taken + w > NODE_W ? 1 : 0;
    taken += w + 4;
    pills.push({ side, text, x: side === 'in' ? node.x - Math.max(NODE_W, w) / 2 : node.x + Math.max(NODE_W, w) / 2 - w, y: node.y + NODE_H / 2 + 2 + row * (PILL_H + 1), w, h: PILL_H });
  }
  return pills;
}

function nodeOf(node: ViewNode, asset: (id: string) => Asset): SceneNode {
  const { title, sub } = viewText.lines(node);
  return {
    id: node.id, kind: node.kind, risk: node.risk, title: cut(title, NODE_W - 44, 12), sub: cut(sub, NODE_W - 44, 10.5), note: cut(node.mark.note ?? '', NODE_W, 10.5),
    colour: node.mark.colour ?? 0, pinned: node.pinned, pills: pillsOf(node, asset),
    x: node.x - NODE_W / 2, y: node.y - NODE_H / 2, w: NODE_W, h: NODE_H,
  };
}

/** Writes the ends of an edge, at the sides of nodes that face each other, and where it bends. */
function course(a: ViewNode, b: ViewNode, shift: number, i: number, xy: Float32Array, bend: Float32Array): void {
  const half = NODE_W / 2, at = 4 * i;
  let from = half, to = half;
  xy[at + 1] = a.y + shift;
  xy[at + 3] = b.y + shift;
  if (a === b) {
    xy[at + 1] = a.y - 8;
    xy[at + 3] = a.y + 8;
    bend[i] = a.x + half + 60;
  } else if (Math.abs(a.x - b.x) < NODE_W + 10) bend[i] = Math.max(a.x, b.x) + half + 50;
  else {
    if (a.x < b.x) to = -half;
    else from = -half;
    bend[i] = (a.x + b.x) / 2;
  }
  xy[at] = a.x + from;
  xy[at + 2] = b.x + to;
}

/** A point of the curve. */
export function along(x1: number, y1: number, x2: number, y2: number, bend: number, t: number): [number, number] {
  const u = 1 - t;
  const near = u * u * u, far = t * t * t, mid = 3 * u * t;
  return [near * x1 + mid * bend + far * x2, (near + mid * u) * y1 + (far + mid * t) * y2];
}

/** An edge while a scene is made: its place among the view's edges, its ends' places among the nodes, its amount's logarithm. */
interface Draft {
  readonly edge: ViewEdge;
  readonly a: ViewNode;
  readonly b: ViewNode;
  readonly pair: number;
  readonly size: number;
  readonly style: number;
  width: number;
}

function drafts(view: View): Draft[] {
  const at = new Map<string, { node: ViewNode; i: number }>();
  for (const node of view.nodes.values()) at.set(node.id, { node, i: at.size });
  const span = new Map<string, [number, number]>();
  const list: Draft[] = [];
  for (const edge of view.edges.values()) {
    const a = at.get(edge.from), b = at.get(edge.to);
    if (!a || !b) continue;
    const size = Math.log1p(Number(edge.sum.units));
    const known = span.get(edge.asset);
    if (!known) span.set(edge.asset, [size, size]);
    else {
      known[0] = Math.min(known[0], size);
      known[1] = Math.max(known[1], size);
    }
    list.push({ edge, a: a.node, b: b.node, pair: Math.min(a.i, b.i) * at.size + Math.max(a.i, b.i), size, style: styleOf(edge, a.node), width: 0 });
  }
  for (const d of list) {
    const [low, high] = span.get(d.edge.asset) ?? [0, 0];
    // From 1 to 5 by the logarithm of the amount among amounts of the same asset, in eight steps.
    d.width = high > low ? 1 + Math.round(((d.size - low) / (high - low)) * 8) / 2 : 1.5;
  }
  return list;
}

/** Drafts by style and width, else in their order: counted into buckets, since there are few of either. */
function bySort(list: readonly Draft[]): Draft[] {
  const buckets: (Draft[] | undefined)[] = [];
  for (const d of list) {
    const k = d.style * 16 + d.width * 2;
    const bucket = buckets[k];
    if (bucket) bucket.push(d);
    else buckets[k] = [d];
  }
  return buckets.flatMap((b) => b ?? []);
}

/** The display list. Without amounts it comes in half the time: for a first picture of many edges, on which none can be read. */
export function sceneOf(view: View, asset: (id: string) => Asset, amounts = true): Scene {
  const nodes = [...view.nodes.values()].map((n) => nodeOf(n, asset));
  // By style and width, so that a painter changes neither often; else in the view's order, which is that of keys.
  const list = bySort(drafts(view));
  const pairs = new Map<number, number>();
  for (const d of list) pairs.set(d.pair, (pairs.get(d.pair) ?? 0) + 1);
  const count = list.length;
  const xy = new Float32Array(4 * count), bend = new Float32Array(count), width = new Float32Array(count), style = new Uint8Array(count);
  const seen = new Map<number, number>();
  list.forEach((d, i) => {
    const all = pairs.get(d.pair) ?? 1, k = all > 1 ? (seen.get(d.pair) ?? 0) : 0;
    if (all > 1) seen.set(d.pair, k + 1);
    course(d.a, d.b, (k - (all - 1) / 2) * 9, i, xy, bend);
    width[i] = d.width;
    style[i] = d.style;
  });
  const labels = amounts ? list.map((d) => label(d.edge, asset)) : [];
  const chips = amounts ? placeChips(list, labels, xy, bend, nodes) : new Float32Array(2 * count).fill(NaN);
  return { nodes, edges: { count, xy, bend, width, style, keys: list.map((d) => d.edge.key), labels, chips }, bounds: boundsOf(nodes) };
}

/** A part of a whole in per cent, with one digit below ten; `<0.1 %` for what is less. */
export function percent(part: bigint, whole: bigint): string {
  if (whole <= 0n) return '';
  const thousandths = Number((part * 1000n + whole / 2n) / whole);
  if (thousandths === 0 && part > 0n) return '<0.1 %';
  return `${thousandths >= 100 || thousandths % 10 === 0 ? Math.round(thousandths / 10) : thousandths / 10} %`;
}

/** What a trace marked of an edge, and its share, where it did. */
function markedText(edge: ViewEdge, asset: (id: string) => Asset): string | null {
  let marked: bigint | null = null;
  for (const m of edge.movements) if (m.marked !== undefined) marked = (marked ?? 0n) + m.marked;
  if (marked === null) return null;
  const amount = shortAmount(marked, asset(edge.asset));
  if (edge.sum.unknown > 0) return t('edge-marked', { amount });
  return marked === edge.sum.units ? t('edge-all-marked', { amount }) : t('edge-part-marked', { amount, whole: shortAmount(edge.sum.units, asset(edge.asset)), share: percent(marked, edge.sum.units) });
}

function label(edge: ViewEdge, asset: (id: string) => Asset): string {
  const note = edge.mark?.note ? `: ${cut(edge.mark.note, 160, 10.5)}` : '';
  const text = (markedText(edge, asset) ?? sumText(edge.sum, asset(edge.asset), true)) + note;
  const into = edge.link === 'payment' ? undefined : edge.movements[0]?.into;
  if (edge.link === 'inferred') return t('link-inferred') + note;
  if (!into || edge.movements.length > 1) return text;
  return `${text} → ${into.value === null ? `? ${asset(into.asset).unit}` : shortAmount(into.value, asset(into.asset))}`;
}

const styleOf = (edge: ViewEdge, from: ViewNode): number =>
  ((edge.mark?.colour ?? 0) << COLOUR_SHIFT) + RISKS.indexOf(from.risk) + (edge.link === 'inferred' ? DASHED : 0) + (edge.link === 'swap' || edge.link === 'bridge' ? CROSSING : 0);

/** Places for labels that cover no node and no other label, largest amounts first. */
function placeChips(edges: readonly Draft[], labels: readonly string[], xy: Float32Array, bend: Float32Array, nodes: readonly SceneNode[]): Float32Array {
  const chips = new Float32Array(2 * edges.length).fill(NaN);
  const taken = new Grid<Rect>(nodes);
  for (const n of nodes) for (const p of n.pills) taken.add(p);
  const order = Uint32Array.from(edges, (_, i) => i).sort((i, j) => (edges[j]?.size ?? 0) - (edges[i]?.size ?? 0) || i - j);
  for (const i of order) {
    const w = textWidth(labels[i] ?? '', 10.5) + 8;
    for (const t of [0.5, 0.35, 0.65]) {
      const [x, y] = along(xy[4 * i] ?? 0, xy[4 * i + 1] ?? 0, xy[4 * i + 2] ?? 0, xy[4 * i + 3] ?? 0, bend[i] ?? 0, t);
      const rect = { x: x - w / 2, y: y - 8, w, h: 16 };
      if (taken.has(rect)) continue;
      taken.add(rect);
      chips[2 * i] = x;
      chips[2 * i + 1] = y;
      break;
    }
  }
  return chips;
}

export function boundsOf(nodes: readonly SceneNode[]): Rect {
  if (nodes.length === 0) return { x: -200, y: -120, w: 400, h: 240 };
  let left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
  for (const n of nodes) {
    left = Math.min(left, n.x, ...n.pills.map((p) => p.x));
    top = Math.min(top, n.y);
    right = Math.max(right, n.x + n.w, ...n.pills.map((p) => p.x + p.w));
    bottom = Math.max(bottom, n.y + n.h, ...n.pills.map((p) => p.y + p.h));
  }
  return { x: left - 24, y: top - 24, w: right - left + 48, h: bottom - top + 48 };
}
