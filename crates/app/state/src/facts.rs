//! What is known of an event when it is decided: the chain, the mempool, other providers.

use crate::AppState;
use holdfast_attribution::{Category, Tlp};
use holdfast_bitcoin::Txid;
use holdfast_bitcoin::block::SingleTx;
use holdfast_chain_facts::chain_facts;
use holdfast_chains::ChainsError;
use holdfast_decision::lookalikes::{KnownBy, Lookalike};
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_screening::ScreeningError;
use holdfast_types::Amount;
use holdfast_vendors::Question;
use holdfast_workspace::{ChainHandle, ChainQueries};
use std::sync::Arc;

/// Most deposit addresses of a customer whose payments on the chain are looked at.
const MAX_OWN: u32 = 16;

impl AppState {
    /// Returns what the chain knows about an event. Fails closed: a chain that cannot be queried is stated as unavailable.
    pub fn facts(&self, event: &Event) -> ChainFacts {
        if !matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal) {
            return ChainFacts::default();
        }
        match self.chain_of(event) {
            Ok(chain) => {
                let mut facts = self.look(&*chain, event);
                if let Err(e) = self.add_imitated(&*chain, event, &mut facts) {
                    facts.unavailable.get_or_insert(e);
                }
                facts
            }
            Err(e) => ChainFacts::unavailable(e.to_string()),
        }
    }

    /// Adds the address that a withdrawal's imitates among those that the customer's deposit addresses dealt with on the chain.
    fn add_imitated(&self, chain: &dyn ChainQueries, event: &Event, facts: &mut ChainFacts) -> Result<(), String> {
        let Some(to) = event.counterparty.as_deref().filter(|to| chain.outputs().is_none() && chain.is_address(to))
        else {
            return Ok(());
        };
        if event.kind != EventKind::Withdrawal || facts.unavailable.is_some() {
            return Ok(());
        }
        let mut own = self.screening.addresses_of(&event.customer, MAX_OWN + 1).map_err(|e| e.to_string())?;
        let is_cut = own.len() > usize::try_from(MAX_OWN).unwrap_or(usize::MAX);
        own.truncate(usize::try_from(MAX_OWN).unwrap_or(usize::MAX));
        let imitated = chain.imitated_by(to, &own).map_err(|e| e.to_string())?;
        facts.lookalike = imitated.of.and_then(|of| Lookalike::between(to, &of, KnownBy::Chain));
        facts.gaps.extend(imitated.gaps);
        if is_cut {
            facts
                .gaps
                .push(format!("look-alikes were looked for at the {MAX_OWN} newest addresses of the customer only"));
        }
        Ok(())
    }

    /// Returns the chain that holds an event's asset, as it is now; the first one where none does, which has the tags.
    ///
    /// # Errors
    /// [`ChainsError::Ambiguous`] where several chains hold an asset of that ticker, and the event's addresses do not decide.
    pub(crate) fn chain_of(&self, event: &Event) -> Result<Arc<dyn ChainQueries>, ChainsError> {
        let Some(asset) = &event.asset else { return Ok(self.chain().snapshot()) };
        let addresses: Vec<&str> = event.address.iter().chain(&event.counterparty).map(String::as_str).collect();
        Ok(self.chains.for_transfer(asset, &addresses)?.unwrap_or_else(|| self.chain().snapshot()))
    }

    /// Returns what the chain and the other providers know about an event.
    pub fn all_facts(&self, event: &Event) -> ChainFacts {
        self.with_providers(event, self.facts(event))
    }

    fn with_providers(&self, event: &Event, mut facts: ChainFacts) -> ChainFacts {
        if let Some(providers) = &self.providers
            && let Some(question) = Question::of(event, &facts)
        {
            facts.providers = providers.query(&question);
        }
        facts
    }

    fn look(&self, chain: &dyn ChainQueries, event: &Event) -> ChainFacts {
        // Fails closed, where reading a file that something cut off would end the process.
        if let Some(why) = chain.fault() {
            return ChainFacts::unavailable(why);
        }
        let txid = event.tx.as_ref().and_then(|t| t.parse::<Txid>().ok());
        let pending = chain.outputs().zip(txid).and_then(|(snapshot, txid)| {
            let pool = self.mempools.of(snapshot.ledger.network());
            pool.get(&txid).cloned()
        });
        let mut facts = chain_facts(chain, event, pending.as_ref());
        // Without an answer of the node nothing newer is known: the stored chain alone allows nothing.
        if facts.ledger && facts.unavailable.is_none() {
            facts.unavailable = self.status.silent(&chain.name());
        }
        facts
    }

    /// Returns the category of an event's payee by today's tags.
    #[must_use]
    pub fn category_now(&self, event: &Event) -> Option<Category> {
        let chain = self.chain_of(event).ok()?;
        if chain.outputs().is_none() {
            // Without the exposures, which are walked for on account chains.
            return Some(chain.address_facts(event.counterparty.as_deref()?, Tlp::Red).ok()?.category);
        }
        Some(chain_facts(&*chain, event, None).category)
    }

    /// Decides on unconfirmed deposits of a chain: every output of a pending transaction that pays a customer's deposit address. A hold is in
    /// place before the first confirmation.
    ///
    /// # Errors
    /// [`ScreeningError`] when an event is not decided.
    pub fn screen_pending(&self, chain: &ChainHandle, txs: &[SingleTx]) -> Result<(), ScreeningError> {
        let network = chain.snapshot().ledger.network();
        let asset = network.parameters().asset;
        for tx in txs {
            for (vout, (amount, key)) in (0u32..).zip(&tx.outputs) {
                let address = key.to_text(network);
                let Some((customer, account)) = self.screening.owner_of(&address)? else { continue };
                let txid = tx.txid.to_string();
                let id = format!("mempool:{txid}:{vout}");
                let mut event = Event::new(EventKind::Deposit, id, self.screening.now(), customer);
                event.account = account;
                event.asset = Some(asset.to_owned());
                event.amount = Some(Amount::from(*amount));
                event.tx = Some(txid);
                event.output = Some(vout);
                event.address = Some(address);
                event.confirmations = Some(0);
                let facts = chain_facts(&*chain.snapshot(), &event, Some(tx));
                let facts = self.with_providers(&event, facts);
                match self.screening.decide(event, facts, "mempool") {
                    // Seen before a restart, with another time.
                    Ok(_) | Err(ScreeningError::Conflict(_)) => {}
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(())
    }
}
