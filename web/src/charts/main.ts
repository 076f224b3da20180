/** Charts: a cursor by keyboard and pointer whose point is read out, lines by uPlot, PNG. Without it the page has the pictures, tables and CSV. */
import { download, el } from '../explorer/dom.ts';
import { draw } from './lines.ts';
import { fileName, moved, numberOf, type Numbers, sentence } from './model.ts';
import { png } from './picture.ts';

/** The numbers of a chart, from its table. */
function read(figure: HTMLElement): Numbers {
  const text = (element: Element | undefined): string => element?.textContent?.trim() ?? '';
  const heads = [...figure.querySelectorAll('thead th')].slice(1);
  const points = [...figure.querySelectorAll<HTMLTableRowElement>('tbody tr')].map((row) => {
    const cells = [...row.cells];
    const rest = cells.slice(1);
    return { label: text(cells[0]), values: rest.map((cell) => numberOf(cell.dataset['value'])), shown: rest.map(text) };
  });
  return { series: heads.map(text), points };
}

function begin(figure: HTMLElement): void {
  const place = figure.querySelector<HTMLElement>('.plot');
  const svg = place?.querySelector<SVGSVGElement>(':scope > svg');
  if (!place || !svg) return;
  const numbers = read(figure);
  const title = figure.querySelector('figcaption strong')?.textContent ?? '';
  const finding = figure.querySelector('figcaption span')?.textContent ?? '';
  const said = el('output', { 'aria-live': 'polite' });
  place.after(said);
  let at: number | null = null;
  const marks = [...svg.children].filter((part) => part.tagName === 'a' || part.tagName === 'g');
  const show = (next: number | null): void => {
    if (at !== null) marks[at]?.classList.remove('at');
    at = next;
    if (at !== null) marks[at]?.classList.add('at');
    said.textContent = at === null ? '' : sentence(numbers, at);
  };
  const plot = figure.dataset['chart'] === 'lines' ? draw(place, numbers, figure.dataset['unit'] ?? 'count', (next) => { if (next !== at) show(next); }) : null;
  marks.forEach((mark, n) => { mark.addEventListener('pointerenter', () => { show(n); }); });
  place.tabIndex = 0;
  place.setAttribute('role', 'group');
  place.setAttribute('aria-label', `${title}: arrow keys read the points`);
  place.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') { show(null); return; }
    if (event.key === 'Enter' && at !== null) {
      const to = marks[at]?.getAttribute('href') ?? figure.querySelectorAll('tbody tr')[at]?.querySelector('a')?.getAttribute('href');
      if (to) { event.preventDefault(); location.assign(to); }
      return;
    }
    const next = moved(at, event.key, numbers.points.length);
    if (next === null) return;
    event.preventDefault();
    if (plot) plot.setCursor({ left: plot.valToPos(next, 'x'), top: plot.over.clientHeight / 2 }, false);
    show(next);
  });
  const save = el('button', { type: 'button', class: 'plain' }, 'PNG');
  save.addEventListener('click', () => {
    png(svg, title, finding).then((blob) => { download(fileName(title), blob); }).catch((problem: unknown) => { said.textContent = problem instanceof Error ? problem.message : String(problem); });
  });
  figure.querySelector('.chart-files')?.append(save);
}

for (const figure of document.querySelectorAll<HTMLElement>('figure.chart')) begin(figure);
