/**
 * The picture on the page: a bitmap larger than the window, moved by a CSS transform while a gesture lasts and redrawn, by the worker where there is
 * one, when the view has moved far; a second small canvas above for the selection, what is dragged and the lasso.
 */
import { afterFrame } from './dom.ts';
import { fitted, isCovered } from './fit.ts';
import { Grid, toSegment, within, type Rect } from './grid.ts';
import { AMOUNTS, LABELS, paint, Painter, paintNode, type Camera, type Frame } from './paint.ts';
import type { Palette } from './palette.ts';
import { along, boundsOf, type Scene, type SceneNode } from './scene.ts';
import type { Answer, Request } from './worker.ts';

/** Part of the window that the bitmap has beyond each side. */
const MARGIN = 0.25;
/** Moves by more pixels, or zooms by more than this factor, are redrawn. */
const FAR = 120;
const ZOOMED = 1.5;
/** Milliseconds of a redraw beyond which pictures are coarse during a gesture. */
const SLOW = 80;
export const ZOOM_MIN = 0.005;
export const ZOOM_MAX = 4;

/** What lies above the picture: the selection, and nodes on their way. */
export interface Overlay {
  readonly selected: ReadonlySet<string>;
  readonly focus: string | null;
  readonly dragged: ReadonlySet<string>;
  readonly dx: number;
  readonly dy: number;
  readonly lasso: readonly (readonly [number, number])[];
  readonly edge: string | null;
}
export const NO_OVERLAY: Overlay = { selected: new Set(), focus: null, dragged: new Set(), dx: 0, dy: 0, lasso: [], edge: null };

export class Surface {
  private scene: Scene = { nodes: [], edges: { count: 0, xy: new Float32Array(), bend: new Float32Array(), width: new Float32Array(), style: new Uint8Array(), keys: [], labels: [], chips: new Float32Array() }, bounds: { x: -200, y: -120, w: 400, h: 240 } };
  private found: { grid: Grid<SceneNode>; byId: Map<string, SceneNode> } | null = null;
  private drawn: Frame | null = null;
  private asked = 0;
  private busy = false;
  /** The worker runs. Its script is loaded while the page is idle, so the first picture may come sooner without it. */
  private isReady = false;
  /** The scene that the worker has. */
  private handed: Scene | null = null;
  private again = false;
  private stale = false;
  /** A gesture is on, and pictures take long: they are coarse until it ends. */
  private moving = false;
  private took = 0;
  private overlay: Overlay = NO_OVERLAY;
  private above = 0;
  private measured: { width: number; height: number } | null = null;
  private waits = 0;
  private isMarked = false;
  private waiting: (() => void)[] = [];
  /** What was fitted into the window, while nothing else is looked at. */
  private whole: Rect | null = null;
  camera: Camera = { x: 0, y: 0, zoom: 1 };
  /** The part of the window beneath something else. */
  cover: () => Rect | null = () => null;
  onmove: () => void = () => undefined;
  /** Amounts can be read now, and the scene has none. */
  onnear: () => void = () => undefined;

  constructor(readonly box: HTMLElement, private readonly picture: HTMLCanvasElement, private readonly top: HTMLCanvasElement, private palette: Palette, private readonly worker: Worker | null) {
    worker?.addEventListener('message', (event: MessageEvent<Answer>) => {
      if (event.data.is === 'picture') this.arrived(event.data);
      else if (event.data.is === 'ready') this.isReady = true;
    });
    new ResizeObserver(() => {
      const before = this.measured;
      this.measured = null;
      // It is told once at the beginning too, when the first picture has the right size already.
      if (before?.width === this.width && before.height === this.height) return;
      if (this.whole) this.refit();
      else this.redraw();
    }).observe(box);
  }

  /** The window's size. Asking the element in each step of a gesture would have the browser compute styles each time. */
  private get size(): { width: number; height: number } {
    this.measured ??= { width: this.box.clientWidth || 1, height: this.box.clientHeight || 1 };
    return this.measured;
  }
  get width(): number { return this.size.width; }
  get height(): number { return this.size.height; }

