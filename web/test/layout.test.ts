import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../src/explorer/aggregate.ts';
import { layoutInput } from '../src/explorer/arrange.ts';
import { apply } from '../src/explorer/commands.ts';
import { fitted } from '../src/explorer/fit.ts';
import { force } from '../src/explorer/force.ts';
import { Grid, overlap, type Rect } from '../src/explorer/grid.ts';
import { beside, flow, separated, timeAxis, type Box, type Tie } from '../src/explorer/layout.ts';
import { Graph, hiddenNeighbours, type Level } from '../src/explorer/model.ts';
import type { Camera } from '../src/explorer/paint.ts';
import { LIGHT } from '../src/explorer/palette.ts';
import { pictureOf } from '../src/explorer/pictured.ts';
import { COLUMN, Room, ROW } from '../src/explorer/room.ts';
import { sceneOf } from '../src/explorer/scene.ts';
import { sumText } from '../src/explorer/format.ts';
import { svgOf } from '../src/explorer/svg.ts';
import { below, layered, ledger, seeded } from './random.ts';

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

/** A graph of many payments of which a part is drawn, so that most nodes count what they leave out. */
function crowded(seed: number, part: number): Graph {
  const graph = new Graph();
  apply(graph, ledger(seed, 120, 160));
  const r = seeded(seed);
  apply(graph, { do: 'show', places: [...graph.facts.keys()].filter(() => r() < part).map((id) => [id, { x: 0, y: 0, pinned: false }]) });
  return graph;
}

function arrange(graph: Graph, layout: typeof flow): void {
  const view = viewOf(graph);
  const { boxes: list, ties } = layoutInput(view);
  apply(graph, { do: 'move', places: layout(list, ties).flatMap(([id, x, y]) => (view.nodes.get(id)?.pinned ? [] : [[id, { x, y, pinned: false }] as const])) });
}

/** Fails where a node covers another one or a count, or a count another node's. */
function assertApart(graph: Graph, about: string): void {
  const scene = sceneOf(viewOf(graph), (id) => graph.asset(id));
  const grid = new Grid<Rect & { readonly of: string }>();
  const counts = scene.nodes.flatMap((n) => n.pills.map((p) => ({ ...p, of: n.id })));
  assert.ok(counts.length > 20, `${about}: ${counts.length} counts`);
  for (const r of [...scene.nodes.map((n) => ({ x: n.x, y: n.y, w: n.w, h: n.h, of: n.id })), ...counts]) {
    // Places are rounded to a tenth.
    const covers = grid.within({ x: r.x + 0.1, y: r.y + 0.1, w: r.w - 0.2, h: r.h - 0.2 }).find((other) => other.of !== r.of);
    assert.equal(covers, undefined, `${about}: ${r.of} and ${covers?.of ?? ''}`);
    grid.add(r);
  }
}

const LEVELS: readonly Level[] = ['transaction', 'address', 'entity'];

test('no node covers the count of what another one leaves out, whichever the layout, the level, and the level after it', () => {
  for (const [name, layout] of Object.entries({ flow, timeAxis, force })) for (const level of LEVELS) {
    const graph = crowded(5, 0.6);
    apply(graph, { do: 'set', key: 'level', value: level });
    apply(graph, { do: 'set', key: 'folds', value: true });
    arrange(graph, layout);
    for (const then of [level, ...LEVELS]) {
      apply(graph, { do: 'set', key: 'level', value: then });
      assertApart(graph, `${name} at ${level}, seen at ${then}`);
    }
  }
});

test('layouts go round what a person placed; what was placed upon others moves none', () => {
  const graph = crowded(6, 0.6);
  arrange(graph, flow);
  const some = [...viewOf(graph).nodes.values()].filter((_, i) => i % 9 === 0);
  apply(graph, { do: 'move', places: some.map((n) => [n.id, { x: n.x + COLUMN + 7, y: n.y + 30, pinned: true }]) });
  const places = new Map([...graph.places].map(([id, p]) => [id, [p.x, p.y]]));
  for (const n of viewOf(graph).nodes.values()) assert.deepEqual([n.x, n.y], places.get(n.id), n.id);
  for (const layout of [flow, timeAxis, force]) {
    arrange(graph, layout);
    assertApart(graph, layout.name);
  }
});

