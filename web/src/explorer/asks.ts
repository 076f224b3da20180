/** Dialogs: notes, groups, traces, expansions, filters, finding, keys. */
import type { Action } from './actions.ts';
import type { App } from './app.ts';
import { dialog, el } from './dom.ts';
import { addPasted } from './begin.ts';
import { expand, trace } from './expand.ts';
import { NO_FILTER, type Filter } from './filter.ts';
import { amount, dayBegin, parseAmount, shortened, type Asset } from './format.ts';
import { isAccountChain } from './learn.ts';
import { RISKS, type Fact } from './model.ts';
import { UNBOUNDED, type Bounds } from './reports.ts';
import { t } from './texts.ts';
import { categoriesIn, categoryWord } from './words.ts';

export const field = (label: string, input: HTMLElement): HTMLLabelElement => el('label', {}, label, input);
export const check = (label: string, input: HTMLElement): HTMLLabelElement => el('label', { class: 'x-check' }, input, label);
export const choice = (options: readonly (readonly [value: string, text: string])[]): HTMLSelectElement => el('select', {}, ...options.map(([value, text]) => el('option', { value }, text)));

/** A form in a dialog. What `done` gives as a sentence is shown as what is wrong. */
export function form(title: string, button: string, fields: readonly HTMLElement[], done: () => string | null): HTMLDialogElement {
  const wrong = el('p', { class: 'x-error', role: 'alert', hidden: true });
  const d = dialog(title, el('form', { class: 'x-form', onsubmit: (event: SubmitEvent) => {
    event.preventDefault();
    const sentence = done();
    if (sentence === null) d.close();
    else {
      wrong.textContent = sentence;
      wrong.hidden = false;
    }
  } }, ...fields, wrong, el('button', { type: 'submit' }, button)));
  // A field in which Enter sends the form.
  (d.querySelector<HTMLElement>('.x-form input:not([type=checkbox], [type=file]), .x-form textarea') ?? d.querySelector<HTMLElement>('.x-form [type=submit]'))?.focus();
  return d;
}

/** The fact of the focused node that stands for it. */
export function focusedFact(app: App): Fact | undefined {
  const id = app.focused()?.members[0];
  return id === undefined ? undefined : app.graph.facts.get(id);
}
/** Assets of a chain that are known; a UTXO chain has its coin before anything is looked up. */
export const assetsOf = (app: App, chain: string): Asset[] => (isAccountChain(chain) ? [...app.graph.assets.values()].filter((a) => a.id.startsWith(`${chain}/`)).sort((a, b) => (a.unit < b.unit ? -1 : 1)) : [app.api.coinOf(chain)]);

/** A note on the selected nodes, or on the selected edge. */
export function askNote(app: App): void {
  const edge = app.edge;
  const now = (edge === null ? app.focused()?.mark.note : app.graph.marks.get(edge)?.note) ?? '';
  const input = el('input', { value: now, maxlength: 500 });
  form(t('note-title'), t('set'), [field(t('note-field'), input)], () => {
    app.do({ do: 'mark', ids: edge === null ? [...app.selected] : [edge], mark: { note: input.value.trim() } });
    return null;
  });
}

export function askGroup(app: App): void {
  const input = el('input', { required: true, maxlength: 80 });
  const members = app.members();
  form(t('group-title'), t('group-button'), [field(t('name'), input)], () => {
    let n = 1;
    while (app.graph.groups.has(`g:${n}`)) n += 1;
    app.do({ do: 'group', id: `g:${n}`, group: { label: input.value.trim() || t('kind-group'), members, open: false } });
    app.select([`g:${n}`]);
    return null;
  });
}

/** A day as Unix seconds; an error as a sentence; null where nothing is written. */
function dayOf(input: HTMLInputElement, name: string): number | string | null {
  if (input.value.trim() === '') return null;
  return dayBegin(input.value.trim()) ?? t('bad-day', { field: name });
}

