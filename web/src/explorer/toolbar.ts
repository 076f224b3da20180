/** The bar above the picture, and the legend below it; both made of the table of actions. */
import type { Action } from './actions.ts';
import type { App } from './app.ts';
import { el, svg } from './dom.ts';
import { RISKS, type Level, type Risk } from './model.ts';
import { corners, SIGN } from './palette.ts';
import { has, t } from './texts.ts';
import { riskWord } from './words.ts';

const BAR = ['undo', 'redo', 'expand', 'followout', 'trace', 'flow', 'fit', 'in', 'out', 'lasso', 'folds', 'dust', 'filter', 'save', 'help'];
const FILES = ['png', 'svg', 'pdf', 'csv', 'graphml', 'bundle', 'json', 'share', 'versions'];

/** Shape, sign and word of each risk. */
export function legend(): HTMLElement {
  const item = (r: Risk): HTMLElement => {
    const list = corners(r, 9, 9, 8);
    const shape = list.length > 0 ? svg('polygon', { points: list.map((c) => c.join(',')).join(' '), class: `x-fill ${r}` }) : svg('circle', { cx: 9, cy: 9, r: 7.5, class: `x-fill ${r}` });
    return el('li', {}, svg('svg', { viewBox: '0 0 18 18', width: 18, height: 18, 'aria-hidden': 'true' }, shape, svg('text', { x: 9, y: 12.5, class: `x-on ${r}` }, SIGN[r])), riskWord(r));
  };
  const line = (dash: string, key: string): HTMLElement => el('li', {}, svg('svg', { viewBox: '0 0 26 18', width: 26, height: 18, 'aria-hidden': 'true' }, svg('line', { x1: 1, x2: 25, y1: 9, y2: 9, class: 'x-line', 'stroke-dasharray': dash })), t(key));
  return el('ul', { class: 'x-legend', 'aria-label': t('legend') }, ...RISKS.map(item), line('', 'link-payment'), line('12 3', 'legend-crossing'), line('6 4', 'link-inferred'));
}

export function toolbar(app: App, actions: readonly Action[]): HTMLElement {
  const find = (id: string): Action[] => actions.filter((a) => a.id === id);
  const level = el('select', { 'aria-label': t('level'), onchange: () => { app.do({ do: 'set', key: 'level', value: level.value as Level }); app.say(app.summary()); } },
    ...(['transaction', 'address', 'entity'] as const).map((l) => el('option', { value: l }, t(`level-${l}`))));
  const buttons = BAR.flatMap(find).map((a) => {
    const word = has(`bar-${a.id}`) ? t(`bar-${a.id}`) : a.name;
    // A name that is spoken has the words that are seen (WCAG 2.5.3); in some languages the long form has others.
    const spoken = word !== a.name && a.name.toLowerCase().includes(word.toLowerCase()) ? a.name : null;
    const b = el('button', { type: 'button', title: `${a.name} (${a.keys[0] ?? ''})`, 'aria-label': spoken, 'aria-keyshortcuts': a.keys[0]?.replace('Ctrl', 'Control') ?? null, onclick: () => { a.run(); draw(); } }, word);
    return { a, b };
  });
  const file = el('select', { 'aria-label': t('export'), onchange: () => { find(file.value)[0]?.run(); file.value = ''; } }, el('option', { value: '' }, t('export')), ...FILES.flatMap(find).map((a) => el('option', { value: a.id }, a.name)));
  const draw = (): void => {
    level.value = app.graph.setting('level', 'transaction');
    for (const { a, b } of buttons) {
      b.disabled = !(a.enabled?.() ?? true);
      if (a.on) b.setAttribute('aria-pressed', String(a.on()));
    }
  };
  app.on((change) => { if (change !== 'message') draw(); });
  draw();
  return el('div', { class: 'x-tools', role: 'toolbar', 'aria-label': t('toolbar') }, level, ...buttons.map(({ b }) => b), file);
}
