/** Lists of addresses, transactions and names that are pasted, and how they reach the explorer. */
const KEY = 'holdfast.list';
/** Most items that the explorer takes at once. */
export const MOST = 1_000;

/** The items of a text of several lines, each once; null for a text of one line, which is a question. Columns of a CSV are items too. */
export function pasted(text: string): string[] | null {
  if (!/[\r\n]/.test(text.trim())) return null;
  const items = new Set(text.split(/[\r\n,;\t]+/).map((t) => t.trim().replace(/^"|"$/g, '').trim()).filter((t) => t !== ''));
  return items.size > 1 ? [...items] : null;
}

/** Keeps a list for the next page of this tab. A list is too long for an address of a page, and would stay in the history. */
export function hand(items: readonly string[]): boolean {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(items.slice(0, MOST)));
    return true;
  } catch {
    return false;
  }
}

/** The list that a page before handed over, once. */
export function take(): string[] {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    sessionStorage.removeItem(KEY);
    return Array.isArray(value) ? value.filter((v) => typeof v === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}
