/** What is saved with a graph so that its case and the case's report can show it: boxes and lines as they are drawn, as `SavedPicture` of crates/desk/cases reads
    them. No markup goes to the server. */
import type { View } from './aggregate.ts';
import { type Asset, shortened, sumText } from './format.ts';
import { cut, type Scene } from './scene.ts';

/** Most boxes and lines; a larger graph is saved without a picture. */
const MOST_NODES = 200, MOST_EDGES = 1_000;
/** Longest text, and the largest coordinate. */
const TEXT = 120, LARGEST = 65_535;

type Point = readonly [number, number];
export interface SavedPicture {
  readonly size: Point;
  readonly nodes: readonly { at: Point; size: Point; look: string; title: string; sub: string; note: string }[];
  readonly edges: readonly { from: number; to: number; ends: readonly [Point, Point]; bend: number; sum: string; at: Point | null }[];
}

const text = (raw: string): string => [...raw.replace(/\p{Cc}/gu, ' ')].slice(0, TEXT).join('');

/** The picture of a view; null where it is empty or too large for one. */
export function pictureOf(scene: Scene, view: View, asset: (id: string) => Asset): SavedPicture | null {
  const { bounds: b, edges } = scene;
  const [w, h] = [Math.ceil(b.w), Math.ceil(b.h)];
  if (scene.nodes.length === 0 || scene.nodes.length > MOST_NODES || edges.count > MOST_EDGES || w > LARGEST || h > LARGEST) return null;
  const x = (v: number): number => Math.min(w, Math.max(0, Math.round(v - b.x))), y = (v: number): number => Math.min(h, Math.max(0, Math.round(v - b.y)));
  const place = new Map(scene.nodes.map((n, i) => [n.id, i]));
  const nodes = scene.nodes.map((n) => {
    // Who reads the case may not be let to read a tag that its maker saw: names and risks of tags stay out, what the maker wrote goes in.
    const known = view.nodes.get(n.id), isPlain = n.kind === 'transaction' || n.kind === 'note' || n.kind === 'group';
    const isOwn = isPlain || !known || known.mark.label !== undefined;
    return {
      at: [x(n.x), y(n.y)] as const, size: [Math.round(n.w), Math.round(n.h)] as const, look: isPlain ? 'plain' : isOwn ? n.risk : 'unknown',
      title: text(isOwn ? n.title : shortened(known.ref)), sub: text(isOwn ? n.sub : ''), note: text(n.note),
    };
  });
  const lines = edges.keys.flatMap((key, i) => {
    const edge = view.edges.get(key), from = place.get(edge?.from ?? ''), to = place.get(edge?.to ?? '');
    if (!edge || from === undefined || to === undefined) return [];
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = edges.xy.subarray(4 * i, 4 * i + 4);
    const chip: Point = [edges.chips[2 * i] ?? NaN, edges.chips[2 * i + 1] ?? NaN];
    const note = edge.mark?.note ? `: ${edge.mark.note}` : '';
    return [{
      from, to, ends: [[x(x1), y(y1)], [x(x2), y(y2)]] as const, bend: x(edges.bend[i] ?? 0), sum: text(cut(sumText(edge.sum, asset(edge.asset)) + note, 600, 10.5)),
      at: Number.isNaN(chip[0]) ? null : [x(chip[0]), y(chip[1] + 4)] as const,
    }];
  });
  return { size: [w, h], nodes, edges: lines };
}