export function askTrace(app: App): void {
  const fact = focusedFact(app);
  if (!fact) return;
  const direction = choice([['forward', t('trace-forward')], ['backward', t('trace-backward')]]), policy = choice(['haircut', 'fifo', 'lifo', 'poison'].map((p) => [p, t(`policy-${p}`)]));
  const hops = el('input', { type: 'number', min: 1, max: 50, value: 5 }), edges = el('input', { type: 'number', min: 1, max: 100_000, placeholder: t('trace-no-bound') });
  const services = el('input', { type: 'checkbox' }), least = el('input', { inputmode: 'decimal' });
  const from = el('input', { type: 'date' }), until = el('input', { type: 'date' });
  const assets = assetsOf(app, fact.chain);
  const asset = choice(assets.map((a) => [a.id, a.unit]));
  form(t('trace-title'), t('trace-button'), [
    field(t('direction'), direction), field(t('policy'), policy), field(t('trace-hops'), hops), ...(isAccountChain(fact.chain) ? [field(t('asset'), asset)] : []),
    field(t('least-amount'), least), field(t('trace-edges'), edges), field(t('from-day'), from), field(t('until-day'), until), check(t('trace-services'), services),
  ], () => {
    if (isAccountChain(fact.chain) && !asset.value) return t('trace-needs-asset');
    const unit = assets.find((a) => a.id === asset.value) ?? assets[0];
    const floor = least.value.trim() === '' ? '' : unit ? parseAmount(least.value, unit) : t('trace-needs-asset');
    if (typeof floor === 'string' && floor !== '') return floor;
    const days = [dayOf(from, t('from-day')), dayOf(until, t('until-day'))] as const;
    for (const d of days) if (typeof d === 'string') return d;
    void app.work(t('work-trace'), () => trace(app, {
      direction: direction.value === 'backward' ? 'backward' : 'forward', policy: policy.value, hops: Number(hops.value), least: floor.toString(), services: services.checked,
      from: days[0] as number | null, until: days[1] as number | null, edges: edges.value ? Number(edges.value) : null,
    }, asset.value || null));
    return null;
  });
}

/** An expansion within bounds. */
export function askExpand(app: App): void {
  const fact = focusedFact(app);
  if (!fact) return;
  const side = choice([['out', t('side-out')], ['in', t('side-in')], ['both', t('side-both')]]), sort = choice([['amount', t('sort-amount')], ['newest', t('sort-newest')], ['oldest', t('sort-oldest')]]);
  const most = el('input', { type: 'number', min: 1, max: 200, value: UNBOUNDED.most });
  const assets = assetsOf(app, fact.chain);
  const asset = choice([['', t('asset-all')], ...assets.map((a) => [a.id, a.unit] as const)]);
  const least = el('input', { inputmode: 'decimal' }), from = el('input', { type: 'date' }), until = el('input', { type: 'date' });
  const category = el('input', { list: 'x-categories', placeholder: t('category-example') });
  const known = [...new Set([...app.graph.facts.values()].filter((f) => f.category !== '' && f.category !== 'none').map((f) => categoryWord(f.category)))].sort();
  form(t('expand-title'), t('expand-button'), [
    field(t('direction'), side), field(t('sort'), sort), field(t('expand-most'), most), field(t('asset'), asset), field(t('least-amount'), least), field(t('from-day'), from), field(t('until-day'), until),
    field(t('expand-category'), category), el('datalist', { id: 'x-categories' }, ...known.map((c) => el('option', { value: c }))),
  ], () => {
    const unit = assets.find((a) => a.id === asset.value) ?? (isAccountChain(fact.chain) ? undefined : assets[0]);
    if (least.value.trim() !== '' && !unit) return t('expand-needs-asset');
    const floor = unit && least.value.trim() !== '' ? parseAmount(least.value, unit) : '';
    if (typeof floor === 'string' && floor !== '') return floor;
    const days = [dayOf(from, t('from-day')), dayOf(until, t('until-day'))] as const;
    for (const d of days) if (typeof d === 'string') return d;
    const bounds: Bounds = {
      most: Number(most.value), sort: sort.value as Bounds['sort'], asset: isAccountChain(fact.chain) ? asset.value : '', least: floor.toString(),
      from: days[0] as number | null, until: days[1] as number | null, category: categoriesIn(category.value).join(','),
    };
    void app.work(t('work-look-up'), () => expand(app, side.value === 'both' ? ['in', 'out'] : [side.value === 'in' ? 'in' : 'out'], app.members(), bounds));
    return null;
  });
}

