//! What accounts held, reconciled from movements: each stated balance must follow from the one before and the movements between them.

use crate::disclose::Moved;
use holdfast_decision::{Event, EventKind};
use holdfast_screening::completion::{Executed, brings, executed};
use holdfast_types::{SignedAmount, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Most balances that movements of unknown outcome may lead to before the calculation stops.
const MAX_POSSIBLE: usize = 64;

/// What an account held of an asset after its last movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Account, or empty.
    pub account: String,
    /// Asset.
    pub asset: String,
    /// Base units before the last movement.
    pub before: SignedAmount,
    /// What the last movement changed.
    pub change: SignedAmount,
    /// Base units after it.
    pub after: SignedAmount,
    /// When the last movement was, Unix seconds.
    pub time: Timestamp,
    /// The sender's id of the last movement.
    pub event: String,
}

/// Balances of a customer, and what does not reconcile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// One for each account and asset of which a balance is known.
    pub closing: Vec<Closing>,
    /// Accounts and assets of which no movement states a balance.
    pub unstated: Vec<(String, String)>,
    /// What does not reconcile, with customer, asset and event.
    pub problems: Vec<String>,
}

/// What a movement may change, in base units.
fn changes(moved: &Moved, seen: &mut BTreeSet<String>) -> Vec<SignedAmount> {
    let event = &moved.event;
    let amount = SignedAmount::from(event.amount.unwrap_or_default());
    // Until it is confirmed a deposit is not credited, and a transfer that was reported twice is one.
    if event.kind == EventKind::Deposit {
        let pending = event.confirmations == Some(0) && moved.completion.is_none();
        let transfer = event.transfer().unwrap_or_else(|| event.id.clone());
        if pending || !seen.insert(transfer) {
            return vec![SignedAmount::ZERO];
        }
    }
    let change = if brings(event) { amount } else { amount.negated() };
    match executed(event, moved.decision, moved.completion.as_ref(), moved.held) {
        Executed::Yes => vec![change],
        Executed::No => vec![SignedAmount::ZERO],
        Executed::Unknown => vec![SignedAmount::ZERO, change],
    }
}

/// Whether a stated balance before and after fits the amount that moved: fees make it less, never more.
fn fits(stated: SignedAmount, change: SignedAmount) -> bool {
    stated == change
        || (change != SignedAmount::ZERO && stated < change && (change.is_negative() || !stated.is_negative()))
}

/// One account's balance of one asset on its way.
#[derive(Default)]
struct Book {
    possible: BTreeSet<SignedAmount>,
    last: Option<(SignedAmount, SignedAmount, Event)>,
    lost: bool,
}

impl Book {
    /// Ends the calculation: no asset has so many base units.
    fn lose(&mut self) -> Option<String> {
        self.possible.clear();
        self.lost = true;
        Some("its amount and balance add up to more than 256 bits".into())
    }

    /// Enters a movement; returns what does not reconcile.
    fn enter(&mut self, moved: &Moved, seen: &mut BTreeSet<String>) -> Option<String> {
        let event = &moved.event;
        let mut problem = None;
        let stated = event.balance.map(SignedAmount::from);
        if let Some(before) = stated {
            if !self.possible.is_empty() && !self.possible.contains(&before) {
                let expected: Vec<String> = self.possible.iter().take(3).map(SignedAmount::to_string).collect();
                let after = self.last.as_ref().map_or(String::new(), |l| format!(" after event {}", l.2.id));
                problem =
                    Some(format!("it states {before} before it, the movements give {}{after}", expected.join(" or ")));
            }
            self.possible = BTreeSet::from([before]);
            self.lost = false;
        }
        let changes = changes(moved, seen);
        let stated = event.balance_after.map(SignedAmount::from);
        if let Some(after) = stated {
            let reachable =
                |before: &SignedAmount| after.checked_sub(*before).is_some_and(|d| changes.iter().any(|c| fits(d, *c)));
            if !self.possible.is_empty() && !self.possible.iter().any(reachable) {
                problem =
                    problem.or(Some(format!("it states {after} after it, which does not follow from its amount")));
            }
            let before = self.possible.iter().copied().find(reachable).or(self.possible.first().copied());
            let before = before.or_else(|| after.checked_sub(changes[0]));
            let Some((before, change)) = before.and_then(|b| Some((b, after.checked_sub(b)?))) else {
                return self.lose();
            };
            self.possible = BTreeSet::from([after]);
            self.lost = false;
            self.last = Some((before, change, event.clone()));
            return problem;
        }
        if self.possible.is_empty() {
            return problem;
        }
        let before = self.possible.first().copied().unwrap_or_default();
        let after = self.possible.iter().flat_map(|b| changes.iter().map(|c| b.checked_add(*c)));
        let Some(after) = after.collect::<Option<BTreeSet<_>>>() else { return self.lose() };
        self.possible = after;
        if self.possible.iter().all(|b| b.is_negative()) {
            problem = problem.or(Some("it takes more than there was".into()));
        }
        self.possible.retain(|b| !b.is_negative());
        if self.possible.len() > MAX_POSSIBLE {
            self.possible.clear();
            self.lost = true;
        }
        self.last = Some((before, changes[0], event.clone()));
        problem
    }
}

