// Bundles the islands, styles and icons into `dist` (or the folder named by --out): names with content hashes, `manifest.json` with what each
// logical name became, compressed copies. Fails where a page would have to load more than its budget.
//
//   node build.mjs [--out FOLDER] [--watch] [--fixtures]
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build, context } from 'esbuild';
import { sprite } from './icons.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));
const option = (name) => { const at = process.argv.indexOf(name); return at < 0 ? undefined : process.argv[at + 1]; };
const has = (name) => process.argv.includes(name);
const dist = resolve(option('--out') ?? join(root, 'dist'));

/** Islands by logical name, with the bytes (gzip) that a page loads for them: the entry, what it imports, without what is loaded later. */
const SCRIPTS = {
  'charts.js': { source: 'src/charts/main.ts', budget: 30_000 },
  'explorer.js': { source: 'src/explorer/main.ts', budget: 60_000 },
  'shell.js': { source: 'src/shell/main.ts', budget: 15_000 },
  'workbench.js': { source: 'src/workbench/main.ts', budget: 8_000 },
};
/** Scripts that are no modules. They are built first, because the islands name workers by their hashed names. */
const CLASSIC = {
  'explorer-worker.js': { source: 'src/explorer/worker.ts', budget: 20_000 },
  'theme.js': { source: 'src/shell/theme.ts', budget: 1_000 },
};
const STYLES = {
  'tokens.css': { source: 'css/tokens.css', budget: 3_000 },
  'charts.css': { source: 'css/charts.css', budget: 3_000 },
  'explorer.css': { source: 'css/explorer.css', budget: 8_000 },
  // The rules alone: of the fonts a browser loads the parts that it needs.
  'fonts.css': { source: 'css/fonts.css', budget: 2_000 },
  'workbench.css': { source: 'css/workbench.css', budget: 3_000 },
};
/** The most bytes (gzip) of the sprite of icons. */
const ICONS_BUDGET = 8_000;

const common = {
  bundle: true, minify: true, format: 'esm', target: ['es2022'], outdir: dist, metafile: true, absWorkingDir: root, charset: 'utf8',
  legalComments: 'eof', loader: { '.woff2': 'file' }, logLevel: 'warning', entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', assetNames: '[name]-[hash]',
};
const entries = (table) => Object.fromEntries(Object.entries(table).map(([name, { source }]) => [name.replace(/\.(js|css)$/, ''), source]));

/** The output of each entry: logical name to output name and everything that it imports statically. */
function outputs(metafile, table) {
  const found = {};
  for (const [name, { source, budget }] of Object.entries(table)) {
    const entry = Object.entries(metafile.outputs).find(([, o]) => o.entryPoint === source);
    if (!entry) throw new Error(`${source} gave no output`);
    const all = new Set([entry[0]]);
    for (const path of all) for (const i of metafile.outputs[path].imports) if (i.kind === 'import-statement') all.add(i.path);
    found[name] = { file: basename(entry[0]), loads: [...all].map((p) => basename(p)), budget };
  }
  return found;
}

async function bundle() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const classic = outputs((await build({ ...common, entryPoints: entries(CLASSIC), format: 'iife' })).metafile, CLASSIC);
  const define = { WORKER_FILE: JSON.stringify(classic['explorer-worker.js'].file) };
  const scripts = {};
  // Each by itself: a few shared lines twice are less to wait for than one more file.
  for (const [name, script] of Object.entries(SCRIPTS)) {
    const table = { [name]: script };
    Object.assign(scripts, outputs((await build({ ...common, entryPoints: entries(table), splitting: true, define })).metafile, table));
  }
  const styles = outputs((await build({ ...common, entryPoints: entries(STYLES) })).metafile, STYLES);
  finish({ ...classic, ...scripts, ...styles, 'icons.svg': icons() });
}

/** Writes the sprite of icons under a name with its hash. */
function icons() {
  const text = sprite();
  const file = `icons-${createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase()}.svg`;
  writeFileSync(join(dist, file), text);
  return { file, loads: [file], budget: ICONS_BUDGET };
}

/** Compresses, weighs, and writes the manifest. */
function finish(found) {
  const sizes = {};
  for (const file of readdirSync(dist)) {
    const raw = readFileSync(join(dist, file));
    const sha256 = createHash('sha256').update(raw).digest('hex');
    // Fonts are compressed in themselves.
    if (file.endsWith('.woff2')) {
      sizes[file] = { bytes: raw.length, gzip: raw.length, brotli: raw.length, sha256 };
      continue;
    }
    const gzip = gzipSync(raw, { level: 9 });
    const brotli = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } });
    writeFileSync(join(dist, `${file}.gz`), gzip);
    writeFileSync(join(dist, `${file}.br`), brotli);
    sizes[file] = { bytes: raw.length, gzip: gzip.length, brotli: brotli.length, sha256 };
  }
  const over = [];
  for (const [name, { loads, budget }] of Object.entries(found)) {
    const weight = loads.reduce((sum, file) => sum + sizes[file].gzip, 0);
    console.log(`${name.padEnd(20)} ${String(weight).padStart(7)} of ${budget} bytes (gzip)`);
    if (weight > budget) over.push(`${name} is ${weight} bytes with gzip; its budget is ${budget} (build.mjs)`);
  }
  const names = Object.fromEntries(Object.entries(found).sort().map(([name, { file, loads }]) => [name, { file, loads: loads.filter((l) => l !== file).sort() }]));
  writeFileSync(join(dist, 'manifest.json'), `${JSON.stringify({ version: 1, names, files: sizes }, null, 1)}\n`);
  if (over.length > 0) {
    console.error(over.join('\n'));
    process.exit(1);
  }
}

if (has('--watch')) {
  const sources = [...Object.values(SCRIPTS), ...Object.values(STYLES), ...Object.values(CLASSIC)].map((s) => s.source);
  const again = { name: 'again', setup: (b) => b.onEnd(() => bundle().catch((e) => console.error(e.message))) };
  await (await context({ ...common, entryPoints: sources, write: false, plugins: [again], define: { WORKER_FILE: '""' } })).watch();
} else {
  if (!existsSync(join(root, 'package-lock.json'))) throw new Error('package-lock.json is missing');
  await bundle();
}
