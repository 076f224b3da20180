import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, dayBegin, parseAmount, sentence, shortAmount, shortened, sumText, time } from '../src/explorer/format.ts';

const BTC = { id: 'BTC', unit: 'BTC', decimals: 8 };
const ETH = { id: 'ETH', unit: 'ETH', decimals: 18 };

test('amounts are exact, grouped, and say what they are counted in', () => {
  assert.equal(amount(123_456_789n, BTC), '1.23456789 BTC');
  assert.equal(amount(500_000_000_000_000n, BTC), '5,000,000 BTC');
  assert.equal(amount(1n, ETH), '0.000000000000000001 ETH');
  assert.equal(amount(-150_000_000n, BTC), '-1.5 BTC');
  assert.equal(amount(12_345n, { id: 'x', unit: 'X', decimals: null }), '12,345 smallest units of X');
  assert.equal(amount(12_345n, { id: 'x', unit: 'X', decimals: 0 }), '12,345 X');
  assert.equal(amount(2n ** 200n, ETH), '1,606,938,044,258,990,275,541,962,092,341,162,602,522,202.993782792835301376 ETH');
});

test('short amounts say when they are cut, and are never zero by cutting', () => {
  assert.equal(shortAmount(501_000_000n, BTC), '5.01 BTC');
  assert.equal(shortAmount(1_234_567_890_123n, BTC), '≈12,345.6 BTC');
  assert.equal(shortAmount(1_234_567_890_123_456_789n, ETH), '≈1.23456 ETH');
  assert.equal(shortAmount(1n, ETH), '0.000000000000000001 ETH');
  assert.equal(shortAmount(1_234_567_891n, ETH), '≈0.00000000123456 ETH');
});

test('a note among sentences ends as one', () => {
  assert.equal(sentence('alert 7 is about no event'), 'alert 7 is about no event.');
  assert.equal(sentence('Nothing is left.'), 'Nothing is left.');
});

test('unknown parts are said', () => {
  assert.equal(sumText({ units: 0n, unknown: 2 }, BTC), 'amount unknown (BTC)');
  assert.equal(sumText({ units: 5_000_000n, unknown: 1 }, BTC), 'at least 0.05 BTC');
});

test('amounts are read back exactly, or refused with a sentence', () => {
  for (const v of [0n, 1n, 99_999_999n, 123_456_789_012_345n]) assert.equal(parseAmount(amount(v, BTC).replace(' BTC', ''), BTC), v);
  assert.equal(parseAmount('0.000000001', BTC), 'BTC has 8 decimals.');
  assert.match(String(parseAmount('1e5', BTC)), /digits/);
  assert.match(String(parseAmount('', BTC)), /digits/);
});

test('times have a zone', () => {
  assert.equal(time(0), '1970-01-01 00:00:00 UTC');
  assert.match(time(1_700_000_000, 'local'), / UTC[+-]\d\d:\d\d$/);
  assert.equal(time(null), 'time unknown');
  assert.equal(time(1e18), 'time unknown');
  assert.equal(dayBegin('1970-01-02'), 86_400);
  assert.equal(dayBegin('2026-13-02'), null);
});

test('hashes keep both ends', () => {
  assert.equal(shortened('bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq'), 'bc1qar0s…zwf5mdq'.replace('zwf5mdq', 'wf5mdq'));
  assert.equal(shortened('short'), 'short');
});

test('a sum is valued by the price of its asset, or says that there is none', async () => {
  const { worthOf, worthText } = await import('../src/explorer/worth.ts');
  const btc = { id: 'bitcoin/BTC', unit: 'BTC', decimals: 8 }, table = { currency: 'USD', prices: [{ asset: 'BTC', base_units: '100000000', value: 6_000_000 }, { asset: 'eip155:1/erc20:0xab', base_units: '1000000', value: 100 }] };
  assert.equal(worthOf({ units: 150_000_000n, unknown: 0 }, btc, table), 9_000_000n);
  assert.equal(worthText({ units: 2_000_000_000n, unknown: 0 }, btc, table), '1,200,000.00 USD at the present price');
  assert.equal(worthText({ units: 1n, unknown: 2 }, btc, table), 'at least 0.00 USD at the present price');
  assert.equal(worthText({ units: 0n, unknown: 2 }, btc, table), 'price unknown');
  assert.equal(worthOf({ units: 5_000_000n, unknown: 0 }, { id: 'eip155:1/erc20:0xab', unit: 'eip155:1/erc20:0xab', decimals: null }, table), 500n);
  assert.equal(worthText({ units: 5n, unknown: 0 }, { id: 'litecoin/LTC', unit: 'LTC', decimals: 8 }, table), 'price unknown');
});
