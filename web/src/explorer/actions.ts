/** Everything a person can do, once: the toolbar, the menu of a node, the keys and their overview are made of this table. */
import type { App } from './app.ts';
import { download } from './dom.ts';
import { expand, paths } from './expand.ts';
import { csvOf, graphmlOf } from './files.ts';
import { NO_FILTER } from './filter.ts';
import { stringify, type LayoutName, type Level } from './model.ts';
import { paint } from './paint.ts';
import type { Palette } from './palette.ts';
import { svgOf } from './svg.ts';
import { sceneOf } from './scene.ts';
import { walk, type Step } from './tree.ts';

export interface Action {
  readonly id: string;
  readonly name: string;
  /** Keys as `event.key` with `Ctrl+` and `Shift+` before. */
  readonly keys: readonly string[];
  readonly group: 'Look' | 'Follow' | 'Arrange' | 'Select' | 'Change' | 'File';
  /** Shown in the menu of a node. */
  readonly menu?: boolean;
  /** Shown in the toolbar, by this word. */
  readonly bar?: string;
  readonly run: () => void;
  readonly enabled?: () => boolean;
  /** For toggles. */
  readonly on?: () => boolean;
}

/** Things of the page that actions use. */
export interface Page {
  readonly palette: () => Palette;
  readonly title: () => string;
  readonly ask: (what: 'note' | 'label' | 'group' | 'trace' | 'filter' | 'help' | 'save' | 'add' | 'find' | 'menu') => void;
  readonly toggle: (what: 'minimap' | 'lasso' | 'panel') => void;
  readonly tab: (name: 'details' | 'tree' | 'table') => void;
}

const LEVELS: readonly Level[] = ['transaction', 'address', 'entity'];
const COLOURS = 6;

