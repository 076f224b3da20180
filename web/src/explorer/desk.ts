/** What goes to the desk: versions of the graph in a case, items of a case, own tags, the bundle; and what comes from it live. */
import { Conflict } from './api.ts';
import type { App } from './app.ts';
import { choice, field, focusedFact, form } from './asks.ts';
import { download, el } from './dom.ts';
import { time } from './format.ts';
import { isAccountChain } from './learn.ts';
import { listen } from '../shell/live.ts';
import { stringify, type Fact } from './model.ts';
import { pictureOf } from './pictured.ts';
import { open } from './saved.ts';
import { sceneOf } from './scene.ts';
import { t } from './texts.ts';
import { categories, categoriesIn, categoryWord } from './words.ts';

/** Grounds of a tag, of GraphSense's list, from the weakest. */
const CONFIDENCE = ['unknown', 'heuristic', 'web_crawl', 'forensic', 'manual_transaction', 'ownership'];

/** Where this graph is saved. */
export interface Kept { caseId: string; graph: number; version: number; title: string }

/** The graph of the page in its case. */
export class Desk {
  kept: Kept | null = null;
  /** Who is told that another person saved a version. */
  onnewer: (version: number, by: string) => void = () => undefined;

  constructor(private readonly app: App, readonly caseId: string, readonly subject: string, private readonly chain: string) {}

  askSave(): void {
    const { app, kept } = this;
    const id = el('input', { required: true, value: kept?.caseId ?? this.caseId, inputmode: 'numeric', pattern: '[0-9]+', readonly: kept !== null });
    const title = el('input', { required: true, maxlength: 200, value: kept?.title ?? '' });
    const d = form(t('save-title'), kept ? t('save-next', { version: kept.version + 1 }) : t('save-button'), [field(t('case'), id), field(t('title'), title)], () => {
      void app.work(t('work-save'), () => this.save(id.value, title.value.trim()));
      return null;
    });
    if (kept) title.focus();
    else if (id.value) title.focus();
    d.addEventListener('close', () => { app.surface.box.focus(); });
  }

  private async save(caseId: string, title: string): Promise<string> {
    const { app } = this;
    const known = this.kept?.caseId === caseId ? this.kept : null;
    const picture = pictureOf(sceneOf(app.view, app.asset), app.view, app.asset);
    try {
      const made = await app.api.save(caseId, known, this.subject, title, stringify({ version: 2, log: app.history.log, ...(picture ? { picture } : {}) }));
      this.keep({ caseId, graph: made.graph, version: made.version, title });
      return t('say-saved', { id: caseId, version: made.version, item: made.item });
    } catch (e) {
      if (e instanceof Conflict) return t('say-conflict', { why: e.message });
      throw e;
    }
  }

  /** Remembers the version, and puts it into the page's address so that it can be shared and reopened. */
  keep(kept: Kept): void {
    this.kept = kept;
    const to = new URL(location.href);
    to.search = new URLSearchParams({ case: kept.caseId, graph: String(kept.graph), version: String(kept.version) }).toString();
    history.replaceState(null, '', to);
    this.listen();
  }

  /** Opens a version of a graph of a case; gives the ids of nodes to look up, for graphs of the first form. */
  async load(caseId: string, graph: number, version: number | null): Promise<string[]> {
    const { app } = this;
    const newest = version ?? (await app.api.versions(caseId, graph)).versions.reduce((m, v) => Math.max(m, v.version), 1);
    const found = await app.api.version(caseId, graph, newest);
    const again = open(found.body, this.chain, app.history);
    this.keep({ caseId, graph, version: found.version, title: found.title });
    return again;
  }

  /** A graph that was opened as an item of a case: the item is a version of it, and the next save is the next one. */
  async adopt(caseId: string, item: number): Promise<void> {
    const found = await this.app.api.versions(caseId, item).catch(() => null);
    const mine = found?.versions.find((v) => v.item === item);
    if (found && mine) this.keep({ caseId, graph: found.graph, version: mine.version, title: found.title });
  }

  /** Versions of this graph, each to be opened. */
  askVersions(): void {
    const { app, kept } = this;
    if (!kept) {
      app.say(t('say-not-saved'));
      return;
    }
    void app.work(t('work-look-up'), async () => {
      const { versions } = await app.api.versions(kept.caseId, kept.graph);
      const link = (v: number): string => `?${new URLSearchParams({ case: kept.caseId, graph: String(kept.graph), version: String(v) }).toString()}`;
      form(t('versions-title'), t('close'), [el('ul', { class: 'x-found' }, ...versions.map((v) => el('li', {}, el('a', { href: link(v.version) }, t('versions-row', { version: v.version, by: v.created_by, at: time(v.created) })), v.version === kept.version ? ` ${t('versions-this')}` : '')))], () => null);
      return t('say-versions', { n: versions.length });
    });
  }

  /** Copies the address of this page: of the saved version, or of the subject. */
  share(): void {
    const to = new URL(location.href);
    if (!this.kept && this.subject) to.search = new URLSearchParams({ subject: this.subject, chain: this.chain }).toString();
    void this.app.work(t('work-copy'), async () => {
      await navigator.clipboard.writeText(to.href);
      return this.kept ? t('say-shared', { version: this.kept.version }) : t('say-shared-subject');
    });
  }

  /** The graph of which this page hears. */
  private heard = 0;

