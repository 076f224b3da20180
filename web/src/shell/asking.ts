/** Questions to the server while a person types. */
import { t } from '../texts.ts';
export type Told<T> = { state: 'none' } | { state: 'waiting' } | { state: 'got'; value: T } | { state: 'failed'; message: string };

/** Asks after a pause in typing. Only the answer to the last question counts: others are cancelled, and dropped where they come all the same. */
export class Asker<T> {
  told: Told<T> = { state: 'none' };
  private last = '';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private abort: AbortController | undefined;

  constructor(private readonly question: (q: string, signal: AbortSignal) => Promise<T>, private readonly changed: () => void, private readonly pause: number) {}

  /** An empty text asks nothing. */
  ask(q: string): void {
    if (q === this.last) return;
    clearTimeout(this.timer);
    this.abort?.abort();
    this.last = q;
    this.told = { state: q === '' ? 'none' : 'waiting' };
    if (q !== '') this.timer = setTimeout(() => { void this.send(q); }, this.pause);
  }

  private async send(q: string): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    let told: Told<T>;
    try {
      told = { state: 'got', value: await this.question(q, abort.signal) };
    } catch (e) {
      told = { state: 'failed', message: e instanceof Error ? e.message : String(e) };
    }
    if (abort !== this.abort || abort.signal.aborted) return;
    this.told = told;
    this.changed();
  }
}

/** Most milliseconds that an answer may take. */
const PATIENCE = 10_000;

/** Asks for JSON; what goes wrong is thrown as a sentence. */
export async function ask<T>(path: string, q: string, signal: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`${path}?${new URLSearchParams({ q }).toString()}`, { headers: { accept: 'application/json' }, signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) });
  } catch (e) {
    if (e instanceof Error && e.name === 'TimeoutError') throw new Error(t('shell-no-answer'), { cause: e });
    throw new Error(t('shell-unreachable'), { cause: e });
  }
  const body = (await answer.json().catch(() => null)) as (T & { error?: string }) | null;
  if (answer.ok && body !== null) return body;
  if (answer.status === 401) throw new Error(t('shell-signed-out'));
  if (answer.ok) throw new Error(t('shell-unreadable'));
  throw new Error(body?.error ? t('shell-refused', { reason: body.error.replace(/\.$/, '') }) : t('shell-status', { status: String(answer.status) }));
}
