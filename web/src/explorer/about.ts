/** What is known of the focused node, in sections of the side panel: identity, tags with their sources, exposure, activity, counterparties. */
import type { Inside, ViewEdge, ViewNode } from './aggregate.ts';
import type { App } from './app.ts';
import { Missing, type Profile } from './api.ts';
import { el, svg } from './dom.ts';
import { assetOn } from './desk.ts';
import { addRows, expand } from './expand.ts';
import { amount, day, shortAmount, shortened, sumText, time, type Zone } from './format.ts';
import { assetOf, isAccountChain, riskOf, units } from './learn.ts';
import { sumOf, type Fact, type Side } from './model.ts';
import { assetIn, factOf, UNBOUNDED, type ActivityReport, type EntityReport, type FiguresReport, type NeighboursReport, type Row } from './reports.ts';
import { t } from './texts.ts';
import { categoryWord, confidenceWord, plain, riskWord, viewText } from './words.ts';
import { worthLine } from './worth.ts';

/** Counterparties that are asked for. */
const LISTED = 100;

/** Answers by node, so that a second look does not ask again. */
type Sort = 'who' | 'amount' | 'count' | 'last';

export class About {
  private readonly kept = new Map<string, Promise<unknown>>();
  private side: Side = 'out';
  private by: 'address' | 'entity' | 'transaction' = 'address';
  private sort: Sort = 'amount';
  private descending = true;
  private needle = '';

  constructor(private readonly app: App) {}

