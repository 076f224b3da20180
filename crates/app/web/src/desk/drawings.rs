//! Small pictures of the desk's pages, drawn on the server as SVG: shares as bars, movements by day or month, the way of money, things shared. Widths and heights
//! are attributes, so that no style stands in a page; every figure says in words what it shows.

use holdfast_decision::behind::Behind;
use holdfast_page::charts::part;
use holdfast_page::components::word;
use holdfast_page::figures::{self, calendar, money};
use holdfast_page::texts::t;
use holdfast_types::units;
use holdfast_workbench::flows::{Flow, Flows};
use holdfast_workbench::queue::Risk;
use maud::{Markup, html};

/// Boxes of a way, at most.
const MAX_BOXES: usize = 5;

/// Whole units of the reference currency; cents are left out.
pub(crate) fn whole_money(minor: u64) -> String {
    figures::number(minor / 100)
}

/// A share of a whole as a bar: the direct part, then the indirect one.
pub(crate) fn share_bar(direct_ppm: u64, indirect_ppm: u64) -> Markup {
    // A hundred and twenty units wide.
    let wide = |ppm: u64| (ppm.min(1_000_000) * 120).div_ceil(1_000_000);
    let (direct, indirect) = (wide(direct_ppm), wide(indirect_ppm));
    html! {
        svg.bar viewBox="0 0 120 10" width="120" height="10" aria-hidden="true" {
            rect.whole width="120" height="10" rx="2" {}
            rect.direct width=(direct) height="10" {}
            rect.indirect x=(direct) width=(indirect.min(120_u64.saturating_sub(direct))) height="10" {}
        }
    }
}

/// The least number of the form 1, 2 or 5 with zeros that is no less than a value: the end of a scale.
fn end_of_scale(value: u64) -> u64 {
    let mut ten = 1_u64;
    loop {
        for times in [1, 2, 5] {
            match ten.checked_mul(times) {
                Some(end) if end >= value => return end,
                Some(_) => {}
                None => return value,
            }
        }
        ten = ten.saturating_mul(10);
    }
}

/// An amount on a scale: with its unit, without zeros behind the decimal sign.
fn on_scale(minor: u64, currency: &str) -> String {
    match units::places(currency) {
        Some(places) => figures::decimal(&format!("{} {currency}", units::whole(minor, places))),
        None => money(minor, currency),
    }
}

/// The number of a month (2026-09) since the year 0; none of a day.
fn month_number(period: &str) -> Option<u32> {
    let (year, month) = period.split_once('-')?;
    year.parse::<u32>().ok()?.checked_mul(12)?.checked_add(month.parse::<u32>().ok()?.checked_sub(1)?)
}

/// Periods with the months between them in which nothing moved, so that the axis is one of time. A gap of more than three years stays one.
fn with_gaps(periods: &[Flow]) -> Vec<Flow> {
    const LONGEST: u32 = 36;
    let mut all: Vec<Flow> = Vec::with_capacity(periods.len());
    for period in periods {
        let last = all.last().and_then(|last| month_number(&last.period));
        if let (Some(last), Some(now)) = (last, month_number(&period.period))
            && now.saturating_sub(last) <= LONGEST
        {
            let name = |month: u32| format!("{:04}-{:02}", month / 12, month % 12 + 1);
            all.extend((last + 1..now).map(|month| Flow { period: name(month), ..Flow::default() }));
        }
        all.push(period.clone());
    }
    all
}

