/** The shell on every page: palette, keys, tables, display, messages, copy buttons. A page works without it. */
import { el } from '../explorer/dom.ts';
import * as bell from './bell.ts';
import * as copying from './copy.ts';
import * as dialogs from './dialogs.ts';
import { GO, isTyped, Sequence } from './keys.ts';
import { pasted } from './list.ts';
import { has, mayGraph } from './page.ts';
import { Palette } from './palette.ts';
import * as rows from './rows.ts';
import { follow, read } from './settings.ts';
import * as stack from './stack.ts';
import * as toasts from './toast.ts';
import { t } from '../texts.ts';

toasts.begin();
copying.begin();
rows.begin();
stack.begin();
follow();

const palette = new Palette();
const field = document.querySelector<HTMLInputElement>('header form.search input[name="q"]');
const search = (): void => { palette.open(field?.value ?? ''); };
field?.setAttribute('aria-keyshortcuts', 'Control+K /');
field?.addEventListener('paste', (event) => {
  const items = pasted(event.clipboardData?.getData('text') ?? '');
  if (!items || !mayGraph()) return;
  event.preventDefault();
  palette.open(items.join(' ').slice(0, 1_000), items);
});
document.querySelector('header')?.append(el('button', { type: 'button', class: 'plain', onclick: dialogs.display }, t('shell-display')));
bell.begin();
for (const form of document.querySelectorAll('form[action="/sign-out"]')) form.addEventListener('submit', () => { palette.forget(); });

const ACTIONS: Readonly<Record<string, () => void>> = {
  '/': search, '?': dialogs.keys, j: () => { rows.move(1); }, k: () => { rows.move(-1); }, o: rows.open, x: rows.toggle, u: rows.back,
};

function go(key: string): boolean {
  const to = GO[key];
  if (!to) return false;
  if (has(to[0])) location.assign(to[0]);
  else toasts.toast(t('shell-no-page', { page: to[1] }));
  return true;
}

const sequence = new Sequence();
document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  // The palette opens from anywhere but from under another dialog.
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    if (!palette.isOpen && !document.querySelector('dialog[open]')) search();
    return;
  }
  const target = event.target instanceof Element ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyped(target) || target?.closest('[data-explorer], dialog') || document.querySelector('dialog[open]') || !read().keys) return;
  if (event.key === 'Shift') return;
  if (event.key === 'Enter') {
    if (rows.openIfFree()) event.preventDefault();
    return;
  }
  const key = sequence.press(event.key, event.timeStamp);
  const action = key === null ? undefined : ACTIONS[key];
  if (action) action();
  if (key === null || action || (key.startsWith('g ') && go(key.slice(2)))) event.preventDefault();
});
