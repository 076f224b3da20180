//! Tags of the desk's own: what its people state of addresses, with the source and a reason.

use crate::tags::{self, categories};
use axum::Extension;
use axum::extract::{Path, Query, State};
use holdfast_attribution::own::{OWN_PACK, OwnTag, id_of};
use holdfast_attribution::tags::TagFilter;
use holdfast_attribution::{Confidence, Tlp};
use holdfast_page::components::{PAGE_ROWS, word};
use holdfast_page::forms::{Fields, Flag, Free, Input, Opt, PageForm, Text, form_of, page_form, page_steps};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::places::Finder;
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::{run_blocking, run_in_background};
use holdfast_state::clearance::Clearance;
use holdfast_state::tags::OwnStep;
use holdfast_types::Invalid;
use maud::{Markup, html};

pub(crate) const OWN: &str = "/desk/tags/own";

/// How surely a person can state a tag; the other words of GraphSense's scale are of services and authorities that publish lists.
const SURE: [Confidence; 7] = [
    Confidence::Unknown,
    Confidence::Heuristic,
    Confidence::Forensic,
    Confidence::AuthorityData,
    Confidence::ServiceData,
    Confidence::ManualTransaction,
    Confidence::Ownership,
];

page_form! {
    /// What is stated of an address.
    struct Stated {
        address: Text = "common-address", Input::Own;
        asset: Text = "common-asset", Input::Own;
        label: Text = "ledger-tag-label", Input::Own;
        category: Text = "ledger-category", Input::Own;
        source: Text = "ledger-tag-source", Input::Own;
        confidence: Text = "ledger-tag-confidence", Input::Own;
        actor: Opt<Text> = "tags-actor", Input::Own;
        tlp: Free = "tags-readers", Input::Own;
        is_cluster_definer: Flag = "tags-of-cluster", Input::Own;
        reason: Text = "common-reason", Input::Own;
    }
}

page_form! {
    /// Takes a tag back.
    struct Removal {
        reason: Text = "common-reason", Input::Line;
    }
}

page_steps! {
    /// A step of a tag.
    enum Step by "step" {
        "state" => Restate(Stated),
        "remove" => Remove(Removal),
    }
}

impl Stated {
    /// What is stated, and why.
    fn parts(self) -> Result<(OwnTag, String), Invalid> {
        let unknown = |field: &str, text: &str| Invalid::new(field, t!("tags-no-value", text = text));
        let confidence = Confidence::from_name(&self.confidence.0);
        let confidence = confidence.ok_or_else(|| unknown("confidence", &self.confidence.0))?;
        let label = Some(self.tlp.0).filter(|name| !name.is_empty());
        let label = label.map(|name| Tlp::from_name(&name).ok_or_else(|| unknown("tlp", &name))).transpose()?;
        let tag = OwnTag {
            address: self.address.0,
            asset: self.asset.0,
            label: self.label.0,
            source: self.source.0,
            category: self.category.0,
            confidence: Some(confidence),
            actor: self.actor.text(),
            is_cluster_definer: self.is_cluster_definer.0,
            tlp: label,
        };
        Ok((tag, self.reason.0))
    }
}

/// The form of a tag, filled with what it states.
fn form(to: &str, of: &OwnTag, button: &str) -> Markup {
    let label = Stated::label;
    let sure = of.confidence.unwrap_or_default();
    // A tag that stood before has whatever it has.
    let further = Some(sure).filter(|sure| !SURE.contains(sure));
    html! { form.step method="post" action=(to) {
        input type="hidden" name="step" value="state";
        label { (label("address")) input type="text" name="address" required size="44" autocomplete="off" value=(of.address); }
        label { (label("asset")) input type="text" name="asset" required size="8" value=(of.asset); }
        label { (label("label")) input type="text" name="label" required maxlength="200" value=(of.label); }
        label { (label("category")) select name="category" required {
            @if of.category.is_empty() { option value="" { (t!("tags-choose")) } }
            @for c in categories() { option value=(c.name()) selected[c.name() == of.category] { (word(c)) } }
        } }
        label { (label("source")) input type="text" name="source" required maxlength="2000" value=(of.source); }
        label { (label("confidence")) select name="confidence" {
            @for c in SURE.into_iter().chain(further) { option value=(c.name()) selected[c == sure] { (word(c.name())) " (" (c.level()) ")" } }
        } }
        label { (label("actor")) input type="text" name="actor" value=(of.actor.as_deref().unwrap_or("")); }
        label { (label("tlp")) select name="tlp" {
            option value="" selected[of.tlp.is_none()] { (t!("tags-unlabelled")) }
            @for tlp in Tlp::ALL.iter().copied() { option value=(tlp.name()) selected[of.tlp == Some(tlp)] { (tlp.name()) } }
        } }
        label { input type="checkbox" name="is_cluster_definer" value="true" checked[of.is_cluster_definer]; (label("is_cluster_definer")) }
        label { (label("reason")) input type="text" name="reason" required maxlength="2000"; }
        button type="submit" { (t!(button)) }
    } }
}

