/** Live events of the desk (`/api/v1/live`) over one connection for all pages of the browser, because a person may have eight and a browser six to one server.
    The page that holds a lock has the connection and tells the others over a channel; when it goes, the next one goes on from what was told last.
    Browsers give locks to secure pages alone: elsewhere a page has a connection of its own, or asks from time to time. */

/** Milliseconds after which a connection that was refused is tried again. */
const AGAIN = 15_000;
/** Milliseconds in which what pages want is gathered, before the connection is opened anew for it. */
const GATHER = 50;
/** Topics that the server takes at once. */
const MOST = 20;

type Message =
  | { kind: 'want'; of: string; topic: string } | { kind: 'leave'; of: string }
  | { kind: 'who' } | { kind: 'open'; is: boolean } | { kind: 'told'; name: string; data: string; id: string };

/** Whether pages share a connection. */
export const SHARED = typeof navigator !== 'undefined' && 'locks' in navigator && typeof BroadcastChannel !== 'undefined' && typeof EventSource !== 'undefined';

/** Pages of another person in the same browser have a channel of their own. */
const channelName = (): string => `holdfast.live.${document.body.dataset['who'] ?? ''}`;

/** The name of a topic's events. */
export const eventOf = (topic: string): string => (topic.split(':')[0] ?? '').replace(/s$/, '');

/** The topics of a connection: those wanted, each once, the latest where there are too many. */
export const topicsOf = (wanted: Iterable<string>): string[] => [...new Set(wanted)].slice(-MOST);

export function pathOf(topics: readonly string[], after: string): string {
  return `/api/v1/live?${new URLSearchParams({ topics: topics.join(','), ...(after ? { after } : {}) }).toString()}`;
}

/** The connection of all pages, in the page that has the lock. */
class Connection {
  private readonly wanted = new Map<string, string>();
  private events: EventSource | null = null;
  private topics: readonly string[] = [];
  private isOpen = false;
  private soon: ReturnType<typeof setTimeout> | null = null;

  /** `after`: the number of the last event that any page was told. */
  constructor(private readonly channel: BroadcastChannel, private after: string) {
    this.say({ kind: 'who' });
  }

  private say(message: Message): void {
    this.channel.postMessage(message);
  }

  hear(message: Message): void {
    if (message.kind === 'leave') this.wanted.delete(message.of);
    if (message.kind !== 'want') return;
    this.wanted.set(message.of, message.topic);
    if (!this.topics.includes(message.topic)) this.soon ??= setTimeout(() => { this.connect(); }, GATHER);
    else if (this.isOpen) this.say({ kind: 'open', is: true });
  }

  /** Connects to what is wanted now, from what was told last. */
  private connect(): void {
    this.soon = null;
    this.events?.close();
    this.isOpen = false;
    this.topics = topicsOf(this.wanted.values());
    if (this.topics.length === 0) return;
    const events = new EventSource(pathOf(this.topics, this.after));
    this.events = events;
    events.addEventListener('hello', (event: MessageEvent<string>) => {
      const { after } = JSON.parse(event.data) as { after: number };
      this.after = String(after);
      this.isOpen = true;
      this.say({ kind: 'open', is: true });
    });
    for (const name of new Set(this.topics.map(eventOf))) events.addEventListener(name, (event: MessageEvent<string>) => {
      this.after = event.lastEventId || this.after;
      this.say({ kind: 'told', name, data: event.data, id: this.after });
    });
    events.addEventListener('error', () => {
      // A connection that ended is the browser's to open again; one that was refused is not.
      if (events.readyState !== EventSource.CLOSED || this.events !== events) return;
      this.isOpen = false;
      this.say({ kind: 'open', is: false });
      setTimeout(() => { if (this.events === events) this.connect(); }, AGAIN);
    });
  }
}

let leads = false;

/** Waits for the lock, and has the connection from then on. */
function lead(): void {
  if (leads) return;
  leads = true;
  const channel = new BroadcastChannel(channelName());
  let connection: Connection | null = null, after = '';
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'told') after = data.id;
    connection?.hear(data);
  };
  // The lock ends with the page.
  void navigator.locks.request(channelName(), () => new Promise<never>(() => { connection = new Connection(channel, after); })).catch(() => undefined);
}

/** A connection of this page's own. */
function alone(topic: string, told: (data: string) => void, open: (is: boolean) => void, after = ''): void {
  const events = new EventSource(pathOf([topic], after));
  const close = (): void => { events.close(); };
  addEventListener('pagehide', close);
  events.addEventListener('hello', (event: MessageEvent<string>) => {
    after = event.lastEventId || after;
    open(true);
  });
  events.addEventListener(eventOf(topic), (event: MessageEvent<string>) => {
    after = event.lastEventId || after;
    told(event.data);
  });
  events.addEventListener('error', () => {
    if (events.readyState !== EventSource.CLOSED) return;
    removeEventListener('pagehide', close);
    open(false);
    setTimeout(() => { alone(topic, told, open, after); }, AGAIN);
  });
}

/** Hears what happens to a topic as long as the page is there. `open` is told when a connection stands, which is when something may have been missed, and
    when it is refused. */
export function listen(topic: string, told: (data: string) => void, open: (is: boolean) => void = () => undefined): void {
  if (!SHARED) {
    if (typeof EventSource === 'undefined') return;
    alone(topic, told, open);
    return;
  }
  const channel = new BroadcastChannel(channelName()), of = crypto.randomUUID();
  const want = (): void => { channel.postMessage({ kind: 'want', of, topic } satisfies Message); };
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'who') want();
    else if (data.kind === 'open') open(data.is);
    else if (data.kind === 'told' && data.name === eventOf(topic)) told(data.data);
  };
  lead();
  want();
  addEventListener('pagehide', () => { channel.postMessage({ kind: 'leave', of } satisfies Message); });
  addEventListener('pageshow', (event) => { if (event.persisted) want(); });
}
