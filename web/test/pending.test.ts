import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Pending, WITHIN, type Step } from '../src/workbench/pending.ts';

function step(waits: boolean): { step: Step; log: string[] } {
  const log: string[] = [];
  return { log, step: { waits, send: (leaving) => log.push(leaving ? 'sent on leaving' : 'sent'), undo: (sent) => log.push(sent ? 'undone after' : 'undone before') } };
}

test('a step that waits is sent when its time is over, and can be undone before', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const pending = new Pending(() => Date.now());
  const kept = step(true), taken = step(true);
  pending.do(kept.step);
  pending.do(taken.step);
  assert.equal(pending.waiting, 2);
  assert.equal(pending.undo(), true);
  mock.timers.tick(WITHIN);
  assert.deepEqual([kept.log, taken.log], [['sent'], ['undone before']]);
  assert.equal(pending.undo(), false, 'nothing is left to undo');
  mock.timers.reset();
});

test('leaving the page sends what waits, once', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const pending = new Pending(() => Date.now());
  const waits = step(true), atOnce = step(false);
  pending.do(waits.step);
  pending.do(atOnce.step);
  pending.leave();
  pending.leave();
  mock.timers.tick(WITHIN);
  assert.deepEqual([waits.log, atOnce.log], [['sent on leaving'], ['sent']]);
  mock.timers.reset();
});

test('a step that was sent at once is undone by its opposite', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const pending = new Pending(() => Date.now());
  const { step: assigned, log } = step(false);
  pending.do(assigned);
  assert.equal(pending.undo(), true);
  assert.deepEqual(log, ['sent', 'undone after']);
  mock.timers.reset();
});
