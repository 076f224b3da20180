import './english.ts';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { figure, t } from '../src/texts.ts';
import { ENGLISH, messages } from './english.ts';

test('values stand in their places', () => {
  assert.equal(t('shell-refused', { reason: 'too long' }), 'The server refused: too long.');
  assert.equal(t('shell-found', { n: 7038 }), '7,038 found.');
  assert.equal(t('no-such-key'), 'no-such-key');
  assert.equal(figure(1234567), '1,234,567');
});

test('every text that the shell asks for is in the catalogue, and every one there is asked for', () => {
  const source = readdirSync('src/shell').map((f) => readFileSync(`src/shell/${f}`, 'utf8')).join('\n');
  const asked = new Set([...source.matchAll(/'(shell-[a-z-]+)'/g)].map((m) => m[1] ?? ''));
  assert.deepEqual([...asked].filter((key) => !(key in ENGLISH)), [], 'not in shell.ftl');
  assert.deepEqual(Object.keys(ENGLISH).filter((key) => !asked.has(key)), [], 'not used');
  assert.ok(asked.size > 50, String(asked.size));
});

test('every text that the workbench asks for is in the catalogue, and every one there is asked for', () => {
  const source = readdirSync('src/workbench').map((f) => readFileSync(`src/workbench/${f}`, 'utf8')).join('\n');
  const asked = [...new Set([...source.matchAll(/'(bench-text-[a-z-]+)'/g)].map((m) => m[1] ?? ''))];
  assert.deepEqual(asked.sort(), Object.keys(messages('../crates/app/page/locales/en/bench.ftl')).sort());
});

test('every language has the places of the English texts', () => {
  const places = (text: string): string[] => [...text.matchAll(/\{\$([a-z]+)\}/g)].map((m) => m[1] ?? '').sort();
  for (const language of ['de', 'es', 'fr', 'zh', 'ar']) {
    const own = messages(`../crates/app/page/locales/${language}/shell.ftl`);
    for (const [key, text] of Object.entries(own)) assert.deepEqual(places(text), places(ENGLISH[key] ?? ''), `${language} ${key}`);
  }
});
