/** The English texts of scripts, as the catalogue has them. To be imported first. */
import { readFileSync } from 'node:fs';
import { use } from '../src/texts.ts';

/** Messages of a simple Fluent file: one line each, places as `{ $name }`. */
export function messages(path: string): Record<string, string> {
  const lines = readFileSync(path, 'utf8').split('\n').filter((line) => /^[a-z]/.test(line));
  return Object.fromEntries(lines.map((line) => { const at = line.indexOf(' = '); return [line.slice(0, at), line.slice(at + 3).replace(/\{ \$([a-z]+) \}/g, '{$$$1}')]; }));
}

export const ENGLISH = messages('../crates/app/page/locales/en/shell.ftl');
use(ENGLISH);
