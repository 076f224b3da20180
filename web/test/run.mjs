// Bundles the tests (TypeScript, each a file of its own) and runs them with node's runner: `node test/run.mjs [name...]`.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = fileURLToPath(new URL('../build/test/', import.meta.url));
const wanted = process.argv.slice(2);
const tests = readdirSync(here).filter((f) => f.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((w) => f.startsWith(w))));
if (tests.length === 0) {
  console.error(`no test named ${wanted.join(', ')}`);
  process.exit(1);
}
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: tests.map((f) => here + f), outdir: out, outExtension: { '.js': '.mjs' }, bundle: true, platform: 'node', target: 'node20',
  format: 'esm', sourcemap: 'inline', logLevel: 'warning', inject: [here + 'setup.ts'],
});
const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...tests.map((f) => out + f.replace(/\.ts$/, '.mjs'))], { stdio: 'inherit' });
process.exit(run.status ?? 1);
