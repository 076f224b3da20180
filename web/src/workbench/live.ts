/** What happens to alerts meanwhile, as the desk tells it (`/api/v1/live`). The browser connects again by itself, and goes on where it was. */

/** Milliseconds in which new alerts are told together. */
const TOGETHER = 2_000;

export function listen(touched: (alert: number, by: string) => void, raised: (alerts: number) => void): void {
  if (typeof EventSource === 'undefined') return;
  let fresh = 0;
  const events = new EventSource('/api/v1/live?topics=alerts');
  events.addEventListener('alert', (event: MessageEvent<string>) => {
    const { by, what } = JSON.parse(event.data) as { by: string; what: { alert: number; raised?: boolean } };
    if (!what.raised) {
      touched(what.alert, by);
      return;
    }
    fresh += 1;
    if (fresh > 1) return;
    setTimeout(() => {
      raised(fresh);
      fresh = 0;
    }, TOGETHER);
  });
  window.addEventListener('pagehide', () => { events.close(); });
}
