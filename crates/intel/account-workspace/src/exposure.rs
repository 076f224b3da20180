//! Exposures on account chains: with which categories the money of an address, a transaction or a transfer is connected, by asset. They are made when
//! they are asked for, within bounds that every answer states, and stored until a block moves a balance that they rest on.

use crate::AccountWorkspace;
use crate::handle::kept_blocks;
use crate::peers::Together;
use holdfast_account_ledger::{Backing, Ledger, LedgerError, NATIVE, TransferNumber};
use holdfast_analysis::accounts::AccountEndKind;
use holdfast_analysis::accounts::exposure::{
    AccountExposure, AccountExposures, AccountTotals, ExposureBounds, LinkedChains, account_exposure, touched,
    transfers_exposure,
};
use holdfast_analysis::report::risk_weight;
use holdfast_attribution::{Category, TagStore, Tlp};
use holdfast_types::{Amount, ChainId};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::chain_queries::{CategoryAmount, ChainExposure};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use utoipa::ToSchema;

/// Most assets of one answer.
const MAX_ASSETS: usize = 32;
/// Most answers that are stored.
const MAX_STORED: usize = 20_000;
/// A whole, in millionths.
const WHOLE_PPM: u64 = 1_000_000;

/// How far exposures look. The two sides of a swap or bridge are two transfers: a dozen reach over two swaps, a bridge and some holders.
const BOUNDS: ExposureBounds = ExposureBounds { max_transfers: 200, max_hops: 12, max_edges: 20_000 };

/// The bounds within which an exposure was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExposureBoundsView {
    /// The latest transfers that are looked at, of each direction.
    pub max_transfers: u64,
    /// Transfers away from the subject's own, at most.
    pub max_hops: u32,
    /// Movements that are passed at most, of each direction.
    pub max_edges: u64,
}

impl From<ExposureBounds> for ExposureBoundsView {
    fn from(bounds: ExposureBounds) -> Self {
        ExposureBoundsView {
            max_transfers: bounds.max_transfers as u64,
            max_hops: bounds.max_hops,
            max_edges: bounds.max_edges as u64,
        }
    }
}

/// One category's part of an exposure, base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountExposureLine {
    /// Category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Its risk.
    pub risk: String,
    /// Base units directly from or to it.
    #[schema(value_type = String)]
    pub direct: Amount,
    /// Base units through unattributed addresses.
    #[schema(value_type = String)]
    pub indirect: Amount,
    /// Both, in millionths of the whole.
    pub share_ppm: u64,
}

/// A part of an exposure that nobody is known for, and why it ends there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnattributedLine {
    /// Why the trace ends: `rests`, `made`, `unread` (minted or destroyed for what no event states), `opening`, `elsewhere`, `hops` (a bound), and others.
    #[schema(value_type = String)]
    pub reason: AccountEndKind,
    /// Base units.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// In millionths of the whole.
    pub share_ppm: u64,
}

/// Where money came from, or where it went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExposureSide {
    /// Base units that were looked at.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// By category, largest first.
    pub by_category: Vec<AccountExposureLine>,
    /// What nobody is known for, by reason.
    pub unattributed: Vec<UnattributedLine>,
    /// Base units that went into fees on the way.
    #[schema(value_type = String)]
    pub fees: Amount,
    /// Part of which it is not known where it came from or went, in millionths: beyond bounds, before the first block, on chains that are not held,
    /// through assets whose sums are not sound (at most, `doubtful_ppm`).
    pub unknown_ppm: u64,
    /// What went over other assets whose transfers contradict each other, or of which not all moves were read: in millionths of the whole, at most. It
    /// may be counted under categories and reasons too.
    #[serde(default)]
    pub doubtful_ppm: u64,
    /// The part of `unknown_ppm` that was there before the ledger's first block, in millionths; the rest was not looked at.
    #[serde(default)]
    pub older_ppm: u64,
    /// Whether only the latest transfers were looked at.
    pub is_partial: bool,
    /// Whether an opening balance on the way, which nobody states, was taken as the least.
    pub is_assumed: bool,
}

/// The exposure in an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssetExposure {
    /// The asset.
    pub asset: AssetView,
    /// Where the money came from.
    pub source: ExposureSide,
    /// Where it went.
    pub destination: ExposureSide,
    /// 0 to 100: the riskiest of source, destination and the subject itself, weighted (severe 100, high 75, medium 25). It is the least possible where a
    /// part is not known; null when it would be 0 but a part is not known, and when nothing is known at all.
    pub risk_score: Option<u32>,
    /// What the figures leave out, in words.
    pub gaps: Vec<String>,
}

