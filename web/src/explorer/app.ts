/** The explorer's state on the page: the graph with its history, what is drawn of it, what is selected; and who is told of a change. */
import { viewOf, type View, type ViewNode } from './aggregate.ts';
import { arranged } from './arranged.ts';
import { History, nameOf, type Command } from './commands.ts';
import { NO_OVERLAY, type Surface } from './canvas.ts';
import type { Asset, Zone } from './format.ts';
import { Graph, type LayoutName } from './model.ts';
import { sceneOf } from './scene.ts';
import { Neighbours } from './tree.ts';
import { summary } from './words.ts';
import type { Api } from './api.ts';
import { t } from './texts.ts';

/** With more edges amounts are written when a person looks so near that they can be read. */
const MANY = 3_000;

export type Change = 'graph' | 'selection' | 'message';

export class App {
  readonly graph = new Graph();
  readonly history = new History(this.graph);
  view: View = viewOf(this.graph);
  private walked: Neighbours | null = null;
  readonly selected = new Set<string>();
  focus: string | null = null;
  /** Where the last step of a walk came from. */
  came: string | null = null;
  edge: string | null = null;
  message = '';
  /** What is being looked up. */
  busy = 0;
  /** While the graph is replayed: what was before this time is drawn. */
  moment: number | null = null;
  zone: Zone = 'UTC';
  /** Pages of the desk that take a subject, where this person may open them. */
  links: { watch?: string | undefined; flag?: string | undefined } = {};
  /** Does an action of the table by its id. */
  act: (id: string) => void = () => undefined;
  /** Asks for the text of a note. */
  asknote: () => void = () => undefined;
  private readonly listeners: ((change: Change) => void)[] = [];

  constructor(readonly api: Api, readonly surface: Surface, readonly worker: Worker | null, readonly who: string) {
    surface.onnear = () => { this.surface.show(sceneOf(this.view, this.asset)); };
  }

  /** Neighbours of what is drawn, made when they are first asked for. */
  get neighbours(): Neighbours {
    if (this.walked?.view !== this.view) this.walked = new Neighbours(this.view);
    return this.walked;
  }

  readonly asset = (id: string): Asset => this.graph.asset(id);

  on(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }
  private tell(change: Change): void {
    for (const l of this.listeners) l(change);
  }

  do(command: Command): void {
    this.history.do(command, this.who, Math.floor(Date.now() / 1000));
    this.refresh();
  }
  undo(): void {
    const command = this.history.undo();
    this.say(command ? t('say-undone', { what: nameOf(command) }) : t('say-nothing-to-undo'));
    if (command) this.refresh();
  }
  redo(): void {
    const command = this.history.redo();
    this.say(command ? t('say-redone', { what: nameOf(command) }) : t('say-nothing-to-redo'));
    if (command) this.refresh();
  }

  /** Draws anew after a change; `fitted` shows all of it. */
  refresh(fitted = false): void {
    this.view = viewOf(this.graph, this.moment);
    for (const id of this.selected) if (!this.view.nodes.has(id)) this.selected.delete(id);
    if (this.focus !== null && !this.view.nodes.has(this.focus)) this.focus = [...this.selected].at(-1) ?? null;
    if (this.edge !== null && !this.view.edges.has(this.edge)) this.edge = null;
    const isMany = this.view.edges.size > MANY;
    // The picture of a large graph comes before the table, the strip and the map.
    this.surface.show(sceneOf(this.view, this.asset, !isMany), fitted, isMany ? () => { this.tell('graph'); } : null);
    this.overlay();
    if (!isMany) this.tell('graph');
  }

  /** Draws the graph as it was at a time, or as it is. Nothing is written into the log. */
  at(moment: number | null): void {
    this.moment = moment;
    this.refresh();
  }

  say(message: string): void {
    this.message = message;
    this.tell('message');
  }
  summary(): string {
    return summary(this.view, this.asset);
  }

  select(ids: Iterable<string>, how: 'only' | 'add' | 'toggle' = 'only'): void {
    if (how === 'only') this.selected.clear();
    for (const id of ids) {
      if (!this.view.nodes.has(id)) continue;
      if (how === 'toggle' && this.selected.has(id)) this.selected.delete(id);
      else {
        this.selected.add(id);
        this.focus = id;
      }
    }
    if (this.focus !== null && !this.selected.has(this.focus)) this.focus = [...this.selected].at(-1) ?? null;
    this.edge = null;
    this.overlay();
    this.tell('selection');
  }
  selectEdge(key: string | null): void {
    this.selected.clear();
    this.focus = null;
    this.edge = key;
    this.overlay();
    this.tell('selection');
  }
  overlay(more: Partial<typeof NO_OVERLAY> = {}): void {
    this.surface.setOverlay({ ...NO_OVERLAY, selected: this.selected, focus: this.focus, edge: this.edge, ...more });
  }

  focused(): ViewNode | null {
    return this.focus === null ? null : (this.view.nodes.get(this.focus) ?? null);
  }
  /** Ids of the graph's nodes that the selection stands for. */
  members(): string[] {
    return [...this.selected].flatMap((id) => this.view.nodes.get(id)?.members ?? []);
  }

  /** Does something that takes time; what goes wrong is said. */
  async work(what: string, task: () => Promise<string>): Promise<void> {
    this.busy += 1;
    this.say(`${what} …`);
    let said: string;
    try {
      said = await task();
    } catch (e) {
      said = e instanceof Error ? e.message : String(e);
    }
    this.busy -= 1;
    this.say(said);
  }

  /** Arranges what no person placed. */
  async arrange(name: LayoutName): Promise<void> {
    if (name === 'manual') {
      this.do({ do: 'set', key: 'layout', value: name });
      return;
    }
    const spots = await arranged(this.view, name, this.worker);
    this.do({ do: 'batch', name: t('do-arrange', { layout: t(`layout-${name}`) }), commands: [
      { do: 'move', places: spots.flatMap(([id, x, y]) => (this.view.nodes.get(id)?.pinned ? [] : [[id, { x, y, pinned: false }] as const])) },
      { do: 'set', key: 'layout', value: name },
    ] });
    this.surface.fit();
  }
}
