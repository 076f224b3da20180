//! Statistics of the desk: named charts over a window of days, each with what it left out.
//!
//! Decisions and hits of rules are counted incrementally (`counted.rs`): a window of a year over millions of events reads a few thousand rows. Everything else
//! reads rows of the window by an index, at most [`MAX_ROWS`] of them.

mod alerts;
mod counted;
mod holds;
mod requests;
mod window;

use window::date;
pub use window::{MAX_DAYS, Window};

use crate::{Monitor, MonitorError};
use holdfast_store::{Database, DbError};
use holdfast_types::{Timestamp, named};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// Most rows of a table that one chart reads; the latest count, and the chart says that it left out the rest.
pub const MAX_ROWS: u32 = 200_000;
/// Most names (rules, agencies, people, assets) that a chart lists.
pub const MAX_NAMES: usize = 30;

named! {
    "kebab-case";
    /// What a chart shows.
    pub enum ChartName {
        /// Events by day and decision.
        Decisions,
        /// Hits by rule, in force and in shadow.
        Rules,
        /// Hits by day, of the rules with most.
        RuleDays,
        /// Alerts opened and closed by day.
        Alerts,
        /// Open alerts by age, now.
        AlertAges,
        /// Closed alerts by outcome.
        Outcomes,
        /// By rule: alerts that were right and wrong, the share of right ones with its interval at 95%.
        Precision,
        /// By day: the time from an alert's opening to its closing, median and 95th percentile.
        Times,
        /// Requests by agency: open, answered in time, answered late.
        Agencies,
        /// The same by country.
        Countries,
        /// Open requests by the time that is left, now.
        Clocks,
        /// Value placed on hold and let go, by day.
        Holds,
        /// By asset: holds in place now, and their value.
        HeldAssets,
        /// Value that was traced in cases, frozen and seized.
        Money,
        /// By person: open alerts, alerts closed, open tasks.
        People,
        /// By chain: blocks that the ledger is behind its node, now.
        Followers,
    }
}

named! {
    /// Unit of a series.
    pub enum ChartUnit {
        /// A count.
        Count,
        /// Seconds.
        Seconds,
        /// Thousandths.
        Permille,
        /// Minor units of the reference currency.
        Value,
        /// Blocks.
        Blocks,
    }

    /// What the rows of a chart are.
    pub enum ChartRows {
        /// Days (UTC), all of the window in order.
        Days,
        /// Steps of a scale, in order.
        Steps,
        /// Names, the largest first.
        Names,
    }
}

impl ChartUnit {
    /// Returns a value with its unit, as a terminal shows it.
    #[must_use]
    pub fn text(self, value: i64) -> String {
        match (self, value) {
            (ChartUnit::Seconds, ..120) => format!("{value} s"),
            (ChartUnit::Seconds, 120..7_200) => format!("{} min", value / 60),
            (ChartUnit::Seconds, 7_200..172_800) => format!("{} h", value / 3_600),
            (ChartUnit::Seconds, _) => format!("{} d", value / 86_400),
            (ChartUnit::Permille, _) => format!("{}.{} %", value / 10, value % 10),
            (ChartUnit::Value, _) => format!("{}.{:02}", value / 100, (value % 100).abs()),
            (ChartUnit::Count | ChartUnit::Blocks, _) => value.to_string(),
        }
    }
}

/// A series of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChartSeries)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Unit of its values.
    pub unit: ChartUnit,
}

/// A row of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChartRow)]
pub struct Row {
    /// A day (YYYY-MM-DD), a step or a name.
    pub label: String,
    /// A value for each series; null where none is known.
    pub values: Vec<Option<i64>>,
}

/// A chart's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Chart {
    /// What it shows.
    pub name: ChartName,
    /// First day, YYYY-MM-DD.
    pub from: String,
    /// Last day, YYYY-MM-DD.
    pub to: String,
    /// What its rows are.
    pub rows_are: ChartRows,
    /// Its series.
    pub series: Vec<Series>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What is not in it, in sentences; empty for nothing.
    pub left_out: Vec<String>,
}

/// Returns a field of CSV as text that no spreadsheet runs.
#[must_use]
pub fn disarmed(text: &str) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}

impl Chart {
    /// Returns a chart without rows.
    #[must_use]
    pub fn new(name: ChartName, window: Window, rows_are: ChartRows, series: &[(&str, ChartUnit)]) -> Self {
        let series = series.iter().map(|(name, unit)| Series { name: (*name).to_owned(), unit: *unit }).collect();
        let (from, to) = (window.first_date(), window.last_date());
        Chart { name, from, to, rows_are, series, rows: Vec::new(), left_out: Vec::new() }
    }

    /// Returns it as CSV: a line of heads, then a line a row. Empty fields are unknown.
    #[must_use]
    pub fn csv(&self) -> String {
        let field = |text: &str| {
            let text = disarmed(text);
            match text.contains(['"', ',', '\n', '\r']) {
                true => format!("\"{}\"", text.replace('"', "\"\"")),
                false => text.into_owned(),
            }
        };
        let mut lines = vec![
            std::iter::once(self.rows_are.name().to_owned())
                .chain(self.series.iter().map(|s| field(&format!("{} ({})", s.name, s.unit))))
                .collect::<Vec<_>>()
                .join(","),
        ];
        lines.extend(self.rows.iter().map(|row| {
            let values = row.values.iter().map(|v| v.map_or(String::new(), |v| v.to_string()));
            std::iter::once(field(&row.label)).chain(values).collect::<Vec<_>>().join(",")
        }));
        lines.join("\r\n") + "\r\n"
    }

