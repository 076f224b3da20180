// Fails if a package of the lock file has a licence that is not on the list. `cargo deny` does not see npm.
import { readFileSync } from 'node:fs';

// What reaches the browser, and tools of the build.
const ALLOWED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'OFL-1.1', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0']);
// Tools of the tests only: nothing of them is distributed.
const TOOLS = new Set([...ALLOWED, 'Python-2.0', 'MPL-2.0', 'CC-BY-3.0', 'CC-BY-4.0']);

/** Whether an SPDX expression of names joined by OR or AND is allowed. */
function allowed(expression, list) {
  const parts = expression.replace(/[()]/g, '').split(/\s+OR\s+/);
  return parts.some((part) => part.split(/\s+AND\s+/).every((name) => list.has(name.trim())));
}

const lock = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url), 'utf8'));
const refused = [];
let seen = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '') continue;
  seen += 1;
  const list = entry.dev ? TOOLS : ALLOWED;
  if (!entry.license || !allowed(entry.license, list)) refused.push(`${path} ${entry.version}: ${entry.license ?? 'no licence named'}`);
  if (entry.resolved) refused.push(`${path}: the lock file names an address; run npm install with this folder's .npmrc`);
  if (!entry.link && !entry.integrity) refused.push(`${path}: no integrity hash`);
}
if (seen === 0) refused.push('the lock file has no packages');
if (refused.length > 0) {
  console.error(`Not allowed:\n  ${refused.join('\n  ')}`);
  process.exit(1);
}
console.log(`licences: ${seen} packages allowed`);
