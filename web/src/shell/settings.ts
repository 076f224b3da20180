/** How a person wants pages shown. Kept in this browser; applied by theme.ts before the first paint, and by the dialog "Display". */
export const THEMES = ['system', 'light', 'dark'] as const;
export const DENSITIES = ['comfortable', 'compact'] as const;
export type Theme = (typeof THEMES)[number];
export type Density = (typeof DENSITIES)[number];
/** `keys`: whether keys without Ctrl do anything (WCAG 2.1.4 asks for a way to turn them off). */
export interface Settings { theme: Theme; density: Density; keys: boolean }

const KEY = 'holdfast.display';

/** Reads what was kept; what cannot be read is the default. */
export function parse(text: string | null): Settings {
  let kept: Partial<Record<keyof Settings, unknown>> = {};
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value === 'object' && value !== null) kept = value;
  } catch { /* Somebody else's text. */ }
  return {
    theme: THEMES.find((t) => t === kept.theme) ?? 'system',
    density: DENSITIES.find((d) => d === kept.density) ?? 'comfortable',
    keys: kept.keys !== false,
  };
}

export function read(): Settings {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    return parse(null);
  }
}

/** Sets `data-theme` (only where a theme was chosen) and `data-density` of the document. */
export function apply({ theme, density }: Settings, to: { dataset: DOMStringMap } = document.documentElement): void {
  if (theme === 'system') delete to.dataset['theme'];
  else to.dataset['theme'] = theme;
  to.dataset['density'] = density;
}

/** Keeps and applies; gives whether it could be kept. */
export function write(settings: Settings): boolean {
  apply(settings);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
    return true;
  } catch {
    return false;
  }
}

/** Applies what another tab chose. */
export function follow(): void {
  addEventListener('storage', (event) => { if (event.key === KEY || event.key === null) apply(read()); });
}
