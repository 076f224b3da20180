/** The panel beside the picture: what is selected, the tree, the table. */
import type { App } from './app.ts';
import { About } from './about.ts';
import { afterFrame, el } from './dom.ts';
import { amount, shortened, sumText, time } from './format.ts';
import type { ViewEdge } from './aggregate.ts';
import { percent } from './scene.ts';
import { tableOf, treeOf, type Column } from './tree.ts';
import { t } from './texts.ts';
import { edgeSentence } from './words.ts';
import { worthLine } from './worth.ts';

const ROWS = 200;
export type Tab = 'details' | 'tree' | 'table';
const TABS: readonly Tab[] = ['details', 'tree', 'table'];

export class Panel {
  readonly element: HTMLElement;
  private tab: Tab = 'details';
  private isDrawn = false;
  private readonly body = el('div', { class: 'x-panel-body', role: 'tabpanel', tabindex: 0, 'aria-label': t('action-details') });
  private readonly tabs = new Map<Tab, HTMLButtonElement>();
  private column: Column = 'units';
  private descending = true;
  private needle = '';
  private readonly open = new Map<string, boolean>();
  private readonly about: About;
  /** Rows of the table and tree beyond the first. */
  private most = ROWS;

  constructor(private readonly app: App) {
    this.about = new About(app);
    const bar = el('div', { class: 'x-tabs', role: 'tablist', 'aria-label': t('panel') });
    for (const tab of TABS) {
      const b = el('button', { role: 'tab', type: 'button', onclick: () => { this.show(tab); } }, t(`action-${tab}`));
      this.tabs.set(tab, b);
      bar.append(b);
    }
    this.element = el('aside', { class: 'x-panel', 'aria-label': t('panel-about') }, bar, this.body);
    app.on((change) => { if (change !== 'message') this.draw(change === 'selection'); });
    this.choose('details');
    // A graph that the page brings comes first.
    afterFrame(() => { if (!this.isDrawn) this.draw(false); });
  }

  show(tab: Tab): void {
    this.choose(tab);
    this.draw(false);
  }

  private choose(tab: Tab): void {
    this.tab = tab;
    this.most = ROWS;
    for (const [t, b] of this.tabs) {
      b.setAttribute('aria-selected', String(t === tab));
      b.tabIndex = t === tab ? 0 : -1;
    }
    this.body.setAttribute('aria-label', t(`action-${tab}`));
  }

  private draw(selectionOnly: boolean): void {
    this.isDrawn = true;
    if (this.tab === 'tree') this.tree(selectionOnly);
    else if (this.tab === 'table') { if (!selectionOnly) this.table(); }
    else this.details();
  }

  private details(): void {
    const { app } = this;
    const edge = app.edge === null ? undefined : app.view.edges.get(app.edge);
    const node = app.focused();
    if (edge) this.body.replaceChildren(...this.edgeDetails(edge));
    else if (app.selected.size > 1) this.body.replaceChildren(...this.several());
    else if (node) this.body.replaceChildren(...this.about.node(node));
    else this.body.replaceChildren(el('p', {}, app.summary()), el('p', { class: 'x-soft' }, t('panel-empty')));
  }

  private several(): HTMLElement[] {
    const { app } = this;
    const chosen = app.selected;
    const list = [...chosen].slice(0, 50).map((id) => { const n = app.view.nodes.get(id); return el('li', {}, el('button', { type: 'button', class: 'x-link', onclick: () => { app.select([id]); } }, n?.label || shortened(n?.ref ?? id))); });
    const common = commonNeighbours(app, chosen);
    const between = [...app.view.edges.values()].filter((e) => chosen.has(e.from) && chosen.has(e.to));
    const press = (id: string): HTMLElement => el('button', { type: 'button', class: 'x-small', onclick: () => { app.act(id); } }, t(`action-${id}`));
    const go = (id: string): HTMLElement => el('button', { type: 'button', class: 'x-link', onclick: () => { app.select([id]); app.surface.reveal(id); } }, app.view.nodes.get(id)?.label || shortened(app.view.nodes.get(id)?.ref ?? id));
    const entities = shared(app, chosen);
    return [
      el('h2', {}, t('selected', { n: chosen.size })), el('div', { class: 'x-row' }, ...(chosen.size === 2 ? ['paths', 'explain'] : []).map(press), ...['between', 'group', 'case'].map(press)),
      el('ul', {}, ...list), chosen.size > 50 ? el('p', { class: 'x-soft' }, t('and-more', { n: chosen.size - 50 })) : el('span', {}),
      el('h3', {}, t('between-them')), between.length > 0 ? el('ul', {}, ...between.slice(0, 20).map((e) => el('li', {}, edgeSentence(e, app.view, app.asset)))) : el('p', { class: 'x-soft' }, t('no-edge-between')),
      el('h3', {}, t('in-common')), common.length > 0 ? el('ul', {}, ...common.slice(0, 20).map((id) => el('li', {}, go(id)))) : el('p', { class: 'x-soft' }, t('no-common')),
      ...(entities.length > 0 ? [el('h3', {}, t('same-entity')), el('ul', {}, ...entities.map((e) => el('li', {}, e)))] : []),
      ...spanOf(app, chosen).map((s) => el('p', {}, s)),
    ];
  }

