/** What the page around the scripts says about itself. */
import type { MenuPage } from './results.ts';

/** Pages of the menu: those that the person may open. */
export function menu(): MenuPage[] {
  return [...document.querySelectorAll<HTMLAnchorElement>('nav.menu li a[href]')].map((a) => ({ name: a.textContent.trim(), href: a.getAttribute('href') ?? '' }));
}
export const has = (path: string): boolean => menu().some((p) => p.href === path);

/** `data-desk` on body: the person may search the desk. */
export const mayDesk = (): boolean => document.body.dataset['desk'] !== undefined;
export const mayGraph = (): boolean => has('/desk/graph');

/** The page of the menu that this page belongs to. */
export const list = (): string | null => document.querySelector('nav.menu a[aria-current="page"]')?.getAttribute('href') ?? null;
export const isList = (): boolean => list() === location.pathname;

/** A small store for this tab, which may be off. */
export function keep(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch { /* Then the list begins at its beginning. */ }
}
export function kept(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}
