//! Sharing as pages: communities, members, sources, flags with their countdown.

use crate::desk::{back, desk_page, step, step_form, time};
use crate::pages::{ErrorPage, count, none, page};
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::response::Response;
use holdfast_api::Shared;
use holdfast_api::blocking::run_blocking;
use holdfast_api::error::ApiError;
use holdfast_api::gate::Caller;
use holdfast_api::sharing::run;
use holdfast_decision::flags::State as FlagState;
use holdfast_sharing::psi;
use holdfast_sharing::taxii::Client;
use maud::{Markup, html};
use std::collections::BTreeMap;

type Page = Result<Markup, ErrorPage>;
type Fields = Form<BTreeMap<String, String>>;

/// Words for the time that is left.
fn left(until: i64, now: i64) -> String {
    let minutes = (until - now).max(0) / 60;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}

/// Words for the time between two readings, in seconds.
fn every(seconds: i64) -> String {
    match seconds {
        s if s > 0 && s % 3600 == 0 => count((s / 3600).unsigned_abs(), "hour"),
        s if s > 0 && s % 60 == 0 => count((s / 60).unsigned_abs(), "minute"),
        s => count(s.unsigned_abs(), "second"),
    }
}

/// Flags, communities and sources.
pub async fn sharing(State(shared): State<Shared>) -> Page {
    let (flags, standings, communities, sources, matchings, now) = run(shared, |s| {
        let sharing = s.sharing();
        let mut communities = Vec::new();
        for community in sharing.communities()? {
            let members = sharing.members(&community.id)?;
            communities.push((community, members));
        }
        let standings = s.screening.read(holdfast_screening::flags::standings)?;
        let matchings = sharing.matchings()?;
        Ok((s.screening.flags(None)?, standings, communities, sharing.sources()?, matchings, s.screening.now()))
    })
    .await?;
    let channels: Vec<(String, String)> = communities
        .iter()
        .map(|(c, _)| (c.id.clone(), c.name.clone()))
        .chain(sources.iter().filter(|s| s.kind.name() == "taxii").map(|s| (s.id.to_string(), s.name.clone())))
        .collect();
    Ok(desk_page(
        "Sharing",
        "/desk/sharing",
        html! {
            h2 { "Flags of stolen funds" }
            @if flags.is_empty() { (none("No flag yet: raise one below.")) }
            div.wide { table {
                thead { tr { th { "Raised" } th { "By" } th { "What" } th { "Why" } th { "State" } th { "Left" } th {} } }
                tbody { @for f in flags.iter().take(200) { tr {
                    td { (time(f.raised)) } td { (f.member) } td { (f.asset) " " span.hash { (f.value) } } td { (f.reason) } td { (f.state.name()) }
                    td { @if f.state == FlagState::Open { (left(f.until, now)) } }
                    td { @if f.source.is_none() && f.state.counts() {
                        (step_form(&format!("/desk/sharing/flags/{}", f.id), "", "Set state", &[("state", "State", "confirmed|withdrawn"), ("why", "Why", "text")])) } }
                } } }
            } }
            form.step method="post" action="/desk/sharing/flags" {
                label { "Share with" select name="channel" { option value="" { "nobody: this desk alone" } @for (id, name) in &channels { option value=(id) { (name) } } } }
                label { "What" select name="subject" { option value="address" { "address" } option value="transaction" { "transaction" } option value="deposit" { "output of a transaction" } } }
                label { "Asset" input name="asset" size="6" required; }
                label { "Address, transaction or TXID:OUTPUT" input name="value" size="44" required; }
                label { "Why" input name="reason" size="30" required; }
                label { "Hours until it lapses" input name="hours" type="number" min="1" max="336" value="24"; }
                button type="submit" { "Raise a flag" }
            }
            @if !standings.is_empty() {
                h3 { "How members' flags came out" }
                div.wide { table {
                    thead { tr { th { "Member" } th.n { "Raised" } th.n { "Confirmed" } th.n { "Withdrawn (false)" } th.n { "Lapsed" } } }
                    tbody { @for s in &standings { tr { td { (s.member) @if let Some(id) = s.source { " (source " (id) ")" } } td.n { (s.raised) } td.n { (s.confirmed) } td.n { (s.withdrawn) } td.n { (s.lapsed) } } } }
                } }
            }
            h2 { "Communities hosted here" }
            @for (c, members) in &communities { section {
                h3 { (c.name) } p { @if !c.description.is_empty() { (c.description) ". " } "Label: at most " (c.max_tlp.name()) ". Members reach it by TAXII 2.1 at " code { "/taxii2/" (c.id) "/" } "." }
                ul { @for m in members { li { (m.name) @if m.own { " (this desk)" } @if !m.writes { ", reads only" } ", " (m.state)
                    @if !m.own && m.state == "active" { (step_form(&format!("/desk/sharing/communities/{}/suspend", c.id), "", "Suspend", &[("why", "Why", "text"), ("name", &m.name, "hidden")])) } } } }
                form.step method="post" action={"/desk/sharing/communities/" (c.id) "/members"} {
                    label { "Member" input name="name" required; } label { input type="checkbox" name="writes" value="true" checked; "may share" }
                    button type="submit" { "Take in, or give a new key" }
                }
            } }
            @if communities.is_empty() { (none("None: open one below.")) }
            form.step method="post" action="/desk/sharing/communities" {
                label { "Name" input name="name" required; } label { "What for" input name="description"; }
                label { "At most" select name="max_tlp" { @for t in holdfast_sharing::Tlp::ALL { option value=(t.name()) { (t.name()) } } } }
                label { "This desk is called there" input name="own_name" required; }
                button type="submit" { "Open a community" }
            }
            h2 { "Share a wallet" }
        form.step method="post" action="/desk/sharing/wallets" {
            label { "With" select name="channel" { @for (id, name) in &channels { option value=(id) { (name) } } } }
            label { "Address" input name="address" size="44" required; } label { "Asset" input name="asset" size="6" required; }
            label { "Who or what" input name="label" required; } label { "Concept, such as ransomware" input name="concept" required; }
            label { "Why" input name="reason" size="30" required; }
            label { "Who may read it" select name="tlp" { @for t in holdfast_sharing::Tlp::ALL { option value=(t.name()) selected[t == holdfast_sharing::Tlp::Amber] { (t.name()) } } } }
            label { "For TLP:RED: members, with commas" input name="readers"; }
            button type="submit" { "Share" }
        }
        h2 { "Give a pack of tags out" }
        form.step method="get" action="/api/v1/sharing/tagpack" {
            label { "Title of the pack" input name="pack" required; } label { "Given out by" input name="creator" required; }
            label { "Label" select name="tlp" { option { "TLP:GREEN" } option { "TLP:CLEAR" } } }
            button type="submit" { "TagPack" }
        }
        p.note { "As MISP feed it is at " code { "/api/v1/sharing/misp/CREATOR/PACK/manifest.json" } ", with a partner's key." }
        h2 { "Private matching" }
        p { "Two institutions learn which items they share, and nothing else. Each list answers one question of one partner." }
        ul { @for m in &matchings { li { span.hash { (m.id) } " for " (m.partner) ": " (count(m.items, "item")) ", "
            @match (m.asked, m.asked_items) { (Some(t), Some(n)) => { "asked about " (n) " at " (time(t)) }, _ => "waits" } } } }
        form.step method="post" action="/desk/sharing/matching" {
            label { "For the partner (name of its key)" input name="partner" required; }
            label { "Items, one a line" textarea name="items" rows="3" required {} }
            button type="submit" { "Offer the list" }
        }
        form.step method="post" action="/desk/sharing/ask" {
            label { "A partner's list (URL)" input name="url" size="40" required; } label { "Key there" input name="key" type="password" autocomplete="off" required; }
            label { "Own items, one a line" textarea name="items" rows="3" required {} }
            button type="submit" { "Ask which are shared" }
        }
        h2 { "Sources" }
            @if sources.is_empty() { (none("None: add one below; a second person approves it.")) }
            div.wide { table {
                thead { tr { th { "Name" } th { "Kind" } th { "Where" } th { "Every" } th { "State" } th { "Read" } th {} } }
                tbody { @for s in &sources { tr {
                    td { a href={"/desk/sharing/sources/" (s.id)} { (s.name) } } td { (s.kind.name()) } td.hash { (s.url) } td { (every(s.every)) }
                    td { @if s.state == "proposed" { a href="/desk/changes" { "proposed" } } @else { (s.state) } @if let Some(e) = &s.error { br; span.note { (e) } } } td { @if let Some(t) = s.polled { (time(t)) } }
                    td { @if s.state == "active" { (step_form(&format!("/desk/sharing/sources/{}", s.id), "", "Withdraw", &[("why", "Why", "text")])) } }
                } } }
            } }
            form.step method="post" action="/desk/sharing/sources" {
                label { "Kind" select name="kind" { option value="taxii" { "TAXII collection" } option value="community" { "community hosted here" } option value="misp" { "MISP feed" } } }
                label { "Name" input name="name" required; } label { "URL" input name="url" size="40" required; }
                label { "User name there" input name="username"; } label { "Key there" input name="key" type="password" autocomplete="off"; }
                button type="submit" { "Add a source" }
            }
            form.step method="post" action="/desk/sharing/discover" {
                label { "A partner's TAXII server (discovery URL)" input name="url" size="40" required; }
                label { "User name there" input name="username"; } label { "Key there" input name="key" type="password" autocomplete="off"; }
                button type="submit" { "List its collections" }
            }
        },
    ))
}