export function actionsOf(app: App, page: Page): Action[] {
  const any = (): boolean => app.selected.size > 0;
  const s = app.surface;
  const go = (step: Step): void => {
    const at = app.focus ?? s.nodes[0]?.id;
    if (at === undefined) return;
    if (app.focus === null) {
      app.select([at]);
      s.reveal(at);
      return;
    }
    const to = walk(app.neighbours, at, step, app.came);
    if (to === null) {
      app.say('Nothing is drawn in that direction.');
      return;
    }
    if (step === 'left' || step === 'right') app.came = at;
    app.select([to]);
    s.reveal(to);
  };
  const filter = (): typeof NO_FILTER => app.graph.setting('filter', NO_FILTER);
  const name = (): string => `holdfast-graph-${new Date().toISOString().slice(0, 10)}`;
  const layout = (l: LayoutName) => (): void => { void app.work('Arranging', async () => { await app.arrange(l); return `Arranged: ${l}.`; }); };
  return [
    { id: 'in', name: 'Zoom in', keys: ['+', '='], group: 'Look', bar: '+', run: () => { s.zoomAt(1.4); s.settle(); } },
    { id: 'out', name: 'Zoom out', keys: ['-'], group: 'Look', bar: '−', run: () => { s.zoomAt(1 / 1.4); s.settle(); } },
    { id: 'fit', name: 'Fit all', keys: ['0'], group: 'Look', bar: 'Fit', run: () => { s.fit(); } },
    { id: 'one', name: 'Full size', keys: ['1'], group: 'Look', run: () => { s.zoomAt(1 / s.camera.zoom); s.settle(); } },
    { id: 'panl', name: 'Pan left', keys: ['Shift+ArrowLeft'], group: 'Look', run: () => { s.pan(80, 0); s.settle(); } },
    { id: 'panr', name: 'Pan right', keys: ['Shift+ArrowRight'], group: 'Look', run: () => { s.pan(-80, 0); s.settle(); } },
    { id: 'panu', name: 'Pan up', keys: ['Shift+ArrowUp'], group: 'Look', run: () => { s.pan(0, 80); s.settle(); } },
    { id: 'pand', name: 'Pan down', keys: ['Shift+ArrowDown'], group: 'Look', run: () => { s.pan(0, -80); s.settle(); } },
    { id: 'find', name: 'Find in graph', keys: ['f', 'Ctrl+f'], group: 'Look', run: () => { page.ask('find'); } },
    { id: 'minimap', name: 'Overview map', keys: ['m'], group: 'Look', run: () => { page.toggle('minimap'); } },
    { id: 'panel', name: 'Side panel', keys: ['Shift+P'], group: 'Look', run: () => { page.toggle('panel'); } },
    { id: 'details', name: 'Details', keys: ['Shift+D'], group: 'Look', run: () => { page.tab('details'); } },
    { id: 'tree', name: 'Tree', keys: ['Shift+R'], group: 'Look', run: () => { page.tab('tree'); } },
    { id: 'table', name: 'Table', keys: ['Shift+T'], group: 'Look', run: () => { page.tab('table'); } },
    { id: 'dust', name: 'Hide dust', keys: ['d'], group: 'Look', bar: 'Hide dust', on: () => filter().dust, run: () => { app.do({ do: 'set', key: 'filter', value: { ...filter(), dust: !filter().dust } }); app.say(app.summary()); } },
    { id: 'filter', name: 'Filters', keys: ['Shift+F'], group: 'Look', bar: 'Filters', run: () => { page.ask('filter'); } },
    { id: 'level', name: 'Level: transactions, addresses, entities', keys: ['v'], group: 'Look', run: () => {
      const value = LEVELS[(LEVELS.indexOf(app.graph.setting('level', 'transaction')) + 1) % LEVELS.length] ?? 'transaction';
      app.do({ do: 'set', key: 'level', value });
      app.say(`Level: ${value}. ${app.summary()}`);
    } },
    { id: 'folds', name: 'Fold peel chains and coinjoins', keys: ['z'], group: 'Look', bar: 'Fold', on: () => app.graph.setting('folds', false), run: () => { app.do({ do: 'set', key: 'folds', value: !app.graph.setting('folds', false) }); app.say(app.summary()); } },
    { id: 'add', name: 'Add to graph', keys: ['Insert', 'Shift+A'], group: 'Follow', run: () => { page.ask('add'); } },
    { id: 'expand', name: 'Expand both sides', keys: ['Enter', 'e'], group: 'Follow', menu: true, bar: 'Expand', enabled: any, run: () => { void app.work('Looking up', () => expand(app, ['in', 'out'])); } },
    { id: 'expandout', name: 'Expand where it went', keys: ['o'], group: 'Follow', menu: true, enabled: any, run: () => { void app.work('Looking up', () => expand(app, ['out'])); } },
    { id: 'expandin', name: 'Expand where it came from', keys: ['i'], group: 'Follow', menu: true, enabled: any, run: () => { void app.work('Looking up', () => expand(app, ['in'])); } },
    { id: 'trace', name: 'Trace the money', keys: ['t'], group: 'Follow', menu: true, bar: 'Trace', enabled: any, run: () => { page.ask('trace'); } },
    { id: 'paths', name: 'Ways between two', keys: ['p'], group: 'Follow', menu: true, enabled: () => app.selected.size === 2, run: () => { void app.work('Searching ways', () => paths(app)); } },
    { id: 'right', name: 'Go where most went', keys: ['ArrowRight'], group: 'Follow', run: () => { go('right'); } },
    { id: 'left', name: 'Go where most came from', keys: ['ArrowLeft'], group: 'Follow', run: () => { go('left'); } },
    { id: 'up', name: 'Go to the larger sibling', keys: ['ArrowUp'], group: 'Follow', run: () => { go('up'); } },
    { id: 'down', name: 'Go to the smaller sibling', keys: ['ArrowDown'], group: 'Follow', run: () => { go('down'); } },
    { id: 'flow', name: 'Arrange by flow', keys: ['l'], group: 'Arrange', bar: 'Arrange', run: layout('flow') },
    { id: 'time', name: 'Arrange by time', keys: ['Shift+L'], group: 'Arrange', run: layout('time') },
    { id: 'force', name: 'Arrange by forces', keys: ['Shift+O'], group: 'Arrange', run: layout('force') },
    { id: 'unpin', name: 'Let layouts move it', keys: ['Shift+U'], group: 'Arrange', menu: true, enabled: any, run: () => {
      app.do({ do: 'move', places: [...app.selected].flatMap((id) => { const n = app.view.nodes.get(id); return n ? [[id, { x: n.x, y: n.y, pinned: false }] as const] : []; }) });
    } },
    { id: 'all', name: 'Select all', keys: ['Ctrl+a'], group: 'Select', run: () => { app.select(app.view.nodes.keys()); } },
    { id: 'linked', name: 'Select neighbours too', keys: ['Shift+N'], group: 'Select', menu: true, enabled: any, run: () => { app.select([...app.selected].flatMap((id) => app.neighbours.of(id).map((n) => n.id)), 'add'); } },
    { id: 'lasso', name: 'Lasso', keys: ['x'], group: 'Select', bar: 'Lasso', run: () => { page.toggle('lasso'); } },
    { id: 'none', name: 'Select nothing', keys: ['Escape'], group: 'Select', run: () => { app.select([]); } },
    { id: 'undo', name: 'Undo', keys: ['Ctrl+z', 'u'], group: 'Change', bar: 'Undo', enabled: () => app.history.canUndo, run: () => { app.undo(); } },
    { id: 'redo', name: 'Redo', keys: ['Ctrl+Shift+z', 'Ctrl+y', 'r'], group: 'Change', bar: 'Redo', enabled: () => app.history.canRedo, run: () => { app.redo(); } },
    { id: 'remove', name: 'Take out of the picture', keys: ['Delete', 'Backspace'], group: 'Change', menu: true, enabled: any, run: () => {
      const ids = app.members();
      app.do({ do: 'hide', ids });
      app.say(`${ids.length} taken out; their money stands in what neighbours leave out.`);
    } },
    { id: 'note', name: 'Note', keys: ['n'], group: 'Change', menu: true, enabled: any, run: () => { page.ask('note'); } },
    { id: 'label', name: 'Own label', keys: ['b'], group: 'Change', menu: true, enabled: any, run: () => { page.ask('label'); } },
    { id: 'colour', name: 'Next colour', keys: ['c'], group: 'Change', menu: true, enabled: any, run: () => {
      const now = app.focused()?.mark.colour ?? 0;
      app.do({ do: 'mark', ids: [...app.selected], mark: { colour: (now + 1) % (COLOURS + 1) } });
    } },
    { id: 'group', name: 'Group', keys: ['g'], group: 'Change', menu: true, enabled: () => app.selected.size > 1, run: () => { page.ask('group'); } },
    { id: 'ungroup', name: 'Ungroup', keys: ['Shift+G'], group: 'Change', menu: true, enabled: () => [...app.selected].some((id) => app.graph.groups.has(id)), run: () => {
      app.do({ do: 'batch', name: 'ungroup', commands: [...app.selected].filter((id) => app.graph.groups.has(id)).map((id) => ({ do: 'ungroup', id })) });
    } },
    { id: 'copy', name: 'Copy address or id', keys: ['Ctrl+c'], group: 'Change', menu: true, enabled: any, run: () => {
      const text = app.members().map((id) => app.graph.facts.get(id)?.ref ?? '').filter(Boolean).join('\n');
      void app.work('Copying', async () => { await navigator.clipboard.writeText(text); return 'Copied.'; });
    } },
    { id: 'save', name: 'Save in a case', keys: ['Ctrl+s', 's'], group: 'File', bar: 'Save', run: () => { page.ask('save'); } },
    { id: 'png', name: 'Picture (PNG)', keys: ['Shift+I'], group: 'File', run: () => { void app.work('Painting', async () => { download(`${name()}.png`, await pngOf(app, page.palette())); return 'PNG written.'; }); } },
    { id: 'svg', name: 'Picture (SVG)', keys: ['Shift+S'], group: 'File', run: () => { download(`${name()}.svg`, new Blob([svgOf(sceneOf(app.view, app.asset), page.palette(), page.title(), app.summary())], { type: 'image/svg+xml' })); } },
    { id: 'csv', name: 'Movements (CSV)', keys: ['Shift+C'], group: 'File', run: () => { download(`${name()}.csv`, new Blob([csvOf(app.view, app.asset, app.selected.size > 1 ? app.selected : null)], { type: 'text/csv;charset=utf-8' })); } },
    { id: 'graphml', name: 'Graph (GraphML)', keys: ['Shift+M'], group: 'File', run: () => { download(`${name()}.graphml`, new Blob([graphmlOf(app.view, app.asset)], { type: 'application/xml' })); } },
    { id: 'json', name: 'Log of this graph (JSON)', keys: ['Shift+J'], group: 'File', run: () => { download(`${name()}.json`, new Blob([stringify({ version: 2, log: app.history.log })], { type: 'application/json' })); } },
    { id: 'menu', name: 'Menu of the selection', keys: ['ContextMenu', 'Shift+F10'], group: 'File', run: () => { page.ask('menu'); } },
    { id: 'help', name: 'Keys', keys: ['?'], group: 'File', bar: 'Keys', run: () => { page.ask('help'); } },
  ];
}