/// Movements by period: what came in above the line, what went out below it, with a scale of amounts and the names of some periods.
pub(crate) fn flow_chart(flows: &Flows, name: &str, currency: &str) -> Markup {
    /// Heights of the line between in and out, and of either side.
    const LINE: u64 = 66;
    const HALF: u64 = 60;
    /// So few periods are each as wide as their names.
    const FEW: usize = 4;
    let periods = with_gaps(&flows.periods);
    let count = periods.len().max(1);
    let highest = periods.iter().map(|p| p.received.max(p.sent)).max().unwrap_or(0);
    let end = end_of_scale(highest);
    let high =
        |value: u64| u64::try_from((u128::from(value) * u128::from(HALF)).div_ceil(u128::from(end))).unwrap_or(HALF);
    // All of a few are named, of more the first, middle and last, as in the charts of the dashboard.
    let is_named = |n: usize| count <= FEW || n == 0 || n == count / 2 || n + 1 == count;
    // As wide as this where there is room, else as wide as its place.
    let each = if count <= FEW {
        84
    } else if count <= 16 {
        56
    } else {
        20
    };
    let width = count * each;
    let x = |twentieths: usize| {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        part(number(twentieths), number(count * 20))
    };
    let (received, sent) =
        periods.iter().fold((0_u64, 0_u64), |(i, o), p| (i.saturating_add(p.received), o.saturating_add(p.sent)));
    let unpriced: u64 = flows.periods.iter().map(|p| p.unpriced).sum();
    let said = t!("figure-flow", name = name, received = money(received, currency), sent = money(sent, currency));
    html! { figure.flow {
        ul.keys aria-hidden="true" {
            li { svg width="10" height="10" { rect.came width="10" height="10" {} } " " (t!("accounts-in")) }
            li { svg width="10" height="10" { rect.went width="10" height="10" {} } " " (t!("accounts-out")) }
            @if periods.iter().any(|p| p.alerts > 0) {
                li { svg width="10" height="10" { circle.alert cx="5" cy="5" r="4" {} } " " (t!("nav-alerts")) }
            }
        }
        div.drawn {
            div.amounts aria-hidden="true" {
                @for amount in [end, 0, end] { span { (on_scale(amount, currency)) } }
            }
            svg width=(width) height="150" role="img" aria-label=(said) {
                @for y in [LINE - HALF, LINE, LINE + HALF] { line x1="0" x2="100%" y1=(y) y2=(y) {} }
                @for (n, period) in periods.iter().enumerate() {
                    @let (up, down) = (high(period.received), high(period.sent));
                    g {
                        title { (calendar(&period.period)) ": +" (money(period.received, currency)) ", -" (money(period.sent, currency)) }
                        rect.spot x=(x(n * 20)) y=(LINE - HALF) width=(x(20)) height=(2 * HALF) {}
                        rect.came x=(x(n * 20 + 1)) y=(LINE - up) width=(x(18)) height=(up) {}
                        rect.went x=(x(n * 20 + 1)) y=(LINE) width=(x(18)) height=(down) {}
                        @if period.alerts > 0 { circle.alert cx=(x(n * 20 + 10)) cy=(LINE) r="4" {} }
                    }
                    @if is_named(n) {
                        // The first and last name of many lie within the picture.
                        @let (at, anchor) = match n {
                            _ if count <= FEW => (n * 20 + 10, "middle"),
                            0 => (0, "start"),
                            _ if n + 1 == count => (count * 20, "end"),
                            _ => (n * 20 + 10, "middle"),
                        };
                        text x=(x(at)) y="144" text-anchor=(anchor) { (calendar(&period.period)) }
                    }
                }
            }
        }
        figcaption.note { (said)
            @if unpriced > 0 { " " (t!("figure-unpriced", n = unpriced)) }
            @if flows.is_cut { " " (t!("figure-cut", n = flows.events)) }
        }
    } }
}

/// A box of a way: its text, what it is, and what flows on from it.
pub(crate) struct Stop {
    pub(crate) text: String,
    pub(crate) about: String,
    pub(crate) on: Option<String>,
}

/// The way by which the largest share of the farthest money came, from its beginning on.
pub(crate) fn way_behind(behind: &[Behind]) -> Vec<Stop> {
    let farthest = (0..behind.len()).max_by_key(|n| (behind[*n].hops, behind[*n].share_ppm));
    let (mut stops, mut at) = (Vec::new(), farthest);
    while let Some(place) = at.and_then(|n| behind.get(n)) {
        if stops.len() >= 64 {
            break;
        }
        stops.push(Stop {
            text: place.address.clone().unwrap_or_else(|| place.output.clone()),
            about: t!("figure-hops", n = place.hops),
            on: Some(figures::percent(place.share_ppm)),
        });
        at = place.into.and_then(|n| usize::try_from(n).ok());
    }
    stops
}