/// The exposure of an address, a transaction or a transfer of an account chain, by asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountExposureReport {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// What was requested: an address with its checksum, a transaction or a transfer.
    pub subject: String,
    /// Height of the last block that it rests on.
    pub tip_height: Option<u64>,
    /// The bounds within which it was made.
    pub bounds: ExposureBoundsView,
    /// By asset.
    pub assets: Vec<AssetExposure>,
    /// Further assets of the subject that were not looked at; request them by name.
    pub assets_left_out: u64,
    /// What is missing on the chain, in words.
    pub gaps: Vec<String>,
}

/// What an exposure is of.
enum Subject {
    Account(u32),
    Transfers(Vec<TransferNumber>),
}

/// What exposures are wanted of.
struct Subjects {
    name: String,
    by_asset: Vec<(u32, Subject)>,
    left_out: u64,
}

/// Whether it is not known where money at such an end came from or went.
fn is_unknown(kind: AccountEndKind) -> bool {
    use AccountEndKind::{Burnt, Made, Rests, Service};
    !matches!(kind, Rests | Made | Burnt | Service)
}

fn share_ppm(part: Amount, whole: Amount) -> u64 {
    let ppm = part.mul_div(Amount::from(WHOLE_PPM), whole).and_then(|ppm| u64::try_from(ppm).ok());
    ppm.unwrap_or(0)
}

impl From<&AccountTotals> for ExposureSide {
    fn from(totals: &AccountTotals) -> Self {
        let line = |(category, direct, indirect): &(Category, Amount, Amount)| AccountExposureLine {
            category: *category,
            risk: category.risk().name().to_owned(),
            direct: *direct,
            indirect: *indirect,
            share_ppm: totals.share_ppm(*category),
        };
        let unattributed = |(reason, amount): &(AccountEndKind, Amount)| UnattributedLine {
            reason: *reason,
            amount: *amount,
            share_ppm: share_ppm(*amount, totals.amount),
        };
        let sum = |ends: &[(AccountEndKind, Amount)], is_wanted: &dyn Fn(AccountEndKind) -> bool| {
            let wanted = ends.iter().filter(|end| is_wanted(end.0)).map(|end| end.1);
            share_ppm(Amount::checked_sum(wanted).unwrap_or(Amount::MAX), totals.amount)
        };
        // What ended in a doubtful asset came into it: it is not unknown twice.
        let known_assets = |is_wanted: &dyn Fn(AccountEndKind) -> bool| {
            sum(&totals.unattributed, is_wanted).saturating_sub(sum(&totals.doubtful_ends, is_wanted))
        };
        let doubtful_ppm =
            totals.doubtful.values().fold(0u64, |sum, part| sum.saturating_add(share_ppm(*part, totals.amount)));
        let in_doubtful = doubtful_ppm.max(sum(&totals.doubtful_ends, &is_unknown));
        let unknown_ppm = known_assets(&is_unknown).saturating_add(in_doubtful).min(WHOLE_PPM);
        ExposureSide {
            amount: totals.amount,
            by_category: totals.by_category.iter().map(line).collect(),
            unattributed: totals.unattributed.iter().map(unattributed).collect(),
            fees: totals.fees,
            unknown_ppm,
            doubtful_ppm: doubtful_ppm.min(WHOLE_PPM),
            older_ppm: known_assets(&|kind| kind == AccountEndKind::Opening),
            is_partial: totals.is_partial,
            is_assumed: totals.is_assumed,
        }
    }
}

impl ExposureSide {
    /// Returns what the figures of a side leave out, in words.
    fn gaps(&self, what: &str) -> Vec<String> {
        let mut gaps = Vec::new();
        for line in self.unattributed.iter().filter(|line| is_unknown(line.reason) && line.share_ppm > 0) {
            let why = match line.reason {
                AccountEndKind::Hops => format!("is more than {} transfers away", BOUNDS.max_hops),
                AccountEndKind::Edges => format!("is beyond {} movements", BOUNDS.max_edges),
                AccountEndKind::Opening => "was there before the first stored block".to_owned(),
                AccountEndKind::Elsewhere => "is on a chain or in an asset that is not held, or waits to arrive there".to_owned(),
                AccountEndKind::Beyond => "is of balances beyond 256 bits".to_owned(),
                AccountEndKind::Unread => {
                    "was minted or destroyed by a contract, and no event that is read states for what: perhaps by a bridge".to_owned()
                }
                kind => format!("ends in an unattributed {kind}, behind which no link is known"),
            };
            gaps.push(format!("{}.{}% of {what} {why}", line.share_ppm / 10_000, line.share_ppm / 1_000 % 10));
        }
        if self.doubtful_ppm > 0 {
            let (whole, tenth) = (self.doubtful_ppm / 10_000, self.doubtful_ppm / 1_000 % 10);
            gaps.push(format!(
                "up to {whole}.{tenth}% of {what} went over assets whose sums are not sound or not complete"
            ));
        }
        if self.is_partial {
            gaps.push(format!("only the latest {} transfers of {what} were looked at", BOUNDS.max_transfers));
        }
        if self.is_assumed {
            gaps.push(format!("behind {what}, opening balances that nobody states were taken as the least possible"));
        }
        gaps
    }