/// What a source sent.
pub async fn source(State(shared): State<Shared>, Path(id): Path<i64>) -> Page {
    let (source, list) = run(shared, move |s| Ok((s.sharing().source(id)?, s.sharing().imported(id, "")?))).await?;
    Ok(desk_page(
        &format!("Source {}", source.name),
        "/desk/sharing",
        html! {
            p { (source.kind.name()) ", " (source.state) ", " span.hash { (source.url) } @if let Some(e) = &source.error { br; strong { (e) } } }
            @if list.is_empty() { (none("Nothing was taken from it yet.")) }
            div.wide { table {
                thead { tr { th { "Object" } th { "Version" } th { "Became" } th { "What" } th { "When" } } }
                tbody { @for i in &list { tr { td.hash { (i.object) } td { (i.version) } td { (i.effect) } td { (i.detail) } td { (time(i.time)) } } } }
            } }
            p { a href="/desk/sharing" { "Back to sharing" } }
        },
    ))
}

/// Raises a flag.
pub async fn raise(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let new = step(&fields)?;
    run(shared, move |s| Ok(s.sharing().raise(new, &caller.0)?)).await?;
    Ok(back("/desk/sharing".into()))
}

/// Confirms or withdraws a flag.
pub async fn move_flag(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let state = match get("state").as_str() {
        "confirmed" => FlagState::Confirmed,
        "withdrawn" => FlagState::Withdrawn,
        _ => return Err(ApiError::bad("state: confirmed or withdrawn").into()),
    };
    let why = get("why");
    run(shared, move |s| Ok(s.sharing().move_flag(&id, state, &why, &caller.0)?)).await?;
    Ok(back("/desk/sharing".into()))
}