export function askFilter(app: App): void {
  const now: Filter = app.graph.setting('filter', NO_FILTER);
  const assets = [...app.graph.assets.values()].sort((a, b) => (a.unit < b.unit ? -1 : 1)).slice(0, 30);
  const text = (units: bigint | undefined, unit: Asset): string => (units === undefined ? '' : amount(units, unit).split(' ')[0] ?? '');
  const rows = assets.map((a) => ({
    a, on: el('input', { type: 'checkbox', checked: now.assets === null || now.assets.includes(a.id), 'aria-label': t('filter-show', { unit: a.unit }) }),
    least: el('input', { inputmode: 'decimal', value: text(now.least[a.id], a), 'aria-label': t('filter-least-of', { unit: a.unit }) }), most: el('input', { inputmode: 'decimal', value: text(now.most[a.id], a), 'aria-label': t('filter-most-of', { unit: a.unit }) }),
  }));
  const categories = [...new Set([...app.graph.shown.keys()].map((id) => app.graph.facts.get(id)?.category ?? '').filter((c) => c !== '' && c !== 'none'))].sort();
  const hide = categories.map((c) => ({ c, off: el('input', { type: 'checkbox', checked: now.without.includes(c) }) }));
  const risks = RISKS.map((r) => ({ r, on: el('input', { type: 'checkbox', checked: now.risks === null || now.risks.includes(r) }) }));
  const dust = el('input', { type: 'checkbox', checked: now.dust });
  const table = el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, t('asset')), el('th', {}, t('filter-least')), el('th', {}, t('filter-most')))), el('tbody', {}, ...rows.map((r) => el('tr', {}, el('td', {}, check(r.a.unit, r.on)), el('td', {}, r.least), el('td', {}, r.most)))));
  const set = (): string | null => {
    const least: Record<string, bigint> = {}, most: Record<string, bigint> = {};
    for (const r of rows) for (const [input, into] of [[r.least, least], [r.most, most]] as const) {
      if (input.value.trim() === '') continue;
      const units = parseAmount(input.value, r.a);
      if (typeof units === 'string') return `${r.a.unit}: ${units}`;
      into[r.a.id] = units;
    }
    const chosen = rows.filter((r) => r.on.checked).map((r) => r.a.id), bad = risks.filter((r) => r.on.checked).map((r) => r.r);
    app.do({ do: 'set', key: 'filter', value: { ...now, least, most, dust: dust.checked, assets: chosen.length === rows.length ? null : chosen, without: hide.filter((h) => h.off.checked).map((h) => h.c), risks: bad.length === RISKS.length ? null : bad } });
    app.say(app.summary());
    return null;
  };
  const d = form(t('filter-title'), t('apply'), [
    ...(rows.length > 0 ? [table] : []), el('fieldset', {}, el('legend', {}, t('filter-risk')), ...risks.map((r) => check(t(`risk-${r.r}`), r.on))),
    ...(hide.length > 0 ? [el('fieldset', {}, el('legend', {}, t('filter-categories')), ...hide.map((h) => check(categoryWord(h.c), h.off)))] : []),
    check(t('filter-dust'), dust),
    el('button', { type: 'button', onclick: () => { app.do({ do: 'set', key: 'filter', value: NO_FILTER }); app.say(app.summary()); d.close(); } }, t('filter-all')),
  ], set);
}

/** Most bytes of a file of items. */
const FILE = 1_000_000;

export function askAdd(app: App, chain: string): void {
  const input = el('textarea', { rows: 6, spellcheck: 'false' });
  const file = el('input', { type: 'file', accept: '.csv,.txt,text/csv,text/plain', onchange: () => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    if (chosen.size > FILE) app.say(t('file-too-large'));
    else void chosen.text().then((text) => { input.value = text; });
  } });
  form(t('add-title'), t('add-button'), [field(t('add-field'), input), field(t('add-file'), file)], () => {
    const text = input.value;
    if (text.trim() === '') return t('say-type-something');
    void app.work(t('work-look-up'), async () => { const said = await addPasted(app, text, chain); app.surface.fit(); return said; });
    return null;
  });
}

