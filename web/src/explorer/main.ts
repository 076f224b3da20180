/**
 * The explorer on a page: `<div class="explorer" data-explorer data-subject data-chain data-ticker data-who data-case data-start data-graph data-version>`.
 * A graph of a case that was saved as an item stands in `#saved`, the texts in `#explorer-texts`; `data-start` is `alert:12`, `case:7` and the like.
 */
import { take } from '../shell/list.ts';
import { actionsOf, keyOf, type Action, type Page } from './actions.ts';
import { Api } from './api.ts';
import { App } from './app.ts';
import * as asks from './asks.ts';
import { Surface } from './canvas.ts';
import { Desk } from './desk.ts';
import { afterFrame, el } from './dom.ts';
import { addPasted, begin } from './begin.ts';
import { addFacts, expand } from './expand.ts';
import { gestures, type Mode } from './gestures.ts';
import { addressId, isAccountChain, txId } from './learn.ts';
import { DARK, LIGHT, type Palette } from './palette.ts';
import { Panel } from './panel.ts';
import { open } from './saved.ts';
import { minimap, Replay, timeStrip } from './strip.ts';
import { t } from './texts.ts';
import { legend, toolbar } from './toolbar.ts';

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

export interface Mounted { app: App; actions: Action[] }

/** Builds the explorer in its element. */
export function mount(root: HTMLElement): Mounted {
  performance.mark('explorer-begun');
  const data = root.dataset;
  const chain = data['chain'] ?? '', subject = data['subject'] ?? '';
  const api = new Api(data['api'] ?? '/api/v1');
  if (data['ticker']) api.setTicker(chain, data['ticker']);
  const picture = el('canvas', { class: 'x-picture', 'aria-hidden': 'true' }), top = el('canvas', { class: 'x-top', 'aria-hidden': 'true' });
  const stage = el('div', { class: 'x-stage', tabindex: 0, role: 'application', 'aria-label': t('stage') }, picture, top);
  const worker = startWorker();
  const app = new App(api, new Surface(stage, picture, top, palette(), worker), worker, data['who'] ?? '');
  const mode: Mode = { lasso: false };
  const panel = new Panel(app);
  const map = minimap(app, palette);
  const desk = new Desk(app, data['case'] ?? '', subject, chain), replay = new Replay(app);
  app.links = { watch: data['watch'], flag: data['flag'] };
  const page: Page = {
    palette, desk, replay, title: () => desk.kept?.title ?? (subject ? t('graph-of', { subject }) : t('graph')),
    tab: (name) => { root.classList.remove('no-panel'); panel.show(name); },
    toggle: (what) => {
      if (what === 'lasso') {
        mode.lasso = !mode.lasso;
        app.say(t(mode.lasso ? 'say-lasso' : 'say-no-lasso'));
      } else if (what === 'minimap') {
        map.hidden = !map.hidden;
        app.surface.refit();
      } else if (what === 'zone') {
        app.zone = app.zone === 'UTC' ? 'local' : 'UTC';
        app.refresh();
        app.say(t(app.zone === 'UTC' ? 'say-utc' : 'say-local'));
      }
      else root.classList.toggle('no-panel');
    },
    ask: (what) => {
      if (what !== 'add' && what !== 'find' && what !== 'help' && what !== 'filter' && what !== 'menu' && app.selected.size === 0 && (what !== 'note' || app.edge === null)) app.say(t('say-select-node'));
      else if (what === 'note') asks.askNote(app);
      else if (what === 'group') asks.askGroup(app);
      else if (what === 'trace') asks.askTrace(app);
      else if (what === 'expand') asks.askExpand(app);
      else if (what === 'filter') asks.askFilter(app);
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
  app.act = (id) => { actions.find((a) => a.id === id && (a.enabled?.() ?? true))?.run(); };
  app.asknote = () => { asks.askNote(app); };
  const status = el('p', { class: 'x-status', role: 'status' });
  const add = el('input', { class: 'x-add', type: 'search', placeholder: t('add-placeholder'), 'aria-label': t('action-add'), onkeydown: (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || add.value.trim() === '') return;
    const text = add.value;
    add.value = '';
    void app.work(t('work-look-up'), () => addPasted(app, text, chain));
  }, onpaste: (event: ClipboardEvent) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (!/[\r\n]/.test(text.trim())) return;
    event.preventDefault();
    void app.work(t('work-look-up'), () => addPasted(app, text, chain));
  } });
  const empty = el('div', { class: 'x-empty' }, el('p', {}, t('say-empty')), el('button', { type: 'button', onclick: () => { app.act('add'); } }, t('action-add')));
  const banner = el('div', { class: 'x-banner', role: 'status', hidden: true });
  root.replaceChildren(el('div', { class: 'x-head' }, add, toolbar(app, actions)), banner, el('div', { class: 'x-main' }, el('div', { class: 'x-left' }, stage, empty, map, legend(), timeStrip(app, replay), status), panel.element));
  app.on((change) => {
    if (change === 'message') status.textContent = app.message;
    empty.hidden = app.graph.shown.size > 0 || app.busy > 0;
    map.classList.toggle('x-blank', app.graph.shown.size === 0);
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
  desk.onnewer = (version, by) => {
    banner.replaceChildren(el('span', {}, t('newer', { version, by })), el('button', { type: 'button', class: 'x-small', onclick: () => { banner.hidden = true; void app.work(t('work-open'), () => desk.reload(version)); } }, t('newer-load')),
      el('button', { type: 'button', class: 'x-small', onclick: () => { banner.hidden = true; } }, t('newer-keep')));
    banner.hidden = false;
  };
  // The picture's keys work at once; Tab goes on from there, and the keys of other pages come back with any other focus.
  if (document.activeElement === document.body) stage.focus({ preventScroll: true });
  void first(app, desk, chain, subject, data);
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
    if (target !== stage && /^(Enter|Arrow\w+| |Home|End|,|\.)$/.test(key)) return;
    event.preventDefault();
    if (action.enabled?.() ?? true) action.run();
    else app.say(t(app.selected.size === 0 && action.menu ? 'say-impossible-select' : 'say-impossible', { name: action.name }));
  });
}

