/** Everything a person can do, once: the toolbar, the menu of a node, the keys and their overview are made of this table. Names are `action-ID` in the catalogue. */
import type { App } from './app.ts';
import type { Desk } from './desk.ts';
import { between, collapse, crossings, expand, explain, follow, paths } from './expand.ts';
import * as out from './export.ts';
import { NO_FILTER } from './filter.ts';
import type { LayoutName, Level } from './model.ts';
import type { Palette } from './palette.ts';
import { Room } from './room.ts';
import type { Replay } from './strip.ts';
import { t } from './texts.ts';
import { walk, type Step } from './tree.ts';

export type Group = 'look' | 'follow' | 'arrange' | 'select' | 'change' | 'file';
export interface Action {
  readonly id: string;
  readonly name: string;
  /** Keys as `event.key` with `Ctrl+` and `Shift+` before. */
  readonly keys: readonly string[];
  readonly group: Group;
  /** Shown in the menu of a node. */
  readonly menu?: boolean;
  readonly run: () => void;
  readonly enabled?: () => boolean;
  /** For toggles. */
  readonly on?: () => boolean;
}

/** Things of the page that actions use. */
export interface Page {
  readonly palette: () => Palette;
  readonly title: () => string;
  readonly desk: Desk;
  readonly replay: Replay;
  readonly ask: (what: 'note' | 'group' | 'trace' | 'expand' | 'filter' | 'help' | 'add' | 'find' | 'menu') => void;
  readonly toggle: (what: 'minimap' | 'lasso' | 'panel' | 'zone') => void;
  readonly tab: (name: 'details' | 'tree' | 'table') => void;
}

const LEVELS: readonly Level[] = ['transaction', 'address', 'entity'];
const COLOURS = 6;

type Row = readonly [id: string, keys: readonly string[], run: () => void, more?: Partial<Pick<Action, 'menu' | 'enabled' | 'on'>>];

export function actionsOf(app: App, page: Page): Action[] {
  const any = (): boolean => app.selected.size > 0;
  const anyOrEdge = (): boolean => any() || app.edge !== null;
  const onNode = { menu: true, enabled: any };
  const s = app.surface;
  const work = (what: string, task: () => Promise<string>) => (): void => { void app.work(t(what), task); };
  const rows: Record<Group, readonly Row[]> = {
    look: looking(app, page),
    follow: [
      ['add', ['Insert', 'Shift+A'], () => { page.ask('add'); }],
      ['expand', ['Enter', 'e'], work('work-look-up', () => expand(app, ['in', 'out'])), onNode],
      ['expandout', ['o'], work('work-look-up', () => expand(app, ['out'])), onNode],
      ['expandin', ['i'], work('work-look-up', () => expand(app, ['in'])), onNode],
      ['expandby', ['Shift+E'], () => { page.ask('expand'); }, onNode],
      ['collapse', ['k'], () => { app.say(collapse(app)); }, onNode],
      ['followout', ['w'], work('work-look-up', () => follow(app, 'out')), onNode],
      ['followin', ['Shift+W'], work('work-look-up', () => follow(app, 'in')), onNode],
      ['crossings', [';'], work('work-look-up', () => crossings(app)), onNode],
      ['trace', ['t'], () => { page.ask('trace'); }, onNode],
      ['paths', ['p'], work('work-paths', () => paths(app)), { menu: true, enabled: () => app.selected.size === 2 }],
      ['between', ['Shift+Y'], work('work-paths', () => between(app)), { menu: true, enabled: () => app.selected.size > 1 }],
      ['explain', ['y'], work('work-look-up', () => explain(app)), { menu: true, enabled: () => app.selected.size === 2 }],
      ...(['right', 'left', 'up', 'down'] as const).map((step): Row => [step, [`Arrow${step.charAt(0).toUpperCase()}${step.slice(1)}`], () => { go(app, step); }]),
    ],
    arrange: arranging(app),
    select: [
      ['all', ['Ctrl+a'], () => { app.select(app.view.nodes.keys()); }],
      ['invert', ['Ctrl+i'], () => { app.select([...app.view.nodes.keys()].filter((id) => !app.selected.has(id))); }],
      ['linked', ['Shift+N'], () => { app.select([...app.selected].flatMap((id) => app.neighbours.of(id).map((n) => n.id)), 'add'); }, onNode],
      ['alike', ['Shift+Q'], () => { alike(app); }, onNode],
      ['lasso', ['x'], () => { page.toggle('lasso'); }],
      ['none', ['Escape'], () => { app.select([]); }],
    ],
    change: changing(app, page, any, anyOrEdge),
    file: filing(app, page),
  };
  const go = (a: App, step: Step): void => {
    const at = a.focus ?? s.nodes[0]?.id;
    if (at === undefined) return;
    if (a.focus === null) {
      a.select([at]);
      s.reveal(at);
      return;
    }
    const to = walk(a.neighbours, at, step, a.came);
    if (to === null) {
      a.say(t('say-no-further'));
      return;
    }
    if (step === 'left' || step === 'right') a.came = at;
    a.select([to]);
    s.reveal(to);
  };
  return Object.entries(rows).flatMap(([group, list]) => list.map(([id, keys, run, more]): Action => ({ id, name: t(`action-${id}`), keys, group: group as Group, run, ...more })));
}

