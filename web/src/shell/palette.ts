/** The search palette: a dialog over the search field of the header. */
import { el } from '../explorer/dom.ts';
import { Asker, ask } from './asking.ts';
import { closesBeside } from './dialogs.ts';
import { hand, MOST, pasted } from './list.ts';
import { mayDesk, mayGraph, menu } from './page.ts';
import { Recent } from './recent.ts';
import { graphPage, marked, offer, PAGES, remarks, REST, searchPage, type DeskHit, type InGraph, type Lookup, type MenuPage, type Option } from './results.ts';
import { t } from '../texts.ts';

const LIST = t('shell-list');
const RISKS: Readonly<Record<string, string>> = { none: t('shell-risk-none'), low: t('shell-risk-low'), medium: t('shell-risk-medium'), high: t('shell-risk-high'), severe: t('shell-risk-severe') };

/** Milliseconds of a pause in typing before the server is asked. Each look of the desk is in its audit log, so it waits for a finished word. */
const PAUSE = 120, PAUSE_DESK = 350;
/** Fewest and most characters of a question. */
const LEAST = 2, LONGEST = 1_000;

export class Palette {
  private readonly input: HTMLInputElement;
  private readonly results: HTMLElement;
  private readonly status: HTMLElement;
  private readonly dialog: HTMLDialogElement;
  private readonly pages: MenuPage[] = menu();
  private readonly recent = new Recent(document.body.dataset['who'] ?? '');
  private readonly ledger: Asker<Lookup>;
  private readonly desk: Asker<DeskHit[]> | null;
  private options: Option[] = [];
  private items: string[] = [];
  private at = 0;
  private moved = false;

  constructor() {
    this.ledger = new Asker((q, signal) => ask<Lookup>('/api/v1/search', q, signal), () => { this.draw(true); }, PAUSE);
    this.desk = mayDesk() ? new Asker((q, signal) => ask<DeskHit[]>('/api/v1/desk/search', q, signal), () => { this.draw(true); }, PAUSE_DESK) : null;
    const what = t(this.desk ? 'shell-hint-desk' : 'shell-hint');
    // Not of type search: there Escape empties the field, and only then closes.
    this.input = el('input', { type: 'text', enterkeyhint: 'search', role: 'combobox', 'aria-label': t('shell-search'), 'aria-autocomplete': 'list', 'aria-controls': 'palette-results', 'aria-expanded': 'false', autocomplete: 'off', spellcheck: 'false', placeholder: what, maxlength: LONGEST,
      oninput: () => { this.asked(); }, onkeydown: (event: KeyboardEvent) => { this.key(event); }, onpaste: (event: ClipboardEvent) => { this.paste(event); } });
    this.results = el('div', { id: 'palette-results', role: 'listbox', 'aria-label': t('shell-results'), hidden: true });
    this.status = el('p', { class: 'note', role: 'status' });
    const keys = el('p', { class: 'note palette-keys', 'aria-hidden': 'true' }, el('kbd', {}, '↑'), el('kbd', {}, '↓'), ` ${t('shell-move')} `, el('kbd', {}, 'Enter'), ` ${t('shell-open')} `, mayGraph() && el('kbd', {}, 'Ctrl+Enter'), mayGraph() && ` ${t('shell-explorer')} `, el('kbd', {}, 'Esc'), ` ${t('shell-close')}`);
    this.dialog = el('dialog', { class: 'palette', 'aria-label': t('shell-search') }, this.input, this.results, this.status, keys);
    closesBeside(this.dialog);
    document.body.append(this.dialog);
  }

  get isOpen(): boolean {
    return this.dialog.open;
  }

  forget(): void {
    this.recent.forget();
  }

  /** Opens with a text, which is selected; or with a list that was pasted into the header's field. */
  open(text: string, items: string[] = []): void {
    if (!this.isOpen) this.dialog.showModal();
    this.cover();
    this.input.value = text;
    this.input.select();
    this.asked(items);
  }

  /** Lays the dialog over the header's field, where that is in view and wide enough. */
  private cover(): void {
    const field = document.querySelector('header form.search')?.getBoundingClientRect();
    const over = field && field.top >= 0 && field.width > 480;
    this.dialog.style.marginInlineStart = over ? `${field.left - 9}px` : '';
    this.dialog.style.width = over ? `${field.width + 18}px` : '';
  }

  private asked(items: string[] = []): void {
    this.items = items;
    this.at = 0;
    this.moved = false;
    const q = this.input.value.trim(), asks = q.length >= LEAST ? q : '';
    this.ledger.ask(asks);
    this.desk?.ask(asks);
    this.draw(false);
  }

  /** Lines are a list; a field would join them. */
  private paste(event: ClipboardEvent): void {
    const items = pasted(event.clipboardData?.getData('text') ?? '');
    if (!items) return;
    event.preventDefault();
    this.list(items);
  }

