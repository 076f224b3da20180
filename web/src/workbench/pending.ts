/** Steps that can be undone for a while. A step that ends something is sent only when that time is over, or when the page is left. */
export interface Step {
  /** Sends it; `leaving` when the page goes away meanwhile. */
  send: (leaving: boolean) => void;
  /** Takes it back, before it was sent or, where `sent`, after. */
  undo: (sent: boolean) => void;
  /** Whether it waits until it can no longer be undone. */
  waits: boolean;
}

/** Milliseconds within which a step can be undone. */
export const WITHIN = 10_000;

interface Held { step: Step; sent: boolean; until: number; timer: ReturnType<typeof setTimeout> }

export class Pending {
  private held: Held[] = [];
  constructor(private readonly now: () => number = Date.now) {}

  do(step: Step): void {
    const held: Held = { step, sent: !step.waits, until: this.now() + WITHIN, timer: setTimeout(() => { this.end(held, false); }, WITHIN) };
    this.held.push(held);
    if (held.sent) step.send(false);
  }

  /** Undoes the last step that still can be; says whether there was one. */
  undo(): boolean {
    const last = this.held.pop();
    if (!last) return false;
    clearTimeout(last.timer);
    if (this.now() > last.until) {
      this.send(last, false);
      return false;
    }
    last.step.undo(last.sent);
    return true;
  }

  /** Sends all that waits. */
  leave(): void {
    const all = this.held;
    this.held = [];
    for (const held of all) {
      clearTimeout(held.timer);
      this.send(held, true);
    }
  }

  get waiting(): number { return this.held.filter((h) => !h.sent).length; }

  private end(held: Held, leaving: boolean): void {
    this.held = this.held.filter((h) => h !== held);
    this.send(held, leaving);
  }

  private send(held: Held, leaving: boolean): void {
    if (held.sent) return;
    held.sent = true;
    held.step.send(leaving);
  }
}
