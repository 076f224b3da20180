/** Pointer and wheel: pan, zoom, select, drag, lasso; two fingers zoom. */
import type { App } from './app.ts';
import { expand } from './expand.ts';
import type { Surface } from './canvas.ts';
import { t } from './texts.ts';
import { edgeSentence, nodeSentence } from './words.ts';

export interface Mode {
  lasso: boolean;
}

/** Pixels that a press may move and still be a click. */
const STILL = 4;

type Drag =
  | { is: 'pan' }
  | { is: 'nodes'; ids: Set<string> }
  | { is: 'lasso'; points: [number, number][] };

export function gestures(app: App, mode: Mode, menu: (x: number, y: number) => void): void {
  const s: Surface = app.surface;
  const box = s.box;
  const pointers = new Map<number, { x: number; y: number }>();
  let start: { x: number; y: number } | null = null;
  let drag: Drag | null = null;
  let moved = false;
  let spread = 0;
  const at = (event: MouseEvent): [number, number] => {
    const r = box.getBoundingClientRect();
    return [event.clientX - r.left, event.clientY - r.top];
  };
  const distance = (): number => {
    const [a, b] = [...pointers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };

  box.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const [x, y] = at(event);
    box.focus({ preventScroll: true });
    box.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x, y });
    if (pointers.size === 2) {
      spread = distance();
      drag = null;
      return;
    }
    start = { x, y };
    moved = false;
    const hit = s.hit(x, y);
    if (hit.node && hit.pill) drag = { is: 'pan' };
    else if (hit.node) {
      if (event.shiftKey || event.ctrlKey || event.metaKey) app.select([hit.node.id], 'toggle');
      else if (!app.selected.has(hit.node.id)) app.select([hit.node.id]);
      app.came = null;
      drag = { is: 'nodes', ids: new Set(app.selected) };
    } else drag = mode.lasso || event.shiftKey ? { is: 'lasso', points: [s.world(x, y)] } : { is: 'pan' };
  });

  box.addEventListener('pointermove', (event) => {
    const before = pointers.get(event.pointerId);
    const [x, y] = at(event);
    if (!before) {
      const { node, edge } = s.hit(x, y);
      box.style.cursor = node || edge !== undefined ? 'pointer' : mode.lasso ? 'crosshair' : 'grab';
      const n = node && app.view.nodes.get(node.id), e = edge === undefined ? undefined : app.view.edges.get(edge);
      box.title = n ? nodeSentence(n, app.asset) : e ? edgeSentence(e, app.view, app.asset) : '';
      return;
    }
    pointers.set(event.pointerId, { x, y });
    if (pointers.size === 2) {
      const now = distance();
      const [a, b] = [...pointers.values()];
      if (spread > 0 && a && b) s.zoomAt(now / spread, (a.x + b.x) / 2, (a.y + b.y) / 2);
      spread = now;
      return;
    }
    if (!start || !drag) return;
    if (!moved && Math.hypot(x - start.x, y - start.y) < STILL) return;
    moved = true;
    if (drag.is === 'pan') s.pan(x - before.x, y - before.y);
    else if (drag.is === 'nodes') app.overlay({ dragged: drag.ids, dx: (x - start.x) / s.camera.zoom, dy: (y - start.y) / s.camera.zoom });
    else {
      drag.points.push(s.world(x, y));
      app.overlay({ lasso: drag.points });
    }
  });

  const end = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    const [x, y] = at(event);
    if (pointers.size > 0) return;
    s.settle();
    const was = drag;
    drag = null;
    if (!start || !was) return;
    if (!moved) {
      click(x, y, event);
      return;
    }
    if (was.is === 'nodes') {
      const dx = (x - start.x) / s.camera.zoom, dy = (y - start.y) / s.camera.zoom;
      app.do({ do: 'move', places: [...was.ids].flatMap((id) => { const n = app.view.nodes.get(id); return n ? [[id, { x: Math.round(n.x + dx), y: Math.round(n.y + dy), pinned: true }] as const] : []; }) });
    } else if (was.is === 'lasso') {
      app.select(s.inside(was.points), event.ctrlKey || event.metaKey ? 'add' : 'only');
      app.say(t('say-selected', { n: app.selected.size }));
    }
  };
  const click = (x: number, y: number, event: PointerEvent): void => {
    const hit = s.hit(x, y);
    const more = event.shiftKey || event.ctrlKey || event.metaKey;
    if (hit.node && hit.pill) {
      const { pill, node } = hit;
      app.select([node.id]);
      void app.work(t('work-look-up'), () => expand(app, [pill]));
    } else if (hit.node) {
      if (!more) app.select([hit.node.id]);
    } else if (hit.edge !== undefined) app.selectEdge(hit.edge);
    else if (!more) app.select([]);
  };
  box.addEventListener('pointerup', end);
  box.addEventListener('pointercancel', (event) => {
    pointers.delete(event.pointerId);
    drag = null;
    app.overlay();
  });

  let quiet = 0;
  box.addEventListener('wheel', (event) => {
    event.preventDefault();
    const [x, y] = at(event);
    if (event.ctrlKey || Math.abs(event.deltaY) > Math.abs(event.deltaX)) s.zoomAt(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), x, y);
    else s.pan(-event.deltaX, 0);
    clearTimeout(quiet);
    quiet = window.setTimeout(() => { s.settle(); }, 150);
  }, { passive: false });

  box.addEventListener('dblclick', (event) => {
    const hit = s.hit(...at(event));
    if (hit.node) void app.work(t('work-look-up'), () => expand(app, ['in', 'out']));
    else {
      s.zoomAt(1.6, ...at(event));
      s.settle();
    }
  });
  box.addEventListener('contextmenu', (event) => {
    event.preventDefault();
    const hit = s.hit(...at(event));
    if (hit.node && !app.selected.has(hit.node.id)) app.select([hit.node.id]);
    menu(event.clientX, event.clientY);
  });
}