  private list(items: string[]): void {
    this.input.value = items.join(' ').slice(0, LONGEST);
    this.asked(mayGraph() ? items : []);
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined && this.options.length > 0) {
      this.at = (this.at + by + this.options.length) % this.options.length;
      this.moved = true;
      this.mark();
    } else if (event.key === 'Enter') {
      const option = this.options[this.at];
      if (option) this.go(option, event.ctrlKey || event.metaKey);
    } else return;
    event.preventDefault();
  }

  private go(option: Option, inGraph: boolean): void {
    const graph = option.graph;
    if (inGraph && !(graph && mayGraph())) {
      this.status.textContent = t(mayGraph() ? 'shell-only-graph' : 'shell-no-graph');
      return;
    }
    const to = inGraph && graph ? graphPage(graph) : option.href;
    // A list is handed over where the explorer is the page that opens.
    if (graph && 'list' in graph && to === '/desk/graph' && !hand(graph.list)) {
      this.status.textContent = t('shell-list-refused');
      return;
    }
    if (option.group !== REST && option.group !== LIST) this.recent.add(option);
    this.dialog.close();
    location.assign(to);
  }

  private listOption(): Option[] {
    const n = this.items.length;
    if (n === 0) return [];
    const list: InGraph = { list: this.items };
    const detail = n > MOST ? t('shell-list-cut', { most: MOST, rest: n - MOST }) : '';
    return [{ group: LIST, title: t('shell-open-list', { n }), detail, risk: '', href: '/desk/graph', graph: list }];
  }

  /** `more`: an answer came to the question that stands. */
  private draw(more: boolean): void {
    const q = this.input.value.trim();
    const lookup = this.ledger.told.state === 'got' ? this.ledger.told.value : null;
    const desk = this.desk?.told.state === 'got' ? this.desk.told.value : [];
    const before = this.options[this.at];
    if (q === '') this.options = [...this.recent.all(), ...this.pages.map((p) => ({ group: PAGES, title: p.name, detail: '', risk: '', href: p.href, graph: null }))];
    else if (this.items.length > 0) this.options = [...this.listOption(), { group: REST, title: t('shell-search-all'), detail: '', risk: '', href: searchPage(q), graph: null }];
    else this.options = offer(q, this.pages, desk, lookup).options;
    this.at = more ? marked(q, before, this.moved, this.options) : 0;
    this.fill();
    this.tell(lookup);
  }

  private tell(lookup: Lookup | null): void {
    const told = [this.ledger.told, this.desk?.told ?? { state: 'none' as const }];
    const failed = [...new Set(told.flatMap((t) => (t.state === 'failed' ? [t.message] : [])))];
    const waits = told.some((t) => t.state === 'waiting');
    const n = this.options.filter((o) => o.group !== REST && o.group !== PAGES).length;
    const found = told.every((t) => t.state === 'none') || waits || failed.length > 0 ? '' : n === 0 ? t('shell-nothing') : t('shell-found', { n });
    const said = [...failed, waits ? t('shell-searching') : '', found, ...(waits ? [] : remarks(lookup))].filter(Boolean).join(' ');
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  private fill(): void {
    const groups: HTMLElement[] = [];
    let group: HTMLElement | undefined, name = '';
    for (const [i, o] of this.options.entries()) {
      if (!group || o.group !== name) {
        const id = `palette-group-${groups.length}`;
        name = o.group;
        group = el('div', { role: 'group', 'aria-labelledby': id }, el('p', { id, role: 'presentation' }, o.group));
        groups.push(group);
      }
      group.append(el('div', { id: `palette-${i}`, role: 'option', 'aria-selected': 'false', onclick: (event: MouseEvent) => { this.go(o, event.ctrlKey || event.metaKey); } },
        el('span', { class: 'palette-title' }, o.title), o.risk !== '' && el('span', { class: `risk ${o.risk}` }, RISKS[o.risk] ?? o.risk), o.detail !== '' && el('span', { class: 'note' }, o.detail)));
    }
    this.results.replaceChildren(...groups);
    this.results.hidden = this.options.length === 0;
    this.input.setAttribute('aria-expanded', String(this.options.length > 0));
    this.mark();
  }

  private mark(): void {
    for (const e of this.results.querySelectorAll('[aria-selected="true"]')) e.setAttribute('aria-selected', 'false');
    const e = document.getElementById(`palette-${this.at}`);
    e?.setAttribute('aria-selected', 'true');
    e?.scrollIntoView({ block: 'nearest' });
    if (e) this.input.setAttribute('aria-activedescendant', e.id);
    else this.input.removeAttribute('aria-activedescendant');
  }
}
