//! Charts as figures that need no script: SVG, the finding in words, the same numbers as a table, CSV. The picture is hidden from screen readers, which
//! have the caption and the table; patterns stand beside colours (`web/css/charts.css`). A script adds a cursor and PNG (`web/src/charts`).

use crate::texts::t;
use maud::{Markup, html};

/// Width of a picture, in units of its view box.
const WIDTH: i64 = 720;
/// Height of a picture over time.
const HEIGHT: i64 = 180;
/// Room for the labels of the upright axis.
const LEFT: i64 = 64;
/// Room for the labels of the level axis.
const BELOW: i64 = 20;
/// Height of a row of level bars.
const ROW: i64 = 24;
/// Room for the names of rows.
const NAMES: i64 = 190;
/// Room for the values beside level bars.
const VALUES: i64 = 110;
/// Longest name in a picture, in characters; the table has all of it.
const MAX_NAME: usize = 28;
/// Series that have a colour and pattern of their own.
const STYLES: usize = 6;

/// What a chart is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Upright bars over time, the series one on another.
    Stacked,
    /// Lines over time, with gaps where nothing is known.
    Lines,
    /// A level bar a row, the series one after another.
    Bars,
    /// A point with its interval a row: the third series, from the fourth to the fifth, in thousandths.
    Intervals,
}

/// A series.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name, as the page shows it.
    pub name: String,
    /// How its values are shown.
    pub show: fn(i64) -> String,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// A day, step or name, as the page shows it.
    pub label: String,
    /// The list behind it.
    pub link: Option<String>,
    /// A value for each series; none where nothing is known.
    pub values: Vec<Option<i64>>,
}

/// A chart.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its id within the page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What it says, in a sentence.
    pub finding: String,
    /// What it is drawn as.
    pub form: Form,
    /// What its rows are.
    pub row_head: String,
    /// Unit of the first series, as the script names it on the scale: `count`, `seconds`, `permille`, `value` (hundredths).
    pub unit: &'static str,
    /// Its series.
    pub series: Vec<Series>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Where the numbers are as CSV.
    pub csv: Option<String>,
    /// What is not in it.
    pub left_out: Vec<String>,
}

/// `value` of `most` on a scale of a length; nothing below zero.
fn scaled(value: i64, most: i64, length: i64) -> i64 {
    let scaled = i128::from(value.max(0)) * i128::from(length) / i128::from(most.max(1));
    i64::try_from(scaled).unwrap_or(length)
}