/// Reconciles the movements of a customer, which must be in order.
pub fn reconcile(customer: &str, moved: &[Moved]) -> Reconciled {
    let mut books: BTreeMap<(String, String), Book> = BTreeMap::new();
    let mut out = Reconciled::default();
    let mut seen = BTreeSet::new();
    for m in moved {
        let Some(asset) = m.event.asset.as_deref().filter(|_| m.event.kind != EventKind::Account) else { continue };
        // One asset by whatever name: BTC and btc are one balance.
        let asset = holdfast_types::asset::canonical(asset);
        let key = (m.event.account.clone().unwrap_or_default(), asset);
        let problem = books.entry(key.clone()).or_default().enter(m, &mut seen);
        if let Some(why) = problem {
            out.problems.push(format!("customer {customer}, asset {}, event {}: {why}", key.1, m.event.id));
        }
    }
    for ((account, asset), book) in books {
        let open = book.possible.len() > 1 || book.lost;
        match (book.last, book.possible.first()) {
            (Some((_, _, event)), _) if open => out.problems.push(format!(
                "customer {customer}, asset {asset}, event {}: whether a movement that was held was carried out is not known; \
                 complete it (POST /api/v1/events/ID/completion)",
                event.id
            )),
            (Some((_, change, event)), Some(after)) => match after.checked_sub(change) {
                Some(before) => out.closing.push(Closing {
                    account,
                    asset,
                    before,
                    change,
                    after: *after,
                    time: event.time,
                    event: event.id,
                }),
                None => out.problems.push(format!(
                    "customer {customer}, asset {asset}, event {}: its balance does not fit into 256 bits",
                    event.id
                )),
            },
            // An impossible balance proves nothing further; it is listed as a problem.
            (Some(_), None) => {}
            (None, _) => out.unstated.push((account, asset)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_decision::Verdict;
    use holdfast_decision::model::{Direction, Status};
    use holdfast_types::Amount;

    fn moved(kind: EventKind, id: &str, amount: u128, before: Option<u128>) -> Moved {
        let mut event = Event::new(kind, id, Timestamp::from_unix(1_780_000_000), "c1");
        event.asset = Some("BTC".into());
        event.amount = Some(Amount::new(amount));
        event.balance = before.map(Amount::new);
        event.tx = (kind == EventKind::Deposit).then(|| format!("tx-{id}"));
        Moved { event, seq: 0, decision: Verdict::Allow, completion: None, held: false }
    }

    fn after(list: &[Moved]) -> Vec<i64> {
        let done = reconcile("c1", list);
        assert_eq!(done.problems, [""; 0]);
        done.closing.iter().map(|c| c.after.to_string().parse().unwrap()).collect()
    }

    use EventKind::{Deposit, Payment, Withdrawal};

    #[test]
    fn a_balance_is_what_is_left_after_the_last_movement() {
        assert_eq!(after(&[moved(Deposit, "d", 5, Some(0)), moved(Withdrawal, "w", 5, Some(5))]), [0]);
        // What is not stated follows from the movements, and a transfer that is reported twice counts once.
        let mut again = moved(Deposit, "d2", 5, None);
        again.event.tx = Some("tx-d".into());
        assert_eq!(after(&[moved(Deposit, "d", 5, Some(1)), again, moved(Withdrawal, "w", 2, None)]), [4]);
        // Fees are in what the sender states after it.
        let mut with_fee = moved(Withdrawal, "w", 5, Some(10));
        with_fee.event.balance_after = Some(Amount::new(4));
        assert_eq!(after(&[with_fee]), [4]);
    }

    #[test]
    fn what_did_not_happen_changes_no_balance() {
        let mut declined = moved(Payment, "p", 7, Some(10));
        (declined.event.direction, declined.event.status) = (Some(Direction::In), Some(Status::Declined));
        assert_eq!(after(std::slice::from_ref(&declined)), [10]);
        let mut rejected = moved(Withdrawal, "w", 5, Some(10));
        rejected.decision = Verdict::Reject;
        assert_eq!(after(&[declined.clone(), rejected]), [10]);
        let mut back = moved(Payment, "p2", 7, None);
        (back.event.direction, back.event.status) = (Some(Direction::In), Some(Status::Chargeback));
        assert_eq!(after(&[declined, back]), [3]);
        let mut held = moved(Withdrawal, "w", 5, Some(10));
        (held.decision, held.held) = (Verdict::Hold, true);
        assert_eq!(after(std::slice::from_ref(&held)), [10]);
        // After the hold its outcome is unknown until a later balance shows it.
        held.held = false;
        let open = reconcile("c1", std::slice::from_ref(&held)).problems;
        assert!(open[0].contains("customer c1, asset BTC, event w") && open[0].contains("complete it"), "{open:?}");
        assert_eq!(after(&[held, moved(Deposit, "d", 1, Some(5))]), [6]);
    }

    #[test]
    fn what_does_not_follow_is_named() {
        let list = [moved(Deposit, "d", 5, Some(0)), moved(Withdrawal, "w", 1, Some(9))];
        let problems = reconcile("c1", &list).problems;
        assert!(
            problems[0].contains("customer c1, asset BTC, event w") && problems[0].contains("give 5"),
            "{problems:?}"
        );
        let problems = reconcile("c1", &[moved(Withdrawal, "w", 11, Some(10))]).problems;
        assert!(problems[0].contains("more than there was"), "{problems:?}");
        assert_eq!(reconcile("c1", &[moved(Deposit, "d", 5, None)]).unstated, [(String::new(), "BTC".to_owned())]);
    }
}
