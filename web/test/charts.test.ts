import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, fileName, moved, numberOf, scaleText, sentence } from '../src/charts/model.ts';

const numbers = { series: ['opened', 'closed'], points: [{ label: '2026-09-20', values: [3, null], shown: ['3', 'unknown'] }, { label: '2026-09-21', values: [5, 0], shown: ['5', '0'] }] };

test('the cursor stays within the points and enters at the newest', () => {
  assert.deepEqual(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'a'].map((key) => moved(null, key, 10)), [9, 9, 0, 9, null]);
  assert.deepEqual([moved(0, 'ArrowLeft', 10), moved(9, 'ArrowRight', 10), moved(8, 'PageUp', 10), moved(5, 'PageDown', 10)], [0, 9, 1, 9]);
  assert.equal(moved(null, 'End', 0), null);
});

test('what is unknown is no zero', () => {
  assert.deepEqual(columns(numbers), [[0, 1], [3, 5], [null, 0]]);
  assert.deepEqual([numberOf(undefined), numberOf(''), numberOf('0'), numberOf('x')], [null, null, 0, null]);
  assert.equal(sentence(numbers, 0), '2026-09-20: opened 3, closed unknown');
  assert.equal(sentence(numbers, 7), '');
});

test('the scale is short and has its unit', () => {
  assert.deepEqual([scaleText(90, 'seconds'), scaleText(5_400, 'seconds'), scaleText(7_200, 'seconds')], ['90 s', '90 min', '2 h']);
  assert.deepEqual([scaleText(1_234_500, 'value'), scaleText(12_345_678, 'count'), scaleText(15, 'count')], ['12.3 k', '12.3 M', '15']);
  assert.equal(fileName('Decisions by day: Ünits!'), 'decisions-by-day-nits.png');
});
