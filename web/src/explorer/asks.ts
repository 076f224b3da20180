/** Dialogs: notes, labels, groups, traces, filters, saving, finding, keys. */
import type { Action } from './actions.ts';
import type { App } from './app.ts';
import { dialog, el } from './dom.ts';
import { addPasted, trace } from './expand.ts';
import { NO_FILTER, type Filter } from './filter.ts';
import { amount, parseAmount, shortened } from './format.ts';
import { isAccountChain } from './learn.ts';
import { RISKS, stringify } from './model.ts';
import { RISK_WORDS } from './words.ts';

const field = (label: string, input: HTMLElement): HTMLLabelElement => el('label', {}, label, input);

/** A form in a dialog. What `done` gives as a sentence is shown as what is wrong. */
function form(title: string, button: string, fields: readonly HTMLElement[], done: () => string | null): HTMLDialogElement {
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
  (d.querySelector<HTMLElement>('.x-form input:not([type=checkbox]), .x-form textarea') ?? d.querySelector<HTMLElement>('.x-form [type=submit]'))?.focus();
  return d;
}

export function askText(app: App, what: 'note' | 'label'): void {
  const now = app.focused()?.mark[what] ?? '';
  const input = el('input', { value: now, maxlength: what === 'note' ? 500 : 80 });
  form(what === 'note' ? 'Note' : 'Own label', 'Set', [field(what === 'note' ? 'Note (empty removes it)' : 'Label in this graph (empty removes it)', input)], () => {
    const ids = what === 'note' ? [...app.selected] : app.members();
    app.do({ do: 'mark', ids, mark: what === 'note' ? { note: input.value.trim() } : { label: input.value.trim() } });
    return null;
  });
}

export function askGroup(app: App): void {
  const input = el('input', { required: true, maxlength: 80 });
  const members = app.members();
  form('Group', 'Group', [field('Name', input)], () => {
    let n = 1;
    while (app.graph.groups.has(`g:${n}`)) n += 1;
    app.do({ do: 'group', id: `g:${n}`, group: { label: input.value.trim() || 'group', members, open: false } });
    app.select([`g:${n}`]);
    return null;
  });
}

export function askTrace(app: App): void {
  const id = app.focused()?.members[0];
  const fact = id === undefined ? undefined : app.graph.facts.get(id);
  if (!fact) return;
  const select = (...options: string[]): HTMLSelectElement => el('select', {}, ...options.map((o) => el('option', { value: o }, o)));
  const direction = select('forward', 'backward'), policy = select('haircut', 'fifo', 'lifo', 'poison');
  const hops = el('input', { type: 'number', min: 1, max: 50, value: 5 });
  const services = el('input', { type: 'checkbox' });
  const assets = [...app.graph.assets.values()].filter((a) => a.id.startsWith(fact.chain));
  const asset = el('select', {}, ...assets.map((a) => el('option', { value: a.id }, a.unit)));
  form('Trace the money', 'Trace', [field('Direction', direction), field('Policy', policy), field('Most transactions away', hops), field('Go on through services', services), ...(isAccountChain(fact.chain) ? [field('Asset', asset)] : [])], () => {
    if (isAccountChain(fact.chain) && !asset.value) return 'Expand the address first, so that its assets are known.';
    void app.work('Tracing', () => trace(app, { direction: direction.value === 'backward' ? 'backward' : 'forward', policy: policy.value, hops: Number(hops.value), least: '', services: services.checked }, asset.value || null));
    return null;
  });
}

export function askFilter(app: App): void {
  const now: Filter = app.graph.setting('filter', NO_FILTER);
  const assets = [...app.graph.assets.values()].sort((a, b) => (a.unit < b.unit ? -1 : 1)).slice(0, 30);
  const text = (units: bigint | undefined, unit: (typeof assets)[number]): string => (units === undefined ? '' : amount(units, unit).split(' ')[0] ?? '');
  const rows = assets.map((a) => ({ a, on: el('input', { type: 'checkbox', checked: now.assets === null || now.assets.includes(a.id), 'aria-label': `Show ${a.unit}` }), least: el('input', { inputmode: 'decimal', value: text(now.least[a.id], a), 'aria-label': `Least ${a.unit}` }), most: el('input', { inputmode: 'decimal', value: text(now.most[a.id], a), 'aria-label': `Most ${a.unit}` }) }));
  const categories = [...new Set([...app.graph.shown.keys()].map((id) => app.graph.facts.get(id)?.category ?? '').filter((c) => c !== '' && c !== 'none'))].sort();
  const hide = categories.map((c) => ({ c, off: el('input', { type: 'checkbox', checked: now.without.includes(c) }) }));
  const risks = RISKS.map((r) => ({ r, on: el('input', { type: 'checkbox', checked: now.risks === null || now.risks.includes(r) }) }));
  const dust = el('input', { type: 'checkbox', checked: now.dust });
  const table = el('table', {}, el('thead', {}, el('tr', {}, el('th', {}, 'Asset'), el('th', {}, 'Least a movement'), el('th', {}, 'Most'))), el('tbody', {}, ...rows.map((r) => el('tr', {}, el('td', {}, el('label', { class: 'x-check' }, r.on, r.a.unit)), el('td', {}, r.least), el('td', {}, r.most)))));
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
  const d = form('Filters', 'Apply', [
    ...(rows.length > 0 ? [table] : []), el('fieldset', {}, el('legend', {}, 'Edges that begin or end at risk'), ...risks.map((r) => el('label', { class: 'x-check' }, r.on, RISK_WORDS[r.r]))),
    ...(hide.length > 0 ? [el('fieldset', {}, el('legend', {}, 'Hide categories'), ...hide.map((h) => el('label', { class: 'x-check' }, h.off, h.c)))] : []),
    el('label', { class: 'x-check' }, dust, 'Hide dust: below 546 base units of BTC, a thousandth of a unit of other assets'),
    el('button', { type: 'button', onclick: () => { app.do({ do: 'set', key: 'filter', value: NO_FILTER }); app.say(app.summary()); d.close(); } }, 'Show all'),
  ], set);
}