function looking(app: App, page: Page): Row[] {
  const s = app.surface;
  const filter = (): typeof NO_FILTER => app.graph.setting('filter', NO_FILTER);
  const pan = (id: string, key: string, dx: number, dy: number): Row => [id, [`Shift+${key}`], () => { s.pan(dx, dy); s.settle(); }];
  return [
    ['in', ['+', '='], () => { s.zoomAt(1.4); s.settle(); }],
    ['out', ['-'], () => { s.zoomAt(1 / 1.4); s.settle(); }],
    ['fit', ['0'], () => { s.fit(); }],
    ['one', ['1'], () => { s.zoomAt(1 / s.camera.zoom); s.settle(); }],
    ['fitselected', ['2'], () => { s.fitNodes(app.selected); }, { menu: true, enabled: () => app.selected.size > 0 }],
    pan('panl', 'ArrowLeft', 80, 0), pan('panr', 'ArrowRight', -80, 0), pan('panu', 'ArrowUp', 0, 80), pan('pand', 'ArrowDown', 0, -80),
    ['find', ['f', 'Ctrl+f'], () => { page.ask('find'); }],
    ['minimap', ['m'], () => { page.toggle('minimap'); }],
    ['panel', ['Shift+P'], () => { page.toggle('panel'); }],
    ['details', ['Shift+D'], () => { page.tab('details'); }],
    ['tree', ['Shift+R'], () => { page.tab('tree'); }],
    ['table', ['Shift+T'], () => { page.tab('table'); }],
    ['dust', ['d'], () => { app.do({ do: 'set', key: 'filter', value: { ...filter(), dust: !filter().dust } }); app.say(app.summary()); }, { on: () => filter().dust }],
    ['filter', ['Shift+F'], () => { page.ask('filter'); }],
    ['level', ['v'], () => {
      const value = LEVELS[(LEVELS.indexOf(app.graph.setting('level', 'transaction')) + 1) % LEVELS.length] ?? 'transaction';
      app.do({ do: 'set', key: 'level', value });
      app.say(`${t(`level-${value}`)}. ${app.summary()}`);
    }],
    ['folds', ['z'], () => { app.do({ do: 'set', key: 'folds', value: !app.graph.setting('folds', false) }); app.say(app.summary()); }, { on: () => app.graph.setting('folds', false) }],
    ['play', [' '], () => { page.replay.play(); }, { on: () => page.replay.isOn }],
    ['earlier', [','], () => { page.replay.step(-1); }],
    ['later', ['.'], () => { page.replay.step(1); }],
    ['zone', ['q'], () => { page.toggle('zone'); }],
  ];
}

function arranging(app: App): Row[] {
  const layout = (l: LayoutName) => (): void => { void app.work(t('work-arrange'), async () => { await app.arrange(l); return t('say-arranged', { layout: t(`layout-${l}`) }); }); };
  const place = (dx: number, dy: number, isPinned: boolean) => (): void => {
    app.do({ do: 'move', places: [...app.selected].flatMap((id) => { const n = app.view.nodes.get(id); return n ? [[id, { x: n.x + dx, y: n.y + dy, pinned: isPinned }] as const] : []; }) });
  };
  const onNode = { enabled: () => app.selected.size > 0 };
  const nudge = (id: string, key: string, dx: number, dy: number): Row => [id, [`Ctrl+Arrow${key}`], place(dx, dy, true), onNode];
  return [
    ['flow', ['l'], layout('flow')], ['time', ['Shift+L'], layout('time')], ['force', ['Shift+O'], layout('force')],
    nudge('movel', 'Left', -20, 0), nudge('mover', 'Right', 20, 0), nudge('moveu', 'Up', 0, -20), nudge('moved', 'Down', 0, 20),
    ['pin', ['Shift+I'], place(0, 0, true), { menu: true, ...onNode }], ['unpin', ['Shift+U'], place(0, 0, false), { menu: true, ...onNode }],
  ];
}

/** Selects all nodes of the focused one's category, or else of its kind and risk. */
function alike(app: App): void {
  const one = app.focused();
  if (!one) return;
  const isNamed = one.category !== '' && one.category !== 'none';
  app.select([...app.view.nodes.values()].filter((n) => (isNamed ? n.category === one.category : n.kind === one.kind && n.risk === one.risk)).map((n) => n.id));
  app.say(t('say-selected', { n: app.selected.size }));
}

