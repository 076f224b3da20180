//! Communities hosted here, and what is shared in them.

use super::{Channel, HERE, options};
use axum::Extension;
use axum::extract::{Path, State};
use holdfast_page::components::{self, none, word};
use holdfast_page::forms::{Commas, Fields, Flag, Free, Input, PageForm, Text, form_of, page_form};
use holdfast_page::frame::{Answer, Frame, Page, back};
use holdfast_page::texts::{rich, t};
use holdfast_sharing::Tlp;
use holdfast_sharing::community::{Community, Member, MemberState};
use holdfast_sharing::stix::WalletReport;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ids::CommunityId;
use maud::{Markup, html};

page_form! {
    /// Opens a community.
    struct OpenCommunity {
        name: Text = "sharing-name", Input::Own;
        description: Free = "sharing-purpose", Input::Own;
        max_tlp: Tlp = "sharing-max-tlp", Input::Own;
        own_name: Text = "sharing-own-name", Input::Own;
    }
}

page_form! {
    /// Adds a member, or gives one a new key.
    struct AddMember {
        name: Text = "sharing-member", Input::Line;
        writes: Flag = "sharing-may-share", Input::Own;
    }
}

page_form! {
    /// Suspends a member.
    struct SuspendMember {
        why: Text = "common-reason", Input::Line;
        name: Text = "sharing-member", Input::Hidden;
    }
}

page_form! {
    /// Shares a wallet.
    struct ShareWallet {
        channel: Text = "sharing-channel", Input::Own;
        address: Text = "common-address", Input::Own;
        asset: Text = "common-asset", Input::Own;
        label: Text = "sharing-label", Input::Own;
        concept: Text = "sharing-concept", Input::Own;
        reason: Text = "common-reason", Input::Own;
        tlp: Tlp = "sharing-tlp", Input::Own;
        readers: Commas = "sharing-readers", Input::Own;
    }
}

/// Confidence of a wallet that a person shares, in percent.
const CONFIDENCE: u8 = 50;

fn labels(selected: Tlp) -> Markup {
    html! { @for t in Tlp::ALL.iter().copied() { option value=(t.name()) selected[t == selected] { (t.name()) } } }
}

pub(super) fn section(communities: &[(Community, Vec<Member>)], manages: bool) -> Markup {
    let label = OpenCommunity::label;
    html! {
        h2 { (t!("sharing-communities")) }
        @for (c, members) in communities { (community(c, members, manages)) }
        @if communities.is_empty() { (none(&t!("sharing-no-communities"))) }
        @if manages { form.step method="post" action={(HERE) "/communities"} {
            label { (label("name")) input name="name" required; }
            label { (label("description")) input name="description"; }
            label { (label("max_tlp")) select name="max_tlp" { (labels(Tlp::Clear)) } }
            label { (label("own_name")) input name="own_name" required; }
            button type="submit" { (t!("sharing-open-community")) }
        } }
    }
}

fn community(c: &Community, members: &[Member], manages: bool) -> Markup {
    let path = html! { code { "/taxii2/" (c.id) "/" } };
    let to = format!("{HERE}/communities/{}", c.id);
    html! { section {
        h3 { (c.name) }
        p { @if !c.description.is_empty() { (c.description) ". " } (rich!("sharing-community-facts", tlp = c.max_tlp.name(), path = path)) }
        ul { @for m in members { li {
            (m.name) @if m.own { " " (t!("sharing-own")) } @if !m.writes { ", " (t!("sharing-reads-only")) } ", " (word(m.state))
            @if manages && !m.own && m.state == MemberState::Active {
                (form_of::<SuspendMember>(&format!("{to}/suspend"), &[("name", &m.name)], "common-suspend"))
            }
        } } }
        @if manages { form.step method="post" action={(to) "/members"} {
            label { (AddMember::label("name")) input name="name" required; }
            label { input type="checkbox" name="writes" value="true" checked; (AddMember::label("writes")) }
            button type="submit" { (t!("sharing-add-member")) }
        } }
    } }
}

pub(super) fn share_wallet(channels: &[Channel]) -> Markup {
    let label = ShareWallet::label;
    html! {
        h2 { (t!("sharing-share-wallet")) }
        form.step method="post" action={(HERE) "/wallets"} {
            label { (label("channel")) select name="channel" { (options(channels)) } }
            label { (label("address")) input name="address" size="44" required; }
            label { (label("asset")) input name="asset" size="6" required; }
            label { (label("label")) input name="label" required; }
            label { (label("concept")) input name="concept" required; }
            label { (label("reason")) input name="reason" size="30" required; }
            label { (label("tlp")) select name="tlp" { (labels(Tlp::Amber)) } }
            label { (label("readers")) input name="readers"; }
            button type="submit" { (t!("sharing-share")) }
        }
    }
}

/// Returns the form for a pack of tags; the API answers it.
pub(super) fn tag_pack() -> Markup {
    html! {
        h2 { (t!("sharing-tagpack")) }
        form.step method="get" action="/api/v1/sharing/tagpack" {
            label { (t!("sharing-tagpack-title")) input name="pack" required; }
            label { (t!("sharing-tagpack-creator")) input name="creator" required; }
            label { (t!("sharing-tlp")) select name="tlp" { option { "TLP:GREEN" } option { "TLP:CLEAR" } } }
            button type="submit" { "TagPack" }
        }
        p.note { (rich!("sharing-misp", path = html! { code { "/api/v1/sharing/misp/CREATOR/PACK/manifest.json" } })) }
    }
}

/// Opens a community.
pub(crate) async fn open(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<OpenCommunity>,
) -> Answer {
    let OpenCommunity { name, description, max_tlp, own_name } = form;
    let open = move || Ok(shared.sharing().open_community(&name.0, &description.0, max_tlp, &own_name.0, &caller.0)?);
    run_blocking(open).await.map_err(OpenCommunity::explain)?;
    Ok(back(HERE.into()))
}

/// Adds a member and shows its key, once.
pub(crate) async fn add_member(
    State(shared): State<AppState>,
    frame: Frame,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CommunityId>,
    Fields(form): Fields<AddMember>,
) -> Page {
    let add = move || Ok(shared.sharing().add_member(&id, &form.name.0, form.writes.0, &caller.0)?);
    let new = run_blocking(add).await.map_err(AddMember::explain)?;
    let about = rich!("common-key-for", name = new.member.name);
    let body = components::new_key(&about, &new.key, &html! {}, (HERE, &t!("sharing-back")));
    Ok(frame.desk(&t!("sharing-member-key"), HERE, body))
}

/// Suspends a member.
pub(crate) async fn suspend(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<CommunityId>,
    Fields(form): Fields<SuspendMember>,
) -> Answer {
    run_blocking(move || Ok(shared.sharing().suspend_member(&id, &form.name.0, &form.why.0, &caller.0)?)).await?;
    Ok(back(HERE.into()))
}

/// Shares a wallet.
pub(crate) async fn wallet(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Fields(form): Fields<ShareWallet>,
) -> Answer {
    let report = WalletReport {
        address: form.address.0,
        asset: form.asset.0.to_ascii_uppercase(),
        label: form.label.0,
        concept: form.concept.0,
        reason: form.reason.0,
        reference: None,
        confidence: CONFIDENCE,
        tlp: form.tlp,
        readers: form.readers.0,
        seen: None,
    };
    let share = move || {
        holdfast_api_investigation::sharing::share_now(
            &shared,
            &form.channel.0,
            vec![report],
            None,
            Vec::new(),
            &caller.0,
        )
    };
    run_blocking(share).await.map_err(ShareWallet::explain)?;
    Ok(back(HERE.into()))
}
