//! Address poisoning on a chain: addresses that imitate those that some addresses deal with, and transfers that only look like payments.

use crate::AccountWorkspace;
use crate::sides::{MAX_TRANSFERS, Side, Sides};
use holdfast_account_ledger::{Backing, LedgerError, StoredTransfer};
use holdfast_types::Amount;
use holdfast_types::lookalike::{Ends, compared, looks_alike};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::chain_queries::Imitation;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// Amounts below which a transfer is worth next to nothing: ticker of the curated list, and how many of its decimal places stand before the bound: a
/// tenth of a stablecoin, a hundred-thousandth of an ether.
const DUST: [(&str, u8); 15] = [
    ("USDT", 1),
    ("USDC", 1),
    ("USDC.E", 1),
    ("DAI", 1),
    ("BUSD", 1),
    ("USDP", 1),
    ("TUSD", 1),
    ("PYUSD", 1),
    ("USDD", 1),
    ("XDAI", 1),
    ("TRX", 1),
    ("POL", 1),
    ("AVAX", 3),
    ("BNB", 4),
    ("ETH", 5),
];

/// Why a transfer is no payment to rely on, whatever a list of transfers looks like.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TransferNote {
    /// The token's own transfers contradict each other: anybody can write the events of a token that is none.
    Spoofed,
    /// The other side's address has the first and last characters of another one that the address dealt with before.
    Lookalike,
    /// The amount is worth next to nothing.
    Dust,
}

impl TransferNote {
    /// Returns the stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Returns below how many base units an amount of an asset is dust; none of assets that the curated list does not value.
fn dust_bound(ticker: Option<&str>, decimals: Option<u8>) -> Option<u128> {
    let (ticker, decimals) = (ticker?, decimals?);
    let (_, before) = DUST.iter().find(|(listed, _)| *listed == ticker)?;
    10u128.checked_pow(u32::from(decimals.checked_sub(*before)?))
}

/// What is of note about a transfer of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferNotes {
    /// What is of note: `spoofed`, `lookalike`, `dust`; nothing of an ordinary transfer.
    pub notes: Vec<TransferNote>,
    /// The address that the other side's imitates, where that is of note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imitates: Option<String>,
}

/// What is of note about a list of transfers of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotedTransfers {
    /// Of each transfer, in the list's order.
    pub notes: Vec<TransferNotes>,
    /// What was not looked at, in words; nothing where all was.
    pub gaps: Vec<String>,
}

/// Returns what a look-up leaves out of accounts that have more transfers than are looked at.
fn cut_gap(cut: usize) -> Option<String> {
    (cut > 0)
        .then(|| format!("look-alikes were looked for among the first {MAX_TRANSFERS} transfers of an address only"))
}

/// Of addresses with the same ends the one that was dealt with first, which the others imitate.
fn first_of<'a>(alike: impl Iterator<Item = &'a Side>) -> Option<&'a Side> {
    alike.min_by_key(|side| (side.first, side.account))
}

impl AccountWorkspace {
    /// Returns the address that another one imitates: one with the same ends that any of `own` dealt with before it. What one of `own` paid imitates none.
    /// The first thousand transfers of each count.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no address of the chain, and when the ledger does not read.
    pub fn imitated(&self, address: &str, own: &[String]) -> Result<Imitation, WorkspaceError> {
        let id = self.account_id(address)?;
        let text = compared(&id.to_address(self.chain()).to_string());
        let number = self.ledger.account_number(&id);
        let Some(ends) = Ends::of(&text) else { return Ok(Imitation::default()) };
        let (mut alike, mut cut) = (Vec::new(), 0);
        for own in own.iter().filter_map(|own| self.account_id(own).ok()) {
            let Some(account) = self.ledger.account_number(&own) else { continue };
            let sides = self.sides_of(account)?;
            cut += usize::from(sides.is_cut);
            let found = sides.with_ends(ends);
            if found.iter().any(|side| side.is_paid && Some(side.account) == number) {
                return Ok(Imitation::default());
            }
            alike.extend_from_slice(found);
        }
        let of = first_of(alike.iter()).map(|side| self.compared_text(side.account)).transpose()?;
        Ok(Imitation { of: of.filter(|of| looks_alike(&text, of)), gaps: cut_gap(cut).into_iter().collect() })
    }

