//! Watch lists looked up on all chains and at the desk, as a job, once a minute. What an item was at its last check is stored with it, so that nothing that
//! happens while the server is stopped, or a chain does not answer, is lost.

use crate::AppState;
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::Tlp;
use holdfast_jobs::{Failure, Job, Outcome, Run};
use holdfast_monitor::watch::{Holding, Seen, WatchKind};
use holdfast_screening::events::EventFilter;
use holdfast_telemetry::logs::one_line;
use holdfast_types::Seconds;
use holdfast_workspace::{ChainQueries, Snapshot, WorkspaceError};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Time between two checks.
const EVERY: Seconds = Seconds::MINUTE;
/// What lists are looked up with: the desk's own tags, none that are for single readers.
const CLEARANCE: Tlp = Tlp::Amber;

/// Checks what is watched, and mails digests that are due.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckWatched {}

impl Job for CheckWatched {
    type Context = AppState;
    const KIND: &'static str = "watch-lists";
    const IS_POLL: bool = true;
    const MAX_PAUSE: Seconds = Seconds::new(60);

    fn key(&self) -> String {
        String::new()
    }

    fn merge(&mut self, _: Self) {}

    fn run(&self, shared: &AppState, run: &Run<'_>) -> Result<Outcome, Failure> {
        let mut go_on = |_| if run.is_stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        shared.check_watched(&mut go_on).map_err(Failure::again)?;
        if run.is_stopping() {
            return Ok(Outcome::Stopped);
        }
        shared.monitor().mail_digests(shared.site.origin()).map_err(Failure::again)?;
        Ok(Outcome::Again { after: EVERY })
    }
}

impl AppState {
    /// Checks what is watched now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn check_watched(
        &self,
        go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<holdfast_monitor::watch::Checked, holdfast_monitor::MonitorError> {
        self.monitor().check_watched(&|kind, value| self.seen(kind, value), go_on)
    }

    /// What is known of something that is watched.
    fn seen(&self, kind: WatchKind, value: &str) -> Seen {
        let mut seen = Seen::default();
        match kind {
            WatchKind::Address | WatchKind::Entity => self.look_on_chains(kind, value, &mut seen),
            WatchKind::Customer => {
                let filter = EventFilter {
                    customer: Some(value.to_owned()),
                    newest_first: true,
                    limit: 1,
                    ..EventFilter::default()
                };
                match self.screening.events(&filter) {
                    Ok(list) => seen.event = list.first().map_or(0, |decided| decided.decision.seq),
                    Err(e) => seen.fail(one_line(&e)),
                }
            }
            WatchKind::Name => {
                let found = self.chains.lookup(value, CLEARANCE);
                if found.more > 0 {
                    seen.gaps.push(format!("{} further results of the search", found.more));
                }
                seen.gaps.extend(found.notes);
                seen.tags = found
                    .hits
                    .iter()
                    .map(|hit| format!("{}: {} addresses", hit.name.as_ref().unwrap_or(&hit.id), hit.addresses))
                    .collect();
            }
        }
        seen
    }

    fn look_on_chains(&self, kind: WatchKind, address: &str, seen: &mut Seen) {
        let (outputs, accounts) = (self.chains.snapshots(), self.chains.account_snapshots());
        let mut is_anywhere = false;
        for chain in outputs.iter().filter(|chain| chain.is_address(address)) {
            is_anywhere = true;
            let name = chain.ledger.network().to_string();
            if let Err(e) = look_on_outputs(chain, kind, address, seen) {
                seen.fail(format!("{name}: {}", one_line(&e)));
            }
        }
        for chain in accounts.iter().filter(|chain| chain.is_address(address)) {
            is_anywhere = true;
            if let Err(e) = look_on_accounts(chain, kind, address, seen) {
                seen.fail(format!("{}: {}", chain.chain(), one_line(&e)));
            }
        }
        if !is_anywhere {
            seen.gaps.push("no stored chain has addresses of this form".to_owned());
        }
    }
}

/// What a chain of outputs has of an address.
fn look_on_outputs(chain: &Snapshot, kind: WatchKind, address: &str, seen: &mut Seen) -> Result<(), WorkspaceError> {
    let report = chain.address_for(address, CLEARANCE)?;
    let tag = |label: &str, pack: &str| format!("{label} (pack {pack})");
    seen.tags.extend(report.tags.iter().map(|t| tag(&t.label, &t.pack)));
    if let Some(exposure) = &report.exposure {
        let all = exposure.source.iter().chain(&exposure.destination);
        seen.touches.extend(all.map(|line| line.category.name().to_owned()));
    }
    if let (WatchKind::Entity, Some(entity)) = (kind, &report.entity) {
        seen.addresses = entity.addresses;
        seen.tags.extend(entity.tag.iter().map(|t| tag(&t.label, &t.pack)));
    }
    if kind == WatchKind::Address && report.in_ledger {
        // Outputs that are of unknown amount: what came is not known then.
        let amount = (report.outside == 0).then(|| report.received.into());
        let mark = format!("{} {} {}", report.receipt_count, report.received, report.balance);
        seen.holdings.insert(format!("{} {}", report.network, chain.asset()), Holding { mark, amount });
    }
    Ok(())
}

/// What an account chain has of an address, or of the entity that it belongs to: as on chains of outputs, the number of its addresses and its tag.
fn look_on_accounts(
    chain: &AccountSnapshot,
    kind: WatchKind,
    address: &str,
    seen: &mut Seen,
) -> Result<(), WorkspaceError> {
    let report = chain.account(address, 0, CLEARANCE)?;
    seen.tags.extend(report.tags.iter().map(|t| format!("{} (pack {})", t.label, t.pack)));
    seen.gaps.extend(report.gaps.iter().map(|gap| format!("{}: {gap}", report.name)));
    if kind == WatchKind::Entity && report.in_ledger {
        let entity = chain.account_cluster(address, 0, CLEARANCE)?;
        // Any address may be on several account chains: the entity's are those of all.
        seen.addresses += entity.size;
        seen.tags.extend(entity.tag.iter().map(|t| format!("{} (pack {})", t.label, t.pack)));
        seen.gaps.extend(entity.gaps.iter().map(|gap| format!("{}: {gap}", report.name)));
        if entity.size > 1 {
            let others = entity.size - 1;
            seen.gaps.push(format!("{}: money of the entity's {others} other addresses is not watched", report.name));
        }
    }
    let listed = u64::try_from(report.balances.len()).unwrap_or(u64::MAX);
    if report.asset_count > listed {
        seen.gaps.push(format!("{}: {} further assets of it", report.name, report.asset_count - listed));
    }
    for held in &report.balances {
        let mark = held.moved.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let holding = Holding { mark, amount: held.balance.or(held.least) };
        seen.holdings.insert(format!("{} {}", report.name, held.asset.id), holding);
    }
    Ok(())
}
