/** The strip below the picture: movements by time, and two handles that bound what is shown; and the overview map. */
import type { App } from './app.ts';
import { el, svg } from './dom.ts';
import { histogram, NO_FILTER, type Filter } from './filter.ts';
import { day, time } from './format.ts';
import { t } from './texts.ts';
import type { Palette } from './palette.ts';

const BINS = 60;
const STEPS = 1_000;

/** A histogram with a range slider; each handle is an input of its own, so arrows move it. */
export function timeStrip(app: App, replay: Replay): HTMLElement {
  const bars = svg('svg', { viewBox: `0 0 ${BINS} 30`, preserveAspectRatio: 'none', class: 'x-bars', 'aria-hidden': 'true' });
  const label = el('output', { class: 'x-range' });
  let span: { from: number; until: number } | null = null;
  const at = (v: number): number => (span ? Math.round(span.from + ((span.until - span.from) * v) / STEPS) : 0);
  const input = (name: string, value: number): HTMLInputElement => el('input', { type: 'range', min: 0, max: STEPS, value, 'aria-label': name, oninput: () => { say(); }, onchange: () => { set(); } });
  const low = input(t('shown-from'), 0), high = input(t('shown-until'), STEPS);
  const bounds = (): [number, number] => [Math.min(Number(low.value), Number(high.value)), Math.max(Number(low.value), Number(high.value))];
  const say = (): void => {
    if (!span) return;
    const [a, b] = bounds();
    label.textContent = app.moment === null ? t('shown-range', { from: day(at(a)), to: day(at(b)) }) : t('replay-at', { at: time(app.moment, app.zone) });
    for (const [i, e] of [low, high].entries()) e.setAttribute('aria-valuetext', day(at(i === 0 ? a : b)));
    [...bars.children].forEach((bar, i) => { bar.classList.toggle('off', (i + 1) * (STEPS / BINS) <= a || i * (STEPS / BINS) >= b); });
  };
  const set = (): void => {
    const [a, b] = bounds();
    const filter: Filter = app.graph.setting('filter', NO_FILTER);
    app.do({ do: 'set', key: 'filter', value: { ...filter, from: a === 0 ? null : at(a), until: b === STEPS ? null : at(b) } });
    app.say(app.summary());
  };
  const play = el('button', { type: 'button', class: 'x-small', onclick: () => { replay.play(); } }, t('replay-play'));
  const strip = el('div', { class: 'x-strip' }, play, el('div', { class: 'x-bars-box' }, bars, low, high), label);
  const draw = (): void => {
    const h = histogram(app.graph, BINS);
    strip.hidden = h === null;
    if (!h) return;
    const filter: Filter = app.graph.setting('filter', NO_FILTER);
    span = h;
    const most = Math.max(1, ...h.counts);
    bars.replaceChildren(...h.counts.map((n, i) => svg('rect', { x: i + 0.1, y: 30 - (n / most) * 29, width: 0.8, height: n === 0 ? 0 : Math.max(1, (n / most) * 29) }, svg('title', {}, t('movements', { n })))));
    const place = (t: number | null, otherwise: number): string => (t === null ? String(otherwise) : String(Math.max(0, Math.min(STEPS, Math.round(((t - h.from) / (h.until - h.from)) * STEPS)))));
    if (document.activeElement !== low) low.value = place(filter.from, 0);
    if (document.activeElement !== high) high.value = place(filter.until, STEPS);
    say();
    play.textContent = t(replay.isOn ? 'replay-stop' : 'replay-play');
    play.setAttribute('aria-pressed', String(replay.isOn));
    if (h.undated > 0) label.textContent = `${label.textContent ?? ''}; ${t('undated', { n: h.undated })}`;
  };
  app.on((change) => { if (change === 'graph') draw(); });
  draw();
  return strip;
}

/** Steps of a replay, however long the graph's time is. */
const MOMENTS = 40;
/** Milliseconds that each stands. */
const STANDS = 500;

/** The graph through time: as it was at a moment, step by step or by itself. What a person drew is not changed. */
export class Replay {
  private timer = 0;
  constructor(private readonly app: App) {}

  get isOn(): boolean { return this.timer !== 0; }

