/** The rows of the queue, a cursor over them, a selection, and the panel beside them. */
import { t } from '../texts.ts';

export interface Row { id: number; version: number; assignee: string | null; element: HTMLTableRowElement }

/** Milliseconds after the last move until the panel follows. */
const PAUSE = 120;
/** Panels that are kept. */
const MOST = 50;

export class Queue {
  private readonly rows: Row[];
  private at: number;
  /** Where a range begins. */
  private anchor = -1;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly panels = new Map<number, string>();
  onSelect: (selected: number) => void = () => undefined;

  constructor(root: HTMLElement, private readonly panel: HTMLElement) {
    this.rows = rowsOf(root);
    this.at = this.rows.findIndex((row) => row.element.hasAttribute('aria-current'));
    root.addEventListener('change', (event) => {
      const row = this.of(event.target);
      if (row) this.mark(row, this.box(row).checked);
    });
    root.addEventListener('click', (event) => {
      const target = event.target instanceof Element ? event.target : null;
      const row = this.of(target);
      // Links and boxes do what they do.
      if (row && !target?.closest('a, input, button')) this.go(this.rows.indexOf(row));
    });
  }

  private of(target: EventTarget | null): Row | undefined {
    const element = target instanceof Element ? target.closest('tr[data-alert]') : null;
    return this.rows.find((row) => row.element === element);
  }

  private box(row: Row): HTMLInputElement {
    return row.element.querySelector<HTMLInputElement>('input[name="alert"]') ?? document.createElement('input');
  }

  private mark(row: Row, on: boolean): void {
    this.box(row).checked = on;
    row.element.toggleAttribute('aria-selected', on);
    if (on) row.element.setAttribute('aria-selected', 'true');
    this.onSelect(this.selected().length);
  }

  private selected(): Row[] { return this.rows.filter((row) => this.box(row).checked); }

  /** The selection, or the row at the cursor. */
  chosen(): Row[] {
    const selected = this.selected();
    if (selected.length > 0) return selected;
    const row = this.rows[this.at];
    return row && !row.element.classList.contains('gone') ? [row] : [];
  }

