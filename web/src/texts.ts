/** Texts of scripts in the page's language, from the catalogue (crates/app/page/locales), in the attributes `data-texts` of templates: the frame of
    each page brings those of `shell.ftl`, the queue of alerts those of `bench.ftl`. */
let texts: Readonly<Record<string, string>> | undefined;

/** Takes other texts, as tests do. */
export function use(all: Readonly<Record<string, string>>): void {
  texts = all;
}

function read(): Readonly<Record<string, string>> {
  if (typeof document === 'undefined') return {};
  const all: Record<string, string> = {};
  for (const template of document.querySelectorAll<HTMLElement>('template[data-texts]')) {
    try {
      Object.assign(all, JSON.parse(template.dataset['texts'] ?? '{}'));
    } catch {
      // Keys stand for texts that cannot be read.
    }
  }
  return all;
}

/** The text of a key with values in its places; the key where the page has none. */
export function t(key: string, values: Readonly<Record<string, string | number>> = {}): string {
  texts ??= read();
  return (texts[key] ?? key).replace(/\{\$([a-z]+)\}/g, (place, name: string) => { const value = values[name]; return value === undefined ? place : typeof value === 'number' ? figure(value) : value; });
}

/** The page's word for a category; its name where the page has none of its own. */
export function categoryWord(name: string): string {
  texts ??= read();
  return texts[`category-is-${name}`] ?? name.replace(/_/g, ' ');
}

/** A whole number with the signs of the page's language, digits as in the pages. */
export function figure(n: number): string {
  const lang = typeof document === 'undefined' ? 'en' : document.documentElement.lang || 'en';
  return n.toLocaleString(lang === 'ar' ? 'en' : lang);
}