    /// Returns an account's address as addresses are compared.
    fn compared_text(&self, account: u32) -> Result<String, LedgerError> {
        Ok(compared(&self.ledger.account(account)?.to_address(self.chain()).to_string()))
    }

    /// Returns what is of note about transfers of an account, for each in their order: tokens whose transfers contradict each other, dust, and other sides
    /// whose addresses imitate one that the account dealt with before.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger does not read.
    pub fn transfer_notes(&self, account: u32, transfers: &[StoredTransfer]) -> Result<NotedTransfers, LedgerError> {
        let sides = self.sides_of(account)?;
        let mut all = NotedTransfers { notes: Vec::new(), gaps: cut_gap(sides.is_cut.into()).into_iter().collect() };
        let mut of_assets: HashMap<u32, (bool, Option<u128>)> = HashMap::new();
        for transfer in transfers {
            let (is_spoofed, bound) = match of_assets.get(&transfer.asset) {
                Some(known) => *known,
                None => {
                    let is_spoofed = matches!(self.ledger.backing(transfer.asset)?, Backing::Unbacked { .. });
                    let asset = self.asset_of(transfer.asset)?;
                    let known = (is_spoofed, dust_bound(asset.ticker(), asset.decimals()));
                    *of_assets.entry(transfer.asset).or_insert(known)
                }
            };
            let other = if transfer.from == Some(account) { transfer.to } else { transfer.from };
            let imitates = match other.filter(|other| *other != account) {
                Some(other) => self.imitates_a_side(&sides, other)?,
                None => None,
            };
            let is_dust = bound.is_some_and(|bound| transfer.amount < Amount::new(bound));
            let notes = [
                (is_spoofed, TransferNote::Spoofed),
                (imitates.is_some(), TransferNote::Lookalike),
                (is_dust, TransferNote::Dust),
            ];
            let notes = notes.into_iter().filter(|(is, _)| *is).map(|(_, note)| note).collect();
            all.notes.push(TransferNotes { notes, imitates });
        }
        Ok(all)
    }

    /// Returns the address that an account's imitates among those that another one dealt with.
    fn imitates_a_side(&self, sides: &Sides, other: u32) -> Result<Option<String>, LedgerError> {
        let text = self.compared_text(other)?;
        let Some(ends) = Ends::of(&text) else { return Ok(None) };
        let first = first_of(sides.with_ends(ends).iter()).filter(|first| first.account != other);
        let of = first.map(|first| self.compared_text(first.account)).transpose()?;
        Ok(of.filter(|of| looks_alike(&text, of)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_account_ledger::TransferNumber;

    #[test]
    fn dust_is_judged_where_the_list_has_a_measure() {
        for (ticker, decimals, amount, expected) in [
            (Some("USDT"), Some(6), 99_999, true),
            (Some("USDT"), Some(6), 100_000, false),
            (Some("ETH"), Some(18), 9_999_999_999_999, true),
            (Some("ETH"), Some(18), 10_000_000_000_000, false),
            (Some("SHIB"), Some(18), 1, false),
            (None, None, 1, false),
        ] {
            let is_dust = dust_bound(ticker, decimals).is_some_and(|bound| amount < bound);
            assert_eq!(is_dust, expected, "{ticker:?} {amount}");
        }
        let listed = |ticker: &str| holdfast_types::Asset::parse(ticker).unwrap().is_listed();
        assert!(DUST.iter().all(|(ticker, _)| listed(ticker)));
    }

    #[test]
    fn the_older_of_two_alike_imitates_nothing() {
        let ends = Ends::of("0x1234aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9876").unwrap();
        // Whichever of the customer's addresses was looked at first.
        let at = |first, account| Side { ends, account, first: TransferNumber::new(first), is_paid: false };
        assert_eq!(first_of([at(9, 1), at(2, 7)].iter()).unwrap().account, 7);
        assert_eq!(first_of([at(2, 7), at(2, 3)].iter()).unwrap().account, 3);
        assert!(first_of([].iter()).is_none());
    }
}