    /// Leaves the names with the largest sums and says how many it left out.
    fn largest(&mut self) {
        let sum = |row: &Row| row.values.iter().flatten().copied().fold(0, i64::saturating_add);
        self.rows.sort_by(|a, b| sum(b).cmp(&sum(a)).then_with(|| a.label.cmp(&b.label)));
        if self.rows.len() > MAX_NAMES {
            self.left_out.push(format!("{} names with smaller figures", self.rows.len() - MAX_NAMES));
            self.rows.truncate(MAX_NAMES);
        }
    }

    fn row(&mut self, label: impl Into<String>, values: Vec<Option<i64>>) {
        self.rows.push(Row { label: label.into(), values });
    }

    /// Says that rows beyond [`MAX_ROWS`] were not read.
    fn note_bound(&mut self, read: usize, what: &str) {
        if u32::try_from(read).is_ok_and(|read| read >= MAX_ROWS) {
            self.left_out.push(format!("{what} before the latest {MAX_ROWS} of the window"));
        }
    }
}

impl Monitor<'_> {
    /// Returns a chart of the desk's database. Followers of nodes are not in it: a server adds them ([`followers`]).
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn chart(&self, name: ChartName, window: Window) -> Result<Chart, MonitorError> {
        if matches!(name, ChartName::Decisions | ChartName::Rules | ChartName::RuleDays) {
            self.count_events()?;
        }
        let now = self.screening.now();
        self.read(|db| chart(db, name, window, now))
    }
}

fn chart(db: &mut Database, name: ChartName, window: Window, now: Timestamp) -> Result<Chart, DbError> {
    match name {
        ChartName::Decisions => counted::decisions(db, window),
        ChartName::Rules => counted::rules(db, window),
        ChartName::RuleDays => counted::rule_days(db, window),
        ChartName::Alerts => alerts::by_day(db, window),
        ChartName::AlertAges => alerts::ages(db, window, now),
        ChartName::Outcomes => alerts::outcomes(db, window),
        ChartName::Precision => alerts::precision(db, window),
        ChartName::Times => alerts::times(db, window),
        ChartName::People => alerts::people(db, window),
        ChartName::Agencies => requests::by(db, name, window, "agency"),
        ChartName::Countries => requests::by(db, name, window, "country"),
        ChartName::Clocks => requests::clocks(db, window, now),
        ChartName::Holds => holds::by_day(db, window),
        ChartName::HeldAssets => holds::assets(db, window),
        ChartName::Money => holds::money(db, window),
        ChartName::Followers => Ok(followers(window, &[])),
    }
}

/// Returns how far each ledger is behind its node, where that is known: (chain, blocks).
#[must_use]
pub fn followers(window: Window, all: &[(String, Option<u32>)]) -> Chart {
    let mut chart = Chart::new(ChartName::Followers, window, ChartRows::Names, &[("behind", ChartUnit::Blocks)]);
    for (chain, lag) in all {
        chart.row(chain.as_str(), vec![lag.map(i64::from)]);
        if lag.is_none() {
            chart.left_out.push(format!("{chain}: its node was not read yet"));
        }
    }
    chart
}

/// Returns counts by day as values of a row for each day of the window; days without any are zero.
fn days(chart: &mut Chart, window: Window, counts: &[Vec<(i64, i64)>]) {
    for day in window.days() {
        let of = |list: &Vec<(i64, i64)>| Some(list.iter().filter(|(d, _)| *d == day).map(|(_, n)| n).sum());
        chart.row(date(day), counts.iter().map(of).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_their_unit() {
        let of = |v, unit: ChartUnit| unit.text(v);
        assert_eq!((of(119, ChartUnit::Seconds), of(7_199, ChartUnit::Seconds)), ("119 s".into(), "119 min".into()));
        let others = (of(990, ChartUnit::Permille), of(123_405, ChartUnit::Value), of(3, ChartUnit::Count));
        assert_eq!(others, ("99.0 %".into(), "1234.05".into(), "3".into()));
    }

    #[test]
    fn csv_quotes_what_needs_it_and_disarms_formulas() {
        let window = Window::last(3, Timestamp::from_unix(1_790_000_000));
        let mut chart = Chart::new(ChartName::Agencies, window, ChartRows::Names, &[("open", ChartUnit::Count)]);
        chart.row("Police, \"North\"", vec![Some(2)]);
        chart.row("=HYPERLINK(1)", vec![None]);
        assert_eq!(chart.csv(), "names,open (count)\r\n\"Police, \"\"North\"\"\",2\r\n'=HYPERLINK(1),\r\n");
    }

    #[test]
    fn many_names_are_cut_to_the_largest_and_that_is_said() {
        let window = Window::last(1, Timestamp::from_unix(1_790_000_000));
        let mut chart = Chart::new(ChartName::Rules, window, ChartRows::Names, &[("live", ChartUnit::Count)]);
        (0..40).for_each(|n| chart.row(format!("r{n:02}"), vec![Some(n)]));
        chart.largest();
        assert_eq!((chart.rows.len(), chart.rows[0].label.as_str()), (MAX_NAMES, "r39"));
        assert_eq!(chart.left_out, ["10 names with smaller figures"]);
    }
}