/// A text with its midst left out, for a box.
fn cut(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= 13 {
        return text.to_owned();
    }
    let end: String = all[all.len() - 5..].iter().collect();
    let begin: String = all[..6].iter().collect();
    format!("{begin}…{end}")
}

/// A way as boxes with arrows between; of a long one its beginning and end, with what is left out counted.
pub(crate) fn way(stops: &[Stop]) -> Markup {
    let left_out = stops.len().saturating_sub(MAX_BOXES);
    let shown: Vec<&Stop> = match left_out {
        0 => stops.iter().collect(),
        _ => stops.iter().take(2).chain(stops.iter().skip(left_out + 2)).collect(),
    };
    let said = stops.iter().map(|stop| stop.text.as_str()).collect::<Vec<_>>().join(", ");
    let width = shown.len().max(1) * 132;
    html! { @if !stops.is_empty() { figure.way tabindex="0" {
        svg viewBox={"0 0 " (width) " 48"} width=(width) height="48" role="img" aria-label=(t!("figure-way", places = said)) {
            @for (n, stop) in shown.iter().enumerate() {
                @let x = n * 132;
                g {
                    title { (stop.text) " " (stop.about) }
                    rect x=(x + 1) y="1" width="96" height="40" rx="4" {}
                    text x=(x + 49) y="17" text-anchor="middle" { (cut(&stop.text)) }
                    text.about x=(x + 49) y="32" text-anchor="middle" { (cut(&stop.about)) }
                }
                @if n + 1 < shown.len() {
                    line x1=(x + 97) x2=(x + 127) y1="21" y2="21" {}
                    path d={"M" (x + 132) " 21l-7 -4v8z"} {}
                    @if let Some(on) = &stop.on { text.about x=(x + 114) y="15" text-anchor="middle" { (on) } }
                    @if left_out > 0 && n == 1 { text.about x=(x + 114) y="34" text-anchor="middle" { "+" (left_out) } }
                }
            }
        }
    } } }
}

/// One thing in the middle and those around it that share something with it: (text, path of its page, what is shared).
pub(crate) fn star(middle: &str, around: &[(String, String, String)]) -> Markup {
    const MOST: usize = 12;
    let shown = &around[..around.len().min(MOST)];
    let height = (shown.len().max(1) * 30).max(60);
    html! { @if !around.is_empty() { figure.way tabindex="0" {
        svg viewBox={"0 0 460 " (height)} width="460" height=(height) role="group" aria-label=(t!("figure-shared", n = around.len())) {
            @for (n, (_, _, what)) in shown.iter().enumerate() {
                line x1="120" y1=(height / 2) x2="330" y2=(n * 30 + 15) {}
                text.about x="225" y=((height / 2 + n * 30 + 15) / 2 - 2) text-anchor="middle" { (what) }
            }
            rect x="1" y=(height / 2 - 14) width="119" height="28" rx="4" {}
            text x="60" y=(height / 2 + 4) text-anchor="middle" { (cut(middle)) }
            @for (n, (text, to, _)) in shown.iter().enumerate() {
                a href=(to) {
                    title { (text) }
                    rect x="330" y=(n * 30 + 2) width="128" height="26" rx="4" {}
                    text x="394" y=(n * 30 + 19) text-anchor="middle" { (cut(text)) }
                }
            }
        }
        @if around.len() > MOST { figcaption.note { (t!("ledger-results-more", n = around.len() - MOST)) } }
    } } }
}

