/** What the workbench sends. */
export type Action =
  | { action: 'assign'; assignee: string | null }
  | { action: 'comment'; text: string }
  | { action: 'close'; outcome: string; text: string };
export type Hold = 'keep' | 'release';
export interface Result { id: number; done: boolean; refused?: string; version: number; holds?: string[] }
export interface Seen { id: number; version: number }

/** The server's reason, in words. */
export class Refused extends Error {}

async function post<T>(path: string, body: unknown, leaving: boolean): Promise<T> {
  // A request of a page that goes away lives on with `keepalive`.
  const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify(body), keepalive: leaving });
  const read = (await answer.json().catch(() => null)) as (T & { error?: string }) | null;
  if (!answer.ok || read === null) throw new Refused(read?.error ?? `The server answered ${answer.status}.`);
  return read;
}

export function step(rows: readonly Seen[], action: Action, hold: Hold | null, leaving: boolean): Promise<Result[]> {
  const alerts = rows.map(({ id, version }) => ({ id, version }));
  return post<Result[]>('/api/v1/alerts/steps', { alerts, step: action, ...(hold ? { hold } : {}) }, leaving);
}

export function toCase(alerts: readonly number[], into: number | null): Promise<{ case: number; added: number }> {
  return post('/api/v1/alerts/case', { alerts, ...(into === null ? {} : { case: into }) }, false);
}
