/** Files of what is drawn: all of it, or what is selected where more than one node is. */
import type { View } from './aggregate.ts';
import type { App } from './app.ts';
import { download, el } from './dom.ts';
import { csvOf, graphmlOf } from './files.ts';
import { sumText, time } from './format.ts';
import { stringify } from './model.ts';
import { paint } from './paint.ts';
import { LIGHT, type Palette } from './palette.ts';
import { sceneOf } from './scene.ts';
import { svgOf } from './svg.ts';
import { t } from './texts.ts';
import { tableOf } from './tree.ts';

import { summary } from './words.ts';

/** Rows of the table of a printed graph. */
const PRINTED = 500;

/** The part of the view that files are of. */
export function chosen(view: View, selected: ReadonlySet<string>): View {
  if (selected.size < 2) return view;
  return { ...view, nodes: new Map([...view.nodes].filter(([id]) => selected.has(id))), edges: new Map([...view.edges].filter(([, e]) => selected.has(e.from) && selected.has(e.to))) };
}
const said = (app: App, format: string): string => t(app.selected.size > 1 ? 'say-file-selected' : 'say-file', { format, n: app.selected.size });

/** The picture at twice its size, or as large as a canvas may be. */
export function png(app: App, name: string, palette: Palette): void {
  void app.work(t('work-export'), async () => {
    const scene = sceneOf(chosen(app.view, app.selected), app.asset), b = scene.bounds;
    const zoom = Math.min(2, 8192 / b.w, 8192 / b.h);
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil(b.w * zoom);
    canvas.height = Math.ceil(b.h * zoom);
    const ctx = canvas.getContext('2d');
    if (!ctx) throw new Error(t('no-canvas'));
    paint(ctx, scene, { camera: { x: b.x, y: b.y, zoom }, width: canvas.width, height: canvas.height, ratio: 1 }, palette);
    const blob = await new Promise<Blob | null>((done) => { canvas.toBlob(done, 'image/png'); });
    if (!blob) throw new Error(t('picture-too-large'));
    download(`${name}.png`, blob);
    return said(app, 'PNG');
  });
}

function svgText(app: App, title: string, palette: Palette): string {
  const view = chosen(app.view, app.selected);
  return svgOf(sceneOf(view, app.asset), palette, title, summary(view, app.asset));
}
export function svg(app: App, name: string, title: string, palette: Palette): void {
  download(`${name}.svg`, new Blob([svgText(app, title, palette)], { type: 'image/svg+xml' }));
  app.say(said(app, 'SVG'));
}
export function csv(app: App, name: string): void {
  download(`${name}.csv`, new Blob([csvOf(app.view, app.asset, app.selected.size > 1 ? app.selected : null)], { type: 'text/csv;charset=utf-8' }));
  app.say(said(app, 'CSV'));
}
export function graphml(app: App, name: string): void {
  download(`${name}.graphml`, new Blob([graphmlOf(chosen(app.view, app.selected), app.asset)], { type: 'application/xml' }));
  app.say(said(app, 'GraphML'));
}
export function json(app: App, name: string): void {
  download(`${name}.json`, new Blob([stringify({ version: 2, log: app.history.log })], { type: 'application/json' }));
  app.say(t('say-file', { format: 'JSON', n: 0 }));
}

/** Prints the picture with what it leaves out and a table of its edges: the browser's dialog writes a PDF. */
export function print(app: App, title: string, palette: Palette = LIGHT): void {
  void app.work(t('work-export'), async () => {
    document.querySelector('.x-print')?.remove();
    const view = chosen(app.view, app.selected);
    const url = URL.createObjectURL(new Blob([svgText(app, title, palette === LIGHT ? palette : LIGHT)], { type: 'image/svg+xml' }));
    const picture = el('img', { src: url, alt: summary(view, app.asset) });
    const rows = tableOf(view, 'first', false);
    const note = rows.length > PRINTED ? el('p', {}, t('print-more', { n: rows.length - PRINTED })) : null;
    const sheet = el('section', { class: 'x-print' }, el('h1', {}, title), el('p', {}, t('print-by', { by: app.who || t('print-nobody'), at: time(Math.floor(Date.now() / 1000)) })), el('p', {}, summary(view, app.asset)), picture,
      el('table', {}, el('thead', {}, el('tr', {}, ...['from', 'to', 'amount', 'movements', 'first', 'last'].map((c) => el('th', {}, t(`column-${c}`))))), el('tbody', {}, ...rows.slice(0, PRINTED).map((r) =>
        el('tr', {}, el('td', {}, r.from), el('td', {}, r.to), el('td', { class: 'n' }, sumText(r, app.asset(r.asset))), el('td', { class: 'n' }, String(r.movements)), el('td', {}, time(r.first)), el('td', {}, time(r.last)))))), note);
    document.body.append(sheet);
    document.documentElement.classList.add('x-printing');
    await picture.decode().catch(() => undefined);
    addEventListener('afterprint', () => {
      sheet.remove();
      URL.revokeObjectURL(url);
      document.documentElement.classList.remove('x-printing');
    }, { once: true });
    globalThis.print();
    return said(app, 'PDF');
  });
}
