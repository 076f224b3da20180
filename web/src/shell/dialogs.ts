/** Dialogs of every page: how it is shown, and its keys. */
import { el } from '../explorer/dom.ts';
import { ALL, type Key } from './keys.ts';
import { DENSITIES, read, THEMES, write, type Settings } from './settings.ts';
import { toast } from './toast.ts';
import { t } from '../texts.ts';

/** A dialog that closes by Escape, by its button and by a click beside it; the focus goes back to where it was. */
export function modal(title: string, ...children: Node[]): HTMLDialogElement {
  const d = el('dialog', { class: 'box', 'aria-label': title }, el('form', { method: 'dialog' }, el('h2', {}, title), el('button', { class: 'plain', 'aria-label': t('shell-close') }, '×')), ...children);
  closesBeside(d);
  d.addEventListener('close', () => { d.remove(); });
  document.body.append(d);
  d.showModal();
  return d;
}

/** A click on the backdrop is a click on the dialog itself, not on what is in it. */
export function closesBeside(d: HTMLDialogElement): void {
  d.addEventListener('click', (event) => {
    const r = d.getBoundingClientRect();
    if (event.target === d && (event.clientX < r.left || event.clientX > r.right || event.clientY < r.top || event.clientY > r.bottom)) d.close();
  });
}

/** Keys of this page alone, which come before those of every page. */
function ownKeys(): Key[] {
  const own = document.querySelector<HTMLTemplateElement>('template#bench-keys')?.content.querySelectorAll<HTMLElement>('[data-key]') ?? [];
  return [...own].map((key) => ({ keys: (key.dataset['key'] ?? '').split(' '), does: key.textContent }));
}

export function keys(): void {
  const own = ownKeys(), taken = new Set(own.flatMap((k) => k.keys));
  modal(t('shell-keys'), el('dl', {}, ...[...own, ...ALL.filter((k) => !k.keys.some((key) => taken.has(key)))].flatMap((k) => [el('dt', {}, ...k.keys.flatMap((key, i) => [i > 0 ? ' / ' : '', el('kbd', {}, key)])), el('dd', {}, k.does)])),
    el('p', { class: 'note' }, t('shell-keys-note')));
}

export function display(): void {
  const settings = read();
  const keep = (change: Partial<Settings>): void => { if (!write(Object.assign(settings, change))) toast(t('shell-not-kept'), true); };
  const choice = <T extends string>(name: 'theme' | 'density', legend: string, values: readonly T[], words: Readonly<Record<T, string>>): HTMLElement => el('fieldset', { class: 'list' }, el('legend', {}, legend),
    ...values.map((v) => el('label', {}, el('input', { type: 'radio', name, value: v, checked: settings[name] === v, onchange: () => { keep({ [name]: v }); } }), words[v])));
  const single = el('input', { type: 'checkbox', checked: settings.keys, onchange: () => { keep({ keys: single.checked }); } });
  const d = modal(t('shell-display'),
    choice('theme', t('shell-colours'), THEMES, { system: t('shell-theme-system'), light: t('shell-theme-light'), dark: t('shell-theme-dark') }),
    choice('density', t('shell-density'), DENSITIES, { comfortable: t('shell-comfortable'), compact: t('shell-compact') }),
    el('fieldset', { class: 'list' }, el('legend', {}, t('shell-keyboard')), el('label', {}, single, t('shell-single-keys'))),
    el('button', { type: 'button', class: 'plain', onclick: () => { d.close(); keys(); } }, t('shell-key-all')));
}
