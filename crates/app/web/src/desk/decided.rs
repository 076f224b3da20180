//! What an event is, how it was decided and why, with links to all that it names: for the pages of events, alerts, holds and customers.

use crate::desk::in_unit;
use crate::desk::links::{Links, source};
use crate::warnings::lookalike;
use holdfast_decision::RuleBook;
use holdfast_decision::facts::TagFact;
use holdfast_decision::issuer::{IssuerFact, IssuerState};
use holdfast_page::components::{N, T, listing, time, word};
use holdfast_page::places::{Finder, Pages};
use holdfast_page::texts::{rich, t};
use holdfast_page::worth::{Valued, When};
use holdfast_screening::service::DecidedEvent;
use holdfast_state::AppState;
use maud::{Markup, html};
use std::sync::Arc;

/// Characters of an amount beyond which it may be broken into lines.
const LONG_AMOUNT: usize = 28;
/// Most senders, and most places that the money came through, whose pages are looked for.
const MAX_NAMED: usize = 32;

/// A decided event with what a page about it needs: its amount in words, the rule book in force, and where its addresses and transactions have their pages.
pub(crate) struct Shown {
    pub(crate) decided: DecidedEvent,
    pub(crate) amount: Option<Valued>,
    pub(crate) book: Arc<RuleBook>,
    pub(crate) pages: Pages,
}

/// An event's amount in the unit of its asset, with what it was worth when it was decided.
pub(crate) fn amount_of(shared: &AppState, decided: &DecidedEvent) -> Option<Valued> {
    let asset = decided.event.asset.as_deref()?;
    let (amount, book) = (in_unit(shared, decided.event.amount?, asset), shared.screening.book());
    Some(Valued::new(amount, asset, decided.decision.value, When::Then, &book.file.policy.reference_currency))
}

impl Shown {
    /// Looks for all that an event names. It reads ledgers: for threads that may wait.
    pub(crate) fn of(shared: &AppState, finder: Finder<'_>, decided: DecidedEvent) -> Self {
        let mut pages = Pages::default();
        let DecidedEvent { event, facts, decision, completion } = &decided;
        let asset = event.asset.as_deref();
        let tags = decision.reasons.iter().chain(&decision.shadow).flat_map(|reason| &reason.tags).chain(&facts.tags);
        let of_issuer = facts.issuer.iter().map(|fact| &fact.address);
        let alike = decision.reasons.iter().filter_map(|reason| reason.lookalike.as_ref()).chain(&facts.lookalike);
        let addresses =
            event.address.iter().chain(&event.counterparty).chain(of_issuer).chain(tags.map(|tag| &tag.address));
        let addresses =
            addresses.chain(alike.flat_map(|l| [&l.address, &l.of])).chain(facts.senders.iter().take(MAX_NAMED));
        addresses.for_each(|address| pages.add_address(finder, asset, address));
        let txs = event.tx.iter().chain(completion.as_ref().and_then(|c| c.tx.as_ref()));
        txs.for_each(|tx| pages.add_tx(finder, asset, tx));
        for fact in &facts.issuer {
            fact.tx.iter().for_each(|tx| pages.add_tx(finder, Some(&fact.asset), tx));
        }
        for behind in facts.behind.iter().take(MAX_NAMED) {
            // What came over a swap or a bridge is of another asset or chain.
            pages.add_tx(finder, None, &behind.output);
            behind.address.iter().for_each(|address| pages.add_address(finder, None, address));
        }
        Shown { amount: amount_of(shared, &decided), book: shared.screening.book(), pages, decided }
    }

