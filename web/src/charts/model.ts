/** What a chart's script knows of its numbers: pure, without a page. */

export interface Point { readonly label: string; readonly values: readonly (number | null)[]; readonly shown: readonly string[] }
export interface Numbers { readonly series: readonly string[]; readonly points: readonly Point[] }

/** The number in a cell; null where it is not known. Counts above 2^53 are drawn as near as a picture can be; the table has them whole. */
export function numberOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Columns as uPlot takes them: places of the points, then a list a series. */
export function columns(numbers: Numbers): (number | null)[][] {
  return [numbers.points.map((_, at) => at), ...numbers.series.map((_, at) => numbers.points.map((point) => point.values[at] ?? null))];
}

/** Where a key moves the cursor among so many points; null for a key that does not. From nowhere it enters at the last point, the newest. */
export function moved(at: number | null, key: string, count: number): number | null {
  if (count === 0) return null;
  const last = count - 1;
  switch (key) {
    case 'ArrowLeft': return at === null ? last : Math.max(0, at - 1);
    case 'ArrowRight': return at === null ? last : Math.min(last, at + 1);
    case 'PageUp': return at === null ? last : Math.max(0, at - 7);
    case 'PageDown': return at === null ? last : Math.min(last, at + 7);
    case 'Home': return 0;
    case 'End': return last;
    default: return null;
  }
}

/** A point in words. */
export function sentence(numbers: Numbers, at: number): string {
  const point = numbers.points[at];
  if (!point) return '';
  return `${point.label}: ${numbers.series.map((name, i) => `${name} ${point.shown[i] ?? ''}`).join(', ')}`;
}

/** A file's name from a title. */
export function fileName(title: string): string {
  const plain = title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return `${plain === '' ? 'chart' : plain.slice(0, 60)}.png`;
}

/** A value on the scale, in short. */
export function scaleText(value: number, unit: string): string {
  const short = (n: number): string => String(+n.toPrecision(3));
  if (unit === 'seconds') {
    if (value < 120) return `${short(value)} s`;
    if (value < 7_200) return `${short(value / 60)} min`;
    return value < 172_800 ? `${short(value / 3_600)} h` : `${short(value / 86_400)} d`;
  }
  const number = unit === 'value' ? value / 100 : unit === 'permille' ? value / 10 : value;
  const size = Math.abs(number);
  if (size >= 1e9) return `${short(number / 1e9)} G`;
  if (size >= 1e6) return `${short(number / 1e6)} M`;
  if (size >= 1e4) return `${short(number / 1e3)} k`;
  return unit === 'permille' ? `${short(number)} %` : short(number);
}
