//! What an alert rests on, as the panel beside the queue and as the page of the alert: what happened in a sentence, what said so, shares, the way, the customer's
//! last days, what is usual, similar alerts, holds, what was done, and what can be done.

use crate::desk::Worths;
use crate::desk::alerts::{Assign, Close, Comment, IntoCase, Reopen, age, clock_chip};
use crate::desk::decided::Shown;
use crate::desk::drawings::{Stop, flow_chart, risk_chip, share_bar, way, way_behind};
use crate::desk::links::Links;
use crate::desk::work::Work;
use holdfast_decision::facts::Share;
use holdfast_decision::{EventKind, Role};
use holdfast_page::components::{N, T, listing, none, time, word};
use holdfast_page::figures::{money, percent};
use holdfast_page::forms::{PageForm, form_of};
use holdfast_page::frame::Frame;
use holdfast_page::places::Finder;
use holdfast_page::texts::{rich, t};
use holdfast_page::worth::Valued;
use holdfast_screening::holds::Hold;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::error::ApiError;
use holdfast_state::visit::language;
use holdfast_training::EventScore;
use holdfast_types::Timestamp;
use holdfast_workbench::evidence::{self, Evidence, RuleRecord, Similar, Usual};
use maud::{Markup, html};

/// An alert with all that its panel and its page show.
pub(crate) struct Panel {
    evidence: Evidence,
    shown: Option<Shown>,
    work: Option<Work>,
    /// Amounts of its active holds, in words.
    held: Vec<(Hold, Option<Valued>)>,
    people: Vec<String>,
    /// What learned models said of its event and why, or why that cannot be read.
    learned: Result<Vec<EventScore>, String>,
    currency: String,
    now: Timestamp,
}

impl Panel {
    /// Gathers it, with what the alert's own page has beside. It reads ledgers: for threads that may wait.
    pub(crate) fn of(
        shared: &AppState,
        caller: &Caller,
        finder: Finder<'_>,
        id: u64,
        is_page: bool,
    ) -> Result<Self, ApiError> {
        let mut evidence = evidence::of(&shared.screening, id)?;
        let decided = evidence.decided.take();
        let work =
            decided.as_ref().filter(|_| is_page).map(|decided| Work::about(shared, caller, decided)).transpose()?;
        let learned = decided.as_ref().filter(|decided| decided.decision.learned.is_some());
        let learned = learned.map(|decided| shared.learning().explain(decided.decision.seq, language().tag()));
        let mut worths = Worths::of(shared);
        let mut held = Vec::new();
        for hold in std::mem::take(&mut evidence.holds) {
            let asset = hold.amount.zip(hold.asset.as_deref()).map(|(_, asset)| asset);
            let amount = asset.map(|asset| worths.now(hold.held, asset)).transpose()?;
            held.push((hold, amount));
        }
        Ok(Panel {
            held,
            shown: decided.map(|decided| Shown::of(shared, finder, decided)),
            work,
            people: if is_page { holdfast_workbench::assignees(&shared.screening, &caller.0)? } else { Vec::new() },
            learned: learned.unwrap_or_else(|| Ok(Vec::new())).map_err(|e| e.to_string()),
            currency: shared.screening.book().file.policy.reference_currency.clone(),
            now: shared.screening.now(),
            evidence,
        })
    }

    /// What happened, in a sentence.
    fn sentence(&self, links: Links<'_>) -> Markup {
        let alert = &self.evidence.row.alert;
        let Some(shown) = &self.shown else { return html! { p { (alert.reason) } } };
        let event = &shown.decided.event;
        let Some(amount) = &shown.amount else {
            return html! { p.lead { (rich!("alert-sentence-plain", kind = word(event.kind.name()), customer = links.customer(&event.customer),
            decision = word(&alert.decision), reason = html! { strong { (alert.reason) } })) } };
        };
        html! { p.lead {
            (rich!("alert-sentence", kind = word(event.kind.name()), amount = html! { strong { (amount.amount()) } " " (amount.worth()) },
                customer = links.customer(&event.customer), decision = word(&alert.decision), reason = html! { strong { (alert.reason) } }))
        } }
    }

