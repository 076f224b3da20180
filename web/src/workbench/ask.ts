/** Short questions: one of several by its number, or a line of text. Enter answers, Escape takes it back. */
import { el } from '../explorer/dom.ts';
import { t } from '../texts.ts';

export interface Choice { value: string; text: string; note: string }

function ask<T>(title: string, body: HTMLElement[], read: () => T | null, keys: (event: KeyboardEvent) => void): Promise<T | null> {
  return new Promise((resolve) => {
    const form = el('form', { method: 'dialog' }, ...body, el('button', { value: 'ok' }, t('bench-text-ok')));
    const d = el('dialog', { class: 'box', 'aria-label': title }, el('h2', {}, title), form);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const answer = read();
      if (answer === null) return;
      // At once, so that the next key, such as that of undo, finds it done.
      d.close();
      resolve(answer);
    });
    d.addEventListener('keydown', keys);
    d.addEventListener('close', () => {
      d.remove();
      // After an answer this comes too late to count.
      resolve(null);
    });
    document.body.append(d);
    d.showModal();
    (d.querySelector<HTMLElement>('input') ?? d).focus();
  });
}

/** One of several: a digit marks it, Enter takes it. Where `own` is set other words can be written for it. */
export function choose(title: string, choices: readonly Choice[], own: boolean): Promise<Choice | null> {
  const inputs = choices.map((c) => el('input', { type: 'radio', name: 'choice', value: c.text }));
  const words = own ? el('input', { type: 'text', class: 'own', maxlength: 2_000, 'aria-label': t('bench-text-own'), placeholder: t('bench-text-own') }) : null;
  const list = el('ol', { class: 'reasons' }, ...choices.map((c, i) => el('li', {}, el('label', {}, inputs[i] ?? null, ` ${c.text} `, c.note !== '' && el('span', { class: 'note' }, c.note)))));
  const read = (): Choice | null => {
    const c = choices[inputs.findIndex((input) => input.checked)];
    const other = words?.value.trim() ?? '';
    return c ? { ...c, text: other === '' ? c.text : other } : null;
  };
  return ask(title, words ? [list, words] : [list], read, (event) => {
    const digit = /^[1-9]$/.test(event.key) ? Number(event.key) : 0;
    const input = inputs[digit - 1];
    if (!input || event.target === words) return;
    event.preventDefault();
    input.checked = true;
    input.focus();
  });
}

/** A line of text; where `empty` is set it may be left out. */
export function note(title: string, label: string, button: string, empty: boolean): Promise<string | null> {
  const input = el('input', { type: 'text', class: 'own', maxlength: 9_000, 'aria-label': label, placeholder: empty ? `${button} (Enter), ${label}` : label });
  return ask(title, [input], () => (input.value.trim() === '' && !empty ? null : input.value.trim()), () => undefined);
}
