/** Texts of the page's catalogue that scripts say. */
export function text(key: string): string {
  return document.querySelector<HTMLTemplateElement>('#bench-texts')?.content.querySelector(`[data-text="${key}"]`)?.textContent ?? key;
}