  private go(at: number): void {
    const row = this.rows[at];
    if (!row) return;
    for (const other of this.rows) other.element.removeAttribute('aria-current');
    this.at = at;
    row.element.setAttribute('aria-current', 'true');
    row.element.querySelector<HTMLElement>('td.n a')?.focus({ preventScroll: true });
    row.element.scrollIntoView({ block: 'nearest' });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.show(false); }, this.panels.has(row.id) ? 0 : PAUSE);
  }

  move(by: 1 | -1): void {
    let at = this.at;
    do at += by; while (this.rows[at]?.element.classList.contains('gone'));
    if (this.rows[at]) this.go(at);
  }

  /** To the next row that is still there, else the one before. */
  next(): void {
    const stays = (row: Row): boolean => !row.element.classList.contains('gone');
    const at = this.rows.findIndex((row, i) => i > this.at && stays(row));
    this.go(at >= 0 ? at : this.rows.findLastIndex(stays));
  }

  open(): void { this.rows[this.at]?.element.querySelector<HTMLElement>('td.n a')?.click(); }

  toggle(): void {
    if (this.at < 0) this.move(1);
    const row = this.rows[this.at];
    if (!row) return;
    this.mark(row, !this.box(row).checked);
    this.anchor = this.at;
  }

  /** From where the selection began to the cursor; from there to the end of the page where the cursor did not move. */
  range(): void {
    if (this.at < 0) this.move(1);
    const from = this.anchor < 0 ? this.at : this.anchor;
    const to = from === this.at ? this.rows.length - 1 : this.at;
    for (let i = Math.min(from, to); i <= Math.max(from, to); i += 1) {
      const row = this.rows[i];
      if (row && !row.element.classList.contains('gone')) this.mark(row, true);
    }
  }

  unselect(): void {
    for (const row of this.selected()) this.mark(row, false);
    this.anchor = -1;
  }

  assign(row: Row, person: string | null): void {
    row.assignee = person;
    const cell = row.element.querySelector('[data-who]');
    if (cell) cell.textContent = person ?? '-';
    this.panels.delete(row.id);
  }

  gone(row: Row): void { row.element.classList.add('gone'); }
  restore(row: Row): void { row.element.classList.remove('gone'); }
  remove(row: Row): void {
    // One that was refused came back.
    if (row.element.classList.contains('gone')) row.element.hidden = true;
  }

  /** Whether holds may stand behind an alert: asked where that is not known yet. */
  mayHold(row: Row): boolean {
    const known = this.panels.get(row.id);
    if (known !== undefined) return known.includes(' data-hold=');
    return this.rows[this.at] !== row || this.panel.querySelector('[data-hold]') !== null;
  }

  /** Puts rows that came since into the list, where the page has them now; gives how many. The cursor stays at its alert. */
  async refresh(): Promise<number> {
    // A page without rows has no table to put them in.
    if (this.rows.length === 0) return 0;
    const here = this.rows[this.at];
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => null);
    if (!answer?.ok) return 0;
    const now = rowsOf(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    const known = new Map(this.rows.map((row) => [row.id, row]));
    let below: Row | undefined, added = 0;
    for (const row of now.reverse()) {
      const mine = known.get(row.id);
      if (!mine) {
        row.element.removeAttribute('aria-current');
        row.element.classList.add('came');
        const at = below ? this.rows.indexOf(below) : this.rows.length;
        if (below) below.element.before(row.element);
        else this.rows.at(-1)?.element.after(row.element);
        this.rows.splice(at, 0, row);
        added += row.element.ownerDocument === document ? 1 : 0;
      }
      below = mine ?? row;
    }
    if (here) this.at = this.rows.indexOf(here);
    this.anchor = -1;
    return added;
  }

  /** Somebody else did something with an alert. */
  touched(id: number, by: string, who: string): void {
    const row = this.rows.find((r) => r.id === id);
    if (!row || by === who) return;
    row.element.dataset['by'] = by;
    this.panels.delete(id);
    if (this.rows[this.at] === row) this.show(true);
  }

  /** Shows the alert at the cursor in the panel; anew where `again`. */
  show(again: boolean): void {
    const row = this.rows[this.at];
    if (!row) return;
    if (again) this.panels.delete(row.id);
    const known = this.panels.get(row.id);
    if (known !== undefined) this.fill(row, known);
    else void this.fetch(row);
  }

  private async fetch(row: Row): Promise<void> {
    this.panel.setAttribute('aria-busy', 'true');
    const answer = await fetch(`/desk/alerts/${row.id}/panel`, { headers: { accept: 'text/html' } }).catch(() => null);
    this.panel.removeAttribute('aria-busy');
    const html = answer?.ok ? await answer.text() : null;
    if (html !== null) {
      if (this.panels.size >= MOST) this.panels.clear();
      this.panels.set(row.id, html);
    }
    // The cursor may be elsewhere by now.
    if (this.rows[this.at] === row) this.fill(row, html);
  }

  private fill(row: Row, html: string | null): void {
    const doc = new DOMParser().parseFromString(html ?? '', 'text/html');
    this.panel.replaceChildren(...(html === null ? [t('bench-text-failed')] : doc.body.childNodes));
    this.panel.scrollTop = 0;
    const here = new URL(location.href);
    here.searchParams.set('at', String(row.id));
    history.replaceState(null, '', here);
  }
}

/** The alerts of a page. */
function rowsOf(root: ParentNode): Row[] {
  return [...root.querySelectorAll<HTMLTableRowElement>('tr[data-alert]')].map((element) => ({
    id: Number(element.dataset['alert']), version: Number(element.dataset['version']), assignee: element.dataset['assignee'] ?? null, element,
  }));
}