    /// What the event is.
    pub(crate) fn event(&self, links: Links<'_>, may_graph: bool) -> Markup {
        let (event, completion) = (&self.decided.event, &self.decided.completion);
        let address = |key: &'static str, text: &str| {
            html! { dt { (t!(key)) } dd {
                (self.pages.address(text))
                @if let Some(to) = self.pages.explorer(text).filter(|_| may_graph) { " " a href=(to) { (t!("common-graph")) } }
            } }
        };
        html! { dl {
            dt { (t!("common-customer")) } dd { (links.customer(&event.customer)) @if let Some(account) = &event.account { ", " (account) } }
            dt { (t!("common-kind")) } dd { (word(event.kind.name())) @if let Some(action) = event.action { ": " (word(action.name())) } }
            dt { (t!("common-time")) } dd { (time(event.time)) }
            @if let Some(amount) = &self.amount { dt { (t!("common-amount")) } dd { (amount) } }
            @if let Some(asset) = &event.asset { dt { (t!("common-asset")) } dd { (asset) } }
            @if let Some(text) = &event.counterparty { (address("events-counterparty", text)) }
            @if let Some(text) = &event.address { (address("events-own-address", text)) }
            // A transfer of an account chain is named by its transaction and its place in it.
            @if let Some(tx) = &event.tx { dt { (t!("ledger-transaction")) } dd { (self.pages.tx(tx)) @if let Some(n) = event.output { ":" (n) } } }
            @if let Some(completion) = completion {
                dt { (t!("events-completion")) } dd { (word(completion.status.name()))
                    @if let Some(tx) = &completion.tx { ", " (self.pages.tx(tx)) } }
            }
            @if let Some(text) = &event.reference { dt { (t!("events-reference")) } dd { (text) } }
        } }
    }

    /// How it was decided, and why.
    pub(crate) fn decision(&self, links: Links<'_>) -> Markup {
        let decision = &self.decided.decision;
        html! {
            dl {
                dt { (t!("common-decision")) } dd { strong { (word(decision.decision.name())) } ", " (time(decision.decided)) ", "
                    (t!("events-by-book", version = decision.rule_book)) }
                dt { (t!("events-coverage")) } dd { @if decision.coverage.is_empty() { (t!("events-not-covered")) } @else { (decision.coverage.join(", ")) } }
                @if let Some(alert) = decision.alert { dt { (t!("alerts-alert")) } dd { (links.alert(alert)) } }
                @if !decision.holds.is_empty() { dt { (t!("nav-holds")) } dd { (links.holds(&decision.holds)) } }
                @if let Some(l) = decision.reasons.iter().find_map(|r| r.lookalike.as_ref()) {
                    dt { (t!("warnings-lookalike")) } dd { (lookalike(l)) br; (self.pages.address(&l.of)) }
                }
            }
            h3 { (t!("events-why")) }
            (self.reasons(links, &decision.reasons, "events-no-reason"))
            @if !decision.shadow.is_empty() { h3 { (t!("events-shadow")) } (self.reasons(links, &decision.shadow, "events-no-reason")) }
        }
    }

    fn reasons(&self, links: Links<'_>, list: &[holdfast_decision::Reason], empty: &'static str) -> Markup {
        let heads = [T("events-rule"), T("common-decision"), T("common-reason")];
        listing(&heads, list, empty, |reason| {
            html! { tr {
                td { (links.rule(&reason.rule, &self.book)) " " span.note { (t!("events-rule-version", version = reason.version)) } }
                td { (word(reason.decision.name())) }
                td { (reason.title)
                    @if !reason.because.is_empty() { ul { @for fact in &reason.because { li.long { (fact) } } } }
                    @if !reason.tags.is_empty() { (self.tags(&reason.tags)) } }
            } }
        })
    }

    fn tags(&self, list: &[TagFact]) -> Markup {
        html! { ul { @for tag in list { li {
            (self.pages.address(&tag.address)) ": " (tag.label) " (" (word(tag.category.name())) ", " (t!("events-confidence", n = tag.confidence)) "), "
            (source(&tag.source)) @if !tag.pack.is_empty() { " " span.note { (tag.pack) } }
        } } } }
    }

    /// What the chain said of it, as far as it was looked up.
    pub(crate) fn facts(&self) -> Markup {
        let facts = &self.decided.facts;
        html! {
            @if let Some(why) = &facts.unavailable { p.error { (t!("events-unavailable", why = why.as_str())) } }
            @for text in &facts.mismatch { p.error { (text) } }
            @for gap in &facts.gaps { p.note { (gap) } }
            @if !facts.tags.is_empty() { h3 { (t!("ledger-tags")) } (self.tags(&facts.tags)) }
            @if !facts.issuer.is_empty() { h3 { (t!("freezes-short")) } ul { @for fact in &facts.issuer { li { (self.issuer(fact)) } } } }
            @if !facts.senders.is_empty() { h3 { (t!("events-senders")) } ul { @for address in &facts.senders { li { (self.pages.address(address)) } } }
                @if facts.senders.len() > MAX_NAMED { p.note { (t!("events-linked-first", n = MAX_NAMED)) } } }
            @if !facts.behind.is_empty() { h3 { (t!("events-behind")) } (self.behind())
                @if facts.behind.len() > MAX_NAMED { p.note { (t!("events-linked-first", n = MAX_NAMED)) } } }
        }
    }

    fn issuer(&self, fact: &IssuerFact) -> Markup {
        let state = match fact.state {
            IssuerState::Proposed => t!("word-freeze-proposed"),
            IssuerState::Frozen => t!("word-freeze-frozen"),
        };
        html! {
            (self.pages.address(&fact.address)) ": " (state) ", " (fact.asset) ", " (time(fact.since))
            @if let Some(tx) = &fact.tx { ", " (self.pages.tx(tx)) }
        }
    }

    fn behind(&self) -> Markup {
        let heads = [N("events-behind-hops"), N("ledger-share"), T("common-address"), T("ledger-transaction")];
        listing(&heads, &self.decided.facts.behind, "common-none", |place| {
            html! { tr {
                td.n { (place.hops) }
                td.n { (holdfast_page::figures::percent(place.share_ppm)) }
                td { @match &place.address { Some(address) => (self.pages.address(address)), None => (t!("common-unknown")) } }
                td { (self.pages.tx(&place.output)) }
            } }
        })
    }
}

/// Events as a table, each with how it was decided.
pub(crate) fn events_table(list: &[(DecidedEvent, Option<Valued>)], links: Links<'_>, with_customer: bool) -> Markup {
    let all = [
        T("events-event"),
        T("common-time"),
        T("common-kind"),
        N("common-amount"),
        T("common-decision"),
        T("events-why"),
        T("common-customer"),
    ];
    let heads = if with_customer { &all[..] } else { &all[..6] };
    listing(heads, list, "events-none", |(decided, amount)| {
        let (event, decision) = (&decided.event, &decided.decision);
        html! { tr {
            td.long { (links.event(&event.id)) }
            td { (time(event.time)) }
            td { (word(event.kind.name())) @if let Some(action) = event.action { br; span.note { (word(action.name())) } } }
            td.n { @if let Some(amount) = amount { @if amount.amount().len() > LONG_AMOUNT { span.long { (amount) } } @else { (amount) } } }
            td { (word(decision.decision.name()))
                @if let Some(alert) = decision.alert { br; span.note { (rich!("events-alert", alert = links.alert(alert))) } } }
            td { @for reason in decision.reasons.iter().take(3) { (reason.title) br; }
                @if decision.reasons.len() > 3 { span.note { (t!("ledger-results-more", n = decision.reasons.len() - 3)) } } }
            @if with_customer { td { (links.customer(&event.customer)) } }
        } }
    })
}
