/** Redraws pictures and computes layouts beside the page, so that neither stops a gesture. */
import { force } from './force.ts';
import { flow, timeAxis, type Box, type Spot, type Tie } from './layout.ts';
import { Painter, type Frame } from './paint.ts';
import type { Palette } from './palette.ts';
import type { Scene } from './scene.ts';

export type Request =
  | { readonly ask: 'scene'; readonly scene: Scene }
  | { readonly ask: 'paint'; readonly frame: Frame; readonly palette: Palette; readonly number: number }
  | { readonly ask: 'layout'; readonly name: 'flow' | 'time' | 'force'; readonly boxes: readonly Box[]; readonly ties: readonly Tie[]; readonly number: number };
export type Answer =
  | { readonly is: 'ready' }
  | { readonly is: 'picture'; readonly bitmap: ImageBitmap; readonly frame: Frame; readonly number: number; readonly took: number }
  | { readonly is: 'spots'; readonly spots: readonly Spot[]; readonly number: number };

interface Scope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(answer: Answer, transfer: Transferable[]): void;
}
const scope = globalThis as unknown as Scope;
const LAYOUTS = { flow, time: timeAxis, force };
let scene: Scene | null = null;
const painter = new Painter();

scope.onmessage = ({ data }) => {
  switch (data.ask) {
    case 'scene':
      scene = data.scene;
      break;
    case 'paint': {
      if (!scene) return;
      const begin = performance.now();
      const bitmap = painter.picture(scene, data.frame, data.palette);
      if (!bitmap) return;
      scope.postMessage({ is: 'picture', bitmap, frame: data.frame, number: data.number, took: performance.now() - begin }, [bitmap]);
      break;
    }
    case 'layout':
      scope.postMessage({ is: 'spots', spots: LAYOUTS[data.name](data.boxes, data.ties), number: data.number }, []);
      break;
  }
};
scope.postMessage({ is: 'ready' }, []);
