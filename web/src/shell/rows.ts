/** A cursor over the rows of a page's tables, and a selection of them. The cursor is where the focus is: the link of a row. */
import { el } from '../explorer/dom.ts';
import { copy } from './copy.ts';
import { hand } from './list.ts';
import { keep, kept, list, isList, mayGraph } from './page.ts';
import { say, toast } from './toast.ts';
import { t } from '../texts.ts';

const AT = 'holdfast.row', LIST = 'holdfast.list.';
const linkOf = (row: Element): HTMLAnchorElement | null => row.querySelector('a[href]');
const all = (): HTMLTableRowElement[] => [...document.querySelectorAll<HTMLTableRowElement>('main .wide tbody tr')].filter((r) => linkOf(r) && r.offsetParent !== null);
const selected = (): HTMLTableRowElement[] => all().filter((r) => r.getAttribute('aria-selected') === 'true');
let cursor: HTMLTableRowElement | null = null;

function mark(row: HTMLTableRowElement | null): void {
  if (row === cursor) return;
  cursor?.removeAttribute('aria-current');
  cursor = row;
  row?.setAttribute('aria-current', 'true');
}

function go(row: HTMLTableRowElement): void {
  mark(row);
  linkOf(row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest' });
}

/** Moves by a row; the first key finds the first row. */
export function move(by: 1 | -1): void {
  const rows = all();
  const at = cursor ? rows.indexOf(cursor) : -1;
  const next = at < 0 ? rows[by > 0 ? 0 : rows.length - 1] : rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  if (next) go(next);
  else say(t('shell-no-rows'));
}

export const open = (): void => { if (cursor) linkOf(cursor)?.click(); };
/** Enter opens the row where nothing else has the focus; a focused link opens itself. */
export const openIfFree = (): boolean => { const free = cursor !== null && document.activeElement === document.body; if (free) open(); return free; };

/** Addresses and transactions that rows link to. */
export function subjects(hrefs: readonly string[]): string[] {
  return [...new Set(hrefs.flatMap((h) => { const m = /^\/(?:accounts\/[^/]+\/)?(?:address|tx)\/([^/?#]+)/.exec(h); return m?.[1] ? [decodeURIComponent(m[1])] : []; }))];
}

/** The cells of a row as a line, columns by tabs. */
function line(row: HTMLTableRowElement): string {
  return [...row.cells].map((cell) => {
    const copyOf = cell.cloneNode(true) as HTMLElement;
    for (const extra of copyOf.querySelectorAll('button, form')) extra.remove();
    return copyOf.textContent.trim().replace(/\s+/g, ' ');
  }).join('\t');
}

let bar: HTMLElement | undefined;
function show(): void {
  const rows = selected();
  const said = t('shell-rows', { n: rows.length });
  bar?.remove();
  bar = undefined;
  document.dispatchEvent(new CustomEvent('rows', { detail: rows }));
  say(said);
  if (rows.length === 0) return;
  const found = subjects(rows.flatMap((r) => [...r.querySelectorAll('a[href]')].map((a) => a.getAttribute('href') ?? '')));
  const button = (name: string, run: () => void): HTMLElement => el('button', { type: 'button', class: 'plain', onclick: run }, name);
  bar = el('section', { class: 'rows-bar', 'aria-label': t('shell-rows-bar') }, el('span', {}, said),
    button(t('shell-copy'), () => { void copy(selected().map(line).join('\n')).then((done) => { toast(done ? t('shell-copied') : t('shell-copy-refused'), !done); }); }),
    found.length > 0 && mayGraph() && button(t('shell-open-list', { n: found.length }), () => { if (hand(found)) location.assign('/desk/graph'); else toast(t('shell-list-refused'), true); }),
    button(t('shell-clear'), () => { for (const r of selected()) r.removeAttribute('aria-selected'); show(); if (cursor) go(cursor); }));
  document.querySelector('main')?.append(bar);
}

/** Selects the row at the cursor, or takes it out. */
export function toggle(): void {
  if (!cursor) move(1);
  if (!cursor) return;
  if (cursor.getAttribute('aria-selected') === 'true') cursor.removeAttribute('aria-selected');
  else cursor.setAttribute('aria-selected', 'true');
  show();
}

/** Back to the list as it was left, at the row of this page. */
export function back(): void {
  const to = list();
  if (to !== null && !isList()) {
    keep(AT, location.pathname);
    location.assign(to + (kept(LIST + to) ?? ''));
  } else if (to === null && document.referrer.startsWith(`${location.origin}/`)) history.back();
  else say(t('shell-is-list'));
}

export function begin(): void {
  document.addEventListener('focusin', (event) => {
    const row = event.target instanceof Element ? event.target.closest('tr') : null;
    if (row && all().includes(row)) mark(row);
  });
  if (!isList()) return;
  keep(LIST + location.pathname, location.search);
  const at = kept(AT);
  const row = at === null ? undefined : all().find((r) => linkOf(r)?.pathname === at);
  if (row) go(row);
  keep(AT, '');
}
