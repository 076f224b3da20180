/** The bell: how many notifications the person has not seen, told live. Without a script the page of notifications stands behind the watch lists. */
import { el, svg } from '../explorer/dom.ts';
import { listen, SHARED } from './live.ts';
import { has } from './page.ts';
import { t } from '../texts.ts';

/** Milliseconds between looks where no connection tells. */
const EVERY = 60_000;
/** Milliseconds that a connection has to stand, before the bell looks by itself. */
const FIRST = 1_000;
/** The server counts no further. */
const MOST = 1_000;

/** The bell's text, for a count that the server bounds at 1,000. */
export function label(unseen: number): string {
  if (unseen === 0) return t('shell-notifications');
  return t(unseen >= MOST ? 'shell-notifications-many' : 'shell-notifications-new', { n: Math.min(unseen, MOST) });
}

async function ask(): Promise<number | null> {
  const answer = await fetch('/api/v1/desk/notifications?limit=0', { headers: { accept: 'application/json' } });
  if (!answer.ok) return null;
  const body: unknown = await answer.json();
  const unseen = typeof body === 'object' && body !== null && 'unseen' in body ? body.unseen : null;
  return typeof unseen === 'number' ? unseen : null;
}

/** The icon of a bell, from the sprite that the menu's icons come from. */
function icon(): SVGElement | null {
  const sprite = document.querySelector('svg.icon use')?.getAttribute('href')?.split('#')[0];
  return sprite ? svg('svg', { class: 'icon', 'aria-hidden': 'true', focusable: 'false', width: 16, height: 16 }, svg('use', { href: `${sprite}#bell` })) : null;
}

export function begin(): void {
  if (!has('/desk/watch-lists')) return;
  const count = el('span', { 'aria-hidden': 'true' });
  const link = el('a', { href: '/desk/notifications', class: 'bell', 'aria-label': label(0) }, icon(), count);
  document.querySelector('header')?.append(link);
  const look = (): void => {
    if (document.hidden) return;
    // A server that does not answer says nothing of notifications: what is shown stays.
    ask().then((unseen) => {
      if (unseen === null) return;
      count.textContent = unseen === 0 ? '' : ` ${unseen >= MOST ? '999+' : String(unseen)}`;
      link.setAttribute('aria-label', label(unseen));
    }).catch(() => undefined);
  };
  let isLive = false;
  const first = setTimeout(look, SHARED ? FIRST : 0);
  // Connections that are not shared are too few for every page to have one.
  if (SHARED) listen('notifications', look, (open) => {
    isLive = open;
    clearTimeout(first);
    // What happened before the connection stood, or while there was none.
    look();
  });
  setInterval(() => { if (!isLive) look(); }, EVERY);
  document.addEventListener('visibilitychange', look);
}
