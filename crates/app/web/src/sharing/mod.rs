//! Sharing: flags with their countdown, communities, wallets, private matching, sources.

pub(crate) mod communities;
pub(crate) mod flags;
pub(crate) mod matching;
pub(crate) mod sources;

use axum::extract::{Query, State};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::texts::t;
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use maud::{Markup, html};

/// Where forms of the page lead back to.
const HERE: &str = "/desk/sharing";

/// Where something can be shared: id and name of a community or of a partner's collection.
type Channel = (String, String);

/// Shows flags, communities, matching and sources.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame, Query(filled): Query<flags::ToFlag>) -> Page {
    let (flags, standings, communities, sources, matchings, now) = run_blocking(move || {
        let sharing = shared.sharing();
        let mut communities = Vec::new();
        for community in sharing.communities()? {
            let members = sharing.members(&community.id)?;
            communities.push((community, members));
        }
        let standings = shared.screening.read(holdfast_screening::flags::standings)?;
        let matchings = sharing.matchings()?;
        Ok((
            shared.screening.flags(None)?,
            standings,
            communities,
            sharing.sources()?,
            matchings,
            shared.screening.now(),
        ))
    })
    .await?;
    let taxii = sources.iter().filter(|s| s.kind.name() == "taxii").map(|s| (s.id.to_string(), s.name.clone()));
    let channels: Vec<Channel> =
        communities.iter().map(|(c, _)| (c.id.to_string(), c.name.clone())).chain(taxii).collect();
    let (works, manages) = (frame.may("desk"), frame.may("manage"));
    let body = html! {
        (flags::section(&flags, now, &channels, works, &filled))
        (flags::standing(&standings))
        (communities::section(&communities, manages))
        @if works { (communities::share_wallet(&channels)) }
        @if works || manages { (communities::tag_pack()) }
        (matching::section(&matchings, works))
        (sources::section(&sources, manages))
    };
    Ok(frame.desk(&t!("nav-sharing"), HERE, body))
}

/// Options of a field for the channel.
fn options(channels: &[Channel]) -> Markup {
    html! { @for (id, name) in channels { option value=(id) { (name) } } }
}

fn way_back() -> Markup {
    html! { p { a href=(HERE) { (t!("sharing-back")) } } }
}