export function askSave(app: App, caseId: string, subject: string): void {
  const id = el('input', { required: true, value: caseId, inputmode: 'numeric', pattern: '[0-9]+' }), title = el('input', { required: true, maxlength: 200 });
  form('Save in a case', 'Save', [field('Case', id), field('Title', title)], () => {
    const body = stringify({ version: 2, log: app.history.log });
    void app.work('Saving', async () => `Saved in case ${id.value} as item ${await app.api.save(id.value, subject, title.value.trim(), body)}.`);
    return null;
  });
}

export function askAdd(app: App, chain: string): void {
  const input = el('textarea', { rows: 5, required: true, spellcheck: 'false' });
  form('Add to graph', 'Add', [field('Addresses, transactions or names; one or up to 1,000', input)], () => {
    const text = input.value;
    void app.work('Looking up', () => addPasted(app, text, chain));
    return null;
  });
}

/** Finds by name, address, category or note among what is drawn. */
export function askFind(app: App): void {
  const list = el('ul', { class: 'x-found', role: 'listbox', 'aria-label': 'Found' });
  const count = el('p', { class: 'x-soft', role: 'status' });
  const input = el('input', { type: 'search', 'aria-label': 'Find in graph', oninput: () => { find(); } });
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
    found = q === '' ? [] : [...app.view.nodes.values()].filter((n) => `${n.label} ${n.ref} ${n.category} ${n.mark.note ?? ''} ${n.members.length > 1 ? n.members.map((m) => app.graph.facts.get(m)?.ref).join(' ') : ''}`.toLowerCase().includes(q)).map((n) => n.id);
    count.textContent = q === '' ? '' : `${found.length} found`;
    list.replaceChildren(...found.slice(0, 20).map((id) => { const n = app.view.nodes.get(id); return el('li', { role: 'option', 'aria-selected': 'false' }, el('button', { type: 'button', class: 'x-link', onclick: () => { go(id); } }, n?.label ? `${n.label} ${shortened(n.ref)}` : (n?.ref ?? id))); }));
  };
  const d = dialog('Find in graph', el('form', { class: 'x-form', onsubmit: (event: SubmitEvent) => {
    event.preventDefault();
    if (found.length > 0) go(found[0]);
  } }, input, el('button', { type: 'button', onclick: () => { const ids = found; d.close(); app.select(ids); } }, 'Select all found')), count, list);
  input.focus();
}

/** All keys. */
export function help(actions: readonly Action[]): void {
  const groups = new Map<string, Action[]>();
  for (const a of actions) groups.set(a.group, [...(groups.get(a.group) ?? []), a]);
  dialog('Keys', el('div', { class: 'x-keys' }, ...[...groups].map(([name, list]) => el('section', {}, el('h3', {}, name), el('dl', {}, ...list.flatMap((a) => [el('dt', {}, ...a.keys.flatMap((k, i) => [i > 0 ? ' ' : '', el('kbd', {}, k.replace('Arrow', ''))])), el('dd', {}, a.name)]))))),
    el('p', { class: 'x-soft' }, 'Drag moves the picture or nodes; Shift and drag draws a lasso; the wheel zooms; a double click expands.'));
}

/** The menu of the selection at a point. */
export function menu(app: App, actions: readonly Action[], x: number, y: number): void {
  document.querySelector('.x-menu')?.remove();
  const list = actions.filter((a) => (app.selected.size > 0 ? a.menu : a.group === 'File' || a.group === 'Arrange') && (a.enabled?.() ?? true) && a.id !== 'menu');
  const close = (): void => {
    m.remove();
    removeEventListener('pointerdown', away, true);
    app.surface.box.focus();
  };
  const away = (event: Event): void => { if (!(event.target instanceof Node && m.contains(event.target))) close(); };
  const buttons = list.map((a) => el('button', { type: 'button', role: 'menuitem', tabindex: -1, onclick: () => { close(); a.run(); } }, el('span', {}, a.name), el('kbd', {}, a.keys[0] ?? '')));
  const m = el('div', { class: 'x-menu', role: 'menu', 'aria-label': 'Selection', onkeydown: (event: KeyboardEvent) => {
    const i = buttons.findIndex((b) => b === document.activeElement);
    if (event.key === 'ArrowDown') buttons[(i + 1) % buttons.length]?.focus();
    else if (event.key === 'ArrowUp') buttons[(i - 1 + buttons.length) % buttons.length]?.focus();
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
