//! Links to things of the desk. Each is a link for who may open its page, and its text for others.

use holdfast_cases::case::Case;
use holdfast_cases::named::Thing;
use holdfast_decision::RuleBook;
use holdfast_page::components::word;
use holdfast_page::frame::Frame;
use holdfast_page::places::segment;
use holdfast_page::texts::t;
use holdfast_requests::intake::Stored;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Makes links for the person who sees a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links<'f>(pub(crate) &'f Frame);

impl Links<'_> {
    /// A link to a page of a route, where the person may open it.
    fn to(self, route: &str, path: &str, text: &str) -> Markup {
        html! { @if self.0.may_open(route) { a href=(path) { (text) } } @else { (text) } }
    }

    /// A link to what the audit log has of a subject, such as `hold:12`, for who may read it.
    pub(crate) fn history(self, subject: &str) -> Markup {
        let to = format!("/desk/audit?subject={}", segment(subject));
        html! { @if self.0.may_open("/desk/audit") { p { a href=(to) { (t!("nav-audit")) } } } }
    }

    pub(crate) fn customer(self, id: &str) -> Markup {
        self.to("/desk/customers/{id}", &format!("/desk/customers/{}", segment(id)), id)
    }

    pub(crate) fn event(self, id: &str) -> Markup {
        self.to("/desk/events/{id}", &format!("/desk/events/{}", segment(id)), id)
    }

    pub(crate) fn alert(self, id: u64) -> Markup {
        self.to("/desk/alerts/{id}", &format!("/desk/alerts/{id}"), &id.to_string())
    }

    pub(crate) fn hold(self, id: u64) -> Markup {
        self.to("/desk/holds/{id}", &format!("/desk/holds/{id}"), &id.to_string())
    }

    pub(crate) fn request(self, id: &str) -> Markup {
        self.to("/desk/requests/{id}", &format!("/desk/requests/{}", segment(id)), id)
    }

    /// A link to the explorer that begins with what a thing names: an alert, a case, an event, a customer.
    pub(crate) fn explorer(self, kind: &str, id: &str) -> Markup {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair(kind, id).finish();
        html! { @if self.0.may_open("/desk/graph") { p { a href={"/desk/graph?" (query)} { (t!("desk-show-graph")) } } } }
    }

    /// A thing that somebody named by hand: a link where it is stored.
    pub(crate) fn named(self, thing: Thing, key: &str, stored: &BTreeSet<(Thing, String)>) -> Markup {
        if !stored.contains(&(thing, key.to_owned())) {
            return html! { span.hash { (key) } };
        }
        match (thing, key.parse()) {
            (Thing::Customer, _) => self.customer(key),
            (Thing::Event, _) => self.event(key),
            (Thing::Request, _) => self.request(key),
            (Thing::Alert, Ok(id)) => self.alert(id),
            (Thing::Hold, Ok(id)) => self.hold(id),
            (Thing::Alert | Thing::Hold, Err(_)) => html! { span.hash { (key) } },
        }
    }

    /// Numbers of holds, each a link, with commas between them.
    pub(crate) fn holds(self, ids: &[u64]) -> Markup {
        html! { @for (n, id) in ids.iter().enumerate() { @if n > 0 { ", " } (self.hold(*id)) } }
    }

    /// Names of rules, each a link where the book in force has it.
    pub(crate) fn rules(self, names: &[String], book: &RuleBook) -> Markup {
        html! { @for (n, name) in names.iter().enumerate() { @if n > 0 { ", " } (self.rule(name, book)) } }
    }

    /// The name of a rule. What the engine itself found, and rules of earlier books, have no place on the page of rules.
    pub(crate) fn rule(self, name: &str, book: &RuleBook) -> Markup {
        match book.file.rules.iter().any(|rule| rule.id == name) {
            true => self.to("/desk/rules", &format!("/desk/rules#rule-{}", segment(name)), name),
            false => html! { (name) },
        }
    }

    /// Cases as a list.
    pub(crate) fn cases(self, list: &[Case]) -> Markup {
        html! { ul { @for case in list { li {
            (self.to("/desk/cases/{id}", &format!("/desk/cases/{}", case.id), &t!("case-title", id = case.id.number(), title = case.title.as_str())))
            " " span.note { (word(case.state)) }
        } } } }
    }

    /// Requests with what reviewers said of the customer, as a list.
    pub(crate) fn requests(self, list: &[(Stored, String)]) -> Markup {
        html! { ul { @for (stored, verdict) in list { li {
            (self.request(&stored.request.id)) " " (word(stored.request.kind.name())) ", " (stored.request.officer.agency) ", "
            (word(stored.state)) " " span.note { (t!("customers-match", verdict = word(verdict))) }
        } } } }
    }
}

/// Where something can be verified: a link where it is an address of the web.
pub(crate) fn source(text: &str) -> Markup {
    let is_web = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
    html! { @if is_web { a.long href=(text) rel="noopener noreferrer" { (text) } } @else { span.long { (text) } } }
}
