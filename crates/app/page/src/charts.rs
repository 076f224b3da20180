//! Charts as figures that need no script: SVG, the finding in words, the same numbers as a table, CSV. The picture is hidden from screen readers, which
//! have the caption and the table; patterns stand beside colours (`web/css/charts.css`). A script adds a cursor and PNG (`web/src/charts`).
//!
//! A picture is as wide as its place on the page. What lies level is in per cent of that width, heights and texts are in pixels: so texts are as large
//! on a phone as on a desk.

use crate::texts::t;
use maud::{Markup, html};

/// Height of a picture over time. Room for the labels of its upright axis is left of it (`web/css/charts.css`).
const HEIGHT: i64 = 180;
/// Room for the labels of the level axis.
const BELOW: i64 = 20;
/// Height of a row: its name and value, and its bar below them.
const ROW: i64 = 40;
/// Where a bar begins in its row, and how tall it is.
const BAR: (i64, i64) = (19, 14);
/// A whole, in thousandths of a per cent.
const WHOLE: i64 = 100_000;
/// Narrowest bar, in the same.
const NARROWEST: i64 = 200;
/// Units across what lines are drawn in.
const ACROSS: i64 = 10_000;
/// So few bars are each as wide as a label.
const FEW: usize = 6;
/// Longest name in a picture, in letters; the table has all of it.
const MAX_NAME: usize = 26;
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

/// Thousandths of a per cent, as a coordinate.
fn level(thousandths: i64) -> String {
    format!("{}.{:03}%", thousandths / 1_000, thousandths % 1_000)
}

/// Returns a part of a whole as a coordinate of a picture that is as wide as its place.
#[must_use]
pub fn part(part: i64, whole: i64) -> String {
    level(scaled(part, whole, WHOLE))
}

