/** Exports as text: CSV of movements, GraphML. */
import type { View } from './aggregate.ts';
import { decimalText, time, type Asset } from './format.ts';
import { byText } from './model.ts';

/** A field of CSV; one that a spreadsheet would run as a formula begins with an apostrophe. */
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** All movements of the drawn edges (or of those between the given nodes), by time; each with exact base units beside the decimal amount. */
export function csvOf(view: View, asset: (id: string) => Asset, only: ReadonlySet<string> | null = null): string {
  const rows: { at: number; key: string; fields: string[] }[] = [];
  const named = (id: string): [string, string] => { const n = view.nodes.get(id); return [n?.ref ?? id, n?.label ?? '']; };
  for (const e of view.edges.values()) {
    if (only && !(only.has(e.from) && only.has(e.to))) continue;
    const a = asset(e.asset);
    for (const m of e.movements) {
      const amount = m.value === null || a.decimals === null ? '' : decimalText(m.value, a.decimals).replace(/,/g, '');
      rows.push({
        at: m.time ?? Infinity, key: m.id,
        fields: [...named(e.from), ...named(e.to), e.link, a.unit, amount, m.value?.toString() ?? '', a.id, m.time === null ? '' : time(m.time), m.tx, String(m.index), m.marked?.toString() ?? ''],
      });
    }
  }
  rows.sort((x, y) => (x.at === y.at ? byText(x.key, y.key) : x.at < y.at ? -1 : 1));
  const head = 'from,from_label,to,to_label,kind,unit,amount,base_units,asset,time,transaction,index,marked_base_units';
  return `${[head, ...rows.map((r) => r.fields.map(field).join(','))].join('\r\n')}\r\n`;
}

const xml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');

/** The drawn graph as GraphML (graphml.graphdrafting.org), amounts as text so that no reader rounds them. */
export function graphmlOf(view: View, asset: (id: string) => Asset): string {
  const keys = [['kind', 'node'], ['ref', 'node'], ['label', 'node'], ['risk', 'node'], ['category', 'node'], ['chain', 'node'], ['note', 'node'], ['x', 'node'], ['y', 'node'], ['link', 'edge'], ['asset', 'edge'], ['unit', 'edge'], ['base_units', 'edge'], ['unknown_amounts', 'edge'], ['movements', 'edge']];
  const data = (key: string, text: string): string => (text === '' ? '' : `<data key="${key}">${xml(text)}</data>`);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<graphml xmlns="http://graphml.graphdrafting.org/xmlns">'];
  for (const [key = '', of = ''] of keys) lines.push(`<key id="${key}" for="${of}" attr.name="${key}" attr.type="${key === 'x' || key === 'y' ? 'double' : key === 'movements' || key === 'unknown_amounts' ? 'int' : 'string'}"/>`);
  lines.push('<graph edgedefault="directed">');
  for (const n of view.nodes.values()) {
    lines.push(`<node id="${xml(n.id)}">${data('kind', n.kind)}${data('ref', n.ref)}${data('label', n.label)}${data('risk', n.risk)}${data('category', n.category)}${data('chain', n.chain)}${data('note', n.mark.note ?? '')}${data('x', String(n.x))}${data('y', String(n.y))}</node>`);
  }
  for (const e of view.edges.values()) {
    lines.push(`<edge id="${xml(e.key)}" source="${xml(e.from)}" target="${xml(e.to)}">${data('link', e.link)}${data('asset', e.asset)}${data('unit', asset(e.asset).unit)}${data('base_units', e.sum.units.toString())}${data('unknown_amounts', String(e.sum.unknown))}${data('movements', String(e.movements.length))}</edge>`);
  }
  return `${[...lines, '</graph>', '</graphml>'].join('\n')}\n`;
}
