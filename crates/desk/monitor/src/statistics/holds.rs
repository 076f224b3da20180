//! Charts of what is held, frozen, traced and seized, in the reference currency by the price table of now.

use super::{Chart, ChartName, ChartRows, ChartUnit, MAX_ROWS, Window, days};
use holdfast_store::{Database, DbError, Row, number, parse};
use holdfast_types::{Amount, Network, asset};
use std::collections::BTreeMap;

/// Prices by canonical asset: base units and the minor units that they are worth.
struct Prices(BTreeMap<String, (Amount, u64)>);

/// A sum of value, and how many things had none that is known.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    value: i64,
    unpriced: u64,
}

impl Sum {
    fn add(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.value = self.value.saturating_add(value),
            None => self.unpriced += 1,
        }
    }
}

impl Prices {
    fn read(db: &mut Database) -> Result<Self, DbError> {
        let rows = db.query("SELECT asset, base_units, value FROM prices LIMIT 100000", &[])?;
        let price = |r: &Row| Ok((r.text(0)?.to_owned(), (amount(r.text(1)?)?, r.number(2)?)));
        Ok(Prices(rows.iter().map(price).collect::<Result<_, DbError>>()?))
    }

    /// The value of an amount; none where its asset has no price.
    fn value(&self, asset: &str, amount: Amount) -> Option<i64> {
        if amount.is_zero() {
            return Some(0);
        }
        let (base_units, value) = self.0.get(&asset::canonical(asset))?;
        let value = amount.mul_div((*value).into(), *base_units)?;
        u64::try_from(value).ok().and_then(|value| i64::try_from(value).ok())
    }

    /// The value of a stored amount of an asset; none where either is not known.
    fn of(&self, asset: Option<&str>, text: Option<&str>) -> Result<Option<i64>, DbError> {
        let (Some(asset), Some(text)) = (asset, text) else { return Ok(None) };
        Ok(self.value(asset, amount(text)?))
    }
}

fn amount(text: &str) -> Result<Amount, DbError> {
    text.parse()
        .map_err(|e: holdfast_types::AmountError| DbError::Stored { what: "amount".into(), cause: e.to_string() })
}

/// Says what had no value.
fn note(chart: &mut Chart, what: &str, unpriced: u64) {
    if unpriced > 0 {
        chart.left_out.push(format!("the value of {unpriced} {what}: on a whole account, or without a price"));
    }
}

/// Returns the value that was placed on hold, and that ended its hold (released or lapsed), by day.
pub(super) fn by_day(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = [("held", ChartUnit::Value), ("let go", ChartUnit::Value)];
    let mut chart = Chart::new(ChartName::Holds, window, ChartRows::Days, &series);
    let prices = Prices::read(db)?;
    let (begin, end) = window.times();
    let mut both = Vec::new();
    for column in ["placed", "ended"] {
        let sql = format!(
            "SELECT {column} / 86400, asset, amount FROM holds WHERE {column} >= $1 AND {column} < $2 ORDER BY {column} DESC LIMIT $3"
        );
        let rows = db.query(&sql, &[begin.into(), end.into(), number(MAX_ROWS)])?;
        let mut sums: BTreeMap<i64, Sum> = BTreeMap::new();
        for row in &rows {
            let value = prices.of(row.text_or_null(1), row.text_or_null(2))?;
            sums.entry(row.int(0)?).or_default().add(value);
        }
        note(&mut chart, &format!("holds that were {column}"), sums.values().map(|s| s.unpriced).sum());
        chart.note_bound(rows.len(), "holds");
        both.push(sums.into_iter().map(|(day, sum)| (day, sum.value)).collect());
    }
    days(&mut chart, window, &both);
    Ok(chart)
}