/// Shares a wallet.
pub async fn wallet(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let tlp = holdfast_sharing::Tlp::from_name(&get("tlp")).ok_or_else(|| ApiError::bad("tlp: a TLP 2.0 label"))?;
    let said = holdfast_sharing::stix::WalletReport {
        address: get("address"),
        asset: get("asset").to_ascii_uppercase(),
        label: get("label"),
        concept: get("concept"),
        reason: get("reason"),
        reference: None,
        confidence: 50,
        tlp,
        readers: get("readers").split(',').map(|r| r.trim().to_owned()).filter(|r| !r.is_empty()).collect(),
        seen: None,
    };
    let channel = get("channel");
    run(shared, move |s| holdfast_api::sharing::share_now(s, &channel, vec![said], None, Vec::new(), &caller.0))
        .await?;
    Ok(back("/desk/sharing".into()))
}

/// Offers a list for private matching.
pub async fn matching(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (partner, items) = (get("partner"), get("items"));
    run(shared, move |s| {
        let dir = s.matching_dir();
        Ok(s.sharing().offer_matching(&dir, partner.trim(), &items, &caller.0)?)
    })
    .await?;
    Ok(back("/desk/sharing".into()))
}

/// Opens a community.
pub async fn open(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let tlp =
        holdfast_sharing::Tlp::from_name(&get("max_tlp")).ok_or_else(|| ApiError::bad("max_tlp: a TLP 2.0 label"))?;
    let (name, description, own) = (get("name"), get("description"), get("own_name"));
    run(shared, move |s| Ok(s.sharing().open_community(&name, &description, tlp, &own, &caller.0)?)).await?;
    Ok(back("/desk/sharing".into()))
}

