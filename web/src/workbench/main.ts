/** The alert workbench by keys. Every step is a form or a link without it; keys come before those of the shell. */
import { el } from '../explorer/dom.ts';
import { isTyped, Sequence } from '../shell/keys.ts';
import { read } from '../shell/settings.ts';
import { t } from '../texts.ts';
import { choose, note, type Choice } from './ask.ts';
import { listen } from './live.ts';
import { Pending } from './pending.ts';
import { Queue, type Row } from './queue.ts';
import { Refused, step, toCase, type Action, type Hold } from './send.ts';

const root = document.querySelector<HTMLElement>('[data-bench]');
const panel = document.getElementById('panel');
if (root && panel) begin(root, panel);

function say(message: string, isError = false): void {
  document.dispatchEvent(new CustomEvent(isError ? 'toast-error' : 'toast', { detail: message }));
}

/** Least milliseconds between two looks at the queue for new alerts. */
const BETWEEN_LOOKS = Number(document.querySelector<HTMLElement>('[data-looks]')?.dataset['looks'] ?? 15_000);

/** What a question is headed with, in the page's language. */
const titleOf = (template: string): string => document.querySelector<HTMLElement>(`#${template}`)?.dataset['title'] ?? '';

function begin(root: HTMLElement, panel: HTMLElement): void {
  root.dataset['script'] = '';
  const may = new Set((root.dataset['bench'] ?? '').split(' '));
  const who = root.dataset['who'] ?? '';
  const queue = new Queue(root, panel);
  const pending = new Pending();
  const bulk = root.querySelector<HTMLElement>('fieldset.bulk');

  const allowed = (scope: string): boolean => {
    if (!may.has(scope)) say(t('bench-text-may-not'), true);
    return may.has(scope);
  };
  const failed = (e: unknown, rows: readonly Row[]): void => {
    for (const row of rows) queue.restore(row);
    say(e instanceof Refused ? e.message : t('bench-text-failed'), true);
  };
  const named = (rows: readonly Row[]): string => (rows.length === 1 ? `${rows[0]?.id ?? ''}` : `${rows.length}`);

  /** Sends a step and puts what came of it into the rows. */
  async function send(rows: readonly Row[], action: Action, hold: Hold | null, leaving: boolean): Promise<void> {
    try {
      for (const result of await step(rows, action, hold, leaving)) {
        const row = rows.find((r) => r.id === result.id);
        if (!row) continue;
        row.version = result.version;
        if (!result.done) {
          queue.restore(row);
          say(result.refused ?? `${row.id} ${t('bench-text-other')}`, true);
        }
        for (const said of result.holds ?? []) say(said);
      }
    } catch (e) {
      failed(e, rows);
    }
  }

  function assign(rows: readonly Row[], person: string): void {
    const before = rows.map((row) => row.assignee);
    for (const row of rows) queue.assign(row, person);
    queue.unselect();
    pending.do({
      waits: false,
      send: (leaving) => { void send(rows, { action: 'assign', assignee: person }, null, leaving); },
      undo: () => {
        rows.forEach((row, i) => {
          const name = before[i] ?? null;
          queue.assign(row, name);
          void send([row], { action: 'assign', assignee: name }, null, false);
        });
      },
    });
    say(`${named(rows)} ${t('bench-text-assigned')} ${person}. ${t('bench-text-undo')}`);
  }

  async function close(rows: readonly Row[]): Promise<void> {
    const list = document.querySelector<HTMLTemplateElement>('#bench-close')?.content.querySelectorAll('li') ?? [];
    const reasons = [...list].map((li): Choice => ({ value: li.dataset['outcome'] ?? '', text: li.querySelector('input')?.value ?? '', note: li.querySelector('.note')?.textContent ?? '' }));
    const chosen = await choose(`${titleOf('bench-close')}: ${named(rows)}`, reasons, true);
    if (!chosen) return;
    let hold: Hold | null = null;
    if (rows.some((row) => queue.mayHold(row)) && chosen.value === 'true_positive') {
      hold = await askHold();
      if (!hold) return;
    }
    for (const row of rows) queue.gone(row);
    queue.unselect();
    // The next one opens.
    queue.next();
    pending.do({
      waits: true,
      send: (leaving) => { void send(rows, { action: 'close', outcome: chosen.value, text: chosen.text }, hold, leaving).then(() => { for (const row of rows) queue.remove(row); }); },
      undo: () => { for (const row of rows) queue.restore(row); },
    });
    say(`${named(rows)} ${t('bench-text-closed')}: ${chosen.text}. ${t('bench-text-undo')}`);
  }

  async function askHold(): Promise<Hold | null> {
    const choices: Choice[] = [{ value: 'keep', text: t('bench-text-keep'), note: '' }];
    if (may.has('holds')) choices.push({ value: 'release', text: t('bench-text-release'), note: '' });
    const chosen = await choose(t('bench-text-hold'), choices, false);
    return chosen ? (chosen.value as Hold) : null;
  }

  async function escalate(rows: readonly Row[]): Promise<void> {
    const answer = await note(t('bench-text-case'), t('bench-text-case-number'), t('bench-text-new-case'), true);
    if (answer === null) return;
    try {
      pending.leave();
      const made = await toCase(rows.map((row) => row.id), answer.trim() === '' ? null : Number(answer));
      location.assign(`/desk/cases/${made.case}`);
    } catch (e) {
      failed(e, []);
    }
  }

  async function comment(rows: readonly Row[]): Promise<void> {
    const words = await note(t('bench-text-note'), t('bench-text-note'), t('bench-text-ok'), false);
    if (!words) return;
    await send(rows, { action: 'comment', text: words }, null, false);
    queue.show(true);
  }

  async function assignTo(rows: readonly Row[]): Promise<void> {
    const list = document.querySelector<HTMLTemplateElement>('#bench-people')?.content.querySelectorAll('input') ?? [];
    const chosen = await choose(titleOf('bench-people'), [...list].map((input) => ({ value: input.value, text: input.value, note: '' })), false);
    if (chosen) assign(rows, chosen.value);
  }

  function hold(): void {
    const link = panel.querySelector<HTMLAnchorElement>('[data-hold] a[href]');
    if (!link) return say(t('bench-text-no-hold'));
    pending.leave();
    location.assign(link.href);
  }

  function act(scope: string, run: (rows: readonly Row[]) => void): void {
    if (!allowed(scope)) return;
    const rows = queue.chosen();
    if (rows.length === 0) say(t('bench-text-nothing'));
    else run(rows);
  }

  const keys: Readonly<Record<string, () => void>> = {
    j: () => { queue.move(1); }, k: () => { queue.move(-1); }, o: () => { queue.open(); },
    a: () => { act('alerts', (rows) => { assign(rows, who); }); },
    A: () => { act('alerts', (rows) => { void assignTo(rows); }); },
    c: () => { act('alerts', (rows) => { void close(rows); }); },
    e: () => { act('desk', (rows) => { void escalate(rows); }); },
    n: () => { act('alerts', (rows) => { void comment(rows); }); },
    h: hold,
    x: () => { queue.toggle(); },
    X: () => { queue.range(); },
    '.': () => {
      bulk?.classList.toggle('on');
      bulk?.querySelector<HTMLElement>('select')?.focus();
    },
    u: () => { say(t(pending.undo() ? 'bench-text-undone' : 'bench-text-nothing')); },
  };

  const sequence = new Sequence();
  window.addEventListener('keydown', (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyped(target) || document.querySelector('dialog[open]') || !read().keys) return;
    const key = sequence.press(event.key, event.timeStamp);
    // Pairs such as `g a` are the shell's.
    if (key === null || key.startsWith('g ')) return;
    const opens = key === 'Enter' && (target === document.body || target?.closest('tr[data-alert]') !== null && !(target instanceof HTMLAnchorElement) && !(target instanceof HTMLButtonElement));
    const run = opens ? keys['o'] : keys[key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  }, { capture: true });
  queue.onSelect = (n) => { bulk?.classList.toggle('on', n > 0); };
  window.addEventListener('pagehide', () => { pending.leave(); });
  let looked = -Infinity;
  listen((id, by) => { queue.touched(id, by, who); }, (n) => {
    // Those that the filter or the page leaves out are told alone.
    // Each look at the queue is recorded as one of this person: not in pages that nobody sees, and not with each alert.
    if (document.hidden || performance.now() - looked < BETWEEN_LOOKS) {
      say(`${n} ${t('bench-text-new')}`);
      return;
    }
    looked = performance.now();
    void queue.refresh().then((added) => { say(added > 0 ? `${added} ${t('bench-text-came')}` : `${n} ${t('bench-text-new')}`); });
  });
  panel.append(el('p', { class: 'unseen', role: 'status' }));
}