/// How urgent something is: a shape and a word, never a colour alone; what is not known is dashed.
pub(crate) fn risk_chip(risk: Risk) -> Markup {
    let class = if risk == Risk::Unknown { "none" } else { risk.name() };
    html! { span class={"risk " (class)} { (word(risk.name())) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_state::language::Language;
    use holdfast_state::visit::{self, Visit};
    use std::sync::Arc;

    #[test]
    fn sums_are_grouped_and_shares_are_drawn_to_scale() {
        assert_eq!(money(123_456_789, "USD"), "1,234,567.89 USD");
        assert_eq!(money(5, "EUR"), "0.05 EUR");
        let bar = share_bar(500_000, 600_000).into_string();
        assert!(bar.contains("rect class=\"direct\" width=\"60\"") && bar.contains("x=\"60\" width=\"60\""), "{bar}");
    }

    #[test]
    fn a_chart_says_what_it_leaves_out() {
        let period =
            |name: &str, received, unpriced| Flow { period: name.into(), received, unpriced, ..Flow::default() };
        let flows =
            Flows { periods: vec![period("2026-09", 200, 0), period("2026-10", 100, 3)], events: 2_000, is_cut: true };
        let chart = flow_chart(&flows, "September", "USD").into_string();
        assert!(chart.contains("height=\"60\"") && chart.contains("height=\"30\""), "{chart}");
        assert!(
            chart.contains(&t!("figure-unpriced", n = 3)) && chart.contains(&t!("figure-cut", n = 2_000)),
            "{chart}"
        );
        assert!(!chart.contains("style="), "{chart}");
    }

    #[test]
    fn a_chart_by_month_has_axes_in_the_readers_language() {
        let period = |name: &str, received, sent| Flow { period: name.into(), received, sent, ..Flow::default() };
        let periods = vec![period("2025-11", 15_000_000, 0), period("2026-02", 0, 7_500_000)];
        let flows = Flows { periods, events: 2, is_cut: false };
        let drawn = |language| {
            let visit = Arc::new(Visit::new(language, "/desk/customers/c-1", None));
            visit::sync_scope(Some(visit), || flow_chart(&flows, "x", "EUR").into_string())
        };
        let german = drawn(Language::German);
        // The scale ends at a round amount; months in which nothing moved have their place.
        assert_eq!(german.matches("<span>200.000 EUR</span>").count(), 2, "{german}");
        assert!(german.contains("<span>0 EUR</span>"), "{german}");
        for month in ["11.2025", "12.2025", "01.2026", "02.2026"] {
            assert!(german.contains(&format!("text-anchor=\"middle\">{month}</text>")), "{month}: {german}");
        }
        assert!(german.contains("x=\"1.250%\" y=\"21\" width=\"22.500%\" height=\"45\""), "{german}");
        assert!(german.contains("x=\"76.250%\" y=\"66\" width=\"22.500%\" height=\"23\""), "{german}");
        assert!(!german.contains("viewBox"), "a text that is scaled cannot be read on a phone: {german}");
        assert!(drawn(Language::French).contains(">200\u{202f}000 EUR<"));
        assert!(drawn(Language::English).contains(">2025-11</text>"));
    }

    #[test]
    fn names_of_many_periods_leave_room_for_one_another() {
        let of = |name: fn(usize) -> String, count: usize| {
            let periods = (0..count).map(|n| Flow { period: name(n), received: 1, ..Flow::default() }).collect();
            flow_chart(&Flows { periods, events: count, is_cut: false }, "x", "USD")
                .into_string()
                .matches("</text>")
                .count()
        };
        for (count, named) in [(1, 1), (4, 4), (5, 3), (12, 3)] {
            assert_eq!(of(|n| format!("2026-{:02}", n + 1), count), named, "{count} months");
        }
        assert_eq!(of(|n| format!("2026-09-{:02}", n + 1), 30), 3);
    }

    #[test]
    fn scales_end_at_round_numbers() {
        let ends = [0, 1, 3, 200, 201, 7_000, u64::MAX].map(end_of_scale);
        assert_eq!(ends, [1, 1, 5, 200, 500, 10_000, u64::MAX]);
        assert_eq!((on_scale(50, "USD"), on_scale(500_000, "JPY")), ("0.5 USD".into(), "500,000 JPY".into()));
        let far = [
            Flow { period: "2010-01".into(), ..Flow::default() },
            Flow { period: "2026-01".into(), ..Flow::default() },
        ];
        assert_eq!(with_gaps(&far), far, "a gap of many years");
    }

    #[test]
    fn a_long_way_counts_what_it_leaves_out() {
        let stop = |n: usize| Stop { text: format!("a{n}"), about: String::new(), on: None };
        let long = way(&(0..9).map(stop).collect::<Vec<_>>()).into_string();
        assert!(
            long.contains(">a0<") && long.contains(">a8<") && !long.contains(">a4<") && long.contains("+4"),
            "{long}"
        );
        assert_eq!(way(&[]).into_string(), "");
    }
}
