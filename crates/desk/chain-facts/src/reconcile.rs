//! An event held against the ledger: a credit that the chain does not bear out is a known way to steal (fake top-ups).

use holdfast_bitcoin::AddressKey;
use holdfast_decision::model::Event;
use holdfast_types::{Address, Amount, Asset, ChainId};
use holdfast_workspace::Workspace;

/// A payment of a transaction, as the ledger or the mempool has it.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Base units; `None` when not known.
    pub amount: Option<Amount>,
    /// Payee, where the chain names one.
    pub to: Option<Address>,
}

impl Paid {
    /// Returns what an output pays.
    #[must_use]
    pub fn output(value: u64, to: AddressKey) -> Self {
        Paid { amount: Some(value.into()), to: Some(Address::Script(to)) }
    }
}

/// The output that an event claims, and what about it is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Index of the output.
    pub output: usize,
    /// Contradictions, in words.
    pub mismatch: Vec<String>,
}

/// Confirmations that the sender's node may be ahead of the ledger by.
const AHEAD: u32 = 1;

/// Finds the output that a deposit claims among those of its transaction, by number, else by receiving address, else by amount; and returns
/// where amount, address and confirmations differ. An address that several outputs pay may be credited with their sum.
pub fn claim(event: &Event, paid: &[Paid], confirmations: u32) -> Claim {
    let mut mismatch = Vec::new();
    let amount = event.amount;
    let to = event.address.as_deref().map(|text| (text, Address::read(text)));
    let pays = |p: &Paid| to.as_ref().is_none_or(|(_, address)| p.to.as_ref() == Some(address));
    let numbered = |n: u32| paid.iter().enumerate().skip(n as usize).take(1).collect::<Vec<_>>();
    let candidates: Vec<(usize, &Paid)> = match event.output {
        Some(n) => numbered(n),
        None => paid.iter().enumerate().filter(|(_, p)| pays(p)).collect(),
    };
    if let Some((text, _)) = &to {
        match event.output {
            Some(n) if !candidates.iter().any(|(_, p)| pays(p)) => {
                mismatch.push(format!("output {n} does not pay {text}"));
            }
            None if candidates.is_empty() => mismatch.push(format!("no output of the transaction pays {text}")),
            _ => {}
        }
    }
    let exact = candidates.iter().find(|(_, p)| amount.is_none_or(|a| p.amount == Some(a)));
    let output = exact.or(candidates.first()).map_or(0, |(i, _)| *i);
    if let (None, Some(amount)) = (exact, amount) {
        let amounts = candidates.iter().filter_map(|(_, p)| p.amount);
        let sum = Amount::checked_sum(amounts).unwrap_or(Amount::MAX);
        let sums = event.output.is_none() && to.is_some() && sum == amount;
        let what = match (event.output, &to, candidates.is_empty()) {
            (_, _, true) => None,
            _ if sums => None,
            (Some(n), ..) => Some(format!("output {n} is {sum} base units, by the event {amount}")),
            (None, Some((text, _)), _) => Some(format!("{text} receives {sum} base units, by the event {amount}")),
            (None, None, _) => Some(format!("no output of the transaction is {amount} base units")),
        };
        mismatch.extend(what);
    }
    if let Some(claimed) = event.confirmations.filter(|c| *c > confirmations.saturating_add(AHEAD)) {
        mismatch.push(format!("{claimed} confirmations by the event, {confirmations} by the ledger"));
    }
    Claim { output, mismatch }
}

/// A deposit of an asset of another chain whose transaction is on this one.
pub fn other_asset(workspace: &Workspace, event: &Event) -> Option<String> {
    let network = workspace.ledger.network();
    workspace.ledger.tx_by_id(&event.tx.as_deref()?.parse().ok()?)?;
    let asset = Asset::parse(event.asset.as_deref()?).ok()?;
    let elsewhere = asset.is_listed() && !asset.is_on(&ChainId::of(network));
    elsewhere.then(|| format!("the transaction is on {network}, where there is no {asset}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_bitcoin::{Network, ScriptClass};
    use holdfast_decision::model::EventKind;
    use holdfast_types::Timestamp;

    #[test]
    fn claims_are_held_against_the_outputs() {
        let key = |n: u8| AddressKey::new(ScriptClass::P2pkh, &[n; 20]);
        let text = |n: u8| key(n).to_text(Network::Bitcoin);
        let paid: Vec<Paid> = [(100, 1), (200, 2), (300, 1)].map(|(value, n)| Paid::output(value, key(n))).to_vec();
        let says = |output: Option<u32>, to: Option<u8>, amount: u128, confirmations: Option<u32>| {
            let mut event = Event::new(EventKind::Deposit, "d", Timestamp::from_unix(1_700_000_000), "c");
            (event.output, event.address) = (output, to.map(text));
            (event.amount, event.confirmations) = (Some(Amount::new(amount)), confirmations);
            let claim = claim(&event, &paid, 3);
            (claim.output, claim.mismatch.join("; "))
        };
        assert_eq!(says(Some(1), Some(2), 200, Some(3)), (1, String::new()));
        assert_eq!(says(None, Some(1), 300, None), (2, String::new()));
        assert_eq!(says(None, Some(1), 400, None), (0, String::new()), "the sum of what the address receives");
        assert_eq!(says(None, None, 200, Some(4)), (1, String::new()), "one block ahead");
        assert_eq!(says(Some(1), None, 200_000, None).1, "output 1 is 200 base units, by the event 200000");
        assert_eq!(says(Some(1), Some(1), 200, None).1, format!("output 1 does not pay {}", text(1)));
        assert_eq!(says(None, Some(9), 200, None).1, format!("no output of the transaction pays {}", text(9)));
        assert_eq!(says(None, Some(1), 500, None).1, format!("{} receives 400 base units, by the event 500", text(1)));
        assert_eq!(says(None, None, 7, None).1, "no output of the transaction is 7 base units");
        assert_eq!(says(Some(0), None, 100, Some(6)).1, "6 confirmations by the event, 3 by the ledger");
    }
}
