/** The scene as SVG text: for export, the report's PDF and tests. Equal for equal input, byte for byte: no clock, no randomness, numbers rounded to a tenth. */
import { corners, SIGN, type Palette } from './palette.ts';
import { edgeColour } from './paint.ts';
import { CROSSING, DASHED, textWidth, type Pill, type Scene, type SceneEdges, type SceneNode } from './scene.ts';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
const num = (v: number): string => { const r = Math.round(v * 10) / 10; return Object.is(r, -0) ? '0' : String(r); };
const points = (list: readonly (readonly [number, number])[]): string => list.map(([x, y]) => `${num(x)},${num(y)}`).join(' ');

const SANS = "Inter, system-ui, sans-serif";

function edgeMarkup(edges: SceneEdges, i: number, p: Palette): string {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = edges.xy.subarray(4 * i, 4 * i + 4);
  const c = edges.bend[i] ?? 0;
  const style = edges.style[i] ?? 0;
  const colour = edgeColour(style, p);
  const dash = style & DASHED ? ' stroke-dasharray="6 4"' : style & CROSSING ? ' stroke-dasharray="12 3"' : '';
  const back = c > x2 ? 1 : -1;
  const w = edges.width[i] ?? 1;
  const a = 5 + w;
  const head = points([[x2, y2], [x2 + back * a, y2 - a / 2], [x2 + back * a, y2 + a / 2]]);
  return `<path d="M${num(x1)},${num(y1)}C${num(c)},${num(y1)} ${num(c)},${num(y2)} ${num(x2)},${num(y2)}" fill="none" stroke="${colour}" stroke-width="${num(w)}"${dash}/><polygon points="${head}" fill="${colour}"/>`;
}

function chipMarkup(edges: SceneEdges, i: number, p: Palette): string {
  const x = edges.chips[2 * i] ?? NaN, y = edges.chips[2 * i + 1] ?? NaN;
  const text = edges.labels[i] ?? '';
  if (Number.isNaN(x) || !text) return '';
  const w = textWidth(text, 10.5) + 8;
  return `<rect x="${num(x - w / 2)}" y="${num(y - 8)}" width="${num(w)}" height="16" rx="4" fill="${p.bg}"/><text x="${num(x)}" y="${num(y + 4)}" text-anchor="middle" font-size="10.5" fill="${p.ink}">${escaped(text)}</text>`;
}

function nodeMarkup(n: SceneNode, p: Palette): string {
  const plain = n.kind === 'transaction' || n.kind === 'note' || n.kind === 'group';
  const stroke = plain ? p.line : n.risk === 'unknown' ? p.soft : p.risk[n.risk];
  const dash = !plain && n.risk === 'unknown' ? ' stroke-dasharray="4 3"' : '';
  const rx = n.kind === 'transaction' ? 3 : n.kind === 'note' ? 0 : n.kind === 'group' ? 8 : 20;
  const out = [`<rect x="${num(n.x)}" y="${num(n.y)}" width="${num(n.w)}" height="${num(n.h)}" rx="${rx}" fill="${n.kind === 'note' ? p.note : p.panel}" stroke="${stroke}" stroke-width="${plain ? 1 : 2}"${dash}/>`];
  if (n.kind === 'group') out.push(`<rect x="${num(n.x + 3)}" y="${num(n.y + 3)}" width="${num(n.w - 6)}" height="${num(n.h - 6)}" rx="6" fill="none" stroke="${p.line}"/>`);
  const cx = n.x + 20, cy = n.y + n.h / 2;
  if (!plain) {
    const list = corners(n.risk, cx, cy, 10);
    out.push(list.length > 0 ? `<polygon points="${points(list)}" fill="${p.risk[n.risk]}"/>` : `<circle cx="${num(cx)}" cy="${num(cy)}" r="9" fill="${p.risk[n.risk]}"${n.risk === 'unknown' ? ` stroke="${p.soft}" stroke-dasharray="3 2"` : ''}/>`);
    out.push(`<text x="${num(cx)}" y="${num(cy + 4)}" text-anchor="middle" font-size="11" font-weight="600" fill="${p.on[n.risk]}">${escaped(SIGN[n.risk])}</text>`);
  } else if (n.kind === 'transaction') {
    out.push(`<path d="M${num(cx - 7)},${num(cy)}h12m-4,-4l4,4l-4,4" fill="none" stroke="${p.soft}" stroke-width="1.5"/>`);
  }
  if (n.colour > 0) out.push(`<rect x="${num(n.x + n.w - 12)}" y="${num(n.y + 8)}" width="6" height="${num(n.h - 16)}" rx="2" fill="${p.marks[(n.colour - 1) % p.marks.length] ?? p.accent}"/>`);
  out.push(`<text x="${num(n.x + 36)}" y="${num(n.y + (n.sub ? 17 : 25))}" font-size="12" font-weight="500" fill="${p.ink}">${escaped(n.title)}</text>`);
  if (n.sub) out.push(`<text x="${num(n.x + 36)}" y="${num(n.y + 31)}" font-size="10.5" fill="${p.soft}">${escaped(n.sub)}</text>`);
  if (n.note) out.push(`<text x="${num(n.x + n.w / 2)}" y="${num(n.y - 5)}" text-anchor="middle" font-size="10.5" font-style="italic" fill="${p.accent}">${escaped(n.note)}</text>`);
  return `<g>${out.join('')}</g>`;
}

const pillMarkup = (pill: Pill, p: Palette): string => `<rect x="${num(pill.x)}" y="${num(pill.y)}" width="${num(pill.w)}" height="${num(pill.h)}" rx="8" fill="${p.bg}" stroke="${p.line}" stroke-dasharray="3 2"/><text x="${num(pill.x + pill.w / 2)}" y="${num(pill.y + 11.5)}" text-anchor="middle" font-size="10" fill="${p.ink}">${escaped(pill.text)}</text>`;

/** A whole picture. `title` and `summary` say what is drawn and what is left out. */
export function svgOf(scene: Scene, palette: Palette, title: string, summary: string): string {
  const b = scene.bounds;
  const lines: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${num(b.x)} ${num(b.y)} ${num(b.w)} ${num(b.h)}" width="${num(b.w)}" height="${num(b.h)}" role="img" font-family="${SANS}">`,
    `<title>${escaped(title)}</title>`, `<desc>${escaped(summary)}</desc>`,
    `<rect x="${num(b.x)}" y="${num(b.y)}" width="${num(b.w)}" height="${num(b.h)}" fill="${palette.bg}"/>`,
  ];
  for (let i = 0; i < scene.edges.count; i += 1) lines.push(edgeMarkup(scene.edges, i, palette));
  for (let i = 0; i < scene.edges.count; i += 1) lines.push(chipMarkup(scene.edges, i, palette));
  for (const n of scene.nodes) lines.push(nodeMarkup(n, palette));
  // Above all nodes, as on the page.
  for (const n of scene.nodes) for (const pill of n.pills) lines.push(pillMarkup(pill, palette));
  lines.push('</svg>', '');
  return lines.filter((l, i) => l !== '' || i === lines.length - 1).join('\n');
}
