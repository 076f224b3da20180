//! From what the explorer starts: addresses and transactions of an alert, an event, a case, a request or a customer, each with its reason.

use crate::cases::person;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use holdfast_cases::customers;
use holdfast_decision::Event;
use holdfast_requests::request::TargetKind;
use holdfast_screening::ScreeningError;
use holdfast_screening::service::DecidedEvent;
use holdfast_state::AppState;
use holdfast_state::auth::Caller;
use holdfast_state::blocking::run_blocking;
use holdfast_state::body::Answer;
use holdfast_state::error::{ApiError, ErrorBody};
use holdfast_state::routes::READERS;
use holdfast_types::ids::CaseId;
use holdfast_workspace::ChainQueries;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use utoipa::{IntoParams, ToSchema};

/// Most items.
const MAX_ITEMS: usize = 200;
/// Most addresses of a customer.
const MAX_OWN: u32 = 100;

/// From what to start: exactly one of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StartQuery {
    /// Number of an alert.
    alert: Option<u64>,
    /// Number of a case.
    #[param(value_type = Option<u64>)]
    case: Option<CaseId>,
    /// Id of an event.
    event: Option<String>,
    /// Id of a request.
    request: Option<String>,
    /// Id of a customer.
    customer: Option<String>,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StartKind {
    /// An address.
    Address,
    /// A transaction.
    Transaction,
}

/// Something to begin with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StartItem {
    /// What it is.
    kind: StartKind,
    /// Address or transaction id.
    id: String,
    /// Chain that it is on: the network's name, on account chains the CAIP-2 id; absent where no chain here stores it, so that nothing can be drawn of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    /// Why it is here.
    why: String,
}

/// What to begin with.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct StartAnswer {
    /// The items, the most telling first, at most 200.
    items: Vec<StartItem>,
    /// Items beyond those.
    more: u64,
    /// What the list leaves out, in words.
    notes: Vec<String>,
}

/// Items as they are collected.
struct Collected<'a> {
    shared: &'a AppState,
    seen: HashSet<(StartKind, String)>,
    answer: StartAnswer,
}

