//! Small pictures of the desk's pages, drawn on the server as SVG: shares as bars, movements by day or month, the way of money, things shared. Widths and heights
//! are attributes, so that no style stands in a page; every figure says in words what it shows.

use holdfast_decision::behind::Behind;
use holdfast_page::components::word;
use holdfast_page::figures::{self, money};
use holdfast_page::texts::t;
use holdfast_workbench::flows::Flows;
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

/// Movements by period: what came in above the line, what went out below it.
pub(crate) fn flow_chart(flows: &Flows, name: &str, currency: &str) -> Markup {
    const HALF: u64 = 32;
    let highest = flows.periods.iter().map(|p| p.received.max(p.sent)).max().unwrap_or(0).max(1);
    let high = |value: u64| {
        u64::try_from((u128::from(value) * u128::from(HALF)).div_ceil(u128::from(highest))).unwrap_or(HALF)
    };
    let step = if flows.periods.len() > 16 { 12 } else { 28 };
    let width = flows.periods.len().max(1) * step;
    let (received, sent) =
        flows.periods.iter().fold((0_u64, 0_u64), |(i, o), p| (i.saturating_add(p.received), o.saturating_add(p.sent)));
    let unpriced: u64 = flows.periods.iter().map(|p| p.unpriced).sum();
    let said = t!("figure-flow", name = name, received = money(received, currency), sent = money(sent, currency));
    html! { figure.flow tabindex="0" {
        svg viewBox={"0 0 " (width) " 70"} width=(width) height="70" role="img" aria-label=(said) {
            @for (n, period) in flows.periods.iter().enumerate() {
                @let (up, down) = (high(period.received), high(period.sent));
                g {
                    title { (period.period) ": +" (money(period.received, currency)) ", -" (money(period.sent, currency)) }
                    rect.spot x=(n * step) y="0" width=(step) height="70" {}
                    rect.came x=(n * step + 1) y=(34 - up) width=(step - 2) height=(up) {}
                    rect.went x=(n * step + 1) y="36" width=(step - 2) height=(down) {}
                    @if period.alerts > 0 { circle.alert cx=(n * step + step / 2) cy="35" r="3" {} }
                }
            }
            line x1="0" x2=(width) y1="35" y2="35" {}
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
    use holdfast_workbench::flows::Flow;

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
        assert!(chart.contains("height=\"32\"") && chart.contains("height=\"16\""), "{chart}");
        assert!(
            chart.contains(&t!("figure-unpriced", n = 3)) && chart.contains(&t!("figure-cut", n = 2_000)),
            "{chart}"
        );
        assert!(!chart.contains("style="), "{chart}");
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