/// A name, cut to what a narrow row has room for; signs of Chinese are as wide as two letters.
fn short(name: &str) -> String {
    let width = |c: char| 1 + usize::from(c > '\u{2e7f}');
    if name.chars().map(width).sum::<usize>() <= MAX_NAME {
        return name.to_owned();
    }
    let mut taken = 1;
    let fits = |c: &char| {
        taken += width(*c);
        taken <= MAX_NAME
    };
    name.chars().take_while(fits).chain(['\u{2026}']).collect()
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
        let bottom = HEIGHT - BELOW;
        let rows = coordinate(self.rows.len()).max(1);
        let labelled = [0, self.rows.len() / 2, self.rows.len().saturating_sub(1)];
        html! {
            svg.timed aria-hidden="true" height=(HEIGHT) {
                (self.patterns(&self.id))
                @for (value, y) in [(most, 10), (most / 2, (10 + bottom) / 2), (0, bottom)] {
                    line.scale x1="0" x2="100%" y1=(y) y2=(y) {}
                    @if value > 0 || y == bottom { text x="-6" y=(y + 4) text-anchor="end" { (show(value)) } }
                }
                @match self.form {
                    Form::Lines => {
                        // Drawn across the width, whatever that is; the strokes keep theirs.
                        svg width="100%" height=(HEIGHT) viewBox={"0 0 " (ACROSS) " " (HEIGHT)} preserveAspectRatio="none" overflow="visible" {
                            @for i in 0..self.series.len() { (self.line(i, most, rows)) }
                        }
                        @for i in 0..self.series.len() { (self.points(i, most, rows)) }
                    },
                    _ => @for (n, row) in self.rows.iter().enumerate() { (self.stack(row, (coordinate(n), rows), most)) },
                }
                @for (place, n) in labelled.iter().enumerate() { @if let Some(row) = self.rows.get(*n) { @if place == 0 || labelled[place - 1] != *n {
                    // Below its bar; of many bars the first and last label lie within the picture.
                    @let (x, anchor) = match place {
                        _ if self.rows.len() <= FEW => (part(2 * coordinate(*n) + 1, 2 * rows), "middle"),
                        0 => (part(0, rows), "start"),
                        1 => (part(2 * coordinate(*n) + 1, 2 * rows), "middle"),
                        _ => (part(rows, rows), "end"),
                    };
                    text x=(x) y=(HEIGHT - 5) text-anchor=(anchor) { (row.label) }
                } } }
            }
        }
    }

    /// The values of a row, one on another, in its place among so many.
    fn stack(&self, row: &Row, (n, rows): (i64, i64), most: i64) -> Markup {
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
        // A bar leaves a tenth of its place free.
        let (x, width) = (part(20 * n + 1, 20 * rows), part(18, 20 * rows));
        let body = html! {
            title { (row.label) @for (series, value) in self.series.iter().zip(&row.values) { "\n" (series.name) ": " (value.map_or_else(|| t!("charts-unknown"), series.show)) } }
            rect.catch x=(part(n, rows)) y="10" width=(part(1, rows)) height=(height) {}
            @for (i, y, tall) in parts { @if tall > 0 {
                rect class={"s" (i % STYLES)} x=(x) y=(y) width=(width) height=(tall) fill={"url(#" (self.id) "-" (i % STYLES) ")"} {}
            } }
        };
        html! { @match &row.link { Some(to) => a href=(to) tabindex="-1" { (body) }, None => g { (body) } } }
    }

    /// The known values of a series: the number of each one's row, and its height in the picture.
    fn heights(&self, series: usize, most: i64) -> impl Iterator<Item = (i64, i64)> {
        let (bottom, height) = (HEIGHT - BELOW, HEIGHT - BELOW - 10);
        let value = move |row: &Row| row.values.get(series).copied().flatten();
        let known = self.rows.iter().enumerate().filter_map(move |(n, row)| Some((coordinate(n), value(row)?)));
        known.map(move |(n, value)| (n, bottom - scaled(value, most, height)))
    }

    /// The line of a series; unknown values part it.
    fn line(&self, series: usize, most: i64, rows: i64) -> Markup {
        let (mut path, mut next) = (String::new(), None);
        for (n, y) in self.heights(series, most) {
            let is_down = next == Some(n);
            path += &format!("{}{} {y}", if is_down { 'L' } else { 'M' }, scaled(2 * n + 1, 2 * rows, ACROSS));
            next = Some(n + 1);
        }
        html! { path class={"line s" (series % STYLES)} d=(path) vector-effect="non-scaling-stroke" {} }
    }

    /// The points of a series: dots of the first one, squares of others.
    fn points(&self, series: usize, most: i64, rows: i64) -> Markup {
        html! { @for (n, y) in self.heights(series, most) {
            @let x = part(2 * n + 1, 2 * rows);
            @if series == 0 { circle class={"dot s" (series % STYLES)} cx=(x) cy=(y) r="3" {} }
            @else { svg x=(x) y=(y) overflow="visible" { rect class={"dot s" (series % STYLES)} x="-3" y="-3" width="6" height="6" {} } }
        } }
    }

    /// A level bar, or a point with its interval, for each row, below its name and value.
    fn by_row(&self) -> Markup {
        let sum = |row: &Row| row.values.iter().flatten().copied().fold(0, i64::saturating_add);
        // Series of other units stand in the table alone.
        let first = |row: &Row| row.values.first().copied().flatten().unwrap_or(0);
        let is_mixed = self.is_mixed();
        let most = self.rows.iter().map(|row| if is_mixed { first(row) } else { sum(row) }).max().unwrap_or(0).max(1);
        html! { svg aria-hidden="true" height=(coordinate(self.rows.len()) * ROW) {
            (self.patterns(&self.id))
            @for (n, row) in self.rows.iter().enumerate() {
                @let y = coordinate(n) * ROW;
                @let body = html! {
                    title { (row.label) }
                    rect.catch x="0" y=(y) width="100%" height=(ROW) {}
                    text x="0" y=(y + 14) { (short(&row.label)) }
                    text x="100%" y=(y + 14) text-anchor="end" { (self.value_text(row, is_mixed)) }
                    @if self.form == Form::Intervals { (interval(&row.values, y)) } @else { (self.bar(row, y, most, is_mixed)) }
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

    fn bar(&self, row: &Row, y: i64, most: i64, is_mixed: bool) -> Markup {
        let (below, height) = BAR;
        let mut from = 0i64;
        let count = if is_mixed { 1 } else { row.values.len() };
        html! { @for (i, value) in row.values.iter().take(count).enumerate() {
            @let value = value.unwrap_or(0).max(0);
            @let (x, end) = (scaled(from, most, WHOLE), scaled(from.saturating_add(value), most, WHOLE));
            @if value > 0 { rect class={"s" (i % STYLES)} x=(level(x)) y=(y + below) width=(level((end - x).max(NARROWEST))) height=(height) fill={"url(#" (self.id) "-" (i % STYLES) ")"} {} }
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
fn interval(values: &[Option<i64>], y: i64) -> Markup {
    let at = |i: usize| values.get(i).copied().flatten().map(|v| part(v, 1_000));
    let (top, middle, bottom) = (y + BAR.0 + 2, y + BAR.0 + 7, y + BAR.0 + 12);
    html! {
        line.scale x1="0" x2="100%" y1=(middle) y2=(middle) {}
        @if let (Some(point), Some(low), Some(high)) = (at(2), at(3), at(4)) {
            line.whisker x1=(low) x2=(high) y1=(middle) y2=(middle) {}
            @for end in [&low, &high] { line.whisker x1=(end) x2=(end) y1=(top) y2=(bottom) {} }
            circle.dot.s0 cx=(point) cy=(middle) r="4" {}
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
        let shown = interval(&values, 0).into_string();
        assert!(shown.contains("x1=\"30.000%\" x2=\"95.000%\"") && shown.contains("cx=\"75.000%\""), "{shown}");
        assert_eq!(shown.matches("class=\"whisker\"").count(), 3, "{shown}");
    }

    #[test]
    fn bars_by_row_begin_where_the_last_one_ended() {
        let shown = figure(Form::Bars, &[&[Some(1), Some(3)], &[Some(0), Some(1)]]).show().into_string();
        let picture = shown.split("class=\"plot\"").nth(1).unwrap();
        for bar in ["x=\"0.000%\" y=\"19\" width=\"25.000%\"", "x=\"25.000%\" y=\"19\" width=\"75.000%\""] {
            assert!(picture.contains(bar), "{bar}: {shown}");
        }
        assert!(picture.contains("x=\"0.000%\" y=\"59\" width=\"25.000%\""), "{shown}");
    }

    #[test]
    fn a_picture_is_as_wide_as_its_place_and_no_text_is_scaled() {
        let row: &[Option<i64>] = &[Some(3), Some(1), Some(750), Some(300), Some(950)];
        for form in [Form::Stacked, Form::Lines, Form::Bars, Form::Intervals] {
            let shown = figure(form, &[row, row, row]).show().into_string();
            let picture = shown.split("class=\"plot\"").nth(1).unwrap().split("</div>").next().unwrap();
            let scaled: Vec<&str> = picture.split("viewBox=").skip(1).collect();
            assert_eq!(scaled.len(), usize::from(form == Form::Lines), "{form:?}: {picture}");
            assert!(scaled.iter().all(|lines| !lines.split("</svg>").next().unwrap().contains("<text")), "{picture}");
            let texts = picture.matches("<text").count();
            assert_eq!(texts, 6, "{form:?}: the scale and the first, middle and last row; or names and values");
        }
    }

    #[test]
    fn long_names_are_cut_by_their_width() {
        assert_eq!(short("rule.sanctions"), "rule.sanctions");
        assert_eq!(short(&"a".repeat(27)), format!("{}\u{2026}", "a".repeat(25)));
        assert_eq!(short(&"\u{4ea4}".repeat(13)), "\u{4ea4}".repeat(13));
        assert_eq!(short(&"\u{4ea4}".repeat(14)), format!("{}\u{2026}", "\u{4ea4}".repeat(12)));
    }
}