impl Collected<'_> {
    fn new(shared: &AppState) -> Collected<'_> {
        Collected { shared, seen: HashSet::new(), answer: StartAnswer::default() }
    }

    /// The chain that stores a thing: the one of the asset, else the first that has it.
    fn chain_of(&self, asset: Option<&str>, id: &str) -> Option<String> {
        let chains = &self.shared.chains;
        if let Some(chain) = asset.and_then(|asset| chains.handle_of(asset)) {
            let chain = chain.snapshot();
            if chain.subject(id).is_ok() {
                return Some(chain.name());
            }
        }
        if let Some(chain) = asset.and_then(|asset| chains.of_asset(asset))
            && chain.outputs().is_none()
            && chains.accounts_for(id, Some(chain.id().as_str())).is_ok_and(|accounts| accounts.stores(id))
        {
            return Some(chain.id().to_string());
        }
        let outputs = chains.snapshots().into_iter().find(|chain| chain.subject(id).is_ok()).map(|chain| chain.name());
        outputs.or_else(|| {
            let accounts = chains.account_snapshots().into_iter().find(|chain| chain.stores(id));
            accounts.map(|chain| chain.chain().to_string())
        })
    }

    fn add(&mut self, kind: StartKind, id: &str, asset: Option<&str>, why: impl Into<String>) {
        // An output or a transfer is drawn as its transaction.
        let id = match kind {
            StartKind::Transaction => id.trim().split(':').next().unwrap_or_default(),
            StartKind::Address => id.trim(),
        };
        if id.is_empty() || !self.seen.insert((kind, id.to_owned())) {
            return;
        }
        if self.answer.items.len() >= MAX_ITEMS {
            self.answer.more += 1;
            return;
        }
        let chain = self.chain_of(asset, id);
        self.answer.items.push(StartItem { kind, id: id.to_owned(), chain, why: why.into() });
    }

    fn event(&mut self, event: &Event) {
        let (asset, id) = (event.asset.as_deref(), &event.id);
        let kind = event.kind.name();
        if let Some(tx) = &event.tx {
            self.add(StartKind::Transaction, tx, asset, format!("transaction of {kind} {id}"));
        }
        if let Some(address) = &event.counterparty {
            self.add(StartKind::Address, address, asset, format!("other side of {kind} {id}"));
        }
        if let Some(address) = &event.address {
            self.add(StartKind::Address, address, asset, format!("our address of {kind} {id}"));
        }
    }

    fn decided(&mut self, decided: &DecidedEvent) {
        let DecidedEvent { event, facts, completion, .. } = decided;
        let asset = event.asset.as_deref();
        self.event(event);
        if let Some(tx) = completion.as_ref().and_then(|c| c.tx.as_ref()) {
            self.add(StartKind::Transaction, tx, asset, format!("transaction that completed {}", event.id));
        }
        for tag in &facts.tags {
            let why = format!("tagged {} ({}), found by {}", tag.label, tag.category.name(), event.id);
            self.add(StartKind::Address, &tag.address, asset, why);
        }
        for address in &facts.senders {
            self.add(StartKind::Address, address, asset, format!("sender of {}", event.id));
        }
        for behind in &facts.behind {
            let why = format!("{} hops behind {}", behind.hops, event.id);
            self.add(StartKind::Transaction, &behind.output, None, why);
        }
    }

    fn case(&mut self, case: CaseId, caller: &Caller) -> Result<(), ApiError> {
        let file = self.shared.cases().case(case, &[], &person(caller))?;
        let (mut other, mut lost, mut withheld) = (0u64, 0u64, 0u64);
        for item in file.items.iter().filter(|item| item.withdrawn.is_none()) {
            let title = item.title.lines().next().unwrap_or_default();
            let why = match title {
                "" => format!("item {} of case {case}", item.id),
                title => format!("item {} of case {case}: {title}", item.id),
            };
            match item.kind.as_str() {
                "address" => self.add(StartKind::Address, &item.key, None, why),
                "transaction" => self.add(StartKind::Transaction, &item.key, None, why),
                // Screening may be read by fewer than cases.
                "event" | "alert" if !caller.may("read") => withheld += 1,
                "event" => match self.shared.screening.event(&item.key) {
                    Ok(decided) => self.decided(&decided),
                    Err(ScreeningError::NotFound(_)) => lost += 1,
                    Err(e) => return Err(e.into()),
                },
                "alert" => match item.key.parse().ok().map(|id| self.alert(id)) {
                    Some(Ok(())) => {}
                    Some(Err(e)) if e.status != StatusCode::NOT_FOUND => return Err(e),
                    _ => lost += 1,
                },
                _ => other += 1,
            }
        }
        if other > 0 {
            self.answer.notes.push(match other {
                1 => "1 other item of the case names no address or transaction by itself".to_owned(),
                n => format!("{n} other items of the case name no address or transaction by themselves"),
            });
        }
        if withheld > 0 {
            self.answer.notes.push(format!(
                "{withheld} events and alerts of the case are left out: this key may not read screening (scope read)"
            ));
        }
        if lost > 0 {
            self.answer.notes.push(format!("{lost} events and alerts of the case are not stored here"));
        }
        Ok(())
    }

    fn alert(&mut self, id: u64) -> Result<(), ApiError> {
        let (alert, _) = self.shared.screening.alert(id)?;
        if alert.event == 0 {
            self.answer.notes.push(format!("alert {id} is about no event"));
            return Ok(());
        }
        let decided = self.shared.screening.event_numbered(alert.event)?;
        self.decided(&decided);
        Ok(())
    }

    fn request(&mut self, id: &str, caller: &Caller) -> Result<(), ApiError> {
        let opened = self.shared.desk().open(id, &caller.0)?;
        let mut other = 0u64;
        for target in &opened.stored.request.targets {
            let why = format!("target of request {id}");
            match target.kind {
                TargetKind::Address => self.add(StartKind::Address, &target.value, target.asset.as_deref(), why),
                TargetKind::Transaction => {
                    self.add(StartKind::Transaction, &target.value, target.asset.as_deref(), why)
                }
                _ => other += 1,
            }
        }
        if other > 0 {
            self.answer.notes.push(format!("{other} targets of the request are neither addresses nor transactions"));
        }
        Ok(())
    }

    fn customer(&mut self, id: &str) -> Result<(), ApiError> {
        let file = customers::of(&self.shared.screening, id)?;
        for alert in file.alerts.iter().filter(|a| a.state == "open" && a.event > 0).take(20) {
            let decided = self.shared.screening.event_numbered(alert.event)?;
            self.decided(&decided);
        }
        for decided in &file.events {
            self.event(&decided.event);
        }
        for address in self.shared.screening.addresses_of(id, MAX_OWN)? {
            self.add(StartKind::Address, &address, None, format!("deposit address of customer {id}"));
        }
        for list in &file.cut {
            self.answer.notes.push(format!("only the latest {list} were looked at"));
        }
        Ok(())
    }
}

/// Returns from what the explorer starts for an alert, event, case, request or customer: addresses and transactions, each with its reason, as far as the caller
/// may see them. Reading is recorded in the audit log.
#[utoipa::path(get, path = "/api/v1/graph/start", params(StartQuery),
    responses((status = 200, body = StartAnswer), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub async fn start(
    State(shared): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<StartQuery>,
) -> Answer<StartAnswer> {
    let StartQuery { alert, case, event, request, customer } = query;
    let named = [alert.is_some(), case.is_some(), event.is_some(), request.is_some(), customer.is_some()];
    if named.iter().filter(|n| **n).count() != 1 {
        return Err(ApiError::bad("name exactly one of alert, case, event, request, customer"));
    }
    let is_reader = READERS.scopes().iter().any(|scope| caller.may(scope));
    if (case.is_some() || request.is_some()) && !is_reader {
        caller.needs("desk")?;
    }
    let collect = move || {
        let mut found = Collected::new(&shared);
        if let Some(id) = alert {
            found.alert(id)?;
        }
        if let Some(id) = case {
            found.case(id, &caller)?;
        }
        if let Some(id) = event {
            let decided = shared.screening.event(&id)?;
            found.decided(&decided);
        }
        if let Some(id) = request {
            found.request(&id, &caller)?;
        }
        if let Some(id) = customer {
            found.customer(&id)?;
        }
        Ok(found.answer)
    };
    run_blocking(collect).await.map(Json)
}