    fn score(&self) -> u32 {
        let weighted = self.by_category.iter().map(|line| {
            let weight = Amount::from(u64::from(risk_weight(line.category.risk())));
            line.direct.checked_add(line.indirect).and_then(|sum| sum.mul_div(weight, self.amount))
        });
        let sum = weighted.flatten().filter_map(|part| u32::try_from(u64::try_from(part).ok()?).ok());
        sum.fold(0, u32::saturating_add).min(100)
    }
}

impl AccountWorkspace {
    /// Returns what is wrong with all figures of an asset, in words.
    fn gaps_of_asset(&self, asset: u32) -> Result<Vec<String>, LedgerError> {
        let mut gaps = Vec::new();
        if matches!(self.ledger.backing(asset)?, Backing::Unbacked { .. }) {
            let asset = self.asset_of(asset)?;
            gaps.push(format!("transfers of {asset} drive a balance negative, so its sums are not sound"));
        }
        let blind = if asset == NATIVE { self.ledger.blind_blocks()? } else { 0 };
        if blind > 0 {
            gaps.push(format!("coin moved inside transactions is unknown in {blind} blocks"));
        }
        Ok(gaps)
    }

    /// Reads what an exposure is wanted of, in the asset that is named or all.
    fn exposure_subject(&self, text: &str, asset: Option<&str>) -> Result<Subjects, WorkspaceError> {
        let asset = asset.map(|asset| self.asset_number(asset)).transpose()?;
        let is_wanted = |other: &u32| asset.is_none_or(|asset| asset == *other);
        let (name, mut subjects) = if self.account_id(text).is_ok() {
            let account = self.known_account(text)?;
            let mut assets = self.assets_listed_first(account)?;
            assets.retain(is_wanted);
            let subjects: Vec<_> = assets.into_iter().map(|asset| (asset, Subject::Account(account))).collect();
            (self.address_text(account)?, subjects)
        } else {
            let (_, transfers) = self.payments_of(text)?;
            let mut by_asset: BTreeMap<u32, Vec<TransferNumber>> = BTreeMap::new();
            for transfer in transfers.iter().filter(|t| is_wanted(&t.asset)) {
                by_asset.entry(transfer.asset).or_default().push(transfer.number);
            }
            let subjects = by_asset.into_iter().map(|(asset, numbers)| (asset, Subject::Transfers(numbers))).collect();
            (text.trim().to_owned(), subjects)
        };
        let left_out = subjects.len().saturating_sub(MAX_ASSETS);
        subjects.truncate(MAX_ASSETS);
        Ok(Subjects { name, by_asset: subjects, left_out: left_out as u64 })
    }

    /// Returns the exposure of an address, a transaction (hash) or a transfer (its id), in an asset or, where none is named, in all that it moved. It
    /// rests on all tags; see [`AccountWorkspace::shows_exposure`].
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that names no subject or asset of the chain, and for what is not stored.
    pub fn exposure(&self, text: &str, asset: Option<&str>) -> Result<AccountExposureReport, WorkspaceError> {
        let Subjects { name: subject, by_asset, left_out: assets_left_out } = self.exposure_subject(text, asset)?;
        let mut assets = Vec::with_capacity(by_asset.len());
        for (asset, subject) in by_asset {
            assets.push(self.asset_exposure(asset, &subject)?);
        }
        Ok(AccountExposureReport {
            chain: self.chain().to_string(),
            subject,
            tip_height: self.ledger.tip()?.map(|tip| tip.height),
            bounds: BOUNDS.into(),
            assets,
            assets_left_out,
            gaps: self.gaps().to_vec(),
        })
    }