  /** Shows a scene; `fitted` looks at all of it at once, so that its first picture is the right one. `then` is called when the picture stands. */
  show(scene: Scene, fitted = false, then: (() => void) | null = null): void {
    this.scene = scene;
    this.found = null;
    // Copying a large scene takes a while: what this thread paints itself does not wait for it.
    if (this.isReady) this.hand(scene);
    else afterFrame(() => { if (this.scene === scene) this.hand(scene); });
    if (then) this.waiting.push(then);
    if (fitted) this.fit();
    else {
      this.redraw();
      this.near();
    }
  }

  /** Gives the worker the scene, once; it needs no keys. */
  private hand(scene: Scene): void {
    if (this.handed === scene) return;
    this.handed = scene;
    this.ask({ ask: 'scene', scene: { ...scene, edges: { ...scene.edges, keys: [] } } });
  }

  /** Nodes by their ids and by place, made when they are first asked for: a first picture needs neither. */
  private get index(): { grid: Grid<SceneNode>; byId: Map<string, SceneNode> } {
    this.found ??= { grid: new Grid(this.scene.nodes), byId: new Map(this.scene.nodes.map((n) => [n.id, n])) };
    return this.found;
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.redraw();
  }

  private ask(request: Request): void {
    this.worker?.postMessage(request);
  }

  /** The frame to paint now: the window and a margin. */
  private frame(): Frame {
    const { width, height, camera } = this;
    return {
      camera: { x: camera.x - (width * MARGIN) / camera.zoom, y: camera.y - (height * MARGIN) / camera.zoom, zoom: camera.zoom },
      width: width * (1 + 2 * MARGIN), height: height * (1 + 2 * MARGIN), ratio: Math.min(2, globalThis.devicePixelRatio || 1) * (this.moving && this.took > SLOW ? 0.5 : 1),
    };
  }

  /** Paints as soon as it can; a request while one is on its way is the next one. */
  redraw(): void {
    // Nothing was ever drawn, and there is nothing to draw.
    if (this.drawn === null && this.scene.nodes.length === 0) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    const frame = this.frame();
    if (this.worker && this.isReady && this.handed === this.scene) {
      this.busy = true;
      this.asked += 1;
      this.ask({ ask: 'paint', frame, palette: this.palette, number: this.asked });
    } else {
      const begin = performance.now();
      this.resize(this.picture, frame);
      if (this.worker) this.picture.getContext('bitmaprenderer')?.transferFromImageBitmap(new Painter().picture(this.scene, frame, this.palette));
      else {
        const ctx = this.picture.getContext('2d', { alpha: false });
        if (ctx) paint(ctx, this.scene, frame, this.palette);
      }
      this.done(frame, performance.now() - begin);
    }
    this.paintAbove();
  }

  private resize(canvas: HTMLCanvasElement, frame: Frame): void {
    const w = Math.round(frame.width * frame.ratio), h = Math.round(frame.height * frame.ratio);
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    canvas.style.width = `${frame.width}px`;
    canvas.style.height = `${frame.height}px`;
  }

  private arrived(answer: Extract<Answer, { is: 'picture' }>): void {
    this.busy = false;
    this.resize(this.picture, answer.frame);
    this.picture.getContext('bitmaprenderer')?.transferFromImageBitmap(answer.bitmap);
    this.done(answer.frame, answer.took);
    if (this.again) {
      this.again = false;
      this.redraw();
    }
  }

  private done(frame: Frame, took: number): void {
    if (!this.isMarked && this.scene.nodes.length > 0) {
      this.isMarked = true;
      performance.mark('explorer-picture');
    }
    // Milliseconds that the redraw took, for measurements.
    this.box.dataset['redraw'] = took.toFixed(1);
    this.drawn = frame;
    if (!this.moving) this.took = took;
    this.stale = false;
    this.place();
    const told = this.waiting;
    this.waiting = [];
    if (told.length > 0) afterFrame(() => { for (const then of told) then(); });
  }

  /** Moves the bitmap to where its part of the world is now. */
  private place(): void {
    if (!this.drawn) return;
    const { camera } = this;
    const scale = camera.zoom / this.drawn.camera.zoom;
    const x = (this.drawn.camera.x - camera.x) * camera.zoom, y = (this.drawn.camera.y - camera.y) * camera.zoom;
    this.picture.style.transform = `translate(${x}px,${y}px) scale(${scale})`;
    const moved = Math.max(Math.abs(x / scale + this.width * MARGIN), Math.abs(y / scale + this.height * MARGIN));
    if (!this.stale && (moved > FAR || scale > ZOOMED || scale < 1 / ZOOMED)) {
      this.stale = true;
      this.redraw();
    }
  }