function changing(app: App, page: Page, any: () => boolean, anyOrEdge: () => boolean): Row[] {
  const groups = (): string[] => [...app.selected].filter((id) => app.graph.groups.has(id));
  return [
    ['undo', ['Ctrl+z', 'u'], () => { app.undo(); }, { enabled: () => app.history.canUndo }],
    ['redo', ['Ctrl+Shift+z', 'Ctrl+y', 'r'], () => { app.redo(); }, { enabled: () => app.history.canRedo }],
    ['remove', ['Delete', 'Backspace'], () => {
      const ids = app.members();
      app.do({ do: 'hide', ids });
      app.say(t('say-removed', { n: ids.length }));
    }, { menu: true, enabled: any }],
    ['note', ['n'], () => { page.ask('note'); }, { menu: true, enabled: anyOrEdge }],
    ['freenote', ['j'], () => { freeNote(app); }],
    ['label', ['b'], () => { page.desk.askTag(); }, { menu: true, enabled: any }],
    ['colour', ['c'], () => {
      const ids = app.edge === null ? [...app.selected] : [app.edge];
      const now = (app.edge === null ? app.focused()?.mark.colour : app.graph.marks.get(app.edge)?.colour) ?? 0;
      app.do({ do: 'mark', ids, mark: { colour: (now + 1) % (COLOURS + 1) } });
    }, { menu: true, enabled: anyOrEdge }],
    ['colourway', ['Shift+C'], () => {
      // The selected nodes and all edges between them: a path as a whole.
      const ids = [...app.selected, ...[...app.view.edges.values()].filter((e) => app.selected.has(e.from) && app.selected.has(e.to)).map((e) => e.key)];
      app.do({ do: 'mark', ids, mark: { colour: ((app.focused()?.mark.colour ?? 0) + 1) % (COLOURS + 1) } });
    }, { menu: true, enabled: () => app.selected.size > 1 }],
    ['group', ['g'], () => { page.ask('group'); }, { menu: true, enabled: () => app.selected.size > 1 }],
    ['ungroup', ['Shift+G'], () => { app.do({ do: 'batch', name: t('action-ungroup'), commands: groups().map((id) => ({ do: 'ungroup', id })) }); }, { menu: true, enabled: () => groups().length > 0 }],
    ['copy', ['Ctrl+c'], () => {
      const text = app.members().map((id) => app.graph.facts.get(id)?.ref ?? '').filter(Boolean).join('\n');
      void app.work(t('work-copy'), async () => { await navigator.clipboard.writeText(text); return t('say-copied'); });
    }, { menu: true, enabled: any }],
  ];
}

/** A note that stands by itself, near the middle of what is seen; its text is asked at once. */
function freeNote(app: App): void {
  let n = 1;
  while (app.graph.facts.has(`n:${n}`)) n += 1;
  const s = app.surface, id = `n:${n}`;
  // The nearest free place to the middle of what is seen.
  const [x, y] = new Room([...app.view.nodes.values()].map((v) => [v.x, v.y])).place(...s.world(s.width / 2, s.height / 2));
  app.do({ do: 'batch', name: t('action-freenote'), commands: [
    { do: 'learn', facts: [{ id, kind: 'note', label: t('kind-note'), risk: 'unknown', category: '', chain: '', ref: '', entity: null, time: null, hop: null }], edges: [], totals: [] },
    { do: 'show', places: [[id, { x: Math.round(x), y: Math.round(y), pinned: true }]] },
  ] });
  app.select([id]);
  app.asknote();
}

function filing(app: App, page: Page): Row[] {
  const name = (): string => `holdfast-graph-${new Date().toISOString().slice(0, 10)}`;
  const { desk } = page;
  return [
    ['save', ['Ctrl+s', 's'], () => { desk.askSave(); }],
    ['versions', ['Shift+V'], () => { desk.askVersions(); }],
    ['share', ['Shift+K'], () => { desk.share(); }],
    ['case', ['a'], () => { desk.askCase(); }, { menu: true, enabled: () => app.selected.size > 0 }],
    ['png', ['Alt+1'], () => { out.png(app, name(), page.palette()); }],
    ['svg', ['Alt+2'], () => { out.svg(app, name(), page.title(), page.palette()); }],
    ['pdf', ['Alt+3', 'Ctrl+p'], () => { out.print(app, page.title(), page.palette()); }],
    ['csv', ['Alt+4'], () => { out.csv(app, name()); }],
    ['graphml', ['Alt+5'], () => { out.graphml(app, name()); }],
    ['bundle', ['Alt+6'], () => { desk.bundle(name(), page.title()); }],
    ['json', ['Alt+7'], () => { out.json(app, name()); }],
    ['menu', ['ContextMenu', 'Shift+F10'], () => { page.ask('menu'); }],
    ['help', ['?'], () => { page.ask('help'); }],
  ];
}

/** The key of an event as the table writes it. */
export function keyOf(event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>): string {
  // With Alt a keyboard may write another character than the digit's.
  const digit = event.altKey ? /^Digit(\d)$/.exec(event.code)?.[1] : undefined;
  if (digit) return `Alt+${digit}`;
  const isCtrl = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 && isCtrl ? event.key.toLowerCase() : event.key;
  const isLetter = key.length === 1;
  const isShift = event.shiftKey && (!isLetter || /[a-zA-Z]/.test(key));
  return `${event.altKey ? 'Alt+' : ''}${isCtrl ? 'Ctrl+' : ''}${isShift ? 'Shift+' : ''}${isLetter && isShift ? (isCtrl ? key.toLowerCase() : key.toUpperCase()) : key}`;
}
