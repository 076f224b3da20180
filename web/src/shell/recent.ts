/** What a person opened last from the palette, kept in this browser for that person until they sign out. */
import type { InGraph, Option } from './results.ts';
import { t } from '../texts.ts';

const MOST = 8;
const PREFIX = 'holdfast.recent.';

/** Reads what was kept: only whole entries that lead to pages of this site. */
export function parse(text: string | null): Option[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown): Option[] => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { group, title, detail, risk, href, graph } = entry as Record<string, unknown>;
    if (typeof title !== 'string' || typeof href !== 'string' || !/^\/(?![/\\])/.test(href)) return [];
    const str = (v: unknown): string => (typeof v === 'string' ? v : '');
    return [{ group: t('shell-recent'), title, detail: [str(group), str(detail)].filter((text) => text !== '' && text !== t('shell-recent')).join(', '), risk: str(risk), href, graph: graphOf(graph) }];
  }).slice(0, MOST);
}

function graphOf(value: unknown): InGraph | null {
  if (typeof value !== 'object' || value === null) return null;
  const { subject, chain, list } = value as Record<string, unknown>;
  if (typeof subject === 'string' && typeof chain === 'string') return { subject, chain };
  return Array.isArray(list) && list.every((v): v is string => typeof v === 'string') ? { list } : null;
}

/** The newest first, each page once. */
export const withNew = (all: readonly Option[], option: Option): Option[] => [option, ...all.filter((o) => o.href !== option.href)].slice(0, MOST);

export class Recent {
  private readonly key: string;
  constructor(who: string) {
    this.key = PREFIX + who;
  }
  all(): Option[] {
    try {
      return parse(localStorage.getItem(this.key));
    } catch {
      return [];
    }
  }
  add(option: Option): void {
    // Without storage nothing is recent.
    try {
      localStorage.setItem(this.key, JSON.stringify(withNew(this.all(), option)));
    } catch { /* Storage is full or off. */ }
  }
  /** Ids of customers and cases do not stay in a browser that somebody left. */
  forget(): void {
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
    } catch { /* Nothing was kept. */ }
  }
}