    fn asset_exposure(&self, asset: u32, subject: &Subject) -> Result<AssetExposure, WorkspaceError> {
        let together = self.together(true);
        let found = match subject {
            Subject::Account(account) => self.exposed.of(&together, *account, asset)?,
            Subject::Transfers(numbers) => {
                Arc::new(together.ask(Tlp::Red, |over| transfers_exposure(over, together.own, numbers, BOUNDS))?)
            }
        };
        let (mut source, mut destination) = (ExposureSide::from(&found.source), ExposureSide::from(&found.destination));
        let mut gaps = self.gaps_of_asset(asset)?;
        if !gaps.is_empty() {
            // Nothing is known for certain of any part.
            (source.unknown_ppm, destination.unknown_ppm) = (WHOLE_PPM, WHOLE_PPM);
            (source.older_ppm, destination.older_ppm) = (0, 0);
        }
        // What was not looked at on its own chain stands with the whole answer.
        for other in found.chains().into_iter().filter(|chain| *chain != together.own) {
            let Some(chain) = together.chains.get(usize::from(other)) else { continue };
            let on = chain.usual_name();
            gaps.extend(chain.unlooked()?.into_iter().map(|gap| format!("on the way, on {on}: {gap}")));
        }
        let doubtful: BTreeSet<_> = found.source.doubtful.keys().chain(found.destination.doubtful.keys()).collect();
        let more = doubtful.len().saturating_sub(MAX_ASSETS);
        for (chain, asset) in doubtful.into_iter().take(MAX_ASSETS) {
            let Some(chain) = together.chains.get(usize::from(*chain)) else { continue };
            let on = chain.usual_name();
            gaps.extend(chain.gaps_of_asset(*asset)?.into_iter().map(|gap| format!("on the way, on {on}: {gap}")));
        }
        if more > 0 {
            gaps.push(format!("on the way: {more} further assets whose sums are not sound or not complete"));
        }
        gaps.extend(source.gaps("what came"));
        gaps.extend(destination.gaps("what went"));
        let own = match subject {
            Subject::Account(account) => self.category_for(*account, Tlp::Red),
            Subject::Transfers(_) => Category::UNATTRIBUTED,
        };
        let least = source.score().max(destination.score()).max(risk_weight(own.risk()));
        let is_whole = |side: &ExposureSide| side.unknown_ppm == 0 && !side.is_partial;
        let is_known = is_whole(&source) && is_whole(&destination) && !source.amount.is_zero();
        Ok(AssetExposure {
            asset: self.asset_view(asset)?,
            risk_score: (is_known || least > 0).then_some(least),
            source,
            destination,
            gaps,
        })
    }

    /// Returns whether exposures, which are computed over all tags, may be shown: sums over categories name no tag, but reveal what is known.
    #[must_use]
    pub fn shows_exposure(&self, clearance: Tlp) -> bool {
        clearance >= Tlp::AmberStrict || !self.tags.any_above(clearance)
    }

    /// Returns what screening needs of an exposure in one asset; nothing for an address or transaction that does not move it.
    pub(crate) fn chain_exposure(&self, text: &str, asset: Option<&str>) -> Result<ChainExposure, WorkspaceError> {
        let mut subjects = self.exposure_subject(text, asset)?;
        if subjects.by_asset.len() > 1 {
            return Err(self.wrong(text, "it moves several assets; name the asset that is meant"));
        }
        let Some((asset, subject)) = subjects.by_asset.pop() else { return Ok(ChainExposure::default()) };
        let exposure = self.asset_exposure(asset, &subject)?;
        let amounts = |side: &ExposureSide| {
            let amount = |line: &AccountExposureLine| CategoryAmount {
                category: line.category,
                direct: line.direct,
                indirect: line.indirect,
            };
            side.by_category.iter().map(amount).collect()
        };
        Ok(ChainExposure {
            source: amounts(&exposure.source),
            destination: amounts(&exposure.destination),
            source_amount: Some(exposure.source.amount),
            destination_amount: Some(exposure.destination.amount),
            unknown_amounts: 0,
            unknown_source_ppm: exposure.source.unknown_ppm,
            older_source_ppm: exposure.source.older_ppm,
            is_unsound: matches!(self.ledger.backing(asset)?, Backing::Unbacked { .. }),
            gaps: exposure.gaps,
            as_of_height: None,
        })
    }
}

/// Exposures that were answered, with the chains that they stand for. A request brings them up to its own.
#[derive(Default)]
pub(crate) struct Exposed(Mutex<Option<Stored>>);

