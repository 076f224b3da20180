// Bundles and runs one of the programs of this folder: `node test/browser/run.mjs check|look [arguments]`. Builds dist first. Needs Chromium.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [name = 'check', ...rest] = process.argv.slice(2);
const web = fileURLToPath(new URL('../../', import.meta.url));
const made = spawnSync(process.execPath, ['build.mjs'], { cwd: web, stdio: 'inherit' });
if (made.status !== 0) process.exit(made.status ?? 1);
const out = `${web}build/browser-${name}.mjs`;
await build({ entryPoints: [`${web}test/browser/${name}.ts`], outfile: out, bundle: true, platform: 'node', target: 'node20', format: 'esm', packages: 'external', logLevel: 'warning' });
process.exit(spawnSync(process.execPath, [out, ...rest], { cwd: web, stdio: 'inherit' }).status ?? 1);
