/** Keys of every page. */
import { t } from '../texts.ts';
export interface Key { keys: string[]; does: string }
export const GO: Readonly<Record<string, readonly [path: string, name: string]>> = {
  a: ['/desk/alerts', t('shell-kind-alert')], c: ['/desk/cases', t('shell-kind-case')], h: ['/desk/holds', t('shell-kind-hold')], r: ['/desk/requests', t('shell-kind-request')], e: ['/desk/events', t('shell-kind-event')],
};
export const ALL: readonly Key[] = [
  { keys: ['Ctrl+K', '/'], does: t('shell-key-search') },
  { keys: ['j', 'k'], does: t('shell-key-move') },
  { keys: ['Enter', 'o'], does: t('shell-key-open') },
  { keys: ['x'], does: t('shell-key-select') },
  { keys: ['u'], does: t('shell-key-back') },
  ...Object.entries(GO).map(([key, [, name]]) => ({ keys: [`g ${key}`], does: t('shell-key-go', { page: name }) })),
  { keys: ['?'], does: t('shell-key-all') },
];

/** Milliseconds within which the second key of two follows. */
const WITHIN = 1_500;

/** Joins `g` and the key after it. */
export class Sequence {
  private since = -Infinity;
  /** The key, or both of a pair; null after the first of two. */
  press(key: string, now: number): string | null {
    const second = now - this.since <= WITHIN;
    this.since = -Infinity;
    if (second) return `g ${key}`;
    if (key !== 'g') return key;
    this.since = now;
    return null;
  }
}

/** Whether an element takes letters: text fields, and lists that jump to what is typed. */
export function isTyped(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('textarea, select, [role="textbox"], [role="combobox"], [role="application"]')) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'reset'].includes(target.type);
}