impl fmt::Debug for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exposed").field(&self.stored().as_ref().map(|stored| stored.answers.len())).finish()
    }
}

/// A chain as answers stand for it. Its own exposures are exchanged when its links are made anew.
type StoredChain = (ChainId, Ledger, Arc<TagStore>, Weak<Exposed>);

struct Stored {
    /// By position.
    chains: Vec<StoredChain>,
    answers: AccountExposures,
}

impl Stored {
    fn new(together: &Together<'_>) -> Self {
        let chain = |chain: &&AccountWorkspace| {
            (chain.chain().clone(), chain.ledger.snapshot(), chain.tags.clone(), Arc::downgrade(&chain.exposed))
        };
        Stored {
            chains: together.chains.iter().map(chain).collect(),
            answers: AccountExposures::new(BOUNDS, MAX_STORED),
        }
    }

    fn stands_for(&self, together: &Together<'_>) -> bool {
        let is_same = |(stored, now): (&StoredChain, &&AccountWorkspace)| {
            stored.0 == *now.chain()
                && stored.1.revision() == now.ledger.revision()
                && Arc::ptr_eq(&stored.2, &now.tags)
                && stored.3.ptr_eq(&Arc::downgrade(&now.exposed))
        };
        self.chains.len() == together.chains.len() && self.chains.iter().zip(&together.chains).all(is_same)
    }

    /// Drops what does not hold of chains as they are now; none where that is everything.
    fn caught_up(mut self, together: &Together<'_>) -> Option<Self> {
        if self.chains.len() != together.chains.len() {
            return None;
        }
        for ((position, stored), now) in (0u16..).zip(&mut self.chains).zip(&together.chains) {
            let is_rebuilt = !stored.3.ptr_eq(&Arc::downgrade(&now.exposed));
            if is_rebuilt || stored.0 != *now.chain() || !Arc::ptr_eq(&stored.2, &now.tags) {
                return None;
            }
            if stored.1.revision() == now.ledger.revision() {
                continue;
            }
            let kept = kept_blocks(&stored.1, &now.ledger)?;
            let first = now.ledger.first().ok()??.height;
            // Of blocks that went, and of those that came.
            for ledger in [&stored.1, &now.ledger] {
                self.answers.advance(position, &touched(ledger, first.checked_add(kept)?..u64::MAX).ok()?);
            }
            stored.1 = now.ledger.snapshot();
        }
        Some(self)
    }
}

impl Exposed {
    fn stored(&self) -> MutexGuard<'_, Option<Stored>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Returns an account's exposure, made where it is not stored.
    fn of(&self, together: &Together<'_>, account: u32, asset: u32) -> Result<Arc<AccountExposure>, WorkspaceError> {
        {
            let mut stored = self.stored();
            let current = match stored.take() {
                Some(stored) if stored.stands_for(together) => Some(stored),
                Some(stored) => stored.caught_up(together),
                None => None,
            };
            let current = stored.insert(current.unwrap_or_else(|| Stored::new(together)));
            let find = |over: LinkedChains<'_>| current.answers.stored(over, together.own, account, asset);
            if let Some(found) = together.ask(Tlp::Red, find) {
                return Ok(found);
            }
        }
        // Others go on meanwhile.
        let ask = |over: LinkedChains<'_>| account_exposure(over, together.own, account, asset, BOUNDS);
        let made = Arc::new(together.ask(Tlp::Red, ask)?);
        if let Some(stored) = self.stored().as_mut().filter(|stored| stored.stands_for(together)) {
            stored.answers.put(together.own, account, asset, &made);
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ended without a known origin in an asset that is not sound is among what came into it.
    #[test]
    fn ends_in_doubtful_assets_are_unknown_once() {
        let n = Amount::new;
        let totals = AccountTotals {
            amount: n(100),
            unattributed: vec![(AccountEndKind::Opening, n(30)), (AccountEndKind::Hops, n(20))],
            doubtful: BTreeMap::from([((0, 1), n(40))]),
            doubtful_ends: vec![(AccountEndKind::Opening, n(10)), (AccountEndKind::Hops, n(20))],
            ..AccountTotals::default()
        };
        let side = ExposureSide::from(&totals);
        assert_eq!((side.unknown_ppm, side.doubtful_ppm, side.older_ppm), (600_000, 400_000, 200_000));
        // More ended there than is stated to have come: prices differ from link to link.
        let few = AccountTotals { doubtful: BTreeMap::from([((0, 1), n(15))]), ..totals };
        assert_eq!(ExposureSide::from(&few).unknown_ppm, 500_000);
    }
}
