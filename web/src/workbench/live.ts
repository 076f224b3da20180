/** What happens to alerts meanwhile, as the desk tells it. */
import { listen as hear } from '../shell/live.ts';

/** Milliseconds in which new alerts are told together: those of one decision come at once. */
const TOGETHER = 50;

export function listen(touched: (alert: number, by: string) => void, raised: (alerts: number) => void): void {
  let fresh = 0;
  hear('alerts', (data) => {
    const { by, what } = JSON.parse(data) as { by: string; what: { alert: number; raised?: boolean } };
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
}