/// A number of rows as a coordinate.
fn coordinate(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn short(name: &str) -> String {
    match name.chars().count() > MAX_NAME {
        true => name.chars().take(MAX_NAME - 1).chain(['\u{2026}']).collect(),
        false => name.to_owned(),
    }
}

impl Figure {
    /// Returns the figure.
    #[must_use]
    pub fn show(&self) -> Markup {
        let over_time = matches!(self.form, Form::Stacked | Form::Lines);
        let empty = self.rows.iter().all(|row| row.values.iter().all(|v| v.unwrap_or(0) == 0));
        html! {
            figure.chart id=(self.id) data-chart=(match self.form { Form::Lines => "lines", Form::Stacked => "stacked", Form::Bars => "bars", Form::Intervals => "intervals" }) data-unit=(self.unit) {
                figcaption { strong { (self.title) } " " span { (self.finding) } }
                @if !empty {
                    @if self.series.len() > 1 && self.form != Form::Intervals { (self.legend()) }
                    div.plot { @if over_time { (self.over_time()) } @else { (self.by_row()) } }
                }
                @if !self.left_out.is_empty() { p.note { (t!("charts-left-out", what = self.left_out.join("; "))) } }
                details { summary { (t!("charts-table")) } (self.table()) }
                @if let Some(csv) = &self.csv { p.chart-files { a href=(csv) download { "CSV" } } }
            }
        }
    }

    fn legend(&self) -> Markup {
        html! { ul.legend aria-hidden="true" {
            @for (i, series) in self.series.iter().enumerate() { li {
                svg width="16" height="12" viewBox="0 0 16 12" { (self.patterns(&format!("{}-key{i}", self.id))) rect class={"s" (i % STYLES)} width="16" height="12" fill={"url(#" (self.id) "-key" (i) "-" (i % STYLES) ")"} {} }
                " " (series.name)
            } }
        } }
    }

    /// The patterns of the series: a ground in the series' colour, with lines or dots.
    fn patterns(&self, id: &str) -> Markup {
        html! { defs { @for i in 0..self.series.len().min(STYLES) {
            pattern id={(id) "-" (i)} class={"p" (i)} width="6" height="6" patternUnits="userSpaceOnUse" {
                rect.ground width="6" height="6" {}
                @match i {
                    1 => path d="M-1 1 1 -1M0 6 6 0M5 7 7 5" {},
                    2 => circle cx="3" cy="3" r="1.2" {},
                    3 => path d="M0 3H6" {},
                    4 => path d="M3 0V6" {},
                    5 => path d="M0 0 6 6M0 6 6 0" {},
                    _ => {},
                }
            }
        } } }
    }

    fn most_over_time(&self) -> i64 {
        let of = |row: &Row| match self.form {
            Form::Lines => row.values.iter().flatten().copied().max().unwrap_or(0),
            _ => row.values.iter().flatten().copied().fold(0, i64::saturating_add),
        };
        self.rows.iter().map(of).max().unwrap_or(0).max(1)
    }

    /// Values over time: bars or lines, with two lines of the scale and the first, middle and last label.
    fn over_time(&self) -> Markup {
        let most = self.most_over_time();
        let show = self.series.first().map_or((|v| v.to_string()) as fn(i64) -> String, |s| s.show);
        let (bottom, width) = (HEIGHT - BELOW, WIDTH - LEFT);
        let rows = coordinate(self.rows.len()).max(1);
        let labelled = [0, self.rows.len() / 2, self.rows.len().saturating_sub(1)];
        html! {
            svg aria-hidden="true" viewBox={"0 0 " (WIDTH) " " (HEIGHT)} {
                (self.patterns(&self.id))
                @for (value, y) in [(most, 10), (most / 2, (10 + bottom) / 2), (0, bottom)] {
                    path.scale d={"M" (LEFT) " " (y) "H" (WIDTH)} {}
                    @if value > 0 || y == bottom { text x=(LEFT - 6) y=(y + 4) text-anchor="end" { (show(value)) } }
                }
                @match self.form {
                    Form::Lines => @for i in 0..self.series.len() { (self.line(i, most, rows)) },
                    _ => @for (n, row) in self.rows.iter().enumerate() {
                        (self.stack(row, (LEFT + coordinate(n) * width / rows, (width / rows).max(1)), most))
                    },
                }
                @for (place, n) in labelled.iter().enumerate() { @if let Some(row) = self.rows.get(*n) { @if place == 0 || labelled[place - 1] != *n {
                    text x=(LEFT + coordinate(*n) * width / rows + width / rows / 2) y=(HEIGHT - 5)
                        text-anchor=(match place { 0 => "start", 1 => "middle", _ => "end" }) { (row.label) }
                } } }
            }
        }
    }

    /// The values of a row, one on another, from its left edge as wide as it may be.
    fn stack(&self, row: &Row, (x, width): (i64, i64), most: i64) -> Markup {
        let (bottom, height) = (HEIGHT - BELOW, HEIGHT - BELOW - 10);
        let mut below = 0i64;
        let parts: Vec<(usize, i64, i64)> = (row.values.iter().enumerate())
            .filter_map(|(i, value)| {
                let value = (*value)?.max(0);
                let from = scaled(below, most, height);
                below = below.saturating_add(value);
                Some((i, bottom - scaled(below, most, height), scaled(below, most, height) - from))
            })
            .collect();
        let bar = if width > 4 { width - 2 } else { width };
        let body = html! {
            title { (row.label) @for (series, value) in self.series.iter().zip(&row.values) { "\n" (series.name) ": " (value.map_or_else(|| t!("charts-unknown"), series.show)) } }
            rect.catch x=(x) y="10" width=(width) height=(height) {}
            @for (i, y, tall) in parts { @if tall > 0 {
                rect class={"s" (i % STYLES)} x=(x) y=(y) width=(bar) height=(tall) fill={"url(#" (self.id) "-" (i % STYLES) ")"} {}
            } }
        };
        html! { @match &row.link { Some(to) => a href=(to) tabindex="-1" { (body) }, None => g { (body) } } }
    }

    /// The line of a series; unknown values part it.
    fn line(&self, series: usize, most: i64, rows: i64) -> Markup {
        let (bottom, height, width) = (HEIGHT - BELOW, HEIGHT - BELOW - 10, WIDTH - LEFT);
        let (mut path, mut points, mut is_down) = (String::new(), Vec::new(), false);
        for (n, row) in self.rows.iter().enumerate() {
            let Some(value) = row.values.get(series).copied().flatten() else {
                is_down = false;
                continue;
            };
            let (x, y) = (LEFT + coordinate(n) * width / rows + width / rows / 2, bottom - scaled(value, most, height));
            path += &format!("{}{x} {y}", if is_down { 'L' } else { 'M' });
            points.push((x, y));
            is_down = true;
        }
        html! {
            path class={"line s" (series % STYLES)} d=(path) {}
            @for (x, y) in points { @if series == 0 { circle class={"dot s" (series % STYLES)} cx=(x) cy=(y) r="3" {} }
                @else { rect class={"dot s" (series % STYLES)} x=(x - 3) y=(y - 3) width="6" height="6" {} } }
        }
    }

    /// A level bar, or a point with its interval, for each row.
    fn by_row(&self) -> Markup {
        let height = coordinate(self.rows.len()) * ROW + 4;
        let length = WIDTH - NAMES - VALUES;
        let sum = |row: &Row| row.values.iter().flatten().copied().fold(0, i64::saturating_add);
        // Series of other units stand in the table alone.
        let first = |row: &Row| row.values.first().copied().flatten().unwrap_or(0);
        let is_mixed = self.is_mixed();
        let most = self.rows.iter().map(|row| if is_mixed { first(row) } else { sum(row) }).max().unwrap_or(0).max(1);
        html! { svg aria-hidden="true" viewBox={"0 0 " (WIDTH) " " (height)} {
            (self.patterns(&self.id))
            @for (n, row) in self.rows.iter().enumerate() {
                @let y = coordinate(n) * ROW + 2;
                @let body = html! {
                    title { (row.label) }
                    text x=(NAMES - 8) y=(y + 15) text-anchor="end" { (short(&row.label)) }
                    @if self.form == Form::Intervals { (interval(&row.values, y, length)) } @else { (self.bar(row, y, (most, length), is_mixed)) }
                    text x=(WIDTH - VALUES + 8) y=(y + 15) { (self.value_text(row, is_mixed)) }
                };
                @match &row.link { Some(to) => a href=(to) tabindex="-1" { (body) }, None => g { (body) } }
            }
        } }
    }

    /// Whether the series have different units, so that they cannot stand one after another.
    fn is_mixed(&self) -> bool {
        let sample = 123_456;
        self.series.windows(2).any(|pair| (pair[0].show)(sample) != (pair[1].show)(sample))
    }

    fn value_text(&self, row: &Row, is_mixed: bool) -> String {
        let shown = |at: usize, value: Option<i64>| match (value, self.series.get(at)) {
            (Some(value), Some(series)) => (series.show)(value),
            _ => t!("charts-unknown"),
        };
        match self.form {
            Form::Intervals => shown(2, row.values.get(2).copied().flatten()),
            _ if is_mixed => shown(0, row.values.first().copied().flatten()),
            _ => shown(0, row.values.iter().copied().flatten().reduce(i64::saturating_add)),
        }
    }

    fn bar(&self, row: &Row, y: i64, (most, length): (i64, i64), is_mixed: bool) -> Markup {
        let mut from = 0i64;
        let count = if is_mixed { 1 } else { row.values.len() };
        html! { @for (i, value) in row.values.iter().take(count).enumerate() {
            @let value = value.unwrap_or(0).max(0);
            @let (x, end) = (scaled(from, most, length), scaled(from.saturating_add(value), most, length));
            @if value > 0 { rect class={"s" (i % STYLES)} x=(NAMES + x) y=(y + 3) width=((end - x).max(1)) height=(ROW - 8) fill={"url(#" (self.id) "-" (i % STYLES) ")"} {} }
            @let () = from = from.saturating_add(value);
        } }
    }

    fn table(&self) -> Markup {
        html! { div.wide { table {
            thead { tr { th { (self.row_head) } @for series in &self.series { th.n { (series.name) } } } }
            tbody { @for row in &self.rows { tr {
                td { @match &row.link { Some(to) => a href=(to) { (row.label) }, None => (row.label) } }
                @for (series, value) in self.series.iter().zip(&row.values) {
                    td.n data-value=[*value] { (value.map_or_else(|| t!("charts-unknown"), series.show)) }
                }
            } } }
        } } }
    }
}

/// A point with its interval, in thousandths.
fn interval(values: &[Option<i64>], y: i64, length: i64) -> Markup {
    let at = |i: usize| values.get(i).copied().flatten().map(|v| NAMES + scaled(v, 1_000, length));
    html! {
        path.scale d={"M" (NAMES) " " (y + 11) "h" (length)} {}
        @if let (Some(point), Some(low), Some(high)) = (at(2), at(3), at(4)) {
            path.whisker d={"M" (low) " " (y + 6) "v10M" (low) " " (y + 11) "H" (high) "M" (high) " " (y + 6) "v10"} {}
            circle.dot.s0 cx=(point) cy=(y + 11) r="4" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(form: Form, rows: &[&[Option<i64>]]) -> Figure {
        let names = ["allow", "hold", "c", "d", "e"];
        let series = rows.first().map_or(0, |r| r.len());
        Figure {
            id: "f".into(),
            title: "Decisions".into(),
            finding: "3 events.".into(),
            form,
            row_head: "Day".into(),
            unit: "count",
            series: names[..series].iter().map(|n| Series { name: (*n).into(), show: |v| v.to_string() }).collect(),
            rows: rows
                .iter()
                .enumerate()
                .map(|(n, values)| Row {
                    label: format!("d{n}"),
                    link: Some(format!("/x?d={n}")),
                    values: values.to_vec(),
                })
                .collect(),
            csv: Some("/x.csv".into()),
            left_out: vec!["one <asset>".into()],
        }
    }

    fn attribute(svg: &str, name: &str) -> Vec<i64> {
        svg.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
    }

    #[test]
    fn bars_are_as_tall_as_their_values_and_the_table_has_the_same_numbers() {
        let shown = figure(Form::Stacked, &[&[Some(3), Some(1)], &[Some(0), None]]).show().into_string();
        let picture = shown.split("class=\"plot\"").nth(1).unwrap();
        let bars: Vec<&str> = picture.split("<rect class=\"s").skip(1).collect();
        let heights: Vec<i64> = bars.iter().flat_map(|b| attribute(b.split('>').next().unwrap(), "height")).collect();
        assert_eq!(heights, [112, 38], "3 and 1 of 4, on 150: {shown}");
        assert!(
            shown.contains("data-value=\"3\">3<") && shown.contains(&format!(">{}<", t!("charts-unknown"))),
            "{shown}"
        );
        assert!(
            shown.contains("one &lt;asset&gt;") && shown.contains("href=\"/x?d=0\"") && shown.contains("/x.csv"),
            "{shown}"
        );
        assert!(!shown.contains(" style="), "the policy refuses styles in pages");
    }

    #[test]
    fn unknown_values_part_a_line() {
        let shown = figure(Form::Lines, &[&[Some(1)], &[None], &[Some(2)]]).show().into_string();
        let path = shown.split("class=\"line s0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(path.matches('M').count(), 2, "{path}");
    }

    #[test]
    fn an_empty_chart_has_no_picture_but_its_table() {
        let shown = figure(Form::Bars, &[&[Some(0)]]).show().into_string();
        assert!(!shown.contains("class=\"plot\"") && shown.contains("<table"), "{shown}");
    }

    #[test]
    fn intervals_lie_where_their_bounds_are() {
        let values = [Some(3), Some(1), Some(750), Some(300), Some(950)];
        let shown = interval(&values, 0, 400).into_string();
        assert!(shown.contains("M310 6v10M310 11H570M570 6v10") && shown.contains("cx=\"490\""), "{shown}");
    }
}