/** The whole picture at twice its size, or as large as a canvas may be. */
async function pngOf(app: App, palette: Palette): Promise<Blob> {
  const b = app.surface.bounds;
  const zoom = Math.min(2, 8192 / b.w, 8192 / b.h);
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(b.w * zoom);
  canvas.height = Math.ceil(b.h * zoom);
  const ctx = canvas.getContext('2d');
  if (!ctx) throw new Error('This browser gives no canvas.');
  paint(ctx, sceneOf(app.view, app.asset), { camera: { x: b.x, y: b.y, zoom }, width: canvas.width, height: canvas.height, ratio: 1 }, palette);
  const blob = await new Promise<Blob | null>((done) => { canvas.toBlob(done, 'image/png'); });
  if (!blob) throw new Error('The picture is too large for this browser; the SVG has no such limit.');
  return blob;
}

/** The key of an event as the table writes it. */
export function keyOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 && event.ctrlKey ? event.key.toLowerCase() : event.key;
  const letter = key.length === 1;
  const shift = event.shiftKey && (!letter || /[a-zA-Z]/.test(key));
  return `${event.ctrlKey || event.metaKey ? 'Ctrl+' : ''}${shift ? 'Shift+' : ''}${letter && shift ? (event.ctrlKey || event.metaKey ? key.toLowerCase() : key.toUpperCase()) : key}`;
}
