//! What issuers froze, lifted and destroyed on a chain, and what they propose to: signals in the order of the chain, folded.

use holdfast_types::{AccountId, Amount, Hash32, IssuerAct, IssuerAction, Signal, TokenRef};
use holdfast_workspace::freeze_view::FreezeState;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A place of the chain at which an issuer acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Height of the block.
    pub height: u64,
    /// Time of the block, Unix seconds.
    pub time: u64,
    /// Hash of the transaction; `None` where it is not stored.
    pub tx: Option<Hash32>,
}

/// A freeze of an account, from its proposal to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The token.
    pub token: TokenRef,
    /// The account.
    pub account: AccountId,
    /// How it stands.
    pub state: FreezeState,
    /// Its first proposal, with its number in the issuer's wallet.
    pub proposed: Option<(At, u64)>,
    /// When the proposal was withdrawn.
    pub withdrawn: Option<At>,
    /// When it began.
    pub frozen: Option<At>,
    /// When its end was proposed last, with the proposal's number.
    pub lift_proposed: Option<(At, u64)>,
    /// When it ended.
    pub lifted: Option<At>,
    /// When a destruction was proposed last, with the proposal's number.
    pub destroy_proposed: Option<(At, u64)>,
    /// When units were destroyed first.
    pub destroyed: Option<At>,
    /// How many units were destroyed; `None` where an event did not state it.
    pub destroyed_amount: Option<Amount>,
    /// Proposals of the freeze that are neither executed nor withdrawn, with their places.
    open: BTreeMap<u64, At>,
}

impl Freeze {
    fn new(token: TokenRef, account: AccountId, state: FreezeState) -> Self {
        Freeze {
            token,
            account,
            state,
            proposed: None,
            withdrawn: None,
            frozen: None,
            lift_proposed: None,
            lifted: None,
            destroy_proposed: None,
            destroyed: None,
            destroyed_amount: Some(Amount::ZERO),
            open: BTreeMap::new(),
        }
    }

    /// Returns where it came into its state.
    #[must_use]
    pub fn since(&self) -> Option<At> {
        match self.state {
            FreezeState::Proposed => self.proposed.map(|(at, _)| at),
            FreezeState::Withdrawn => self.withdrawn,
            FreezeState::Frozen => self.frozen,
            FreezeState::Destroyed => self.destroyed,
            FreezeState::Lifted => self.lifted,
        }
    }

    /// Returns whether it is over.
    fn is_over(&self) -> bool {
        matches!(self.state, FreezeState::Withdrawn | FreezeState::Lifted)
    }
}

/// A proposal about an account, until it is executed.
#[derive(Clone, Debug)]
struct Proposal {
    action: IssuerAction,
    account: AccountId,
    confirmed_by: HashSet<AccountId>,
}

/// The freezes of a chain.
#[derive(Clone, Debug, Default)]
pub struct Freezes {
    /// In the order of their first event.
    all: Vec<Freeze>,
    /// Places in `all` by account and token, oldest first.
    places: HashMap<(AccountId, TokenRef), Vec<usize>>,
    /// Places in `all` by account.
    accounts: HashMap<AccountId, Vec<usize>>,
    proposals: BTreeMap<(TokenRef, u64), Proposal>,
    /// Proposals whose content the blocks did not show, by token, that were not executed.
    unread: BTreeSet<(TokenRef, u64)>,
    /// Whether there are earlier signals of issuers that were not taken.
    pub(crate) is_cut: bool,
}

impl Freezes {
    /// Returns no freezes yet; `is_cut` says whether there are signals of issuers before those that are taken next.
    pub(crate) fn begun(is_cut: bool) -> Self {
        Freezes { is_cut, ..Freezes::default() }
    }

    /// Takes the next signal in the order of the chain. Signals of other kinds change nothing.
    pub fn take(&mut self, at: At, signal: &Signal) {
        let Signal::Issuer { token, act, .. } = *signal else { return };
        match act {
            IssuerAct::Done { action, account, amount } => self.done(at, token, account, action, amount),
            IssuerAct::Proposed { action, account, proposal } => {
                let confirmed_by = HashSet::new();
                self.proposals.insert((token, proposal), Proposal { action, account, confirmed_by });
                self.proposed(at, token, account, action, proposal);
            }
            IssuerAct::ProposedUnread { proposal } => {
                self.unread.insert((token, proposal));
            }
            IssuerAct::Confirmed { proposal, owner } => {
                if let Some(known) = self.proposals.get_mut(&(token, proposal)) {
                    known.confirmed_by.insert(owner);
                    let (account, action) = (known.account, known.action);
                    // Who confirms what was withdrawn proposes it again.
                    self.proposed(at, token, account, action, proposal);
                }
            }
            IssuerAct::Revoked { proposal, owner } => self.revoked(at, token, proposal, owner),
            IssuerAct::Executed { proposal } => {
                self.unread.remove(&(token, proposal));
                let account = self.proposals.remove(&(token, proposal)).map(|known| known.account);
                if let Some(freeze) = account.and_then(|account| self.latest(token, account)) {
                    freeze.open.remove(&proposal);
                }
            }
            IssuerAct::Failed { .. } | IssuerAct::Unattributed { .. } => {}
        }
    }

