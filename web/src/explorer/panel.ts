/** The panel beside the picture: what is selected, the tree, the table. */
import type { App } from './app.ts';
import { el } from './dom.ts';
import { expand } from './expand.ts';
import { amount, counted, shortened, sumText, time, type Zone } from './format.ts';
import type { ViewEdge, ViewNode } from './aggregate.ts';
import { tableOf, treeOf, type Column } from './tree.ts';
import { edgeSentence, KINDS, LINKS, RISK_WORDS, viewText } from './words.ts';

const ROWS = 200;
export type Tab = 'details' | 'tree' | 'table';
const TABS: readonly (readonly [Tab, string])[] = [['details', 'Details'], ['tree', 'Tree'], ['table', 'Table']];

export class Panel {
  readonly element: HTMLElement;
  private tab: Tab = 'details';
  private readonly body = el('div', { class: 'x-panel-body', role: 'tabpanel', tabindex: 0, 'aria-label': 'Details' });
  private readonly tabs = new Map<Tab, HTMLButtonElement>();
  private column: Column = 'units';
  private descending = true;
  private readonly open = new Map<string, boolean>();
  zone: Zone = 'UTC';
  /** Rows of the table and tree beyond the first. */
  private most = ROWS;

  constructor(private readonly app: App) {
    const bar = el('div', { class: 'x-tabs', role: 'tablist', 'aria-label': 'Panel' });
    for (const [tab, name] of TABS) {
      const b = el('button', { role: 'tab', type: 'button', onclick: () => { this.show(tab); } }, name);
      this.tabs.set(tab, b);
      bar.append(b);
    }
    this.element = el('aside', { class: 'x-panel', 'aria-label': 'Selection, tree and table' }, bar, this.body);
    app.on((change) => { if (change !== 'message') this.draw(change === 'selection'); });
    this.show('details');
  }

  show(tab: Tab): void {
    this.tab = tab;
    this.most = ROWS;
    for (const [t, b] of this.tabs) {
      b.setAttribute('aria-selected', String(t === tab));
      b.tabIndex = t === tab ? 0 : -1;
    }
    this.body.setAttribute('aria-label', tab);
    this.draw(false);
  }

  private draw(selectionOnly: boolean): void {
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
    else if (node) this.body.replaceChildren(...this.nodeDetails(node));
    else this.body.replaceChildren(el('p', {}, app.summary()), el('p', { class: 'x-soft' }, 'Select a node or an edge, by mouse, by Tab and arrows, or in the tree. ? shows all keys.'));
  }

  private nodeDetails(n: ViewNode): HTMLElement[] {
    const { app } = this;
    const facts = el('dl', {});
    const put = (k: string, v: string | Node): void => { facts.append(el('dt', {}, k), el('dd', {}, v)); };
    if (n.kind !== 'note') put(n.kind === 'transaction' ? 'Transaction' : n.kind === 'entity' ? 'Entity' : 'Address', el('span', { class: 'x-hash' }, n.ref));
    if (n.kind !== 'transaction' && n.kind !== 'note') put('Risk', el('span', { class: `x-chip ${n.risk}` }, RISK_WORDS[n.risk]));
    if (n.category && n.category !== 'none') put('Category', n.category);
    put('Chain', n.chain);
    if (n.kind === 'transaction') put('Time', time(n.time, this.zone));
    if (n.members.length > 1) put('Stands for', counted(n.members.length, 'node'));
    for (const i of n.inside) put('Inside', `${sumText({ units: i.movements.reduce((s, m) => s + (m.value ?? 0n), 0n), unknown: i.movements.filter((m) => m.value === null).length }, app.asset(i.asset))} in ${counted(i.movements.length, 'movement')}`);
    if (n.mark.note) put('Note', n.mark.note);
    const sides = (['in', 'out'] as const).map((side) => this.side(n, side));
    const link = n.kind === 'address' || n.kind === 'transaction' ? el('p', {}, el('a', { href: pageOf(n) }, 'Open its page')) : null;
    return [el('h2', {}, n.label || `${KINDS[n.kind]} ${shortened(n.ref)}`), facts, ...sides, ...(link ? [link] : [])];
  }

  /** Neighbours of one side by amount, and what is left out. */
  private side(n: ViewNode, side: 'in' | 'out'): HTMLElement {
    const { app } = this;
    const list = app.neighbours.of(n.id, side);
    const rest = viewText.rest(n.rest[side], app.asset);
    const table = el('table', {}, el('tbody', {}, ...list.slice(0, 50).map((o) => {
      const other = app.view.nodes.get(o.id);
      return el('tr', {}, el('td', {}, el('button', { type: 'button', class: 'x-link', onclick: () => { app.select([o.id]); app.surface.reveal(o.id); } }, other?.label || shortened(other?.ref ?? o.id))), el('td', { class: 'n' }, sumText(o.edge.sum, app.asset(o.edge.asset))));
    })));
    const missing = list.length > 50 ? el('p', { class: 'x-soft' }, `${list.length - 50} more in the table.`) : null;
    return el('section', {}, el('h3', {}, side === 'in' ? 'Received from' : 'Paid to'), list.length > 0 ? table : el('p', { class: 'x-soft' }, n.looked[side] || rest ? 'Nothing is drawn.' : 'Not looked up.'), missing,
      rest || !n.looked[side] ? el('p', {}, rest ? `${rest}. ` : '', el('button', { type: 'button', class: 'x-small', onclick: () => { void app.work('Looking up', () => expand(app, [side])); } }, 'Expand')) : null);
  }

