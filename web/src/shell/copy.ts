/** A button at each hash, address or key, which copies it whole: pages hide the midst of long ones. */
import { el } from '../explorer/dom.ts';
import { say, toast } from './toast.ts';
import { t } from '../texts.ts';

/** Characters from which a text has a button. */
const LONG = 20;

/** Puts a text on the clipboard. A page without TLS has no clipboard of its own, but may copy what is selected. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = el('textarea', { class: 'unseen', 'aria-hidden': 'true', tabindex: -1 });
    const back = document.activeElement;
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    return done;
  }
}

/** What a button copies: the whole text of an element that holds one id and nothing else; null for others. */
export function copied(text: string, hasInner: boolean): string | null {
  const whole = text.trim();
  return !hasInner && whole.length > LONG && !/\s/.test(whole) ? whole : null;
}

function add(hash: HTMLElement): void {
  const text = copied(hash.textContent, hash.querySelector('.hash, .copy') !== null);
  if (text === null || hash.closest('[data-explorer]')) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // The word is drawn by the style sheet: it is no part of the page's text, which people select and programs read.
  const button = el('button', { type: 'button', class: 'copy', 'data-shown': t('shell-copy'), 'aria-label': t('shell-copy-of', { what: `${text.slice(0, 8)}…${text.slice(-6)}` }), onclick: () => {
    void copy(text).then((done) => {
      if (!done) {
        toast(t('shell-copy-refused'), true);
        return;
      }
      button.dataset['shown'] = t('shell-copied');
      button.classList.add('done');
      say(t('shell-copied'));
      clearTimeout(timer);
      timer = setTimeout(() => { button.dataset['shown'] = t('shell-copy'); button.classList.remove('done'); }, 2_000);
    });
  } });
  // Inside a cell or paragraph, but beside a link or a word: a link cannot hold a button.
  if (hash.matches('td, dd, li, p, h1, div')) hash.append(button);
  else hash.after(button);
}

export function begin(): void {
  for (const hash of document.querySelectorAll<HTMLElement>('main .hash')) add(hash);
}
