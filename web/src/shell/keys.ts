/** Keys of every page. */
export interface Key { keys: string[]; does: string }
export const GO: Readonly<Record<string, readonly [path: string, name: string]>> = {
  a: ['/desk/alerts', 'alerts'], c: ['/desk/cases', 'cases'], h: ['/desk/holds', 'holds'], r: ['/desk/requests', 'requests'], e: ['/desk/events', 'events'],
};
export const ALL: readonly Key[] = [
  { keys: ['Ctrl+K', '/'], does: 'Search, or go to a page' },
  { keys: ['j', 'k'], does: 'Next and previous row of a table' },
  { keys: ['Enter', 'o'], does: 'Open the row' },
  { keys: ['x'], does: 'Select the row, or take it out of the selection' },
  { keys: ['u'], does: 'Back to the list' },
  ...Object.entries(GO).map(([key, [, name]]) => ({ keys: [`g ${key}`], does: `Go to ${name}` })),
  { keys: ['?'], does: 'Show all keys' },
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