    fn facts(&self, links: Links<'_>) -> Markup {
        let row = &self.evidence.row;
        let Some(shown) = &self.shown else { return html! {} };
        let event = &shown.decided.event;
        html! { dl {
            @if let Some(text) = &event.counterparty { dt { (t!("events-counterparty")) } dd { (shown.pages.address(text)) } }
            @if let Some(tx) = &event.tx { dt { (t!("ledger-transaction")) } dd { (shown.pages.tx(tx)) } }
            dt { (t!("alert-about")) } dd { (links.event(&event.id)) ", " (time(event.time)) }
            dt { (t!("alert-rules")) } dd { (links.rules(&row.alert.rules, &shown.book)) }
            @if !row.typologies.is_empty() { dt { (t!("common-typology")) } dd { (row.typologies.iter().map(word).collect::<Vec<_>>().join(", ")) } }
            dt { (t!("events-coverage")) } dd {
                @if shown.decided.decision.coverage.is_empty() { strong { (t!("events-not-covered")) } } @else { (shown.decided.decision.coverage.join(", ")) }
            }
        } }
    }

    /// What learned models said, and why. A score decides nothing: rules may use it.
    fn learned(&self) -> Markup {
        let scores = match &self.learned {
            Ok(scores) if scores.is_empty() => return html! {},
            Ok(scores) => scores,
            Err(why) => return html! { h3 { (t!("models-said")) } p.error { (why) } },
        };
        html! {
            h3 { (t!("models-said")) }
            @for EventScore { score, reasons } in scores { details open[score.role == Role::Champion] {
                summary { (word(score.purpose)) ": " strong { (percent(score.probability_ppm.into())) } ", " (word(score.role)) }
                p { a.hash href={ "/desk/models/" (score.model) } { (score.model) } }
                ul { @for reason in reasons { li { (reason.text) } } }
            } }
            p.note { (t!("models-said-about")) }
        }
    }