  /** Hears of versions that others save. */
  private listen(): void {
    const { kept } = this;
    if (!kept || this.heard === kept.graph) return;
    this.heard = kept.graph;
    listen(`graph:${kept.graph}`, (data) => {
      const told = JSON.parse(data) as { by: string; what: { graph: number; version: number } };
      if (!this.kept || told.what.graph !== this.kept.graph || told.what.version <= this.kept.version) return;
      this.onnewer(told.what.version, told.by);
    });
  }

  /** Takes over the newest version: its log replaces what was drawn here. */
  async reload(version: number): Promise<string> {
    const { kept } = this;
    if (!kept) return '';
    this.app.history.clear();
    await this.load(kept.caseId, kept.graph, version);
    this.app.refresh();
    return t('say-reloaded', { version });
  }

  /** Adds the selected addresses and transactions to a case. */
  askCase(): void {
    const { app } = this;
    const facts = app.members().flatMap((id) => { const f = app.graph.facts.get(id); return f && (f.kind === 'address' || f.kind === 'transaction') ? [f] : []; });
    if (facts.length === 0) {
      app.say(t('say-select-subject'));
      return;
    }
    if (facts.length > 50) {
      app.say(t('say-too-many-items'));
      return;
    }
    const id = el('input', { required: true, value: this.kept?.caseId ?? this.caseId, inputmode: 'numeric', pattern: '[0-9]+' }), title = el('input', { maxlength: 200, value: facts.length === 1 ? (facts[0]?.label ?? '') : '' });
    form(t('case-title', { n: facts.length }), t('case-button'), [field(t('case'), id), field(t('case-why'), title)], () => {
      void app.work(t('work-save'), async () => {
        const items: number[] = [];
        for (const f of facts) items.push(...[await app.api.addToCase(id.value, f.kind === 'transaction' ? 'transaction' : 'address', f.ref, title.value.trim() || f.label)].filter((n) => n !== null));
        return t('say-in-case', { n: facts.length, id: id.value, items: items.join(', ') });
      });
      return null;
    });
  }

  /** An own tag: a label with its source, kept by the desk and seen wherever tags are. */
  askTag(): void {
    const { app } = this;
    const fact = focusedFact(app);
    if (fact?.kind !== 'address') {
      app.say(t('say-select-address'));
      return;
    }
    const label = el('input', { required: true, maxlength: 80, value: app.focused()?.label ?? '' }), source = el('input', { required: true, maxlength: 300, placeholder: t('tag-source-example') });
    const category = el('input', { required: true, maxlength: 60, list: 'x-categories', value: fact.category === 'none' || fact.category === 'unattributed' ? '' : categoryWord(fact.category), placeholder: t('category-example') });
    const known = el('datalist', { id: 'x-categories' }, ...categories().map((c) => el('option', { value: categoryWord(c) })));
    const confidence = choice(CONFIDENCE.map((c) => [c, t(`confidence-${c}`)]));
    const desk = el('input', { type: 'checkbox', checked: true });
    form(t('tag-title'), t('tag-button'), [field(t('tag-label'), label), field(t('tag-source'), source), field(t('tag-confidence'), confidence), field(t('tag-category'), category), known, el('label', { class: 'x-check' }, desk, t('tag-for-desk'))], () => {
      const name = label.value.trim();
      app.do({ do: 'mark', ids: [fact.id], mark: { label: name } });
      if (desk.checked) void app.work(t('work-save'), async () => {
        await app.api.ownTag({ address: fact.ref, asset: assetOn(app, fact.chain), label: name, source: source.value.trim(), category: categoriesIn(category.value)[0] ?? '', confidence: confidence.value }, source.value.trim());
        return t('say-tagged', { label: name });
      });
      return null;
    });
  }

  /** The signed bundle of all that is drawn, as a tar file. */
  bundle(name: string, title: string): void {
    const { app } = this;
    void app.work(t('work-bundle'), async () => {
      const facts = [...app.graph.shown.keys()].flatMap((id) => app.graph.facts.get(id) ?? []);
      const listed = (kind: Fact['kind']): { id: string; chain: string }[] => facts.filter((f) => f.kind === kind && !f.id.startsWith('u:')).map((f) => ({ id: f.ref, chain: f.chain }));
      // Transfers of account chains have no node of their transaction.
      const txs = new Map(listed('transaction').map((x) => [`${x.chain}|${x.id}`, x]));
      for (const e of app.view.edges.values()) {
        const chain = app.graph.facts.get(e.from)?.chain ?? '';
        if (isAccountChain(chain)) for (const m of e.movements) txs.set(`${chain}|${m.tx}`, { id: m.tx, chain });
      }
      download(`${name}.tar`, await app.api.bundle(stringify({ title, graph: { version: 2, log: app.history.log }, transactions: [...txs.values()], addresses: listed('address') })));
      return t('say-bundled', { transactions: txs.size, addresses: listed('address').length });
    });
  }
}

/** An asset of a chain, by which tags and flags name the chain: its coin, or else any that the graph has; empty where it has none. */
export function assetOn(app: App, chain: string): string {
  if (!isAccountChain(chain)) return app.api.coinOf(chain).unit;
  const ids = [...app.graph.assets.keys()].filter((id) => id.startsWith(`${chain}/`));
  return ids.find((id) => id.includes('/slip44:')) ?? ids[0] ?? '';
}
