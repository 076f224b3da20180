/** What sums are worth in the reference currency, by the desk's present price table; a price that is not known is said. */
import type { App } from './app.ts';
import { el } from './dom.ts';
import { decimalText, type Asset, type Sum } from './format.ts';
import { t } from './texts.ts';

/** The table as `GET /api/v1/prices` gives it. */
export interface PriceTable { readonly currency: string; readonly prices: readonly { readonly asset: string; readonly id?: string | null; readonly base_units: string; readonly value: number }[] }

/** The worth of a sum in hundredths of the reference currency; null where no price of its asset, or no amount, is known. */
export function worthOf(sum: Sum, asset: Asset, table: PriceTable): bigint | null {
  // Coins of chains of outputs have a name alone; of account chains a ticker may be several assets'.
  const isCoin = !asset.id.includes(':');
  const price = table.prices.find((p) => p.asset === asset.id || p.id === asset.id || (isCoin && p.asset === asset.unit));
  const per = price ? BigInt(price.base_units) : 0n;
  if (!price || per <= 0n || (sum.unknown > 0 && sum.units === 0n)) return null;
  return (sum.units * BigInt(price.value)) / per;
}

/** That worth in words. */
export function worthText(sum: Sum, asset: Asset, table: PriceTable): string {
  const worth = worthOf(sum, asset, table);
  if (worth === null) return t('worth-unknown');
  const [whole = '0', part = ''] = decimalText(worth, 2).split('.');
  const value = `${whole}.${part.padEnd(2, '0')} ${table.currency}`;
  return t('worth-now', { value: sum.unknown > 0 ? t('at-least', { amount: value }) : value });
}

let table: Promise<PriceTable> | undefined;

/** A line that says the worth as soon as the table is there; it is read once. */
export function worthLine(app: App, sum: Sum, asset: Asset): HTMLElement {
  const line = el('p', { class: 'x-soft' }, t('loading'));
  table ??= app.api.prices();
  table.then((known) => { line.textContent = worthText(sum, asset, known); }, () => {
    table = undefined;
    line.textContent = t('worth-unread');
  });
  return line;
}