  /** Looks elsewhere: at once by moving the bitmap; the end of a gesture redraws. */
  look(camera: Camera): void {
    this.camera = { ...camera, zoom: Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, camera.zoom)) };
    this.whole = null;
    this.place();
    this.paintAbove();
    this.onmove();
  }

  /** Ends a gesture: a sharp picture of what is seen. */
  settle(): void {
    this.moving = false;
    if (this.drawn && (this.drawn.camera.zoom !== this.camera.zoom || this.stale || this.drawn.ratio < this.frame().ratio)) this.redraw();
    this.near();
  }

  /** Asks for amounts after the picture without them. */
  private near(): void {
    clearTimeout(this.waits);
    if (this.camera.zoom >= AMOUNTS && this.scene.edges.labels.length < this.scene.edges.count) this.waits = window.setTimeout(() => { this.onnear(); }, 100);
  }

  pan(dx: number, dy: number): void {
    this.moving = true;
    this.look({ ...this.camera, x: this.camera.x - dx / this.camera.zoom, y: this.camera.y - dy / this.camera.zoom });
  }

  /** Zooms about a point of the window. */
  zoomAt(factor: number, px = this.width / 2, py = this.height / 2): void {
    this.moving = true;
    const zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, this.camera.zoom * factor));
    const [wx, wy] = this.world(px, py);
    this.look({ x: wx - px / zoom, y: wy - py / zoom, zoom });
  }

  /** Shows all of a rectangle, no larger than 1:1, with no node beneath what covers the window; until a person looks elsewhere also after the window's size changed. */
  fit(r: Rect = this.scene.bounds): void {
    this.moving = false;
    this.look(fitted(r, this.width, this.height, ZOOM_MIN, this.cover(), this.scene.nodes));
    this.whole = r;
    this.redraw();
    this.near();
  }

  /** Fits again what was fitted last, if that is still what is looked at. */
  refit(): void {
    if (this.whole) this.fit(this.whole);
  }

  /** Shows all of some nodes. */
  fitNodes(ids: Iterable<string>): void {
    const nodes = [...ids].flatMap((id) => this.index.byId.get(id) ?? []);
    if (nodes.length > 0) this.fit(boundsOf(nodes));
  }

  /** Moves the view as little as shows a node. */
  reveal(id: string): void {
    const n = this.index.byId.get(id);
    if (!n) return;
    const [x, y] = this.window(n.x, n.y);
    const w = n.w * this.camera.zoom, h = n.h * this.camera.zoom;
    if (x >= 0 && y >= 0 && x + w <= this.width && y + h <= this.height && this.camera.zoom >= 0.3 && !isCovered({ x, y, w, h }, this.cover())) return;
    const zoom = Math.max(this.camera.zoom, 0.6);
    this.look({ x: n.x + n.w / 2 - this.width / zoom / 2, y: n.y + n.h / 2 - this.height / zoom / 2, zoom });
    this.redraw();
    this.near();
  }

  world(px: number, py: number): [number, number] { return [this.camera.x + px / this.camera.zoom, this.camera.y + py / this.camera.zoom]; }
  window(x: number, y: number): [number, number] { return [(x - this.camera.x) * this.camera.zoom, (y - this.camera.y) * this.camera.zoom]; }
  get bounds(): Rect { return this.scene.bounds; }
  get nodes(): readonly SceneNode[] { return this.scene.nodes; }
  get labels(): readonly string[] { return this.scene.edges.labels; }
  node(id: string): SceneNode | undefined { return this.index.byId.get(id); }

  /** What is at a point of the window: a node, what one leaves out, an edge. */
  hit(px: number, py: number): { node?: SceneNode; pill?: 'in' | 'out'; edge?: string } {
    const [x, y] = this.world(px, py);
    // Counts lie above nodes, and are drawn where they can be read.
    if (this.camera.zoom >= LABELS) for (const n of this.index.grid.within({ x: x - 30, y: y - 40, w: 60, h: 41 })) {
      const pill = n.pills.find((p) => x >= p.x && x <= p.x + p.w && y >= p.y && y <= p.y + p.h);
      if (pill) return { node: n, pill: pill.side };
    }
    const node = this.index.grid.at(x, y);
    if (node) return { node };
    const edge = this.edgeAt(x, y, 6 / this.camera.zoom);
    return edge === null ? {} : { edge };
  }

  private edgeAt(x: number, y: number, near: number): string | null {
    const e = this.scene.edges;
    let best: string | null = null;
    let least = near * near;
    for (let i = 0; i < e.count; i += 1) {
      const x1 = e.xy[4 * i] ?? 0, y1 = e.xy[4 * i + 1] ?? 0, x2 = e.xy[4 * i + 2] ?? 0, y2 = e.xy[4 * i + 3] ?? 0, c = e.bend[i] ?? 0;
      if (y < Math.min(y1, y2) - near || y > Math.max(y1, y2) + near || x < Math.min(x1, x2, c) - near || x > Math.max(x1, x2, c) + near) continue;
      let [px, py] = [x1, y1];
      for (let k = 1; k <= 16; k += 1) {
        const [qx, qy] = along(x1, y1, x2, y2, c, k / 16);
        const d = toSegment(x, y, px, py, qx, qy);
        if (d < least) {
          least = d;
          best = e.keys[i] ?? null;
        }
        [px, py] = [qx, qy];
      }
    }
    return best;
  }

  /** Nodes that lie inside a polygon of the world. */
  inside(polygon: readonly (readonly [number, number])[]): string[] {
    return this.scene.nodes.filter((n) => within(polygon, n.x + n.w / 2, n.y + n.h / 2)).map((n) => n.id);
  }

  setOverlay(overlay: Overlay): void {
    this.overlay = overlay;
    this.paintAbove();
  }

  /** Paints the selection once in the next frame. */
  private paintAbove(): void {
    if (this.above) return;
    this.above = requestAnimationFrame(() => {
      this.above = 0;
      this.paintSelection();
    });
  }

  private paintSelection(): void {
    const { selected, edge, lasso } = this.overlay;
    const isBlank = selected.size === 0 && edge === null && lasso.length === 0;
    // An empty canvas over the picture costs each frame of a gesture as much as the picture does.
    this.top.hidden = isBlank;
    if (isBlank) return;
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    this.resize(this.top, { camera: this.camera, width: this.width, height: this.height, ratio });
    const ctx = this.top.getContext('2d');
    if (!ctx) return;
    const { zoom, x, y } = this.camera;
    const o = this.overlay;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.top.width, this.top.height);
    ctx.setTransform(zoom * ratio, 0, 0, zoom * ratio, -x * zoom * ratio, -y * zoom * ratio);
    ctx.strokeStyle = this.palette.accent;
    const at = o.edge === null ? -1 : this.scene.edges.keys.indexOf(o.edge);
    if (at >= 0) {
      const e = this.scene.edges;
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = e.xy.subarray(4 * at, 4 * at + 4);
      const c = e.bend[at] ?? 0;
      ctx.lineWidth = (e.width[at] ?? 1) + 3 / zoom;
      ctx.beginPath();
      ctx.moveTo(x1, y1);
      ctx.bezierCurveTo(c, y1, c, y2, x2, y2);
      ctx.stroke();
    }
    for (const id of o.selected) {
      const n = this.index.byId.get(id);
      if (!n) continue;
      const moved = o.dragged.has(id) ? { ...n, x: n.x + o.dx, y: n.y + o.dy, pills: [] } : n;
      if (moved !== n) {
        ctx.globalAlpha = 0.85;
        paintNode(ctx, moved, zoom, this.palette);
        ctx.globalAlpha = 1;
        ctx.strokeStyle = this.palette.accent;
      }
      ctx.lineWidth = (id === o.focus ? 3 : 2) / zoom;
      ctx.beginPath();
      ctx.roundRect(moved.x - 4, moved.y - 4, n.w + 8, n.h + 8, n.kind === 'address' || n.kind === 'entity' ? 24 : 8);
      ctx.stroke();
    }
    const [first, ...rest] = o.lasso;
    if (first) {
      ctx.lineWidth = 1.5 / zoom;
      ctx.setLineDash([6 / zoom, 4 / zoom]);
      ctx.beginPath();
      ctx.moveTo(...first);
      for (const p of rest) ctx.lineTo(...p);
      ctx.closePath();
      ctx.stroke();
      ctx.setLineDash([]);
    }
  }
}