/** Finds by name, address, category or note among what is drawn. */
export function askFind(app: App): void {
  const list = el('ul', { class: 'x-found', role: 'listbox', 'aria-label': t('found') });
  const count = el('p', { class: 'x-soft', role: 'status' });
  const input = el('input', { type: 'search', 'aria-label': t('action-find'), oninput: () => { find(); } });
  let found: string[] = [];
  const go = (id: string | undefined): void => {
    if (id === undefined) return;
    d.close();
    app.select([id]);
    app.surface.reveal(id);
    app.surface.box.focus();
  };
  const find = (): void => {
    const q = input.value.trim().toLowerCase();
    found = q === '' ? [] : [...app.view.nodes.values()].filter((n) => `${n.label} ${n.ref} ${n.category} ${categoryWord(n.category)} ${n.mark.note ?? ''} ${n.members.length > 1 ? n.members.map((m) => app.graph.facts.get(m)?.ref).join(' ') : ''}`.toLowerCase().includes(q)).map((n) => n.id);
    count.textContent = q === '' ? '' : t('found-count', { n: found.length });
    list.replaceChildren(...found.slice(0, 20).map((id) => { const n = app.view.nodes.get(id); return el('li', { role: 'option', 'aria-selected': 'false' }, el('button', { type: 'button', class: 'x-link', onclick: () => { go(id); } }, n?.label ? `${n.label} ${shortened(n.ref)}` : (n?.ref ?? id))); }));
  };
  const d = dialog(t('action-find'), el('form', { class: 'x-form', onsubmit: (event: SubmitEvent) => {
    event.preventDefault();
    if (found.length > 0) go(found[0]);
  } }, input, el('button', { type: 'button', onclick: () => { const ids = found; d.close(); app.select(ids); } }, t('find-all'))), count, list);
  input.focus();
}

/** All keys. */
export function help(actions: readonly Action[]): void {
  const groups = new Map<string, Action[]>();
  for (const a of actions) groups.set(a.group, [...(groups.get(a.group) ?? []), a]);
  dialog(t('action-help'), el('div', { class: 'x-keys' }, ...[...groups].map(([name, list]) => el('section', {}, el('h3', {}, t(`keys-${name}`)), el('dl', {}, ...list.flatMap((a) => [el('dt', {}, ...a.keys.flatMap((k, i) => [i > 0 ? ' ' : '', el('kbd', {}, k === ' ' ? t('key-space') : k.replace('Arrow', ''))])), el('dd', {}, a.name)]))))),
    el('p', { class: 'x-soft' }, t('keys-mouse')));
}

/** The menu of the selection at a point. */
export function menu(app: App, actions: readonly Action[], x: number, y: number): void {
  document.querySelector('.x-menu')?.remove();
  const list = actions.filter((a) => (app.selected.size > 0 || app.edge !== null ? a.menu : a.group === 'file' || a.group === 'arrange') && (a.enabled?.() ?? true) && a.id !== 'menu');
  const close = (): void => {
    m.remove();
    removeEventListener('pointerdown', away, true);
    app.surface.box.focus();
  };
  const away = (event: Event): void => { if (!(event.target instanceof Node && m.contains(event.target))) close(); };
  const buttons = list.map((a) => el('button', { type: 'button', role: 'menuitem', tabindex: -1, onclick: () => { close(); a.run(); } }, el('span', {}, a.name), el('kbd', {}, (a.keys[0] ?? '').replace('Arrow', ''))));
  const m = el('div', { class: 'x-menu', role: 'menu', 'aria-label': t('menu'), onkeydown: (event: KeyboardEvent) => {
    const i = buttons.findIndex((b) => b === document.activeElement);
    if (event.key === 'ArrowDown') buttons[(i + 1) % buttons.length]?.focus();
    else if (event.key === 'ArrowUp') buttons[(i - 1 + buttons.length) % buttons.length]?.focus();
    else if (event.key === 'Home') buttons[0]?.focus();
    else if (event.key === 'End') buttons.at(-1)?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  } }, ...buttons);
  (document.querySelector('.explorer') ?? document.body).append(m);
  m.style.left = `${Math.max(4, Math.min(x, innerWidth - m.offsetWidth - 8))}px`;
  m.style.top = `${Math.max(4, Math.min(y, innerHeight - m.offsetHeight - 8))}px`;
  addEventListener('pointerdown', away, true);
  buttons[0]?.focus();
}