/// What a page of an address gives to the form.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Given {
    address: String,
    asset: String,
    before: Option<u32>,
}

/// Shows the desk's own tags, the last stated first, and the form of another.
pub(crate) async fn list(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Query(given): Query<Given>,
) -> Page {
    let before = given.before;
    let (rows, pages, next) = run_blocking(move || {
        let chain = shared.chain().snapshot();
        let filter = TagFilter { pack: Some(OWN_PACK.to_owned()), ..TagFilter::default() };
        let found = chain.tags.find(&filter, clearance, before, PAGE_ROWS);
        let (rows, pages) = tags::rows(Finder { chains: &shared.chains, clearance }, &chain.tags, &found.tags);
        Ok((rows, pages, found.next))
    })
    .await?;
    let writes = frame.may("desk");
    let begun = OwnTag { address: given.address, asset: given.asset, ..OwnTag::default() };
    let body = html! {
        p { a href=(tags::HERE) { (t!("nav-tags")) } }
        p { (t!("tags-own-about")) }
        (tags::table(&rows, &pages, writes, "tags-no-own"))
        @if let Some(next) = next { p { a href={(OWN) "?before=" (next)} { (t!("common-next-page")) } } }
        @if writes { h2 #add { (t!("tags-add")) } (form(OWN, &begun, "tags-add")) }
    };
    Ok(frame.desk(&t!("tags-own"), tags::HERE, body))
}

/// Adds a tag.
pub(crate) async fn add(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Fields(step): Fields<Step>,
) -> Answer {
    let Step::Restate(form) = step else { return Ok(back(OWN.into())) };
    let (tag, reason) = form.parts().map_err(|e| Stated::explain(e.into()))?;
    let add = move || {
        let added = shared.change_own_tag(OwnStep::Add(tag), &reason, clearance, &caller.0);
        added.map(drop).map_err(Stated::explain)
    };
    run_in_background(add).await?;
    Ok(back(OWN.into()))
}

/// Shows a tag of the desk's own, to be stated anew or taken back.
pub(crate) async fn page(
    State(shared): State<AppState>,
    frame: Frame,
    Clearance(clearance): Clearance,
    Path(id): Path<String>,
) -> Page {
    let shown = id.clone();
    let (tag, rows, pages) = run_blocking(move || {
        let chain = shared.chain().snapshot();
        let tag = chain.tags.own_tag(&shown, clearance)?;
        let (rows, pages) = tags::rows(Finder { chains: &shared.chains, clearance }, &chain.tags, &[tag]);
        Ok((tag.clone(), rows, pages))
    })
    .await?;
    let here = format!("{OWN}/{id}");
    let log = format!(
        "/desk/audit?{}",
        form_urlencoded::Serializer::new(String::new())
            .append_pair("subject", &format!("tag:{}", tag.address))
            .finish()
    );
    let body = html! {
        p.ways {
            a href=(OWN) { (t!("tags-own")) }
            @if frame.may_open("/desk/audit") { " " a href=(log) { (t!("nav-audit")) } }
        }
        (tags::table(&rows, &pages, false, "tags-no-own"))
        @if frame.may("desk") {
            h2 { (t!("tags-change")) }
            (form(&here, &OwnTag::of(&tag), "common-save"))
            h2 { (t!("tags-remove")) }
            (form_of::<Removal>(&here, &[("step", "remove")], "tags-remove"))
        }
    };
    Ok(frame.desk(&tag.label, tags::HERE, body))
}

/// States a tag anew, or takes it back.
pub(crate) async fn step(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Clearance(clearance): Clearance,
    Path(id): Path<String>,
    Fields(step): Fields<Step>,
) -> Answer {
    let (step, reason) = match step {
        Step::Restate(form) => {
            let (with, reason) = form.parts().map_err(|e| Stated::explain(e.into()))?;
            (OwnStep::Replace { id, with }, reason)
        }
        Step::Remove(form) => (OwnStep::Remove { id }, form.reason.0),
    };
    let is_removal = matches!(step, OwnStep::Remove { .. });
    let change = move || shared.change_own_tag(step, &reason, clearance, &caller.0).map_err(Stated::explain);
    let tag = run_in_background(change).await?;
    Ok(back(if is_removal { OWN.to_owned() } else { format!("{OWN}/{}", id_of(&tag)) }))
}
