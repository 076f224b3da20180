import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../src/explorer/aggregate.ts';
import { apply } from '../src/explorer/commands.ts';
import { force } from '../src/explorer/force.ts';
import { beside, COLUMN, flow, ROW, separated, timeAxis, type Box, type Tie } from '../src/explorer/layout.ts';
import { Graph } from '../src/explorer/model.ts';
import { LIGHT } from '../src/explorer/palette.ts';
import { pictureOf } from '../src/explorer/pictured.ts';
import { sceneOf } from '../src/explorer/scene.ts';
import { sumText } from '../src/explorer/format.ts';
import { svgOf } from '../src/explorer/svg.ts';
import { below, layered, seeded } from './random.ts';

const boxes = (ids: string[], more: Partial<Box> = {}): Box[] => ids.map((id) => ({ id, layer: null, time: null, x: 0, y: 0, pinned: false, ...more }));
const tie = (from: string, to: string, weight = 1): Tie => ({ from, to, weight });

function big(nodes: number, edges: number): { boxes: Box[]; ties: Tie[] } {
  const learn = layered(nodes, edges);
  return {
    boxes: learn.facts.map((f) => ({ id: f.id, layer: f.hop, time: f.time, x: 0, y: 0, pinned: false })),
    ties: learn.edges.map((e) => tie(e.from, e.to, 1)),
  };
}

test('money goes from left to right, also through a circle', () => {
  const found = new Map(flow(boxes(['a', 'b', 'c', 'd']), [tie('a', 'b'), tie('b', 'c'), tie('c', 'd'), tie('d', 'b')]).map(([id, x, y]) => [id, { x, y }]));
  assert.ok((found.get('a')?.x ?? 0) < (found.get('b')?.x ?? 0));
  assert.ok((found.get('b')?.x ?? 0) < (found.get('c')?.x ?? 0));
  assert.equal(found.size, 4);
});

test('no two nodes overlap, and what a person placed stays', () => {
  const { boxes: list, ties } = big(400, 900);
  const pinned = list.map((b, i) => (i === 3 ? { ...b, pinned: true, x: 12_345, y: 999 } : b));
  for (const layout of [flow, timeAxis]) {
    const spots = layout(pinned, ties);
    assert.deepEqual(spots.find(([id]) => id === list[3]?.id), [list[3]?.id, 12_345, 999]);
    const columns = new Map<number, number[]>();
    for (const [, x, y] of spots) columns.set(x, [...(columns.get(x) ?? []), y]);
    for (const ys of columns.values()) {
      ys.sort((a, b) => a - b);
      for (let i = 1; i < ys.length; i += 1) assert.ok((ys[i] ?? 0) - (ys[i - 1] ?? 0) >= ROW - 0.2);
    }
  }
});

test('the same graph gives the same places, in whatever order it comes', () => {
  const { boxes: list, ties } = big(300, 700);
  const r = seeded(3);
  const shuffled = <T>(all: T[]): T[] => all.map((v) => [r(), v] as const).sort((a, b) => a[0] - b[0]).map(([, v]) => v);
  for (const layout of [flow, timeAxis, force]) assert.deepEqual(layout(shuffled(list), shuffled(ties)), layout(list, ties));
});

test('new nodes stand beside their parent, on free places, nearest first', () => {
  const standing: [number, number][] = [[0, 0], [COLUMN, 0], [COLUMN, ROW]];
  const spots = beside({ x: 0, y: 0 }, 'out', ['n1', 'n2', 'n3'], standing);
  const all = [...standing, ...spots.map(([, x, y]) => [x, y] as [number, number])];
  for (let i = 0; i < all.length; i += 1) for (let j = 0; j < i; j += 1) {
    const a = all[i] ?? [0, 0], b = all[j] ?? [0, 0];
    assert.ok(Math.abs(a[0] - b[0]) >= 180 || Math.abs(a[1] - b[1]) >= 40, `${String(a)} covers ${String(b)}`);
  }
  for (const [, x] of spots) assert.equal(x, COLUMN);
});

test('separated keeps order and distance, and moves no more than it must', () => {
  assert.deepEqual(separated([0, 0], 10), [-5, 5]);
  assert.deepEqual(separated([0, 100], 10), [0, 100]);
  const r = seeded(1);
  const wanted = Array.from({ length: 200 }, () => below(r, 3000)).sort((a, b) => a - b);
  const got = separated(wanted, 20);
  for (let i = 1; i < got.length; i += 1) assert.ok((got[i] ?? 0) - (got[i - 1] ?? 0) >= 20 - 1e-6);
});

test('5,000 nodes and 20,000 edges: the picture is byte-equal twice; the time is printed', () => {
  const draw = (): string => {
    const graph = new Graph();
    const learn = layered(5_000, 20_000);
    apply(graph, learn);
    const { boxes: list, ties } = big(5_000, 20_000);
    const begin = performance.now();
    const spots = flow(list, ties);
    const took = performance.now() - begin;
    apply(graph, { do: 'show', places: spots.map(([id, x, y]) => [id, { x, y, pinned: false }]) });
    const seen = performance.now();
    const view = viewOf(graph);
    const middle = performance.now();
    const scene = sceneOf(view, (id) => graph.asset(id));
    const end = performance.now();
    console.log(`layout ${took.toFixed(0)} ms, view ${(middle - seen).toFixed(0)} ms, scene ${(end - middle).toFixed(0)} ms`);
    return svgOf(scene, LIGHT, 'title', 'summary');
  };
  const once = draw();
  assert.equal(once.match(/<polygon points/g)?.length !== undefined, true);
  assert.ok(once.length > 1_000_000);
  assert.equal(draw(), once);
});

test('what is saved as a picture has every box and line within it, with the sums of the view; a larger graph has none', () => {
  const draw = (nodes: number, edges: number) => {
    const graph = new Graph();
    apply(graph, layered(nodes, edges));
    const { boxes: list, ties } = big(nodes, edges);
    apply(graph, { do: 'show', places: flow(list, ties).map(([id, x, y]) => [id, { x, y, pinned: false }]) });
    const view = viewOf(graph), asset = (id: string) => graph.asset(id), scene = sceneOf(view, asset);
    return { view, asset, scene, picture: pictureOf(scene, view, asset) };
  };
  const { view, asset, scene, picture } = draw(40, 90);
  assert.ok(picture);
  assert.equal(picture.nodes.length, view.nodes.size);
  assert.equal(picture.edges.length, view.edges.size);
  const [w, h] = picture.size;
  const inside = (at: readonly [number, number]): boolean => at.every((v, i) => Number.isInteger(v) && v >= 0 && v <= (i === 0 ? w : h));
  for (const n of picture.nodes) assert.ok(inside(n.at) && inside([n.at[0] + n.size[0], n.at[1] + n.size[1]]), JSON.stringify(n));
  const titles = scene.nodes.map((n) => n.title);
  for (const [i, e] of picture.edges.entries()) {
    assert.ok(e.ends.every(inside) && (e.at === null || inside(e.at)), JSON.stringify(e));
    const edge = view.edges.get(scene.edges.keys[i] ?? '');
    assert.ok(edge);
    assert.deepEqual([scene.nodes[e.from]?.id, scene.nodes[e.to]?.id, e.sum], [edge.from, edge.to, sumText(edge.sum, asset(edge.asset))]);
    assert.ok(titles[e.from] !== undefined);
  }
  assert.deepEqual(draw(40, 90).picture, picture, 'the same twice');
  assert.equal(draw(201, 300).picture, null);
  assert.equal(draw(100, 1_500).picture, null);
});