  private once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.kept.get(key);
    if (known) return known as Promise<T>;
    // At most 200 answers are kept.
    if (this.kept.size > 200) this.kept.clear();
    const answer = ask();
    this.kept.set(key, answer);
    answer.catch(() => { this.kept.delete(key); });
    return answer;
  }

  /** A section that fills itself when its answer comes; an error is said where it belongs. Of what a desk does not have (`null`) there is none. */
  private later<T>(title: string, key: string, ask: () => Promise<T>, show: (answer: T) => readonly (Node | null)[] | null, isRare = false): HTMLElement {
    const body = el('div', {}, el('p', { class: 'x-soft' }, t('loading')));
    const section = el('section', { hidden: isRare }, el('h3', {}, title), body);
    this.once(key, ask).then((answer) => {
      const shown = show(answer);
      if (shown === null) {
        section.remove();
        return;
      }
      section.hidden = false;
      const parts = shown.filter((p) => p !== null);
      body.replaceChildren(...(parts.length > 0 ? parts : [el('p', { class: 'x-soft' }, t('nothing-known'))]));
    }, (e: unknown) => {
      section.hidden = false;
      body.replaceChildren(el('p', { class: 'x-soft' }, e instanceof Error ? e.message : String(e)));
    });
    return section;
  }

  node(n: ViewNode): HTMLElement[] {
    const { app } = this;
    const fact = app.graph.facts.get(n.members[0] ?? '');
    const parts: (HTMLElement | null)[] = [el('h2', {}, n.label || `${t(`kind-${n.kind}`)} ${shortened(n.ref)}`), this.identity(n)];
    const isAddress = fact?.kind === 'address' && n.members.length === 1 && !fact.id.startsWith('u:');
    if (fact && n.kind !== 'note' && n.kind !== 'group' && n.kind !== 'service') parts.push(this.buttons(n, fact));
    if (isAddress) {
      parts.push(this.later(t('about-tags'), `p:${fact.id}`, () => app.api.profile(fact), (p) => this.tags(p)));
      parts.push(this.later(t('about-exposure'), `p:${fact.id}`, () => app.api.profile(fact), (p) => exposure(p)));
      parts.push(this.later(t('about-activity'), `a:${fact.id}`, () => app.api.activity(fact), (a) => activity(fact.chain, a)));
    }
    if (fact?.kind === 'entity') parts.push(this.later(t('kind-entity'), `e:${fact.id}`, () => app.api.entity(fact), (e) => entityParts(fact.chain, e, app)));
    for (const side of ['in', 'out'] as const) parts.push(this.drawn(n, side));
    if (isAddress || fact?.kind === 'entity') parts.push(this.counterparties(fact));
    if (isAddress) parts.push(this.later(t('about-figures'), `w:${fact.id}`, () => app.api.figures(fact).catch(ofNone), (f) => f && figures(f, app.zone), true));
    return parts.filter((p) => p !== null);
  }

  private identity(n: ViewNode): HTMLElement {
    const facts = el('dl', {});
    const put = (k: string, v: string | Node): void => { facts.append(el('dt', {}, k), el('dd', {}, v)); };
    if (n.kind !== 'note' && n.kind !== 'group') put(t(`kind-${n.kind}`), el('span', { class: 'x-hash' }, n.ref));
    if (n.kind !== 'transaction' && n.kind !== 'note' && n.kind !== 'group') put(t('risk'), el('span', { class: `x-chip ${n.risk}` }, riskWord(n.risk)));
    if (n.category && n.category !== 'none') put(t('category'), categoryWord(n.category));
    if (n.chain) put(t('chain'), n.chain);
    if (n.kind === 'transaction') put(t('time'), time(n.time, this.app.zone));
    if (n.members.length > 1) put(t('stands-for'), t('nodes', { n: n.members.length }));
    for (const i of n.inside) put(t('inside-it'), insideText(i, this.app));
    if (n.mark.note) put(t('kind-note'), n.mark.note);
    return facts;
  }

  private buttons(n: ViewNode, fact: Fact): HTMLElement {
    const press = (key: string, id: string): HTMLElement => el('button', { type: 'button', class: 'x-small', onclick: () => { this.app.act(id); } }, t(key));
    return el('div', { class: 'x-row' }, press('do-case-short', 'case'), ...(fact.kind === 'address' ? [press('do-tag-short', 'label'), press('do-trace-short', 'trace')] : []), press('do-expandby-short', 'expandby'),
      ...(n.kind === 'address' || n.kind === 'transaction' ? [el('a', { href: pageOf(n) }, t('open-page'))] : []),
      ...this.forms(fact));
  }

  /** Links to the forms that watch and flag, filled with what is selected, for who may open them. */
  private forms(fact: Fact): HTMLElement[] {
    const { watch, flag } = this.app.links, isAddress = fact.kind === 'address', value = fact.ref;
    if (fact.id.startsWith('u:')) return [];
    const link = (page: string, query: Record<string, string>, key: string): HTMLElement => el('a', { href: `${page}?${new URLSearchParams(query).toString()}` }, t(key));
    return [
      ...(watch && (isAddress || fact.kind === 'entity') ? [link(watch, { kind: fact.kind, value }, 'watch')] : []),
      ...(flag && (isAddress || fact.kind === 'transaction') ? [link(flag, { subject: fact.kind, asset: assetOn(this.app, fact.chain), value }, 'flag')] : []),
    ];
  }

  private tags(p: Profile): (Node | null)[] {
    const owner = p.entity && p.entity.addresses > 1 ? el('p', {}, t('about-entity', { n: p.entity.addresses, name: p.entity.tag?.label ?? shortened(p.entity.root_address) })) : null;
    if (p.tags.length === 0) return [owner, el('p', { class: 'x-soft' }, t('about-no-tags'))];
    return [owner, el('div', { class: 'x-wide', tabindex: 0, role: 'group', 'aria-label': t('about-tags') }, el('table', {}, el('thead', {}, el('tr', {}, ...['label', 'category', 'source', 'confidence', 'updated'].map((c) => el('th', {}, t(`column-${c}`))))), el('tbody', {}, ...p.tags.slice(0, 50).map((tag) =>
      el('tr', {}, el('td', {}, tag.label), el('td', {}, categoryWord(tag.category)), el('td', {}, /^https?:\/\//.test(tag.source) ? el('a', { href: tag.source, rel: 'noreferrer noopener', target: '_blank' }, host(tag.source)) : (tag.source || tag.pack)), el('td', {}, confidenceWord(tag.confidence)), el('td', {}, tag.lastmod)))))),
    p.tags.length > 50 ? el('p', { class: 'x-soft' }, t('and-more', { n: p.tags.length - 50 })) : null];
  }

  /** Neighbours of one side by amount as they are drawn, and what is left out. */
  private drawn(n: ViewNode, side: Side): HTMLElement {
    const { app } = this;
    const list = app.neighbours.of(n.id, side);
    const rest = viewText.rest(n.rest[side], app.asset);
    const table = el('table', {}, el('tbody', {}, ...list.slice(0, 12).map((o) => {
      const other = app.view.nodes.get(o.id);
      return el('tr', {}, el('td', {}, el('button', { type: 'button', class: 'x-link', onclick: () => { app.select([o.id]); app.surface.reveal(o.id); } }, other?.label || shortened(other?.ref ?? o.id))), el('td', { class: 'n' }, sumText(o.edge.sum, app.asset(o.edge.asset))));
    })));
    const missing = list.length > 12 ? el('p', { class: 'x-soft' }, t('more-in-table', { n: list.length - 12 })) : null;
    return el('section', {}, el('h3', {}, t(side === 'in' ? 'received-from' : 'paid-to')), ...this.drawnSums(list), list.length > 0 ? table : el('p', { class: 'x-soft' }, t(n.looked[side] || rest ? 'nothing-drawn' : 'not-looked-up')), missing,
      rest || !n.looked[side] ? el('p', {}, rest ? `${rest}. ` : '', el('button', { type: 'button', class: 'x-small', onclick: () => { void app.work(t('work-look-up'), () => expand(app, [side])); } }, t('expand-button'))) : null);
  }

  /** The sums of what is drawn, one of each asset, with their worth; of more than three assets the table has the amounts. */
  private drawnSums(list: readonly { edge: ViewEdge }[]): HTMLElement[] {
    const sums = new Map<string, { units: bigint; unknown: number }>();
    for (const { edge } of list) {
      const sum = sums.get(edge.asset) ?? { units: 0n, unknown: 0 };
      sums.set(edge.asset, { units: sum.units + edge.sum.units, unknown: sum.unknown + edge.sum.unknown });
    }
    if (sums.size > 3) return [];
    return [...sums].flatMap(([id, sum]) => { const asset = this.app.asset(id); return [el('p', {}, t('drawn-sum', { sum: sumText(sum, asset) })), worthLine(this.app, sum, asset)]; });
  }

  /** Everybody whom the ledger knows on a side: sorted, filtered, and put into the picture by ticks. */
  private counterparties(fact: Fact): HTMLElement {
    const body = el('div', {});
    const pick = <T extends string>(name: string, values: readonly (readonly [T, string])[], now: T, set: (v: T) => void): HTMLSelectElement => {
      const s = el('select', { 'aria-label': t(name), onchange: () => { set(s.value as T); draw(); } }, ...values.map(([v, text]) => el('option', { value: v, selected: v === now }, text)));
      return s;
    };
    const ticked = new Set<string>();
    const draw = (): void => {
      ticked.clear();
      body.replaceChildren(el('p', { class: 'x-soft' }, t('loading')));
      const { side, by } = this;
      this.once(`c:${fact.id}:${side}:${by}`, () => this.app.api.neighbours(fact, side, by, { ...UNBOUNDED, most: LISTED })).then((r) => { if (side === this.side && by === this.by) this.rows(body, fact, r, ticked); },
        (e: unknown) => { body.replaceChildren(el('p', { class: 'x-soft' }, e instanceof Error ? e.message : String(e))); });
    };
    const details = el('details', { class: 'x-more', ontoggle: () => { if (details.open && !body.hasChildNodes()) draw(); } }, el('summary', {}, t('about-counterparties')),
      el('div', { class: 'x-row' }, pick('side', (['out', 'in'] as const).map((v) => [v, t(`side-${v}`)] as const), this.side, (v) => { this.side = v; }), pick('by', (['address', 'entity', 'transaction'] as const).map((v) => [v, t(`by-${v}`)] as const), this.by, (v) => { this.by = v; })), body);
    return details;
  }

  private rows(body: HTMLElement, fact: Fact, report: NeighboursReport, ticked: Set<string>): void {
    const { app } = this;
    const idOf = (r: Row): string => factOf(report.chain, r)?.id ?? '';
    const name = (r: Row): string => (r.is_subject ? t('itself') : r.who.label || (r.id ? shortened(r.id) : t(`row-${r.kind}`)));
    const value = (r: Row): string | number | bigint => (this.sort === 'who' ? name(r) : this.sort === 'amount' ? BigInt(r.amount) : this.sort === 'count' ? r.count : (r.last_time ?? 0));
    const draw = (): void => {
      const sign = this.descending ? -1 : 1;
      const list = report.rows.filter((r) => this.needle === '' || `${name(r)} ${r.id ?? ''} ${r.who.category} ${categoryWord(r.who.category)}`.toLowerCase().includes(this.needle)).sort((a, b) => { const x = value(a), y = value(b); return x < y ? -sign : x > y ? sign : 0; });
      tbody.replaceChildren(...list.map((r) => {
        const id = idOf(r), asset = assetIn(report.chain, r.asset);
        const tick = el('input', { type: 'checkbox', 'aria-label': t('tick', { name: name(r) }), checked: ticked.has(id), disabled: id === '' || app.graph.shown.has(id) || r.is_subject === true, onchange: () => { if (tick.checked) ticked.add(id); else ticked.delete(id); } });
        return el('tr', {}, el('td', {}, tick), el('td', {}, el('span', { class: `x-dot ${riskOf(r.who.risk)}`, 'aria-hidden': 'true' }), name(r), el('span', { class: 'x-soft' }, r.who.category && r.who.category !== 'none' ? ` ${categoryWord(r.who.category)}` : '')),
          el('td', { class: 'n' }, `${r.divided ? '≈ ' : ''}${sumText({ units: BigInt(r.amount), unknown: r.unknown ?? 0 }, asset)}`), el('td', { class: 'n' }, String(r.count)), el('td', { class: 'n' }, r.last_time ? day(r.last_time) : ''));
      }));
    };
    const head = (['who', 'amount', 'count', 'last'] as const).map((s) => {
      const th = el('th', { class: s === 'who' ? null : 'n' }, el('button', { type: 'button', class: 'x-link', onclick: () => { this.descending = this.sort === s ? !this.descending : s !== 'who'; this.sort = s; marks(); draw(); } }, t(`column-${s}`)));
      return { s, th };
    });
    const marks = (): void => { for (const { s, th } of head) if (s === this.sort) th.setAttribute('aria-sort', this.descending ? 'descending' : 'ascending'); else th.removeAttribute('aria-sort'); };
    const tbody = el('tbody', {});
    const search = el('input', { type: 'search', 'aria-label': t('filter-rows'), placeholder: t('filter-rows'), value: this.needle, oninput: () => { this.needle = search.value.trim().toLowerCase(); draw(); } });
    const add = el('button', { type: 'button', class: 'x-small', onclick: () => {
      if (ticked.size === 0) app.say(t('say-tick-first'));
      else void app.work(t('work-look-up'), () => addRows(app, fact, report, new Set(ticked)));
    } }, t('add-ticked'));
    const sums = (list: NeighboursReport['rest']): string => list.map((s) => `${sumText({ units: BigInt(s.amount), unknown: s.unknown ?? 0 }, assetIn(report.chain, s.asset))} ${t('in-movements', { n: s.count })}`).slice(0, 3).join(', ');
    const rest = sums(report.rest.filter((s) => s.count > 0));
    body.replaceChildren(el('div', { class: 'x-row' }, search, add), el('div', { class: 'x-wide', tabindex: 0, role: 'group', 'aria-label': t('about-counterparties') }, el('table', {}, el('thead', {}, el('tr', {}, el('td', {}), ...head.map(({ th }) => th))), tbody)),
      el('p', {}, t('rows-total', { sum: sums(report.total) || t('nothing') })), ...(rest || report.more_rows > 0 ? [el('p', {}, t('rows-rest', { n: report.more_rows, sum: rest || t('nothing') }))] : []),
      ...report.notes.slice(0, 5).map((n) => el('p', { class: 'x-soft' }, n)));
    marks();
    draw();
  }
}

/** Members, totals and tags of an entity. */
function entityParts(chain: string, e: EntityReport, app: App): (Node | null)[] {
  const facts = el('dl', {});
  const put = (key: string, value: string): void => { facts.append(el('dt', {}, t(key)), el('dd', {}, value)); };
  const sums = (list: EntityReport['sent']): string => list.slice(0, 3).map((s) => sumText({ units: BigInt(s.amount), unknown: s.unknown ?? 0 }, assetIn(chain, s.asset))).join(', ') || t('nothing');
  put('entity-members', String(e.members));
  put('column-received', sums(e.received));
  put('column-sent', sums(e.sent));
  put('entity-within', sums(e.within));
  if (e.first_seen) put('column-first', time(e.first_seen, app.zone));
  if (e.last_seen) put('column-last', time(e.last_seen, app.zone));
  const tags = e.tags.slice(0, 8).map((tag) => el('li', {}, `${tag.label} (${categoryWord(tag.category)}), ${/^https?:/.test(tag.source) ? host(tag.source) : tag.source}`));
  return [facts, tags.length > 0 ? el('ul', {}, ...tags) : null, e.tag_count > 8 ? el('p', { class: 'x-soft' }, t('and-more', { n: e.tag_count - Math.min(8, e.tags.length) })) : null, ...e.notes.slice(0, 3).map((n) => el('p', { class: 'x-soft' }, n))];
}

const host = (url: string): string => { try { return new URL(url).hostname; } catch { return url; } };

function insideText(i: Inside, app: App): string {
  return t('inside-text', { sum: sumText(sumOf(i.movements), app.asset(i.asset)), n: i.movements.length });
}

/** Shares of the money by category, as bars with their words; what has no tag is said. */
function exposure(p: Profile): (Node | null)[] {
  const parts: Node[] = [];
  for (const e of p.exposures.slice(0, 4)) for (const side of ['source', 'destination'] as const) {
    const lines = [...e[side]].sort((a, b) => b.share_ppm - a.share_ppm).slice(0, 6);
    if (lines.length === 0) continue;
    const known = e[side].reduce((n, l) => n + l.share_ppm, 0);
    const asset = assetOf(e.asset);
    parts.push(el('h4', {}, `${t(`exposure-${side}`)}, ${asset.unit}${e.risk_score === null || side === 'destination' ? '' : `, ${t('risk-score', { score: e.risk_score })}`}`), el('table', { class: 'x-bars-table' }, el('tbody', {}, ...lines.map((l) => {
      const total = (units(l.direct, 'exposure') ?? 0n) + (units(l.indirect, 'exposure') ?? 0n);
      const share = l.share_ppm / 10_000;
      return el('tr', { title: t('exposure-parts', { direct: amount(units(l.direct, 'exposure') ?? 0n, asset), indirect: amount(units(l.indirect, 'exposure') ?? 0n, asset) }) }, el('td', {}, categoryWord(l.category)),
        el('td', {}, svg('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', class: 'x-bar', 'aria-hidden': 'true' }, svg('rect', { class: `x-fill ${riskOf(l.risk)}`, width: Math.max(0.8, share), height: 10 }))),
        el('td', { class: 'n' }, `${share < 0.1 && share > 0 ? '<0.1' : share.toFixed(1)} %`), el('td', { class: 'n' }, amount(total, asset)));
    }))));
    if (known < 999_000) parts.push(el('p', { class: 'x-soft' }, t('exposure-rest', { share: ((1_000_000 - known) / 10_000).toFixed(1) })));
  }
  for (const g of p.gaps.slice(0, 3)) parts.push(el('p', { class: 'x-soft' }, g));
  return parts;
}

/** Received above the line and sent below it, by month, on one scale with its end and the first and last month named; the figures stand in a table beside. */
function activity(chain: string, a: ActivityReport): (Node | null)[] {
  const parts: Node[] = [];
  for (const one of a.assets.slice(0, 2)) {
    const asset = isAccountChain(chain) ? assetOf(one.asset) : assetIn(chain, one.asset);
    const points = one.points.slice(-48);
    if (points.length === 0) continue;
    const number = (x: string): number => Number(BigInt(x));
    const most = points.reduce((m, p) => Math.max(m, number(p.received), number(p.sent)), 1);
    const w = 100 / points.length;
    const bars = points.flatMap((p, i) => [['x-in', number(p.received), -1], ['x-out', number(p.sent), 1]].map(([c, v, sign]) => {
      const h = (Number(v) / most) * 19;
      return svg('rect', { class: String(c), x: i * w + w * 0.12, width: w * 0.76, y: sign === -1 ? 20 - h : 20.4, height: v === 0 ? 0 : Math.max(0.6, h) });
    }));
    const first = points[0], last = points.at(-1);
    const received = points.reduce((n, p) => n + BigInt(p.received), 0n), sent = points.reduce((n, p) => n + BigInt(p.sent), 0n);
    const said = t('activity-said', { received: amount(received, asset), sent: amount(sent, asset), from: day(first?.start ?? 0).slice(0, 7), to: day(last?.start ?? 0).slice(0, 7) });
    const span = (text: string): HTMLElement => el('span', {}, text), month = (p: typeof first): string => day(p?.start ?? 0).slice(0, 7), end = shortAmount(BigInt(most), asset);
    const months = points.length === 1 ? [first] : [first, last];
    parts.push(el('figure', { class: 'x-figure' }, el('div', { class: 'x-axes' }, el('div', { class: 'x-amounts', 'aria-hidden': 'true' }, span(end), span('0'), span(end)),
      svg('svg', { viewBox: '0 0 100 40', preserveAspectRatio: 'none', role: 'img', 'aria-label': said }, ...bars, svg('line', { x1: 0, x2: 100, y1: 20.2, y2: 20.2, class: 'x-axis' })),
      el('div', { class: 'x-months', 'aria-hidden': 'true' }, ...months.map((p) => span(month(p))))), el('figcaption', {}, said)),
      el('details', {}, el('summary', {}, t('as-table')), el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, t('column-month')), el('th', { class: 'n' }, t('column-received')), el('th', { class: 'n' }, t('column-sent')))), el('tbody', {}, ...points.map((p) => el('tr', {}, el('td', {}, day(p.start).slice(0, 7)), el('td', { class: 'n' }, amount(BigInt(p.received), asset)), el('td', { class: 'n' }, amount(BigInt(p.sent), asset))))))));
  }
  if (a.more_assets > 0) parts.push(el('p', { class: 'x-soft' }, t('more-assets', { n: a.more_assets })));
  for (const n of a.notes.slice(0, 3)) parts.push(el('p', { class: 'x-soft' }, n));
  return parts;
}

