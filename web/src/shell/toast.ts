/** Messages that do not need an answer: `<p class="flash" role="status" data-flash>` of a page, and what its scripts say. */
import { el } from '../explorer/dom.ts';
import { t } from '../texts.ts';

/** Milliseconds that a message stays; an error stays until it is dismissed. */
const STAYS = 8_000;
let region: HTMLElement | undefined, quiet: HTMLElement | undefined;

/** Live regions speak only of what changes in them, so they stand before the first message. */
export function begin(): void {
  region = el('div', { class: 'toasts', role: 'status' });
  quiet = el('p', { class: 'unseen', role: 'status' });
  document.body.append(region, quiet);
  // `data-flash="error"` is one that somebody has to see.
  setTimeout(() => {
    for (const flash of document.querySelectorAll<HTMLElement>('[data-flash]')) {
      const text = flash.textContent.trim();
      flash.remove();
      if (text) toast(text, flash.dataset['flash'] === 'error');
    }
  }, 50);
  for (const name of ['toast', 'toast-error']) document.addEventListener(name, (event) => { if (event instanceof CustomEvent && typeof event.detail === 'string') toast(event.detail, name === 'toast-error'); });
}

export function toast(text: string, isError = false): void {
  const item = el('div', { class: isError ? 'toast bad' : 'toast' }, el('p', {}, text), el('button', { type: 'button', class: 'plain', 'aria-label': t('shell-dismiss'), onclick: () => { item.remove(); } }, '×'));
  region?.append(item);
  if (isError) return;
  // Whoever reads it keeps it.
  const end = (): void => {
    if (item.matches(':hover, :focus-within')) setTimeout(end, STAYS);
    else item.remove();
  };
  setTimeout(end, STAYS);
}

/** Says something to screen readers, where the page shows it already. */
export function say(text: string): void {
  if (quiet) quiet.textContent = text;
}