  private several(): HTMLElement[] {
    const { app } = this;
    const chosen = app.selected;
    const list = [...chosen].slice(0, 50).map((id) => { const n = app.view.nodes.get(id); return el('li', {}, el('button', { type: 'button', class: 'x-link', onclick: () => { app.select([id]); } }, n?.label || shortened(n?.ref ?? id))); });
    const common = commonNeighbours(app, chosen);
    const between = [...app.view.edges.values()].filter((e) => chosen.has(e.from) && chosen.has(e.to));
    return [
      el('h2', {}, `${chosen.size} selected`), el('ul', {}, ...list), chosen.size > 50 ? el('p', { class: 'x-soft' }, `and ${chosen.size - 50} more`) : el('span', {}),
      el('h3', {}, 'Between them'), between.length > 0 ? el('ul', {}, ...between.slice(0, 20).map((e) => el('li', {}, edgeSentence(e, app.view, app.asset)))) : el('p', { class: 'x-soft' }, 'No drawn edge.'),
      el('h3', {}, 'In common'), common.length > 0 ? el('ul', {}, ...common.slice(0, 20).map((id) => el('li', {}, el('button', { type: 'button', class: 'x-link', onclick: () => { app.select([id]); app.surface.reveal(id); } }, app.view.nodes.get(id)?.label || shortened(app.view.nodes.get(id)?.ref ?? id))))) : el('p', { class: 'x-soft' }, 'No drawn neighbour of all.'),
    ];
  }

  private edgeDetails(e: ViewEdge): HTMLElement[] {
    const { app } = this;
    const asset = app.asset(e.asset);
    const rows = [...e.movements].sort((a, b) => (a.time ?? Infinity) - (b.time ?? Infinity) || (a.id < b.id ? -1 : 1));
    return [
      el('h2', {}, sumText(e.sum, asset)), el('p', {}, edgeSentence(e, app.view, app.asset)),
      el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, 'Time'), el('th', {}, 'Transaction'), el('th', { class: 'n' }, 'Amount'))), el('tbody', {}, ...rows.slice(0, ROWS).map((m) =>
        el('tr', {}, el('td', {}, time(m.time, this.zone)), el('td', { class: 'x-hash' }, `${shortened(m.tx)}:${m.index}`), el('td', { class: 'n' }, m.value === null ? 'unknown' : amount(m.value, asset)))))),
      el('p', { class: 'x-soft' }, rows.length > ROWS ? `The first ${ROWS} of ${rows.length}; the CSV has all.` : LINKS[e.link]),
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
    const list = el('div', { role: 'tree', 'aria-label': 'The graph as a tree', onkeydown: (event: KeyboardEvent) => { this.treeKey(event, all); } }, ...items);
    const more = all.length > this.most ? el('button', { type: 'button', onclick: () => { this.most += ROWS; this.tree(false); } }, `${all.length - this.most} more rows`) : null;
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
    const rows = tableOf(app.view, this.column, this.descending);
    const heads: readonly (readonly [Column, string])[] = [['from', 'From'], ['to', 'To'], ['units', 'Amount'], ['movements', 'Movements'], ['first', 'First'], ['last', 'Last']];
    const head = el('tr', {}, ...heads.map(([column, name]) => el('th', { 'aria-sort': column === this.column ? (this.descending ? 'descending' : 'ascending') : null, class: column === 'units' || column === 'movements' ? 'n' : null }, el('button', { type: 'button', class: 'x-link', onclick: () => {
      this.descending = column === this.column ? !this.descending : column === 'units' || column === 'movements';
      this.column = column;
      this.table();
    } }, name))));
    const body = rows.slice(0, this.most).map((r) => el('tr', {},
      el('td', {}, el('button', { type: 'button', class: 'x-link', onclick: () => { app.selectEdge(r.key); this.show('details'); } }, shortened(r.from, 10, 6))), el('td', {}, shortened(r.to, 10, 6)),
      el('td', { class: 'n' }, sumText(r, app.asset(r.asset))), el('td', { class: 'n' }, String(r.movements)), el('td', {}, time(r.first, this.zone)), el('td', {}, time(r.last, this.zone))));
    const more = rows.length > this.most ? el('button', { type: 'button', onclick: () => { this.most += ROWS; this.table(); } }, `${rows.length - this.most} more rows`) : null;
    this.body.replaceChildren(el('div', { class: 'x-wide' }, el('table', {}, el('caption', {}, app.summary()), el('thead', {}, head), el('tbody', {}, ...body))), ...(more ? [more] : []));
  }
}

/** Nodes that every selected node has an edge with. */
function commonNeighbours(app: App, chosen: ReadonlySet<string>): string[] {
  const count = new Map<string, number>();
  for (const id of chosen) for (const other of new Set(app.neighbours.of(id).map((n) => n.id))) count.set(other, (count.get(other) ?? 0) + 1);
  return [...count].filter(([id, n]) => n === chosen.size && !chosen.has(id)).map(([id]) => id).sort();
}

/** The desk's page of a node. */
function pageOf(n: ViewNode): string {
  const ref = encodeURIComponent(n.ref);
  const chain = encodeURIComponent(n.chain);
  if (n.chain.includes(':')) return `/accounts/${chain}/${n.kind === 'transaction' ? 'tx' : 'address'}/${ref}`;
  return `/${n.kind === 'transaction' ? 'tx' : 'address'}/${ref}?chain=${chain}`;
}