/// Takes a member in and shows its key, once.
pub async fn add_member(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(fields): Fields,
) -> Page {
    let name = fields.get("name").map(|v| v.trim().to_owned()).unwrap_or_default();
    let writes = fields.contains_key("writes");
    let new = run(shared, move |s| Ok(s.sharing().add_member(&id, &name, writes, &caller.0)?)).await?;
    Ok(page(
        "A member's key",
        "",
        html! {
            h1 { "A member's key" }
            p { "Give this key to " (new.member.name) ". It is shown once; a new one ends it." }
            p.hash #key { (new.key) }
            p { a href="/desk/sharing" { "Back" } }
        },
    ))
}

/// Suspends a member.
pub async fn suspend(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let get = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (name, why) = (get("name"), get("why"));
    run(shared, move |s| Ok(s.sharing().suspend_member(&id, &name, &why, &caller.0)?)).await?;
    Ok(back("/desk/sharing".into()))
}

/// Adds a source.
pub async fn add_source(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let new = step(&fields)?;
    holdfast_api::sharing::store_source(shared, caller, new).await?;
    Ok(back("/desk/sharing".into()))
}

/// Withdraws a source.
pub async fn withdraw(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<i64>,
    Form(fields): Fields,
) -> Result<Response, ErrorPage> {
    let why = fields.get("why").cloned().unwrap_or_default();
    run(shared, move |s| Ok(s.withdraw_source(id, &why, &caller.0)?)).await?;
    Ok(back("/desk/sharing".into()))
}

/// Collections of a partner's server.
pub async fn discover(Form(fields): Fields) -> Page {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let (url, username, key) = (get("url"), get("username"), get("key"));
    let at = url.clone();
    let list = blocking(move || Ok(Client::new(&username, &key).collections(&at)?)).await?;
    Ok(desk_page(
        "Collections of a partner",
        "/desk/sharing",
        html! {
            p.hash { (url) }
            div.wide { table {
                thead { tr { th { "Collection" } th { "URL, for a source" } th { "May be written" } } }
                tbody { @for (url, title, writes) in &list { tr { td { (title) } td.hash { (url) } td { @if *writes { "yes" } @else { "no" } } } } }
            } }
            p { a href="/desk/sharing" { "Back" } }
        },
    ))
}

/// Asks a partner's list which items are shared.
pub async fn ask(State(shared): State<Shared>, Extension(caller): Extension<Caller>, Form(fields): Fields) -> Page {
    let get = |name: &str| fields.get(name).map(|v| v.trim().to_owned()).unwrap_or_default();
    let (url, key, items) = (get("url"), get("key"), get("items"));
    let shown = url.clone();
    let found = run(shared, move |s| {
        let found = psi::ask(&url, &key, &items)?;
        let detail = serde_json::json!({ "items": items.lines().count(), "shared": found.len() }).to_string();
        s.screening.note_look("sharing.matching_asked", &url, detail, &caller.0)?;
        Ok(found)
    })
    .await?;
    Ok(desk_page(
        "Items in common",
        "/desk/sharing",
        html! {
            p { (found.len()) " of your items are on the list at " span.hash { (shown) } "." }
            ul { @for item in &found { li.hash { (item) } } }
            p { a href="/desk/sharing" { "Back" } }
        },
    ))
}

/// Runs something that may block and needs no desk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    run_blocking(work).await?
}
