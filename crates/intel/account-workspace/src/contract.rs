//! What an address is: of which kinds its contract is, as far as published lists and the stored blocks tell. Nobody looks at code here, so that an address
//! without a finding may be a contract all the same.

use crate::AccountWorkspace;
use holdfast_account_attribution::Kind;
use holdfast_block_store::Place;
use holdfast_links::{Contracts, Records};
use holdfast_types::{AccountId, Signal, TokenRef};
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::freeze_view::FreezeStep;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most signals of an account, the latest, among which its creation and its delegation are looked for.
const MAX_SIGNALS: usize = 1_000;

/// What the kind of a contract rests on.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum KindBasis {
    /// Its project publishes the address, or that of the factory which created it.
    Published,
    /// Stored transfers of a token that it keeps the books of. Anybody can write such a contract.
    Transfers,
    /// Stored deposits and withdrawals of one denomination. Anybody can write such a contract.
    MixerMoves,
    /// It acted in user operations (ERC-4337).
    UserOperations,
}

impl KindBasis {
    /// Returns the stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A kind of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KindView {
    /// `token`, `pool`, `router`, `bridge`, `mixer`, `safe`, `forwarder` and others.
    pub kind: String,
    /// What that rests on.
    pub rests_on: KindBasis,
    /// Its part in a bridge, such as `cctp-messenger`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// What is known of an address as a contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractView {
    /// Its kinds, the most certain first: a wrapper of coin is a token too.
    pub kinds: Vec<KindView>,
    /// Who created it, where a stored block shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<String>,
    /// Where it was created, where a stored block shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<FreezeStep>,
    /// Contract whose code it runs although it is an account of a key (EIP-7702).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<String>,
}

impl AccountWorkspace {
    fn kinds_of(&self, account: &AccountId, number: Option<u32>) -> Result<Vec<KindView>, WorkspaceError> {
        let mut kinds: Vec<KindView> = Vec::new();
        let mut add = |kind: Kind, rests_on: KindBasis, role: Option<&'static str>| {
            if !kinds.iter().any(|known| known.kind == kind.name()) {
                kinds.push(KindView { kind: kind.name().to_owned(), rests_on, role: role.map(str::to_owned) });
            }
        };
        if let Some(role) = Contracts::of(self.chain()).role(account) {
            add(Kind::Bridge, KindBasis::Published, Some(role.into()));
        }
        if let Some(kind) = number.and_then(|number| self.entities().kind(number)) {
            add(kind, KindBasis::Published, None);
        }
        let anywhere = Place { height: u64::MAX, tx: u32::MAX };
        if !self.links().of_mixer(account, anywhere, 1)?.0.is_empty() {
            add(Kind::Mixer, KindBasis::MixerMoves, None);
        }
        if self.ledger.asset_number(&TokenRef::Fungible(*account)).is_some() {
            add(Kind::Token, KindBasis::Transfers, None);
        }
        Ok(kinds)
    }

    /// Returns a place with its time, and its transaction where the ledger stores it; a ledger of chosen assets stores some only.
    fn step_at(&self, place: Place) -> Result<Option<FreezeStep>, WorkspaceError> {
        let Some(block) = self.ledger.block_at(place.height)? else { return Ok(None) };
        let mut hash = None;
        for number in block.txs {
            let tx = self.ledger.tx(number)?;
            if !tx.is_block_side && tx.index == place.tx {
                hash = Some(self.hash_text(&tx.hash));
                break;
            }
        }
        Ok(Some(FreezeStep { height: place.height, time: block.time, tx: hash, proposal: None }))
    }

    /// Returns what is known of an account as a contract; `None` where nothing tells that it is one.
    ///
    /// # Errors
    /// [`WorkspaceError`] when ledger, links or signals do not read.
    pub(crate) fn contract_view(
        &self,
        account: &AccountId,
        number: Option<u32>,
    ) -> Result<Option<ContractView>, WorkspaceError> {
        let mut view = ContractView { kinds: self.kinds_of(account, number)?, ..ContractView::default() };
        let text = |account: AccountId| account.to_address(self.chain()).checksummed();
        let mut has_acted = false;
        for placed in self.signals().signals_of(account, MAX_SIGNALS)?.0 {
            match placed.signal {
                Signal::Creation { contract, creator, .. } if contract == *account => {
                    view.creator = Some(text(creator));
                    view.created = self.step_at(placed.place)?;
                }
                // The last one counts; one without a contract ends it.
                Signal::Delegation { account: signer, delegate } if signer == *account => {
                    view.delegate = delegate.map(text);
                }
                Signal::UserOperation { sender, .. } if sender == *account => has_acted = true,
                _ => {}
            }
        }
        if has_acted && view.delegate.is_none() && !view.kinds.iter().any(|known| known.kind == Kind::Safe.name()) {
            let kind = Kind::SmartAccount.name().to_owned();
            view.kinds.push(KindView { kind, rests_on: KindBasis::UserOperations, role: None });
        }
        Ok((view != ContractView::default()).then_some(view))
    }
}
