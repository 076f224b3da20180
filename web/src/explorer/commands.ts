/** Every change of a graph is a command. Applying one gives patches that undo it; the log of commands is what is saved, and replaying it gives the graph. */
import { TABLES, type Edge, type Fact, type Graph, type Group, type Mark, type Movement, type Place, type Settings, type TableName, type Tables, type Total } from './model.ts';
import type { Asset } from './format.ts';
import { t } from './texts.ts';

export type Setting = { [K in keyof Settings]: { readonly key: K; readonly value: Settings[K] } }[keyof Settings];

export type Command =
  | { readonly do: 'learn'; readonly facts: readonly Fact[]; readonly edges: readonly Edge[]; readonly totals: readonly (readonly [string, Total])[]; readonly assets?: readonly Asset[] }
  | { readonly do: 'show'; readonly places: readonly (readonly [string, Place])[] }
  | { readonly do: 'hide'; readonly ids: readonly string[] }
  | { readonly do: 'move'; readonly places: readonly (readonly [string, Place])[] }
  | { readonly do: 'mark'; readonly ids: readonly string[]; readonly mark: Mark }
  | { readonly do: 'group'; readonly id: string; readonly group: Group }
  | { readonly do: 'ungroup'; readonly id: string }
  | ({ readonly do: 'set' } & Setting)
  | { readonly do: 'batch'; readonly name: string; readonly commands: readonly Command[] };

/** One entry of a table as it is to be; `undefined` removes it. */
export type Patch = { [T in TableName]: { readonly table: T; readonly key: string; readonly value: Tables[T] | undefined } }[TableName];

/** Undo and redo go this far back. */
export const UNDO_LIMIT = 200;

/** What is newer wins where it says something; what was known is not forgotten. */
export function merged(before: Fact | undefined, now: Fact): Fact {
  if (!before) return now;
  return {
    ...before, ...now,
    label: now.label || before.label,
    category: now.category || before.category,
    risk: now.risk === 'unknown' ? before.risk : now.risk,
    entity: now.entity ?? before.entity,
    time: now.time ?? before.time,
    hop: before.hop ?? now.hop,
  };
}

/** Whether ids rise, so that there are no two of one movement. */
function isOrdered(movements: readonly Movement[]): boolean {
  for (let i = 1; i < movements.length; i += 1) if ((movements[i - 1]?.id ?? '') >= (movements[i]?.id ?? '')) return false;
  return true;
}