test('what is expanded covers nothing, and nothing that stands is moved', () => {
  const graph = crowded(7, 0.1);
  arrange(graph, flow);
  const places = (): (readonly [number, number])[] => [...graph.places.values()].map((p) => [p.x, p.y] as const);
  for (let round = 0; round < 40; round += 1) for (const side of ['in', 'out'] as const) {
    const ids = [...graph.shown.keys()].sort(), id = ids[(round * 7) % ids.length] ?? '', at = graph.places.get(id);
    assert.ok(at);
    const before = new Map([...viewOf(graph).nodes.values()].map((n) => [n.id, [n.x, n.y]]));
    const more = hiddenNeighbours(graph, id, side).map((n) => n.id).slice(0, 12);
    // A place between the rows, as after an older layout.
    apply(graph, { do: 'show', places: beside({ x: at.x, y: at.y + (round % 5) * 9 }, side, more, places()).map(([n, x, y]) => [n, { x, y, pinned: false }]) });
    const after = viewOf(graph).nodes;
    for (const [n, place] of before) assert.deepEqual([after.get(n)?.x, after.get(n)?.y], place, n);
  }
  assertApart(graph, 'expanded');
});

test('a free place is the nearest one, and many at one place stand in a column', () => {
  const room = new Room([[0, 0]]);
  assert.deepEqual([room.isFree(0, 74), room.isFree(0, 75), room.isFree(235, 0), room.isFree(236, 0)], [false, true, false, true]);
  assert.deepEqual([room.row(0, 10), room.row(0, -10), room.row(500, 3)], [ROW, -ROW, 3]);
  const rows = Array.from({ length: 5 }, () => { const y = room.row(0, 0); room.take(0, y); return y; });
  assert.deepEqual(rows, [ROW, -ROW, 2 * ROW, -2 * ROW, 3 * ROW]);
});

test('counts are drawn above all nodes', () => {
  const graph = crowded(8, 0.5);
  arrange(graph, flow);
  const scene = sceneOf(viewOf(graph), (id) => graph.asset(id));
  const svg = svgOf(scene, LIGHT, 'title', 'summary');
  const last = svg.lastIndexOf('</g>');
  const counts = scene.nodes.flatMap((n) => n.pills);
  assert.ok(counts.length > 0);
  assert.equal(svg.slice(last).match(/ rx="8" /g)?.length, counts.length);
  assert.ok(!svg.slice(0, last).includes(counts[0]?.text ?? '?'));
  const right = Math.max(...counts.map((p) => p.x + p.w));
  assert.ok(scene.bounds.x + scene.bounds.w >= right + 20, 'the picture has all of each count');
});

test('what is fitted lies beside what covers a corner of the window, and fills the window where nothing lies beneath it', () => {
  const graph = crowded(9, 0.4);
  arrange(graph, flow);
  const { nodes, bounds } = sceneOf(viewOf(graph), (id) => graph.asset(id));
  const beneath = (look: Camera, cover: Rect): number => nodes.filter((n) => overlap({ x: (n.x - look.x) * look.zoom, y: (n.y - look.y) * look.zoom, w: n.w * look.zoom, h: n.h * look.zoom }, cover)).length;
  for (const [w, h] of [[1440, 700], [700, 700], [500, 900]] as const) for (const cover of [{ x: w - 172, y: 4, w: 168, h: 118 }, { x: w - 172, y: h - 122, w: 168, h: 118 }, { x: 4, y: 4, w: 168, h: 118 }]) {
    const look = fitted(bounds, w, h, 0.005, cover, nodes);
    assert.equal(beneath(look, cover), 0, `${w} by ${h}`);
    const [left, top] = [(bounds.x - look.x) * look.zoom, (bounds.y - look.y) * look.zoom];
    for (const edge of [left, top, w - left - bounds.w * look.zoom, h - top - bounds.h * look.zoom]) assert.ok(edge > -0.01, `all of it is in the window: ${edge}`);
    const whole = fitted(bounds, w, h, 0.005, null, nodes);
    assert.ok(look.zoom <= whole.zoom && look.zoom > whole.zoom * 0.6, `${look.zoom} of ${whole.zoom}`);
  }
  const [one] = nodes;
  assert.ok(one);
  const small = { x: one.x - 24, y: one.y - 24, w: one.w + 48, h: one.h + 90 };
  assert.deepEqual(fitted(small, 1440, 700, 0.005, { x: 1268, y: 4, w: 168, h: 118 }, [one]), fitted(small, 1440, 700, 0.005, null, [one]));
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
