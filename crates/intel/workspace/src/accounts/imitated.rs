//! Address poisoning on a chain: addresses that imitate those that some addresses deal with, and transfers that only look like payments.

use crate::accounts::AccountWorkspace;
use crate::accounts::transfers::Start;
use crate::error::WorkspaceError;
use holdfast_account_ledger::{Backing, Direction, LedgerError, StoredTransfer, TransferNumber};
use holdfast_types::Amount;
use holdfast_types::lookalike::{Ends, compared, looks_alike};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::ControlFlow;
use utoipa::ToSchema;

/// Most transfers of an address that are looked at.
const MAX_TRANSFERS: usize = 1_000;

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

/// Returns whether an amount of a listed asset is dust. Of assets that the curated list does not value it is not known, and no.
#[must_use]
pub fn is_dust(ticker: Option<&str>, decimals: Option<u8>, amount: Amount) -> bool {
    let (Some(ticker), Some(decimals)) = (ticker, decimals) else { return false };
    let before = DUST.iter().find(|(listed, _)| *listed == ticker).map(|(_, before)| *before);
    let bound = before.and_then(|before| 10u128.checked_pow(u32::from(decimals.checked_sub(before)?)));
    bound.is_some_and(|bound| amount < Amount::new(bound))
}

/// The addresses that some addresses dealt with, by their ends, each with the first transfer between them.
type Known = HashMap<Ends, Vec<(TransferNumber, String)>>;

/// Returns the address that another one imitates; none for an address that is older than those with its ends.
fn imitated_in<'a>(known: &'a Known, address: &str) -> Option<&'a String> {
    let text = compared(address);
    let (_, first) = known.get(&Ends::of(&text)?)?.iter().min()?;
    looks_alike(&text, first).then_some(first)
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

impl AccountWorkspace {
    /// Notes the other sides of the first transfers of an account. Returns whether it paid `payee`.
    fn note_sides(&self, account: u32, payee: &str, known: &mut Known) -> Result<bool, LedgerError> {
        let (mut seen, mut is_paid, mut failed) = (0, false, None);
        self.for_each_posting(account, &self.ledger.assets_of(account)?, Start::default(), &mut |posting| {
            let is_out = posting.direction == Direction::Out;
            let other = if is_out { posting.transfer.to } else { posting.transfer.from };
            match other.filter(|other| *other != account).map(|other| self.ledger.account(other)).transpose() {
                Ok(Some(other)) => {
                    let text = compared(&other.to_address(self.chain()).to_string());
                    is_paid |= is_out && text == payee;
                    if let Some(ends) = Ends::of(&text) {
                        let alike = known.entry(ends).or_default();
                        let number = posting.transfer.number;
                        match alike.iter_mut().find(|(_, known)| *known == text) {
                            Some((first, _)) => *first = number.min(*first),
                            None => alike.push((number, text)),
                        }
                    }
                }
                Ok(None) => {}
                Err(e) => failed = Some(e),
            }
            seen += 1;
            if seen < MAX_TRANSFERS && failed.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        failed.map_or(Ok(is_paid), Err)
    }

    /// Returns the address that another one imitates: one with the same ends that any of `own` dealt with before it. What one of `own` paid imitates none.
    /// The first thousand transfers of each count.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that is no address of the chain, and when the ledger does not read.
    pub fn imitated(&self, address: &str, own: &[String]) -> Result<Option<String>, WorkspaceError> {
        let text = compared(&self.account_id(address)?.to_address(self.chain()).to_string());
        let mut known = Known::new();
        for own in own.iter().filter_map(|own| self.account_id(own).ok()) {
            let Some(account) = self.ledger.account_number(&own) else { continue };
            if self.note_sides(account, &text, &mut known)? {
                return Ok(None);
            }
        }
        Ok(imitated_in(&known, &text).cloned())
    }

    /// Returns what is of note about transfers of an address, for each in their order, and the address that the other side's imitates.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger does not read.
    pub fn transfer_notes(&self, account: u32, transfers: &[StoredTransfer]) -> Result<NotedTransfers, LedgerError> {
        let mut known = Known::new();
        self.note_sides(account, "", &mut known)?;
        let mut all = NotedTransfers::default();
        for transfer in transfers {
            let mut notes = Vec::new();
            if matches!(self.ledger.backing(transfer.asset)?, Backing::Unbacked { .. }) {
                notes.push(TransferNote::Spoofed);
            }
            let other = if transfer.from == Some(account) { transfer.to } else { transfer.from };
            let other = other.map(|other| self.ledger.account(other)).transpose()?;
            let other = other.map(|other| other.to_address(self.chain()).to_string());
            let imitated = other.and_then(|other| imitated_in(&known, &other).cloned());
            if imitated.is_some() {
                notes.push(TransferNote::Lookalike);
            }
            let asset = self.asset_of(transfer.asset)?;
            if is_dust(asset.ticker(), asset.decimals(), transfer.amount) {
                notes.push(TransferNote::Dust);
            }
            all.notes.push(TransferNotes { notes, imitates: imitated });
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(is_dust(ticker, decimals, Amount::new(amount)), expected, "{ticker:?} {amount}");
        }
        let listed = |ticker: &str| holdfast_types::Asset::parse(ticker).unwrap().is_listed();
        assert!(DUST.iter().all(|(ticker, _)| listed(ticker)));
    }

    #[test]
    fn the_older_of_two_alike_imitates_nothing() {
        let [first, second] =
            ["0x1234aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9876", "0x123fbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9876"];
        // Whichever of the customer's addresses was looked at first.
        let at = |number, address: &str| (TransferNumber::new(number), address.to_owned());
        let known = Known::from([(Ends::of(first).unwrap(), vec![at(9, second), at(2, first)])]);
        assert_eq!(imitated_in(&known, second).map(String::as_str), Some(first));
        assert_eq!(imitated_in(&known, first), None);
        assert_eq!(imitated_in(&known, "0x777aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9876"), None);
    }
}
