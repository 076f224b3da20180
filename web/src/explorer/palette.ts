/** The design's colours for painters: the same as in css/tokens.css, which a test compares. Risk is a colour, a shape and a word; unknown is dashed and never green or blue. */
import type { Risk } from './model.ts';

export interface Palette {
  readonly bg: string;
  readonly panel: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly accent: string;
  readonly note: string;
  /** Fill of a risk's chip. */
  readonly risk: Readonly<Record<Risk, string>>;
  /** Text on it. */
  readonly on: Readonly<Record<Risk, string>>;
  /** What people colour nodes with, from 1: Okabe and Ito's set without its green. */
  readonly marks: readonly string[];
}

const MARKS = ['#e69f00', '#56b4e9', '#cc79a7', '#0072b2', '#d55e00', '#f0e442'];

export const LIGHT: Palette = {
  bg: '#ffffff', panel: '#f6f7f9', ink: '#16202c', soft: '#52606f', line: '#848f9d', accent: '#1f5fbf', note: '#fdf6d8',
  risk: { severe: '#7a0c2e', high: '#c9420a', medium: '#f0c541', low: '#8cc8e0', unknown: '#eceff2' },
  on: { severe: '#ffffff', high: '#ffffff', medium: '#16202c', low: '#16202c', unknown: '#16202c' },
  marks: MARKS,
};

export const DARK: Palette = {
  bg: '#10161d', panel: '#18212b', ink: '#e8edf2', soft: '#a3afbd', line: '#647282', accent: '#8ab8ff', note: '#3a3522',
  risk: { severe: '#ff7d97', high: '#b8500c', medium: '#f0d264', low: '#2f6f8a', unknown: '#3a4653' },
  on: { severe: '#10161d', high: '#ffffff', medium: '#10161d', low: '#ffffff', unknown: '#e8edf2' },
  marks: MARKS,
};

/** The mark at the left end of a node: shape and sign, so that colour is never alone. */
export const SIGN: Readonly<Record<Risk, string>> = { severe: '!!', high: '!', medium: '–', low: '·', unknown: '?' };
export const SIDES: Readonly<Record<Risk, number>> = { severe: 8, high: 3, medium: 4, low: 0, unknown: 0 };

/** Corners of a risk's shape of a radius around a point; none for a circle. */
export function corners(risk: Risk, x: number, y: number, r: number): readonly (readonly [number, number])[] {
  switch (risk) {
    case 'severe': {
      const s = r * 0.414;
      return [[x - s, y - r], [x + s, y - r], [x + r, y - s], [x + r, y + s], [x + s, y + r], [x - s, y + r], [x - r, y + s], [x - r, y - s]];
    }
    case 'high': return [[x, y - r], [x + r, y + r * 0.8], [x - r, y + r * 0.8]];
    case 'medium': return [[x, y - r], [x + r, y], [x, y + r], [x - r, y]];
    default: return [];
  }
}