  private edgeDetails(e: ViewEdge): HTMLElement[] {
    const { app } = this;
    const asset = app.asset(e.asset);
    const isMarked = e.movements.some((m) => m.marked !== undefined);
    const rows = [...e.movements].sort((a, b) => (a.time ?? Infinity) - (b.time ?? Infinity) || (a.id < b.id ? -1 : 1));
    return [
      el('h2', {}, sumText(e.sum, asset)), worthLine(app, e.sum, asset), el('p', {}, edgeSentence(e, app.view, app.asset)), e.mark?.note ? el('p', {}, t('has-note', { note: e.mark.note })) : el('span', {}), el('div', { class: 'x-row' }, ...['note', 'colour'].map((id) => el('button', { type: 'button', class: 'x-small', onclick: () => { app.act(id); } }, t(`action-${id}`)))),
      el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, t('time')), el('th', {}, t('kind-transaction')), el('th', { class: 'n' }, t('column-amount')), ...(isMarked ? [el('th', { class: 'n' }, t('column-marked'))] : []))), el('tbody', {}, ...rows.slice(0, ROWS).map((m) =>
        el('tr', {}, el('td', {}, time(m.time, app.zone)), el('td', { class: 'x-hash' }, `${shortened(m.tx)}:${m.index}`), el('td', { class: 'n' }, m.value === null ? t('unknown') : amount(m.value, asset)), ...(isMarked ? [el('td', { class: 'n' }, m.marked === undefined ? '' : `${amount(m.marked, asset)} ${m.value === null ? '' : percent(m.marked, m.value)}`)] : []))))),
      el('p', { class: 'x-soft' }, rows.length > ROWS ? t('first-rows', { n: ROWS, all: rows.length }) : t(`link-${e.link}`)),
    ];
  }

  private tree(selectionOnly: boolean): void {
    const { app } = this;
    const isOpen = (id: string, level: number): boolean => this.open.get(id) ?? level <= 2;
    const all = treeOf(app.neighbours, isOpen, app.asset, app.focus);
    // So many that the selection is among them.
    const at = all.findIndex((r) => r.id === app.focus);
    if (at >= this.most) this.most = at + ROWS;
    const had = selectionOnly && this.body.contains(document.activeElement);
    const shown = all.slice(0, this.most);
    const focus = shown.some((r) => r.id === app.focus) ? app.focus : (shown[0]?.id ?? null);
    const items = shown.map((r) => {
      const item = el('div', {
        role: 'treeitem', class: 'x-item', tabindex: r.id === focus ? 0 : -1, 'aria-level': r.level, 'aria-posinset': r.place, 'aria-setsize': r.siblings, 'data-level': Math.min(r.level, 9),
        'aria-selected': String(app.selected.has(r.id)), 'aria-expanded': r.children > 0 ? String(r.open) : null, 'data-id': r.id,
        onclick: () => { app.select([r.id]); app.surface.reveal(r.id); },
      }, r.children > 0 ? (r.open ? '▾ ' : '▸ ') : '', r.text);
      return item;
    });
    const list = el('div', { role: 'tree', 'aria-label': t('tree-about'), onkeydown: (event: KeyboardEvent) => { this.treeKey(event, all); } }, ...items);
    const more = all.length > this.most ? el('button', { type: 'button', onclick: () => { this.most += ROWS; this.tree(false); } }, t('more-rows', { n: all.length - this.most })) : null;
    this.body.replaceChildren(list, ...(more ? [more] : []));
    if (had) this.body.querySelector<HTMLElement>('[tabindex="0"][role=treeitem]')?.focus();
  }

  /** Keys of a tree as ARIA's practices have them: up and down by row, right opens, left closes or goes to the parent. */
  private treeKey(event: KeyboardEvent, rows: ReturnType<typeof treeOf>): void {
    const id = event.target instanceof HTMLElement ? event.target.dataset['id'] : undefined;
    const i = rows.findIndex((r) => r.id === id);
    const row = rows[i];
    if (!row) return;
    const go = (to: string | null | undefined): void => {
      if (!to) return;
      this.app.select([to]);
      this.app.surface.reveal(to);
    };
    switch (event.key) {
      case 'ArrowDown': go(rows[i + 1]?.id); break;
      case 'ArrowUp': go(rows[i - 1]?.id); break;
      case 'Home': go(rows[0]?.id); break;
      case 'End': go(rows.at(-1)?.id); break;
      case 'ArrowRight':
        if (row.children > 0 && !row.open) { this.open.set(row.id, true); this.tree(true); } else if (row.open) go(rows[i + 1]?.id);
        break;
      case 'ArrowLeft':
        if (row.open) { this.open.set(row.id, false); this.tree(true); } else go(row.parent);
        break;
      default: return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private table(): void {
    const { app } = this;
    const needle = this.needle.toLowerCase();
    const rows = tableOf(app.view, this.column, this.descending).filter((r) => needle === '' || `${r.from} ${r.to} ${app.asset(r.asset).unit}`.toLowerCase().includes(needle));
    const search = el('input', { type: 'search', 'aria-label': t('filter-rows'), placeholder: t('filter-rows'), value: this.needle, oninput: () => {
      this.needle = search.value.trim();
      this.table();
      const again = this.body.querySelector<HTMLInputElement>('input[type=search]');
      again?.focus();
      again?.setSelectionRange(again.value.length, again.value.length);
    } });
    const csv = el('button', { type: 'button', class: 'x-small', onclick: () => { app.act('csv'); } }, t('action-csv'));
    const heads: readonly (readonly [Column, string])[] = (['from', 'to', 'units', 'movements', 'first', 'last'] as const).map((c) => [c, t(`column-${c === 'units' ? 'amount' : c}`)]);
    const head = el('tr', {}, ...heads.map(([column, name]) => el('th', { 'aria-sort': column === this.column ? (this.descending ? 'descending' : 'ascending') : null, class: column === 'units' || column === 'movements' ? 'n' : null }, el('button', { type: 'button', class: 'x-link', onclick: () => {
      this.descending = column === this.column ? !this.descending : column === 'units' || column === 'movements';
      this.column = column;
      this.table();
    } }, name))));
    const body = rows.slice(0, this.most).map((r) => el('tr', {},
      el('td', {}, el('button', { type: 'button', class: 'x-link', onclick: () => { app.selectEdge(r.key); this.show('details'); } }, shortened(r.from, 10, 6))), el('td', {}, shortened(r.to, 10, 6)),
      el('td', { class: 'n' }, sumText(r, app.asset(r.asset))), el('td', { class: 'n' }, String(r.movements)), el('td', {}, time(r.first, app.zone)), el('td', {}, time(r.last, app.zone))));
    const more = rows.length > this.most ? el('button', { type: 'button', onclick: () => { this.most += ROWS; this.table(); } }, t('more-rows', { n: rows.length - this.most })) : null;
    this.body.replaceChildren(el('div', { class: 'x-row' }, search, csv), el('div', { class: 'x-wide', tabindex: 0, role: 'group', 'aria-label': t('action-table') }, el('table', {}, el('caption', {}, app.summary()), el('thead', {}, head), el('tbody', {}, ...body))), ...(more ? [more] : []));
  }
}

/** Nodes that every selected node has an edge with. */
function commonNeighbours(app: App, chosen: ReadonlySet<string>): string[] {
  const count = new Map<string, number>();
  for (const id of chosen) for (const other of new Set(app.neighbours.of(id).map((n) => n.id))) count.set(other, (count.get(other) ?? 0) + 1);
  return [...count].filter(([id, n]) => n === chosen.size && !chosen.has(id)).map(([id]) => id).sort();
}

/** Entities to which more than one of the selected addresses belongs. */
function shared(app: App, chosen: ReadonlySet<string>): string[] {
  const count = new Map<string, number>();
  for (const id of chosen) for (const member of app.view.nodes.get(id)?.members ?? []) {
    const entity = app.graph.facts.get(member)?.entity;
    if (entity) count.set(entity, (count.get(entity) ?? 0) + 1);
  }
  return [...count].filter(([, n]) => n > 1).map(([id, n]) => t('entity-of', { name: app.graph.facts.get(id)?.label || shortened(app.graph.facts.get(id)?.ref ?? id), n }));
}

/** First and last movement of the selected nodes. */
function spanOf(app: App, chosen: ReadonlySet<string>): string[] {
  let first = Infinity, last = -Infinity;
  for (const id of chosen) for (const n of app.neighbours.of(id)) for (const m of n.edge.movements) if (m.time !== null) {
    first = Math.min(first, m.time);
    last = Math.max(last, m.time);
  }
  return first === Infinity ? [] : [t('span-of', { first: time(first, app.zone), last: time(last, app.zone) })];
}
