/** The explorer on a page: `<div class="explorer" data-explorer data-subject data-chain data-ticker data-who data-case>`; a saved graph stands in `#saved`. */
import { take } from '../shell/list.ts';
import { actionsOf, keyOf, type Action, type Page } from './actions.ts';
import { Api } from './api.ts';
import { App } from './app.ts';
import * as asks from './asks.ts';
import { Surface } from './canvas.ts';
import { el, svg } from './dom.ts';
import { addFacts, addPasted, expand } from './expand.ts';
import { gestures, type Mode } from './gestures.ts';
import { addressId, isAccountChain, txId } from './learn.ts';
import { RISKS, type Level, type Risk } from './model.ts';
import { corners, DARK, LIGHT, SIGN, type Palette } from './palette.ts';
import { Panel } from './panel.ts';
import { open } from './saved.ts';
import { minimap, timeStrip } from './strip.ts';
import { RISK_WORDS } from './words.ts';

declare const WORKER_FILE: string;

/** Dark by the person's choice on `html[data-theme]`, else by the system. */
function isDark(): boolean {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
}
const palette = (): Palette => (isDark() ? DARK : LIGHT);

function startWorker(): Worker | null {
  try {
    if (typeof OffscreenCanvas === 'undefined' || !WORKER_FILE) return null;
    return new Worker(new URL(WORKER_FILE, import.meta.url));
  } catch {
    return null;
  }
}

/** Shape, sign and word of each risk. */
function legend(): HTMLElement {
  const item = (r: Risk): HTMLElement => {
    const list = corners(r, 9, 9, 8);
    const shape = list.length > 0 ? svg('polygon', { points: list.map((c) => c.join(',')).join(' '), class: `x-fill ${r}` }) : svg('circle', { cx: 9, cy: 9, r: 7.5, class: `x-fill ${r}` });
    return el('li', {}, svg('svg', { viewBox: '0 0 18 18', width: 18, height: 18, 'aria-hidden': 'true' }, shape, svg('text', { x: 9, y: 12.5, class: `x-on ${r}` }, SIGN[r])), RISK_WORDS[r]);
  };
  return el('ul', { class: 'x-legend', 'aria-label': 'Risk of a node, and of the money that left it' }, ...RISKS.map(item));
}

function toolbar(app: App, actions: readonly Action[]): HTMLElement {
  const level = el('select', { 'aria-label': 'Level', onchange: () => { app.do({ do: 'set', key: 'level', value: level.value as Level }); app.say(app.summary()); } },
    ...(['transaction', 'address', 'entity'] as const).map((l) => el('option', { value: l }, { transaction: 'Transactions', address: 'Addresses', entity: 'Entities' }[l])));
  const order = ['undo', 'redo', 'expand', 'trace', 'flow', 'fit', 'in', 'out', 'lasso', 'folds', 'dust', 'filter', 'save', 'help'];
  const buttons = order.flatMap((id) => actions.find((a) => a.id === id) ?? []).map((a) => {
    const b = el('button', { type: 'button', title: `${a.name} (${a.keys[0] ?? ''})`, 'aria-label': a.bar === a.name ? null : a.name, 'aria-keyshortcuts': a.keys[0]?.replace('Ctrl', 'Control') ?? null, onclick: () => { a.run(); draw(); } }, a.bar ?? a.name);
    return { a, b };
  });
  const file = el('select', { 'aria-label': 'Export', onchange: () => { actions.find((a) => a.id === file.value)?.run(); file.value = ''; } }, el('option', { value: '' }, 'Export'), ...actions.filter((a) => ['png', 'svg', 'csv', 'graphml', 'json'].includes(a.id)).map((a) => el('option', { value: a.id }, a.name)));
  const draw = (): void => {
    level.value = app.graph.setting('level', 'transaction');
    for (const { a, b } of buttons) {
      b.disabled = !(a.enabled?.() ?? true);
      if (a.on) b.setAttribute('aria-pressed', String(a.on()));
    }
  };
  app.on((change) => { if (change !== 'message') draw(); });
  draw();
  return el('div', { class: 'x-tools', role: 'toolbar', 'aria-label': 'Graph' }, level, ...buttons.map(({ b }) => b), file);
}

export interface Mounted { app: App; actions: Action[] }

