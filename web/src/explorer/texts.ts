/**
 * Texts from the catalogue `explorer.ftl` of the page's language, which the page carries in `#explorer-texts`. Of Fluent's syntax: messages over several
 * lines, `{ $name }`, and selection by number (CLDR plural rules) or by text, one in another.
 */
export type Args = Readonly<Record<string, string | number>>;
type Part = string | { readonly name: string; readonly variants: ReadonlyMap<string, readonly Part[]> | null; readonly otherwise: readonly Part[] };

const messages = new Map<string, readonly Part[]>();
let language = 'en';

const INDENT = /\n +(?=[^ ])/g;

/** Reads a pattern up to the end of its text, or of the variant in which it stands. */
function pattern(text: string, at: number, inner: boolean): { parts: Part[]; end: number } {
  const parts: Part[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain) parts.push(plain);
    plain = '';
  };
  while (at < text.length) {
    const c = text[at] ?? '';
    if (inner && (c === '}' || (c === '\n' && /^\n\s*(\*?\[|\})/.test(text.slice(at, at + 60))))) break;
    if (c !== '{') {
      plain += c;
      at += 1;
      continue;
    }
    const head = /^\{\s*(?:\$([\w-]+)\s*(->)?|"([^"]*)"\s*)/.exec(text.slice(at));
    if (!head) throw new Error(`explorer.ftl: what stands in braces at "${text.slice(at, at + 30)}" is neither a value nor a selection.`);
    at += head[0].length;
    if (head[3] !== undefined) plain += head[3];
    else {
      flush();
      const name = head[1] ?? '';
      if (!head[2]) parts.push({ name, variants: null, otherwise: [] });
      else {
        const variants = new Map<string, readonly Part[]>();
        let otherwise: readonly Part[] = [];
        for (;;) {
          const key = /^\s*(\*?)\[\s*([\w-]+)\s*\] ?/.exec(text.slice(at));
          if (!key) break;
          const found = pattern(text, at + key[0].length, true);
          at = found.end;
          variants.set(key[2] ?? '', found.parts);
          if (key[1]) otherwise = found.parts;
        }
        parts.push({ name, variants, otherwise });
      }
    }
    const end = /^\s*\}/.exec(text.slice(at));
    if (!end) throw new Error(`explorer.ftl: a brace is not closed before "${text.slice(at, at + 30)}".`);
    at += end[0].length;
  }
  flush();
  return { parts, end: at };
}

/** Takes the messages of a catalogue; those of a second one replace those of the same keys. */
export function load(ftl: string, lang = 'en'): void {
  language = lang;
  for (const found of ftl.replace(/\r/g, '').matchAll(/^([a-z][\w-]*) *= *([^\n]*(?:\n(?:[ }][^\n]*|(?=\n)))*)/gm)) {
    const text = (found[2] ?? '').replace(/\s+$/, '');
    // Indented lines of a plain text are one paragraph; those of a selection are its variants.
    const flat = text.includes('->') ? text.replace(/^\n\s+/, '') : text.replace(INDENT, ' ').trim();
    messages.set(found[1] ?? '', pattern(flat, 0, false).parts);
  }
}

let rules: { language: string; plural: Intl.PluralRules; number: Intl.NumberFormat } | null = null;
function ruled(): NonNullable<typeof rules> {
  if (rules?.language !== language) rules = { language, plural: new Intl.PluralRules(language), number: new Intl.NumberFormat(language) };
  return rules;
}

function written(parts: readonly Part[], args: Args): string {
  return parts.map((p) => {
    if (typeof p === 'string') return p;
    const value = args[p.name];
    if (value === undefined) return `{$${p.name}}`;
    if (!p.variants) return typeof value === 'number' ? ruled().number.format(value) : value;
    const chosen = p.variants.get(String(value)) ?? (typeof value === 'number' ? p.variants.get(ruled().plural.select(value)) : undefined) ?? p.otherwise;
    return written(chosen, args);
  }).join('');
}

/** The text of a key; the key itself where the catalogue has none. */
export function t(key: string, args: Args = {}): string {
  const parts = messages.get(key);
  return parts ? written(parts, args) : key;
}

/** Whether the catalogue has a text. */
export const has = (key: string): boolean => messages.has(key);

/** Keys of the catalogue. */
export const keys = (): readonly string[] => [...messages.keys()];

const carried = typeof document === 'undefined' ? null : document.getElementById('explorer-texts');
if (carried) load(carried.textContent, document.documentElement.lang || 'en');
