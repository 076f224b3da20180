/** Elements without markup strings. */
type Child = Node | string | null | undefined | false;
type Props = Readonly<Record<string, string | number | boolean | null | undefined | ((event: never) => void)>>;

const SVG = 'http://www.w3.org/2000/svg';

function fill(e: Element, props: Props, children: readonly Child[]): void {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') e.addEventListener(key.slice(2), value as EventListener);
    else e.setAttribute(key, value === true ? '' : String(value));
  }
  for (const c of children) if (c !== null && c !== undefined && c !== false) e.append(c);
}

/** An element; properties named `on...` are listeners. */
export function el<K extends keyof HTMLElementTagNameMap>(name: K, props: Props = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const e = document.createElement(name);
  fill(e, props, children);
  return e;
}
export function svg<K extends keyof SVGElementTagNameMap>(name: K, props: Props = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  const e = document.createElementNS(SVG, name);
  fill(e, props, children);
  return e;
}

/** Offers a text or picture as a file. */
export function download(name: string, content: Blob): void {
  const link = el('a', { href: URL.createObjectURL(content), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => { URL.revokeObjectURL(link.href); }, 60_000);
}

/** A dialog that closes by Escape and gives the focus back. */
export function dialog(title: string, ...children: Child[]): HTMLDialogElement {
  const back = document.activeElement;
  const d = el('dialog', { class: 'x-dialog', 'aria-label': title }, el('form', { method: 'dialog', class: 'x-dialog-head' }, el('h2', {}, title), el('button', { 'aria-label': 'Close' }, '×')), ...children);
  d.addEventListener('close', () => {
    d.remove();
    if (back instanceof HTMLElement) back.focus();
  });
  (document.querySelector('.explorer') ?? document.body).append(d);
  d.showModal();
  return d;
}

/** Calls when the next frame is on its way to the screen, or soon where a page in the background shows none. */
export function afterFrame(then: () => void): void {
  let isDue = true;
  const once = (): void => {
    if (!isDue) return;
    isDue = false;
    then();
  };
  if (!document.hidden) requestAnimationFrame(() => { setTimeout(once); });
  setTimeout(once, document.hidden ? 0 : 1_000);
}