    /// Returns the latest freeze of an account and token.
    fn latest(&mut self, token: TokenRef, account: AccountId) -> Option<&mut Freeze> {
        let place = *self.places.get(&(account, token))?.last()?;
        self.all.get_mut(place)
    }

    /// Returns the freeze that is not over, or begins one.
    fn current(&mut self, token: TokenRef, account: AccountId, state: FreezeState) -> &mut Freeze {
        let is_over = self.latest(token, account).is_none_or(|freeze| freeze.is_over());
        if is_over {
            let place = self.all.len();
            self.all.push(Freeze::new(token, account, state));
            self.places.entry((account, token)).or_default().push(place);
            self.accounts.entry(account).or_default().push(place);
        }
        let place = self.places.get(&(account, token)).and_then(|places| places.last()).copied().unwrap_or_default();
        &mut self.all[place]
    }

    fn proposed(&mut self, at: At, token: TokenRef, account: AccountId, action: IssuerAction, proposal: u64) {
        match action {
            IssuerAction::Freeze => {
                let freeze = self.current(token, account, FreezeState::Proposed);
                // One that is before the owners while the account is frozen outlasts the end of that freeze.
                freeze.open.entry(proposal).or_insert(at);
                if freeze.state == FreezeState::Proposed {
                    freeze.proposed.get_or_insert((at, proposal));
                }
            }
            IssuerAction::Lift => {
                if let Some(freeze) = self.latest(token, account).filter(|f| f.state.is_frozen()) {
                    freeze.lift_proposed = Some((at, proposal));
                }
            }
            IssuerAction::Destroy => {
                if let Some(freeze) = self.latest(token, account).filter(|f| !f.is_over()) {
                    freeze.destroy_proposed = Some((at, proposal));
                }
            }
        }
    }

    fn revoked(&mut self, at: At, token: TokenRef, proposal: u64, owner: AccountId) {
        let Some(known) = self.proposals.get_mut(&(token, proposal)) else { return };
        known.confirmed_by.remove(&owner);
        if !known.confirmed_by.is_empty() {
            return;
        }
        let (action, account) = (known.action, known.account);
        let Some(freeze) = self.latest(token, account) else { return };
        match action {
            IssuerAction::Freeze => {
                freeze.open.remove(&proposal);
                if freeze.state == FreezeState::Proposed && freeze.open.is_empty() {
                    (freeze.state, freeze.withdrawn) = (FreezeState::Withdrawn, Some(at));
                }
            }
            IssuerAction::Lift => freeze.lift_proposed = freeze.lift_proposed.filter(|(_, n)| *n != proposal),
            IssuerAction::Destroy => freeze.destroy_proposed = freeze.destroy_proposed.filter(|(_, n)| *n != proposal),
        }
    }

    fn done(&mut self, at: At, token: TokenRef, account: AccountId, action: IssuerAction, amount: Option<Amount>) {
        match action {
            IssuerAction::Freeze => {
                let freeze = self.current(token, account, FreezeState::Frozen);
                if !freeze.state.is_frozen() || freeze.frozen.is_none() {
                    (freeze.state, freeze.frozen) = (FreezeState::Frozen, Some(at));
                }
            }
            // A ledger that begins later does not know when a freeze began that ends, or destroys, in it.
            IssuerAction::Lift => {
                let freeze = self.current(token, account, FreezeState::Frozen);
                if freeze.state == FreezeState::Proposed {
                    // What ended began before the ledger; the proposal is of another freeze.
                    freeze.proposed = None;
                }
                (freeze.state, freeze.lifted, freeze.lift_proposed) = (FreezeState::Lifted, Some(at), None);
                // A lift ends no proposal: the owners can still execute it.
                let open = std::mem::take(&mut freeze.open);
                if let Some((proposal, begun)) = open.iter().min_by_key(|(n, at)| (at.height, **n)) {
                    let proposed = Some((*begun, *proposal));
                    let freeze = self.current(token, account, FreezeState::Proposed);
                    (freeze.proposed, freeze.open) = (proposed, open);
                }
            }
            IssuerAction::Destroy => {
                let freeze = self.current(token, account, FreezeState::Frozen);
                freeze.state = FreezeState::Destroyed;
                freeze.destroyed.get_or_insert(at);
                freeze.destroy_proposed = None;
                let sum = |before: Amount| before.checked_add(amount?);
                freeze.destroyed_amount = freeze.destroyed_amount.and_then(sum);
            }
        }
    }