/** An address that the ledger lacks has no figures; other sections say so already. */
function ofNone(e: unknown): null {
  if (e instanceof Missing) return null;
  throw e;
}

/** Figures that were computed over the whole chain, each table as of its block; none on a desk that computes none. */
function figures(f: FiguresReport, zone: Zone): Node[] | null {
  if (f.installed === 0) return null;
  const said = (one: FiguresReport['tables'][number]['figures'][number]): string => {
    switch (one.unit) {
      case 'amount': return f.asset ? amount(BigInt(one.value), assetOf(f.asset)) : one.value;
      case 'time': return time(Number(one.value), zone);
      case 'transaction': return shortened(one.value);
      default: return one.value;
    }
  };
  const tables = f.tables.flatMap((table) => [
    el('p', {}, t('figures-as-of', { name: plain(table.name), height: table.as_of_block.height })),
    el('table', {}, el('tbody', {}, ...table.figures.map((one) => el('tr', {}, el('td', {}, plain(one.name)), el('td', { class: 'n' }, said(one)))))),
  ]);
  return [...tables, ...f.notes.map((note) => el('p', { class: 'x-soft' }, note))];
}

/** The desk's page of a node. */
function pageOf(n: ViewNode): string {
  const ref = encodeURIComponent(n.ref);
  const chain = encodeURIComponent(n.chain);
  if (isAccountChain(n.chain)) return `/accounts/${chain}/${n.kind === 'transaction' ? 'tx' : 'address'}/${ref}`;
  return `/${n.kind === 'transaction' ? 'tx' : 'address'}/${ref}?chain=${chain}`;
}