/// Returns the holds that are in place now, by asset.
pub(super) fn assets(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = [("value", ChartUnit::Value), ("holds", ChartUnit::Count)];
    let mut chart = Chart::new(ChartName::HeldAssets, window, ChartRows::Names, &series);
    let prices = Prices::read(db)?;
    let sql = "SELECT asset, held FROM holds WHERE state = 'active' ORDER BY id DESC LIMIT $1";
    let rows = db.query(sql, &[number(MAX_ROWS)])?;
    let mut found: BTreeMap<String, (Sum, i64)> = BTreeMap::new();
    for row in &rows {
        let asset = row.text_or_null(0);
        let (sum, holds) = found.entry(asset.unwrap_or("whole accounts").to_owned()).or_default();
        sum.add(prices.of(asset, Some(row.text(1)?))?);
        *holds += 1;
    }
    for (asset, (sum, holds)) in found {
        // Of an asset without a price no value is known.
        let value = (u64::try_from(holds) != Ok(sum.unpriced)).then_some(sum.value);
        note(&mut chart, &format!("holds of {asset}"), sum.unpriced);
        chart.row(asset, vec![value, Some(holds)]);
    }
    chart.note_bound(rows.len(), "holds in place");
    chart.largest();
    Ok(chart)
}

/// Returns the value that was traced in cases, frozen and seized in the window.
pub(super) fn money(db: &mut Database, window: Window) -> Result<Chart, DbError> {
    let series = [("value", ChartUnit::Value), ("count", ChartUnit::Count)];
    let mut chart = Chart::new(ChartName::Money, window, ChartRows::Steps, &series);
    let prices = Prices::read(db)?;
    let (begin, end) = window.times();
    let part = [begin.into(), end.into(), number(MAX_ROWS)];
    // A trace's text can be long: fewer of them are read.
    let traces = [begin.into(), end.into(), number(2_000u32)];
    let sql =
        "SELECT body FROM case_items WHERE kind = 'trace' AND created >= $1 AND created < $2 AND withdrawn IS NULL
               ORDER BY created DESC LIMIT $3";
    let rows = db.query(sql, &traces)?;
    let mut sum = Sum::default();
    for row in &rows {
        sum.add(traced(&prices, row.text(0)?)?);
    }
    if rows.len() >= 2_000 {
        chart.left_out.push("traces before the latest 2000 of the window".into());
    }
    if sum.unpriced > 0 {
        let traces = sum.unpriced;
        chart.left_out.push(format!("the value of {traces} traces: of several assets, or without a price"));
    }
    chart.row("traced", vec![Some(sum.value), i64::try_from(rows.len()).ok()]);
    let frozen = "SELECT asset, amount FROM holds WHERE placed >= $1 AND placed < $2 ORDER BY placed DESC LIMIT $3";
    let seized = "SELECT asset, amount FROM seizures WHERE state = 'moved' AND moved >= $1 AND moved < $2 ORDER BY id DESC LIMIT $3";
    for (name, sql, what) in [("frozen", frozen, "holds"), ("seized", seized, "seizures")] {
        let rows = db.query(sql, &part)?;
        let mut sum = Sum::default();
        for row in &rows {
            sum.add(prices.of(row.text_or_null(0), row.text_or_null(1))?);
        }
        note(&mut chart, what, sum.unpriced);
        chart.note_bound(rows.len(), what);
        chart.row(name, vec![Some(sum.value), i64::try_from(rows.len()).ok()]);
    }
    Ok(chart)
}

/// The value of what a stored trace started from: the books of an account trace by asset, or the marked coins of a chain of outputs.
fn traced(prices: &Prices, body: &str) -> Result<Option<i64>, DbError> {
    let body: serde_json::Value = parse("trace", body)?;
    if let (Some(marked), Some(network)) = (body["marked"].as_u64(), body["network"].as_str()) {
        let asset = network.parse::<Network>().ok().map(|n| n.parameters().asset);
        return Ok(asset.and_then(|asset| prices.value(asset, marked.into())));
    }
    let Some(books) = body["books"].as_array() else { return Ok(None) };
    let mut sum = 0i64;
    for book in books {
        let (Some(marked), Some(asset)) = (book["marked"].as_str(), book["asset"]["id"].as_str()) else {
            return Ok(None);
        };
        match prices.value(asset, amount(marked)?) {
            Some(value) => sum = sum.saturating_add(value),
            None => return Ok(None),
        }
    }
    Ok(Some(sum))
}