    /// Returns the account that a proposal is about, until it is executed; `None` where the blocks do not show it.
    #[must_use]
    pub fn account_of(&self, token: TokenRef, proposal: u64) -> Option<AccountId> {
        self.proposals.get(&(token, proposal)).map(|known| known.account)
    }

    /// Returns whether issuers may have named an account: in an act that was taken, or in an earlier one.
    pub(crate) fn may_name(&self, account: &AccountId) -> bool {
        let is_proposed = || self.proposals.values().any(|proposal| proposal.account == *account);
        self.is_cut || self.accounts.contains_key(account) || is_proposed()
    }

    /// Returns all freezes, in the order of their first event.
    #[must_use]
    pub fn all(&self) -> &[Freeze] {
        &self.all
    }

    /// Returns the freezes of an account, oldest first.
    pub fn of(&self, account: &AccountId) -> impl DoubleEndedIterator<Item = &Freeze> {
        self.accounts.get(account).into_iter().flatten().filter_map(|place| self.all.get(*place))
    }

    /// Returns the latest freeze of each token of an account that is proposed or in force.
    pub fn in_force(&self, account: &AccountId) -> impl Iterator<Item = &Freeze> {
        self.of(account).filter(|freeze| !freeze.is_over())
    }

    /// Returns how many open proposals have a content that the blocks do not show: each may be a freeze of anybody.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.unread.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_types::Position;

    const TOKEN: TokenRef = TokenRef::Fungible(AccountId::evm([7; 20]));
    const USER: AccountId = AccountId::evm([1; 20]);
    const OWNERS: [AccountId; 2] = [AccountId::evm([2; 20]), AccountId::evm([3; 20])];

    fn at(height: u64) -> At {
        At { height, time: 1_700_000_000 + 12 * height, tx: Some([u8::try_from(height).unwrap(); 32]) }
    }

    fn taken(acts: &[(u64, IssuerAct)]) -> Freezes {
        let mut freezes = Freezes::default();
        for (height, act) in acts {
            freezes.take(at(*height), &Signal::Issuer { token: TOKEN, act: *act, position: Position::Log(0, 0) });
        }
        freezes
    }

    fn proposed(action: IssuerAction, proposal: u64) -> IssuerAct {
        IssuerAct::Proposed { action, account: USER, proposal }
    }

    fn done(action: IssuerAction, amount: Option<u64>) -> IssuerAct {
        IssuerAct::Done { action, account: USER, amount: amount.map(Into::into) }
    }

    fn confirmed(proposal: u64, owner: usize) -> IssuerAct {
        IssuerAct::Confirmed { proposal, owner: OWNERS[owner] }
    }

    fn revoked(proposal: u64, owner: usize) -> IssuerAct {
        IssuerAct::Revoked { proposal, owner: OWNERS[owner] }
    }

    #[test]
    fn a_freeze_goes_from_its_proposal_to_its_end() {
        let mut acts = vec![(1, proposed(IssuerAction::Freeze, 4)), (1, confirmed(4, 0))];
        let state = |acts: &[(u64, IssuerAct)]| {
            let freezes = taken(acts);
            let last = freezes.of(&USER).next_back().unwrap().clone();
            assert_eq!(freezes.in_force(&USER).count(), usize::from(!last.is_over()));
            (last.state, last.since())
        };
        assert_eq!(state(&acts), (FreezeState::Proposed, Some(at(1))));
        acts.extend([(9, done(IssuerAction::Freeze, None)), (9, IssuerAct::Executed { proposal: 4 })]);
        assert_eq!(state(&acts), (FreezeState::Frozen, Some(at(9))));
        acts.extend([(11, proposed(IssuerAction::Destroy, 5)), (12, done(IssuerAction::Destroy, Some(70)))]);
        assert_eq!(state(&acts), (FreezeState::Destroyed, Some(at(12))));
        acts.push((20, done(IssuerAction::Lift, None)));
        assert_eq!(state(&acts), (FreezeState::Lifted, Some(at(20))));
        let freezes = taken(&acts);
        let [whole] = freezes.all() else { panic!("{freezes:?}") };
        assert_eq!((whole.proposed, whole.frozen), (Some((at(1), 4)), Some(at(9))));
        assert_eq!((whole.destroyed, whole.destroyed_amount), (Some(at(12)), Some(Amount::new(70))));
        // A later freeze is another one.
        acts.push((30, done(IssuerAction::Freeze, None)));
        assert_eq!(taken(&acts).all().len(), 2);
        assert_eq!(state(&acts), (FreezeState::Frozen, Some(at(30))));
    }

