//! Other providers that are connected: how they answer, about which chains, and what they say of an address.

use axum::extract::State;
use holdfast_api_investigation::providers;
use holdfast_decision::facts::ProviderFact;
use holdfast_page::components::{N, T, listed, listing, table, time};
use holdfast_page::figures;
use holdfast_page::forms::{Fields, Input, Text, form_of, page_form};
use holdfast_page::frame::{Frame, Page};
use holdfast_page::texts::{rich, t};
use holdfast_state::AppState;
use holdfast_state::blocking::run_blocking;
use holdfast_types::ChainId;
use holdfast_vendors::providers::ProviderState;
use maud::{Markup, html};
use std::collections::BTreeMap;

const HERE: &str = "/desk/providers";

page_form! {
    /// Queries the providers about an address.
    struct Question {
        asset: Text = "common-asset", Input::Line;
        address: Text = "common-address", Input::Line;
    }
}

/// Whether a provider is queried now, by the state of its circuit breaker.
fn breaker(state: &str) -> Markup {
    html! { @match state {
        "closed" => (t!("providers-asked")),
        "open" => strong.high { (t!("providers-left-alone")) },
        _ => (t!("providers-tried-once")),
    } }
}

/// Chains by their usual names.
fn chains(ids: &[String]) -> String {
    listed(ids.iter().map(|id| ChainId::parse(id).ok().and_then(|id| id.usual_name()).unwrap_or(id).to_owned()))
}

fn states(list: &[ProviderState]) -> Markup {
    let heads = [
        T("providers-provider"),
        T("common-state"),
        N("providers-questions"),
        N("providers-answers"),
        N("providers-cached"),
        N("providers-not-sent"),
        T("providers-last"),
        T("providers-chains"),
    ];
    listing(&heads, list, "providers-none", |p| {
        let coverage = chains(&p.chains);
        html! { tr {
            td { (p.name.text()) br; span.note.long { (p.url) } }
            td { (breaker(p.breaker)) }
            td.n { (figures::number(p.asked)) }
            td.n { (figures::number(p.answered)) }
            td.n { (figures::number(p.cached)) }
            td.n { (figures::number(p.refused)) }
            td { @match p.answered_at {
                Some(at) => (rich!("providers-answered-at", time = time(at))),
                None => (t!("providers-never-answered")),
            }
                @if let (Some(at), Some(why)) = (p.failed_at, &p.last_error) {
                    br; (rich!("providers-failed-at", time = time(at))) br; span.note.long { (why) }
                }
            }
            td { details { summary { (figures::number(p.chains.len())) } (coverage) } }
        } }
    })
}

/// The word for a provider's risk, from 0 to 4; unknown where it did not answer.
fn risk(fact: &ProviderFact) -> Markup {
    const NAMES: [&str; 5] = ["none", "low", "medium", "high", "severe"];
    let words = [
        t!("providers-risk-none"),
        t!("providers-risk-low"),
        t!("providers-risk-medium"),
        t!("providers-risk-high"),
        t!("providers-risk-severe"),
    ];
    let level = fact.risk.map(|risk| usize::from(risk.min(4)));
    html! { @match level {
        Some(level) => span class={"risk " (NAMES[level])} { (words[level]) },
        None => (t!("common-unknown")),
    } }
}

fn answers(of: &BTreeMap<String, ProviderFact>) -> Markup {
    let heads = [T("providers-provider"), T("providers-risk"), T("providers-says")];
    table(&heads, of, |(name, fact)| {
        html! { tr {
            td { (name) }
            td { (risk(fact)) }
            td { span.long { (fact.detail) } @if fact.cached { " " span.note { (t!("providers-from-cache")) } } }
        } }
    })
}

fn whole(frame: &Frame, list: &[ProviderState], found: Option<(&str, &BTreeMap<String, ProviderFact>)>) -> Markup {
    let body = html! {
        p { (t!("providers-about")) }
        @if let Some((address, found)) = found {
            h2 { (t!("providers-of", address = address)) }
            (answers(found))
        }
        h2 { (t!("providers-connected")) }
        (states(list))
        @if !list.is_empty() && frame.may("read") {
            h2 { (t!("providers-ask")) }
            p.note { (t!("providers-ask-about")) }
            (form_of::<Question>(HERE, &[], "providers-ask"))
        }
    };
    frame.desk(&t!("nav-providers"), HERE, body)
}

fn state_of(shared: &AppState) -> Vec<ProviderState> {
    shared.providers.as_ref().map(|p| p.state()).unwrap_or_default()
}

/// Shows the connected providers.
pub(crate) async fn page(State(shared): State<AppState>, frame: Frame) -> Page {
    Ok(whole(&frame, &state_of(&shared), None))
}

/// Queries them about an address, and shows what they say.
pub(crate) async fn ask(State(shared): State<AppState>, frame: Frame, Fields(form): Fields<Question>) -> Page {
    let (asset, address) = (form.asset.0, form.address.0);
    let (found, list, address) = run_blocking(move || {
        let found = providers::ask(&shared, &asset, &address)?;
        Ok((found, state_of(&shared), address))
    })
    .await?;
    Ok(whole(&frame, &list, Some((&address, &found))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::Timestamp;
    use holdfast_vendors::providers::Name;

    fn provider(breaker: &'static str, last_error: Option<&str>) -> ProviderState {
        ProviderState {
            name: Name::Trm,
            url: "https://api.trmlabs.com".into(),
            asked: 1_234,
            answered: 1_200,
            cached: 5,
            refused: 7,
            breaker,
            last_error: last_error.map(str::to_owned),
            failed_at: last_error.map(|_| Timestamp::from_unix(1_700_000_000)),
            answered_at: None,
            chains: vec!["eip155:1".into(), "xrpl:0".into()],
        }
    }

    #[test]
    fn a_provider_says_whether_it_answers_and_about_what() {
        let shown = states(&[provider("open", Some("it answered <500>"))]).into_string();
        for words in [
            "1,234",
            "Not queried: it fails repeatedly",
            "has not answered yet",
            "it answered &lt;500&gt;",
            "2023-11-14",
            "ethereum",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert!(!states(&[provider("closed", None)]).into_string().contains("high"));
        assert!(states(&[]).into_string().contains("No provider is connected"));
    }

    #[test]
    fn no_answer_is_unknown_and_never_none() {
        let fact = |risk| ProviderFact { risk, detail: "x".into(), cached: false };
        assert_eq!(risk(&fact(None)).into_string(), "unknown");
        assert!(risk(&fact(Some(0))).into_string().contains("risk none"));
        assert!(risk(&fact(Some(9))).into_string().contains("risk severe"));
    }
}