/** Builds the explorer in its element. */
export function mount(root: HTMLElement): Mounted {
  const data = root.dataset;
  const chain = data['chain'] ?? '', subject = data['subject'] ?? '';
  const api = new Api(data['api'] ?? '/api/v1');
  if (data['ticker']) api.setTicker(chain, data['ticker']);
  const picture = el('canvas', { class: 'x-picture', 'aria-hidden': 'true' }), top = el('canvas', { class: 'x-top', 'aria-hidden': 'true' });
  const stage = el('div', { class: 'x-stage', tabindex: 0, role: 'application', 'aria-label': 'Picture of the graph. Arrows walk along the money, Enter expands, question mark shows all keys; the tree beside it says the same.' }, picture, top);
  const worker = startWorker();
  const app = new App(api, new Surface(stage, picture, top, palette(), worker), worker, data['who'] ?? '');
  const mode: Mode = { lasso: false };
  const panel = new Panel(app);
  const map = minimap(app, palette);
  const page: Page = {
    palette, title: () => (subject ? `Graph of ${subject}` : 'Graph'),
    tab: (name) => { root.classList.remove('no-panel'); panel.show(name); },
    toggle: (what) => {
      if (what === 'lasso') {
        mode.lasso = !mode.lasso;
        app.say(mode.lasso ? 'Lasso: drag around nodes.' : 'Lasso off.');
      } else if (what === 'minimap') map.hidden = !map.hidden;
      else root.classList.toggle('no-panel');
    },
    ask: (what) => {
      if ((what === 'note' || what === 'label' || what === 'group' || what === 'trace') && app.selected.size === 0) app.say('Select a node first.');
      else if (what === 'note' || what === 'label') asks.askText(app, what);
      else if (what === 'group') asks.askGroup(app);
      else if (what === 'trace') asks.askTrace(app);
      else if (what === 'filter') asks.askFilter(app);
      else if (what === 'save') asks.askSave(app, data['case'] ?? '', subject);
      else if (what === 'add') asks.askAdd(app, chain);
      else if (what === 'find') asks.askFind(app);
      else if (what === 'help') asks.help(actions);
      else {
        const r = stage.getBoundingClientRect();
        asks.menu(app, actions, r.left + r.width / 3, r.top + r.height / 3);
      }
    },
  };
  const actions = actionsOf(app, page);
  const status = el('p', { class: 'x-status', role: 'status' });
  const add = el('input', { class: 'x-add', type: 'search', placeholder: 'Add address, transaction or name', 'aria-label': 'Add to graph', onkeydown: (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || add.value.trim() === '') return;
    const text = add.value;
    add.value = '';
    void app.work('Looking up', () => addPasted(app, text, chain));
  }, onpaste: (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (!/[\r\n]/.test(text.trim())) return;
    event.preventDefault();
    void app.work('Looking up', () => addPasted(app, text, chain));
  } });
  root.replaceChildren(el('div', { class: 'x-head' }, add, toolbar(app, actions)), el('div', { class: 'x-main' }, el('div', { class: 'x-left' }, stage, map, legend(), timeStrip(app), status), panel.element));
  app.on((change) => {
    if (change === 'message') status.textContent = app.message;
    status.classList.toggle('busy', app.busy > 0);
  });
  gestures(app, mode, (x, y) => { asks.menu(app, actions, x, y); });
  keys(app, root, stage, actions);
  const themed = (): void => {
    app.surface.setPalette(palette());
    map.dispatchEvent(new Event('themechange'));
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', themed);
  new MutationObserver(themed).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  void begin(app, chain, subject);
  return { app, actions };
}

/** Keys work wherever the focus is in the explorer, but where text is typed or a dialog is open. */
function keys(app: App, root: HTMLElement, stage: HTMLElement, actions: readonly Action[]): void {
  const byKey = new Map(actions.flatMap((a) => a.keys.map((k) => [k, a] as const)));
  root.addEventListener('keydown', (event) => {
    const target = event.target instanceof HTMLElement ? event.target : null;
    if (!target || target.closest('input, textarea, select, dialog, .x-menu')) return;
    const key = keyOf(event);
    const action = byKey.get(key);
    if (!action) return;
    // A focused button or row takes its own keys; everything else belongs to the picture.
    if (target !== stage && /^(Enter|Arrow\w+| |Home|End)$/.test(key)) return;
    event.preventDefault();
    if (action.enabled?.() ?? true) action.run();
    else app.say(`${action.name}: not possible now${app.selected.size === 0 && action.menu ? '; select a node first' : ''}.`);
  });
}

async function begin(app: App, chain: string, subject: string): Promise<void> {
  const saved = document.getElementById('saved')?.textContent.trim();
  if (saved) {
    await app.work('Opening', async () => {
      const again = open(saved, chain, app.history);
      app.refresh();
      app.surface.fit();
      if (again.length > 0) await expandOnly(app, again);
      return `The graph as it was saved. ${app.summary()}`;
    });
    return;
  }
  const handed = subject ? [] : take();
  if (handed.length > 0) {
    await app.work('Looking up', () => addPasted(app, handed, chain));
    app.surface.fit();
    return;
  }
  if (!subject) {
    app.say('Add an address, a transaction or a name, or paste up to 1,000 of them.');
    return;
  }
  const isTx = /^(0x)?[0-9a-f]{64}$/i.test(subject);
  if (isTx && isAccountChain(chain)) {
    await app.work('Looking up', () => addPasted(app, subject, chain));
    app.surface.fit();
    return;
  }
  const id = isTx ? txId(chain, subject) : addressId(chain, subject);
  await app.work('Looking up', async () => {
    await addFacts(app, [{ id, kind: isTx ? 'transaction' : 'address', ref: subject, chain, label: '', risk: 'unknown', category: '', entity: null, time: null, hop: 0 }]);
    app.surface.fit();
    const said = await expand(app, ['in', 'out']);
    app.surface.fit();
    return said;
  });
}

/** Looks up nodes for the movements between them, without adding nodes. */
async function expandOnly(app: App, ids: readonly string[]): Promise<void> {
  for (const id of ids.slice(0, 500)) {
    const fact = app.graph.facts.get(id);
    if (!fact) continue;
    for (const learn of await app.api.look(fact, ['in', 'out'])) app.history.do(learn);
  }
  app.refresh();
}

for (const root of document.querySelectorAll<HTMLElement>('[data-explorer]')) mount(root);