    #[test]
    fn a_proposal_ends_when_its_last_confirmation_is_taken_back() {
        let mut acts = vec![(1, proposed(IssuerAction::Freeze, 4)), (1, confirmed(4, 0)), (2, confirmed(4, 1))];
        let state = |acts: &[(u64, IssuerAct)]| taken(acts).all().last().unwrap().state;
        acts.push((3, revoked(4, 0)));
        assert_eq!(state(&acts), FreezeState::Proposed);
        acts.push((4, revoked(4, 1)));
        assert_eq!(state(&acts), FreezeState::Withdrawn);
        assert_eq!(taken(&acts).in_force(&USER).count(), 0);
        // A failed execution leaves it open; a confirmation opens it again.
        acts.extend([(5, confirmed(4, 1)), (6, IssuerAct::Failed { proposal: 4 })]);
        assert_eq!(state(&acts), FreezeState::Proposed);
        // Two proposals of one freeze are withdrawn together.
        let twice = [
            (1, proposed(IssuerAction::Freeze, 4)),
            (1, confirmed(4, 0)),
            (2, proposed(IssuerAction::Freeze, 5)),
            (2, confirmed(5, 0)),
            (3, revoked(4, 0)),
        ];
        assert_eq!(state(&twice), FreezeState::Proposed);
        assert_eq!(taken(&twice).all().len(), 1);
    }

    #[test]
    fn a_lift_ends_no_open_proposal() {
        let states = |acts: &[(u64, IssuerAct)]| {
            let freezes = taken(acts);
            let all: Vec<_> = freezes.of(&USER).map(|f| (f.state, f.proposed.map(|p| p.1))).collect();
            (all, freezes.in_force(&USER).count())
        };
        // Two proposals; one is executed and lifted again, the other can still be executed.
        let mut acts = vec![
            (1, proposed(IssuerAction::Freeze, 4)),
            (1, confirmed(4, 0)),
            (2, proposed(IssuerAction::Freeze, 5)),
            (2, confirmed(5, 0)),
            (3, done(IssuerAction::Freeze, None)),
            (3, IssuerAct::Executed { proposal: 4 }),
            (9, done(IssuerAction::Lift, None)),
        ];
        let lifted = (FreezeState::Lifted, Some(4));
        assert_eq!(states(&acts), (vec![lifted, (FreezeState::Proposed, Some(5))], 1));
        // It is frozen by it, or it is withdrawn.
        acts.push((10, revoked(5, 0)));
        assert_eq!(states(&acts), (vec![lifted, (FreezeState::Withdrawn, Some(5))], 0));
        acts.pop();
        acts.extend([(10, done(IssuerAction::Freeze, None)), (10, IssuerAct::Executed { proposal: 5 })]);
        assert_eq!(states(&acts), (vec![lifted, (FreezeState::Frozen, Some(5))], 1));
        acts.push((11, done(IssuerAction::Lift, None)));
        assert_eq!(states(&acts), (vec![lifted, (FreezeState::Lifted, Some(5))], 0));
        // Of a freeze that began before the ledger, what is proposed in it is another one.
        let before =
            [(1, proposed(IssuerAction::Freeze, 7)), (1, confirmed(7, 0)), (2, done(IssuerAction::Lift, None))];
        assert_eq!(states(&before), (vec![(FreezeState::Lifted, None), (FreezeState::Proposed, Some(7))], 1));
        // One that was withdrawn while the account was frozen is not open.
        let withdrawn = [
            (1, done(IssuerAction::Freeze, None)),
            (2, proposed(IssuerAction::Freeze, 8)),
            (2, confirmed(8, 0)),
            (3, revoked(8, 0)),
            (4, done(IssuerAction::Lift, None)),
        ];
        assert_eq!(states(&withdrawn), (vec![(FreezeState::Lifted, None)], 0));
    }

    #[test]
    fn what_began_before_the_ledger_is_known_by_its_end() {
        let ended = taken(&[(5, done(IssuerAction::Lift, None))]);
        assert_eq!((ended.all()[0].state, ended.all()[0].frozen), (FreezeState::Lifted, None));
        let destroyed = taken(&[(5, done(IssuerAction::Destroy, None))]);
        assert_eq!((destroyed.all()[0].state, destroyed.all()[0].destroyed_amount), (FreezeState::Destroyed, None));
        let unread = taken(&[(1, IssuerAct::ProposedUnread { proposal: 8 })]);
        assert_eq!((unread.unread(), unread.all().len()), (1, 0));
        let executed = [(1, IssuerAct::ProposedUnread { proposal: 8 }), (2, IssuerAct::Executed { proposal: 8 })];
        assert_eq!(taken(&executed).unread(), 0);
    }
}
