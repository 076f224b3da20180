import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../src/explorer/aggregate.ts';
import { apply } from '../src/explorer/commands.ts';
import { Graph } from '../src/explorer/model.ts';
import { load } from '../src/explorer/texts.ts';
import { categories, categoriesIn, categoryWord, confidenceWord, nodeSentence, viewText } from '../src/explorer/words.ts';
import { fact } from './random.ts';

test('categories and confidences have the words that the page hands over, and their names without', () => {
  assert.deepEqual([categoryWord('illicit_market'), confidenceWord('web_crawl')], ['illicit market', 'web crawl']);
  // As crates/app/page/src/islands.rs writes them.
  load('category-is-illicit_market = illegaler Markt\ncategory-is-ransomware = Ransomware\ncategory-is-blackmail = Erpressung\ncategory-is-extortion = Erpressung\nconfidence-is-web_crawl = im Netz gefunden\n', 'de');
  assert.deepEqual([categoryWord('illicit_market'), categoryWord('new_kind'), confidenceWord('web_crawl')], ['illegaler Markt', 'new kind', 'im Netz gefunden']);
  const graph = new Graph();
  apply(graph, { do: 'learn', facts: [fact('a', 'address', { category: 'illicit_market' })], edges: [], totals: [] });
  apply(graph, { do: 'show', places: [['a', { x: 0, y: 0, pinned: false }]] });
  const node = viewOf(graph).nodes.get('a');
  assert.ok(node);
  assert.equal(viewText.lines(node).sub, 'illegaler Markt');
  assert.match(nodeSentence(node, (id) => graph.asset(id)), /, illegaler Markt$/);
});

test('a category is written by its word or its name; two of the same word are both meant', () => {
  assert.deepEqual(categories(), ['illicit_market', 'ransomware', 'blackmail', 'extortion']);
  assert.deepEqual(categoriesIn(' Illegaler Markt, ransomware،exchange '), ['illicit_market', 'ransomware', 'exchange']);
  assert.deepEqual(categoriesIn('Erpressung'), ['blackmail', 'extortion']);
  assert.deepEqual(categoriesIn(' , '), []);
});