    fn shares(&self) -> Markup {
        let Some(shown) = &self.shown else { return html! {} };
        let facts = &shown.decided.facts;
        let list = |key: &'static str, shares: &[Share]| {
            html! { @if !shares.is_empty() {
                h3 { (t!(key)) }
                table.shares { tbody { @for share in shares { tr {
                    td { (word(share.category.name())) }
                    td { (share_bar(share.direct_ppm, share.indirect_ppm)) }
                    td.n { (t!("alert-share", direct = percent(share.direct_ppm), indirect = percent(share.indirect_ppm))) }
                } } } }
            } }
        };
        html! {
            (list("alert-came-from", &facts.source))
            (list("alert-went-to", &facts.destination))
            @if facts.unknown_ppm > 0 { p.note { (t!("alert-unknown-share", share = percent(facts.unknown_ppm))) } }
            @if facts.unknown_amounts > 0 { p.note { (t!("alert-unknown-amounts", n = facts.unknown_amounts)) } }
        }
    }

    /// The way of the money: by the ledger where it was followed, else from one side to the other.
    fn way(&self) -> Markup {
        let Some(shown) = &self.shown else { return html! {} };
        let event = &shown.decided.event;
        let facts = &shown.decided.facts;
        let mut stops = way_behind(&facts.behind);
        let stop = |text: &str, about: String| Stop { text: text.to_owned(), about, on: None };
        let own = || stop(&event.customer, t!("common-customer"));
        match event.kind {
            EventKind::Deposit => {
                if stops.is_empty() {
                    let sender = event.counterparty.as_ref().or_else(|| facts.senders.first());
                    stops.extend(sender.map(|text| stop(text, t!("alert-sender"))));
                }
                stops.push(own());
            }
            EventKind::Withdrawal => {
                stops = vec![own()];
                stops.extend(event.counterparty.as_ref().map(|text| stop(text, t!("alert-receiver"))));
                let first = facts.tags.first().map(|tag| stop(&tag.label, word(tag.category.name())));
                stops.extend(first);
            }
            EventKind::Payment | EventKind::Account => return html! {},
        }
        html! { @if stops.len() > 1 { h3 { (t!("alert-way")) } (way(&stops)) } }
    }

    fn usual(&self) -> Markup {
        let record = |record: &RuleRecord| {
            html! { tr {
                td { (record.rule) } td.n { (record.alerts) } td.n { (record.right) } td.n { (record.wrong) }
            } }
        };
        let heads = [T("events-rule"), N("alert-rule-alerts"), N("alert-true-positive"), N("alert-false-positive")];
        html! {
            h3 { (t!("alert-usual")) }
            @match self.evidence.usual {
                Some(Usual { compared, unpriced, median, highest, below, value }) => p {
                    (t!("alert-usual-text", value = money(value, &self.currency), below = below, n = compared,
                        median = money(median, &self.currency), highest = money(highest, &self.currency)))
                    @if unpriced > 0 { " " (t!("alert-usual-unpriced", n = unpriced)) }
                },
                None => p.note { (t!("alert-usual-none")) },
            }
            @if !self.evidence.rules.is_empty() { (listing(&heads, &self.evidence.rules, "common-none", record)) }
        }
    }

    fn similar(&self, links: Links<'_>) -> Markup {
        let row = |similar: &Similar| {
            let alert = &similar.row.alert;
            html! { li {
                (risk_chip(similar.row.risk)) " " (links.alert(alert.id)) " " (t!("alert-shares", what = word(format!("same-{}", <&str>::from(similar.shares)))))
                ", " (word(&alert.state)) @if let Some(outcome) = &alert.outcome { ": " (word(outcome)) } " "
                span.note { (alert.reason) }
            } }
        };
        html! {
            h3 { (t!("alert-similar")) }
            @if self.evidence.similar.is_empty() { (none(&t!("alert-similar-none"))) }
            @else { ul.plain { @for similar in &self.evidence.similar { (row(similar)) } } }
        }
    }

    fn holds(&self, links: Links<'_>) -> Markup {
        html! { @if !self.held.is_empty() {
            h3 { (t!("nav-holds")) }
            ul.plain { @for (hold, amount) in &self.held { li data-hold=(hold.id) {
                (links.hold(hold.id)) " " (word(&hold.state)) ", " (word(hold.scope.name())) @if let Some(amount) = amount { " " strong { (amount.amount()) } " " (amount.worth()) }
                @if let Some(end) = hold.expires { ", " (rich!("alert-hold-ends", time = time(end))) }
                @if let Some(by) = &hold.asked_by { ", " (t!("alert-hold-asked", person = by.as_str())) }
            } } }
        } }
    }

    fn history(&self) -> Markup {
        html! {
            h3 { (t!("alert-notes")) }
            @if self.evidence.notes.is_empty() { (none(&t!("alert-notes-none"))) }
            ul.plain { @for note in self.evidence.notes.iter().rev() { li {
                strong { (note.author) } " " (word(&note.action)) " " (time(note.time)) @if !note.text.is_empty() { ": " (note.text) }
            } } }
        }
    }

    /// The panel beside the queue: its heading takes the focus when it is opened by key.
    pub(crate) fn panel(&self, frame: &Frame) -> Markup {
        let (row, links) = (&self.evidence.row, Links(frame));
        html! {
            (self.head(html! { h2 tabindex="-1" { (risk_chip(row.risk)) " " (t!("alert-title", id = row.alert.id)) } }))
            (self.told(links))
            p { a href={"/desk/alerts/" (row.alert.id)} { (t!("alert-whole")) } }
            (links.explorer("alert", &row.alert.id.to_string()))
        }
    }

    /// What stands above all else of the alert.
    fn head(&self, title: Markup) -> Markup {
        let row = &self.evidence.row;
        html! {
            div.panel-head {
                (title)
                p.note {
                    (clock_chip(row, self.now)) " " (t!("alerts-age", age = age(self.now - row.alert.created))) ", "
                    @match &row.alert.assignee { Some(name) => (name), None => (t!("common-nobody")) }
                    @if row.alert.state != "open" { ", " (word(&row.alert.state)) @if let Some(outcome) = &row.alert.outcome { ": " (word(outcome)) } }
                }
            }
        }
    }

    /// What is known of the alert, part by part.
    fn told(&self, links: Links<'_>) -> Markup {
        html! {
            (self.sentence(links))
            (self.holds(links))
            (self.facts(links))
            @if let Some(shown) = &self.shown { (shown.facts()) }
            (self.learned())
            (self.shares())
            (self.way())
            @if let Some(days) = &self.evidence.days { h3 { (t!("alert-days")) } (flow_chart(days, &t!("alert-days"), &self.currency)) }
            (self.usual())
            (self.similar(links))
            (self.history())
        }
    }

    fn actions(&self, frame: &Frame) -> Markup {
        let row = &self.evidence.row;
        let to = format!("/desk/alerts/{}", row.alert.id);
        let version = row.version.to_string();
        let hidden = |name: &'static str| [("action", name), ("version", version.as_str())];
        fn plain<T: PageForm>(to: &str, hidden: &[(&str, &str)], button: &str) -> Markup {
            form_of::<T>(to, hidden, button)
        }
        html! {
            @if frame.may("alerts") {
                section.actions {
                    form.step method="post" action=(to) {
                        @for (name, value) in hidden("assign") { input type="hidden" name=(name) value=(value); }
                        label { (t!(Assign::FIELDS[0].label)) (people_choice(&self.people, row.alert.assignee.as_deref())) }
                        button type="submit" { (t!("alert-assign")) }
                    }
                    (plain::<Comment>(&to, &hidden("comment"), "alert-comment"))
                    @if row.alert.state == "open" {
                        @if self.held.is_empty() { (plain::<Close>(&to, &hidden("close"), "alert-close")) }
                        @else { (plain::<crate::desk::alerts::CloseHeld>(&to, &hidden("close"), "alert-close")) }
                    } @else { (plain::<Reopen>(&to, &hidden("reopen"), "alert-reopen")) }
                }
            }
            @if frame.may("desk") && frame.may("alerts") {
                (plain::<IntoCase>(&format!("{to}/case"), &[], "alert-into-case"))
            }
        }
    }

    /// The page of the alert.
    pub(crate) fn page(&self, frame: &Frame) -> Markup {
        let links = Links(frame);
        html! { div.bench-page {
            // The page's own heading names the alert.
            (self.head(html! { h2 { (risk_chip(self.evidence.row.risk)) } }))
            (self.told(links))
            (links.explorer("alert", &self.evidence.row.alert.id.to_string()))
            (self.actions(frame))
            @if let Some(shown) = &self.shown {
                h2 { (rich!("alert-about-event", event = links.event(&shown.decided.event.id))) }
                (shown.event(links, frame.may("desk")))
                (shown.decision(links))
            }
            @if let Some(work) = &self.work { (work.lists(links, Some(self.evidence.row.alert.id))) }
        } }
    }
}

/// The people to whom an alert can be assigned; the first choice is nobody.
pub(crate) fn people_choice(people: &[String], chosen: Option<&str>) -> Markup {
    html! { select name="assignee" {
        option value="" { (t!("common-nobody")) }
        @for person in people { option value=(person) selected[chosen == Some(person.as_str())] { (person) } }
        // Somebody who may work alerts no more.
        @if let Some(other) = chosen.filter(|name| !people.iter().any(|person| person == name)) {
            option value=(other) selected { (other) }
        }
    } }
}