/** Movements of an edge with those that are new, by id and in a fixed order. */
function joined(before: readonly Movement[], now: readonly Movement[]): readonly Movement[] {
  if (before.length === 0 && isOrdered(now)) return now;
  const all = new Map(before.map((m) => [m.id, m]));
  for (const m of now) {
    const known = all.get(m.id);
    all.set(m.id, known ? { ...known, ...m, value: m.value ?? known.value, time: m.time ?? known.time } : m);
  }
  return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** The patches that a command means for this graph. Those of a batch depend on one another, so a batch has none of its own. */
function plan(graph: Graph, command: Exclude<Command, { do: 'batch' }>): Patch[] {
  const patches: Patch[] = [];
  switch (command.do) {
    case 'learn': {
      const facts = new Map<string, Fact>();
      for (const fact of command.facts) facts.set(fact.id, merged(facts.get(fact.id) ?? graph.facts.get(fact.id), fact));
      for (const [key, value] of facts) patches.push({ table: 'facts', key, value });
      const edges = new Map<string, Edge>();
      for (const edge of command.edges) {
        const before = edges.get(edge.key) ?? graph.edges.get(edge.key);
        const movements = joined(before?.movements ?? [], edge.movements);
        edges.set(edge.key, movements === edge.movements ? edge : { ...edge, movements });
      }
      for (const [key, value] of edges) patches.push({ table: 'edges', key, value });
      for (const [key, value] of command.totals) patches.push({ table: 'totals', key, value });
      for (const asset of command.assets ?? []) patches.push({ table: 'assets', key: asset.id, value: asset });
      break;
    }
    case 'show':
      for (const [key, place] of command.places) {
        if (!graph.facts.has(key)) continue;
        patches.push({ table: 'shown', key, value: true }, { table: 'places', key, value: place });
      }
      break;
    case 'hide':
      for (const key of command.ids) patches.push({ table: 'shown', key, value: undefined }, { table: 'places', key, value: undefined });
      break;
    case 'move':
      for (const [key, value] of command.places) patches.push({ table: 'places', key, value });
      break;
    case 'mark':
      for (const key of command.ids) {
        const mark = { ...graph.marks.get(key), ...command.mark };
        const kept = Object.fromEntries(Object.entries(mark).filter(([, v]) => v !== '' && v !== 0)) as Mark;
        patches.push({ table: 'marks', key, value: Object.keys(kept).length > 0 ? kept : undefined });
      }
      break;
    case 'group':
      patches.push({ table: 'groups', key: command.id, value: command.group });
      break;
    case 'ungroup':
      patches.push({ table: 'groups', key: command.id, value: undefined }, { table: 'places', key: command.id, value: undefined });
      break;
    case 'set':
      patches.push({ table: 'settings', key: command.key, value: command.value });
      break;
  }
  return patches;
}

/** Applies a patch; gives the one that takes it back. */
function put(graph: Graph, patch: Patch): Patch {
  const value = graph.set(patch.table, patch.key, patch.value);
  return { table: patch.table, key: patch.key, value } as Patch;
}

/** Applies patches in order; gives those that take them back, in the order to apply them. */
export const putAll = (graph: Graph, patches: readonly Patch[]): Patch[] => patches.map((p) => put(graph, p)).reverse();

/** Does a command; gives the patches of its inverse. */
export function apply(graph: Graph, command: Command): Patch[] {
  if (command.do !== 'batch') return putAll(graph, plan(graph, command));
  const inverse: Patch[][] = [];
  for (const part of command.commands) inverse.unshift(apply(graph, part));
  return inverse.flat();
}

/** Does a command without a way back, in half the time. */
function enact(graph: Graph, command: Command): void {
  if (command.do === 'batch') for (const part of command.commands) enact(graph, part);
  else for (const p of plan(graph, command)) graph.set(p.table, p.key, p.value);
}

/** A command that was done: by whom and when (Unix seconds). */
export interface Entry {
  readonly command: Command;
  readonly by: string;
  readonly at: number;
}

/** A graph with its log, undo and redo. */
export class History {
  readonly log: Entry[] = [];
  private readonly undos: Patch[][] = [];
  private readonly redos: Entry[] = [];

  constructor(readonly graph: Graph) {}

  do(command: Command, by = '', at = 0): void {
    this.redos.length = 0;
    this.enter({ command, by, at });
  }

  private enter(entry: Entry): void {
    this.log.push(entry);
    this.undos.push(apply(this.graph, entry.command));
    if (this.undos.length > UNDO_LIMIT) this.undos.shift();
  }

  /** Takes the last command back; gives it, or null where there is none. */
  undo(): Command | null {
    const patches = this.undos.pop();
    const entry = patches && this.log.pop();
    if (!entry) return null;
    putAll(this.graph, patches);
    this.redos.push(entry);
    return entry.command;
  }

  redo(): Command | null {
    const entry = this.redos.pop();
    if (!entry) return null;
    this.enter(entry);
    return entry.command;
  }

  /** Forgets everything: the graph is as before its first command. */
  clear(): void {
    this.log.length = this.undos.length = this.redos.length = 0;
    for (const table of TABLES) for (const key of [...this.graph[table].keys()]) this.graph.set(table, key, undefined);
  }

  get canUndo(): boolean { return this.undos.length > 0; }
  get canRedo(): boolean { return this.redos.length > 0; }

  /** Does a saved log again, without a way back before its end. */
  replay(log: readonly Entry[]): void {
    for (const entry of log) {
      enact(this.graph, entry.command);
      this.log.push(entry);
    }
  }
}

/** What a person reads of a command, in the undo button and in the case's log. */
export function nameOf(command: Command): string {
  switch (command.do) {
    case 'batch': return command.name;
    case 'learn': return t('do-look-up');
    case 'show': return t('do-add', { n: command.places.length });
    case 'hide': return t('do-remove', { n: command.ids.length });
    case 'move': return t('do-move', { n: command.places.length });
    case 'mark': return t('do-mark');
    case 'group': return t('do-group');
    case 'ungroup': return t('action-ungroup');
    case 'set': return t(`do-set-${command.key}`);
  }
}
