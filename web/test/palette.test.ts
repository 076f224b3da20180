import './english.ts';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { corners, DARK, LIGHT, SIGN, type Palette } from '../src/explorer/palette.ts';
import { RISKS } from '../src/explorer/model.ts';

type Rgb = [number, number, number];
const linear = (hex: string): Rgb => [1, 3, 5].map((i) => { const c = Number(`0x${hex.slice(i, i + 2)}`) / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }) as Rgb;
const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;
const contrast = (a: string, b: string): number => { const [x = 0, y = 0] = [luminance(linear(a)), luminance(linear(b))].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };

/** Machado, Oliveira, Fernandes 2009, severity 1. */
const SIGHTS: Record<string, number[][]> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
function lab(rgb: Rgb, m: number[][]): Rgb {
  const [r, g, b] = m.map((row) => Math.min(1, Math.max(0, row.reduce((s, v, i) => s + v * (rgb[i] ?? 0), 0)))) as Rgb;
  const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047), y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b), z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const css = readFileSync('css/tokens.css', 'utf8');
const themes: [string, Palette, string][] = [
  ['light', LIGHT, css.slice(0, css.indexOf('@media'))], ['dark by system', DARK, css.slice(css.indexOf('@media'), css.indexOf(':root[data-theme="dark"]'))], ['dark by choice', DARK, css.slice(css.indexOf(':root[data-theme="dark"]'))],
];

for (const [name, palette, part] of themes) test(`tokens.css has the painters' colours: ${name}`, () => {
  for (const key of ['bg', 'panel', 'ink', 'soft', 'line', 'accent', 'note'] as const) assert.ok(part.includes(`--hf-${key}: ${palette[key]};`), key);
  for (const risk of RISKS) assert.ok(part.includes(`--hf-${risk}: ${palette.risk[risk]};`) && part.includes(`--hf-on-${risk}: ${palette.on[risk]};`), risk);
});

for (const [name, palette] of themes.slice(0, 2)) test(`${name}: chips are told apart in four sights, and text can be read`, () => {
  for (const [sight, m] of Object.entries(SIGHTS)) for (const a of RISKS) for (const b of RISKS) {
    if (a >= b) continue;
    const [p, q] = [lab(linear(palette.risk[a]), m), lab(linear(palette.risk[b]), m)];
    const distance = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    assert.ok(distance >= 18, `${sight}: ${a} and ${b} are ${distance.toFixed(1)} apart`);
  }
  for (const risk of RISKS) assert.ok(contrast(palette.risk[risk], palette.on[risk]) >= 4.5, risk);
  for (const ground of [palette.bg, palette.panel]) {
    for (const text of [palette.ink, palette.soft, palette.accent]) assert.ok(contrast(text, ground) >= 4.5, `${text} on ${ground}`);
    assert.ok(contrast(palette.line, ground) >= 3, `borders on ${ground}`);
  }
});

test('risk is a shape and a sign too, and unknown is never green or blue', () => {
  assert.equal(new Set(RISKS.map((r) => SIGN[r])).size, RISKS.length);
  assert.equal(new Set(['severe', 'high', 'medium'].map((r) => corners(r as 'severe', 0, 0, 1).length)).size, 3);
  for (const p of [LIGHT, DARK]) {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => Number(`0x${p.risk.unknown.slice(i, i + 2)}`));
    assert.ok(Math.max(r, g, b) - Math.min(r, g, b) <= 30, 'grey');
    for (const risk of RISKS) {
      const [x = 0, y = 0, z = 0] = [1, 3, 5].map((i) => Number(`0x${p.risk[risk].slice(i, i + 2)}`));
      assert.ok(!(y > x + 20 && y > z + 20), `${risk} is green`);
    }
  }
});
