/** Texts of scripts in the page's language. The frame of each page brings those of the shell, from `shell.ftl` of the catalogue
    (crates/app/page/locales), in the attribute `data-texts` of `template#texts`. */
let texts: Readonly<Record<string, string>> | undefined;

/** Takes other texts, as tests do. */
export function use(all: Readonly<Record<string, string>>): void {
  texts = all;
}

function read(): Readonly<Record<string, string>> {
  const json = typeof document === 'undefined' ? undefined : document.querySelector<HTMLElement>('#texts')?.dataset['texts'];
  try {
    return JSON.parse(json ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

/** The text of a key with values in its places; the key where the page has none. */
export function t(key: string, values: Readonly<Record<string, string | number>> = {}): string {
  texts ??= read();
  return (texts[key] ?? key).replace(/\{\$([a-z]+)\}/g, (place, name: string) => { const value = values[name]; return value === undefined ? place : typeof value === 'number' ? figure(value) : value; });
}

/** A whole number with the signs of the page's language, digits as in the pages. */
export function figure(n: number): string {
  const lang = typeof document === 'undefined' ? 'en' : document.documentElement.lang || 'en';
  return n.toLocaleString(lang === 'ar' ? 'en' : lang);
}
