/** Amounts with decimals and unit, times with zone, hashes shortened. Amounts are BigInt base units everywhere; nothing here rounds silently. */

import { t } from './texts.ts';

/** What an amount is counted in. `decimals` is null where nobody knows them: then base units are shown, and said so. */
export interface Asset {
  readonly id: string;
  readonly unit: string;
  readonly decimals: number | null;
}

/** A sum, and how many of its parts are of unknown amount. */
export interface Sum {
  readonly units: bigint;
  readonly unknown: number;
}

export type Zone = 'UTC' | 'local';

/** A note of the API as a sentence among others: with a full stop. */
export const sentence = (note: string): string => (/[.!?。؟]$/.test(note) ? note : `${note}.`);

const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ',');

/** The decimal text of base units, exact: `123456789n` of 8 decimals is `1.23456789`. */
export function decimalText(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const part = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${sign}${grouped(whole)}${part ? `.${part}` : ''}`;
}

/** An exact amount with its unit. */
export function amount(units: bigint, asset: Asset): string {
  if (asset.decimals === null) return t('smallest-units', { amount: decimalText(units, 0), unit: asset.unit });
  return `${decimalText(units, asset.decimals)} ${asset.unit}`;
}

/** An amount of at most six significant digits for labels; `≈` marks one that was cut. */
export function shortAmount(units: bigint, asset: Asset): string {
  const full = decimalText(units, asset.decimals ?? 0);
  const unit = asset.decimals === null ? t('units-of', { unit: asset.unit }) : asset.unit;
  const [whole = '0', part = ''] = full.split('.');
  const leading = whole.replace(/[-,]/g, '').length;
  const zeros = /^-?0$/.test(whole) ? (/^0*/.exec(part)?.[0].length ?? 0) : 0;
  const keep = /^-?0$/.test(whole) ? zeros + 6 : Math.max(0, 6 - leading);
  if (part.length <= keep) return `${full} ${unit}`;
  const cut = part.slice(0, keep).replace(/0+$/, '');
  return `≈${whole}${cut ? `.${cut}` : ''} ${unit}`;
}

/** A sum of which parts may be of unknown amount. */
export function sumText(sum: Sum, asset: Asset, short = false): string {
  if (sum.unknown > 0 && sum.units === 0n) return t('amount-unknown-of', { unit: asset.unit });
  const text = short ? shortAmount(sum.units, asset) : amount(sum.units, asset);
  return sum.unknown > 0 ? t('at-least', { amount: text }) : text;
}

/** Base units of a decimal text, or a sentence that says what is wrong with it. */
export function parseAmount(text: string, asset: Asset): bigint | string {
  const clean = text.trim().replace(/,/g, '');
  const found = /^(\d{1,60})(?:\.(\d{1,60}))?$/.exec(clean);
  if (!found) return t('bad-amount');
  const decimals = asset.decimals ?? 0;
  const part = (found[2] ?? '').replace(/0+$/, '');
  if (part.length > decimals) return t('bad-decimals', { unit: asset.unit, n: decimals });
  return BigInt(`${found[1] ?? '0'}${part.padEnd(decimals, '0')}`);
}

const two = (n: number): string => String(n).padStart(2, '0');

/** A Unix time in seconds as `2026-11-26 14:03:09 UTC`, or with the offset of the reader's zone. */
export function time(seconds: number | null, zone: Zone = 'UTC'): string {
  if (seconds === null) return t('time-unknown');
  const d = new Date(seconds * 1000);
  if (Number.isNaN(d.getTime())) return t('time-unknown');
  if (zone === 'UTC') return `${d.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const offset = -d.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return `${day} ${clock} UTC${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
}

/** The day of a Unix time, in UTC. */
export const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

/** Unix time of the begin of a day `2026-11-26` in UTC; null for anything else. */
export function dayBegin(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}

/** `bc1qxy…0wlh`: a hash or address shortened in the middle. */
export function shortened(text: string, head = 8, tail = 6): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}
