/** Lines over time, drawn by uPlot with a cursor. */
import uPlot from 'uplot';
import { columns, type Numbers, scaleText } from './model.ts';

const HEIGHT = 180;
const DASHES: readonly number[][] = [[], [6, 3], [2, 3]];

/** A colour of the page's styles, read when it is drawn: the theme can change. */
const colour = (of: Element, name: string) => (): string => getComputedStyle(of).getPropertyValue(name).trim() || 'currentColor';

/** Draws lines into a place; `moved` is told where the pointer is. */
export function draw(place: HTMLElement, numbers: Numbers, unit: string, moved: (at: number | null) => void): uPlot {
  const axis = { stroke: colour(place, '--hf-soft'), grid: { stroke: colour(place, '--hf-line'), width: 0.5 }, ticks: { show: false }, font: '12px system-ui' };
  const plot = new uPlot({
    width: Math.max(place.clientWidth, 200), height: HEIGHT, pxAlign: false, legend: { show: false },
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(most, 1)] } },
    cursor: { drag: { x: false, y: false }, points: { size: 8 } },
    axes: [
      { ...axis, incrs: [1, 2, 5, 7, 14, 30, 60, 90], values: (_, splits) => splits.map((at) => numbers.points[at]?.label.slice(5) ?? '') },
      { ...axis, size: 64, values: (_, splits) => splits.map((value) => scaleText(value, unit)) },
    ],
    series: [{}, ...numbers.series.map((label, at) => ({ label, width: 2, stroke: colour(place, `--s${at}`), dash: DASHES[at % DASHES.length] ?? [], points: { size: 5 } }))],
    hooks: { setCursor: [(u) => { moved(u.cursor.idx ?? null); }] },
  }, columns(numbers) as uPlot.AlignedData, place);
  place.classList.add('drawn');
  const resize = new ResizeObserver(() => { plot.setSize({ width: Math.max(place.clientWidth, 200), height: HEIGHT }); });
  resize.observe(place);
  const again = (): void => { plot.redraw(false); };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return plot;
}