  /** Moments at which something was paid, at most so many. */
  private moments(): number[] {
    const times = new Set<number>();
    for (const e of this.app.graph.edges.values()) if (this.app.graph.shown.has(e.from) && this.app.graph.shown.has(e.to)) for (const m of e.movements) if (m.time !== null) times.add(m.time + 1);
    const all = [...times].sort((a, b) => a - b);
    return all.length <= MOMENTS ? all : Array.from({ length: MOMENTS }, (_, i) => all[Math.round((i * (all.length - 1)) / (MOMENTS - 1))] ?? 0);
  }

  step(by: 1 | -1): boolean {
    const all = this.moments(), now = this.app.moment;
    if (all.length === 0) {
      this.app.say(t('say-no-times'));
      return false;
    }
    const next = now === null ? (by === 1 ? all[0] : all.at(-2)) : by === 1 ? all.find((m) => m > now) : all.findLast((m) => m < now);
    const isEnd = next === undefined || (by === 1 && next === all.at(-1));
    this.app.at(isEnd ? null : next);
    this.app.say(isEnd ? t('say-replay-end', { summary: this.app.summary() }) : t('say-replay', { at: time(next, this.app.zone), summary: this.app.summary() }));
    return !isEnd;
  }

  play(): void {
    if (this.timer) {
      this.stop();
      this.app.at(null);
      this.app.say(this.app.summary());
      return;
    }
    this.app.moment = null;
    const tick = (): void => {
      if (this.step(1)) this.timer = window.setTimeout(tick, STANDS);
      else {
        this.stop();
        this.app.refresh();
      }
    };
    this.timer = window.setTimeout(tick, 0);
  }
  private stop(): void {
    clearTimeout(this.timer);
    this.timer = 0;
  }
}

/** Pixels between the map and what is fitted beside it. */
const GAP = 4;

/** The whole graph small, with the window on it; a press moves there. */
export function minimap(app: App, palette: () => Palette): HTMLCanvasElement {
  const W = 160, H = 110;
  const canvas = el('canvas', { class: 'x-minimap', width: W, height: H, 'aria-hidden': 'true' });
  const s = app.surface;
  let base: ImageData | null = null;
  /** Scale, and the world's point at the map's corner. */
  const fitted = (): { k: number; left: number; top: number } => {
    const b = s.bounds, k = Math.min(W / b.w, H / b.h);
    return { k, left: b.x + b.w / 2 - W / k / 2, top: b.y + b.h / 2 - H / k / 2 };
  };
  const draw = (): void => {
    const ctx = canvas.getContext('2d', { willReadFrequently: true });
    if (!ctx || canvas.hidden) return;
    const { k, left, top } = fitted();
    if (!base) {
      const p = palette();
      ctx.fillStyle = p.panel;
      ctx.fillRect(0, 0, W, H);
      for (const n of s.nodes) {
        ctx.fillStyle = n.kind === 'address' || n.kind === 'entity' ? (n.risk === 'unknown' ? p.soft : p.risk[n.risk]) : p.line;
        ctx.fillRect((n.x - left) * k, (n.y - top) * k, Math.max(1.5, n.w * k), Math.max(1.5, n.h * k));
      }
      base = ctx.getImageData(0, 0, W, H);
    } else ctx.putImageData(base, 0, 0);
    ctx.strokeStyle = palette().accent;
    ctx.lineWidth = 1.5;
    ctx.strokeRect((s.camera.x - left) * k, (s.camera.y - top) * k, (s.width / s.camera.zoom) * k, (s.height / s.camera.zoom) * k);
  };
  let waits = false;
  s.onmove = () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; draw(); });
  };
  app.on((change) => {
    if (change !== 'graph') return;
    base = null;
    draw();
  });
  const go = (event: PointerEvent): void => {
    if (event.buttons === 0) return;
    const r = canvas.getBoundingClientRect(), { k, left, top } = fitted();
    const x = left + (event.clientX - r.left) / k, y = top + (event.clientY - r.top) / k;
    s.look({ x: x - s.width / s.camera.zoom / 2, y: y - s.height / s.camera.zoom / 2, zoom: s.camera.zoom });
  };
  s.cover = () => (canvas.offsetWidth === 0 ? null : { x: canvas.offsetLeft - GAP, y: canvas.offsetTop - GAP, w: canvas.offsetWidth + 2 * GAP, h: canvas.offsetHeight + 2 * GAP });
  canvas.addEventListener('pointerdown', go);
  canvas.addEventListener('pointermove', go);
  canvas.addEventListener('themechange', () => { base = null; draw(); });
  return canvas;
}