/** Draws a graph that was read, and waits until it is seen; measurements of `npm run bench` take the time of its first picture apart by the marks. */
async function opened(app: App): Promise<void> {
  performance.mark('explorer-graph');
  app.refresh(true);
  await new Promise<void>((resolve) => { afterFrame(resolve); });
}

async function first(app: App, desk: Desk, chain: string, subject: string, data: DOMStringMap): Promise<void> {
  const saved = document.getElementById('saved')?.textContent.trim();
  if (saved) {
    await app.work(t('work-open'), async () => {
      const again = open(JSON.parse(saved), chain, app.history);
      await opened(app);
      if (again.length > 0) await expandOnly(app, again);
      if (data['case'] && data['item']) await desk.adopt(data['case'], Number(data['item']));
      return `${t('say-opened')} ${app.summary()}`;
    });
    return;
  }
  const caseId = data['case'] ?? '', graph = Number(data['graph'] ?? '');
  if (caseId && graph > 0) {
    await app.work(t('work-open'), async () => {
      const again = await desk.load(caseId, graph, data['version'] ? Number(data['version']) : null);
      await opened(app);
      if (again.length > 0) await expandOnly(app, again);
      return `${t('say-opened-version', { version: desk.kept?.version ?? 1 })} ${app.summary()}`;
    });
    return;
  }
  const [kind = '', id = ''] = (data['start'] ?? '').split(/:(.*)/s);
  if (kind && id) {
    await app.work(t('work-look-up'), () => begin(app, kind, id));
    return;
  }
  const handed = subject ? [] : take();
  if (handed.length > 0) {
    await app.work(t('work-look-up'), () => addPasted(app, handed, chain));
    app.surface.fit();
    return;
  }
  if (!subject) {
    app.say(t('say-empty'));
    return;
  }
  const isTx = /^(0x)?[0-9a-f]{64}$/i.test(subject);
  if (isTx && isAccountChain(chain)) {
    await app.work(t('work-look-up'), () => addPasted(app, subject, chain));
    app.surface.fit();
    return;
  }
  const node = isTx ? txId(chain, subject) : addressId(chain, subject);
  await app.work(t('work-look-up'), async () => {
    await addFacts(app, [{ id: node, kind: isTx ? 'transaction' : 'address', ref: subject, chain, label: '', risk: 'unknown', category: '', entity: null, time: null, hop: 0 }]);
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

// Tests ask the element what it draws.
for (const root of document.querySelectorAll<HTMLElement>('[data-explorer]')) Object.assign(root, { mounted: mount(root) });
