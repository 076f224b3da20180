/** Runs a layout: at once for small graphs, in the worker for large ones. */
import type { View } from './aggregate.ts';
import { layoutInput } from './arrange.ts';
import { force } from './force.ts';
import { flow, timeAxis, type Spot } from './layout.ts';
import type { Answer, Request } from './worker.ts';

const LAYOUTS = { flow, time: timeAxis, force };
/** Larger graphs are arranged in the worker. */
const LARGE = 1_000;
let number = 0;

export function arranged(view: View, name: keyof typeof LAYOUTS, worker: Worker | null): Promise<readonly Spot[]> {
  const { boxes, ties } = layoutInput(view);
  if (!worker || boxes.length < LARGE) return Promise.resolve(LAYOUTS[name](boxes, ties));
  number += 1;
  const mine = number;
  return new Promise((resolve) => {
    const heard = ({ data }: MessageEvent<Answer>): void => {
      if (data.is !== 'spots' || data.number !== mine) return;
      worker.removeEventListener('message', heard);
      resolve(data.spots);
    };
    worker.addEventListener('message', heard);
    const request: Request = { ask: 'layout', name, boxes, ties, number: mine };
    worker.postMessage(request);
  });
}
