//! What is known of an event when it is decided: the chain, the mempool, other providers.

use crate::Shared;
use holdfast_bitcoin::parse_hash;
use holdfast_decision::{ChainFacts, Event, EventKind};
use holdfast_screening::ScreeningError;
use holdfast_screening::facts::chain_facts;
use holdfast_types::Amount;
use holdfast_vendors::Question;
use holdfast_workspace::Snapshot;
use std::sync::Arc;

impl Shared {
    /// What the chain says about an event. Fails closed: what cannot be asked is said to be so.
    pub fn facts(&self, event: &Event) -> ChainFacts {
        if !matches!(event.kind, EventKind::Deposit | EventKind::Withdrawal) {
            return ChainFacts::default();
        }
        self.look(&self.snapshot_of(event), event)
    }

    /// The chain that holds an event's asset, as it is now; the first one where none does, which says that it has no such ledger.
    fn snapshot_of(&self, event: &Event) -> Arc<Snapshot> {
        let of_asset = event.asset.as_ref().and_then(|asset| self.chains.handle_of(asset));
        of_asset.unwrap_or_else(|| self.chain()).snapshot()
    }

    /// What the chain and the other providers say about an event.
    pub fn all_facts(&self, event: &Event) -> ChainFacts {
        self.with_providers(event, self.facts(event))
    }

    fn with_providers(&self, event: &Event, mut facts: ChainFacts) -> ChainFacts {
        if let Some(providers) = &self.providers
            && let Some(question) = Question::of(event, &facts)
        {
            facts.providers = providers.ask(&question);
        }
        facts
    }

    fn look(&self, snapshot: &Snapshot, event: &Event) -> ChainFacts {
        // Fails closed, where reading a file that something cut off would end the process.
        if let Err(e) = snapshot.ledger.check_lengths() {
            return ChainFacts::unavailable(e.to_string());
        }
        // A node is followed for the first chain.
        let is_followed = snapshot.ledger.network() == self.chain().snapshot().ledger.network();
        let txid = event.tx.as_ref().filter(|_| is_followed).and_then(|t| parse_hash(t));
        let pending = txid.and_then(|txid| {
            let pool = self.mempool.load();
            pool.get(&txid).cloned()
        });
        let mut facts = chain_facts(snapshot, event, pending.as_ref());
        // What a silent node was not asked is not known: the stored chain alone allows nothing.
        if facts.ledger && facts.unavailable.is_none() {
            facts.unavailable = self.status.silent(snapshot.ledger.network().parameters().name);
        }
        facts
    }

    /// Decides on unconfirmed deposits: every output of a pending transaction that pays a customer's deposit address. A hold is in place
    /// before the first confirmation.
    ///
    /// # Errors
    /// What the screening desk says.
    pub fn screen_pending(&self, txs: &[holdfast_bitcoin::block::SingleTx]) -> Result<(), ScreeningError> {
        let network = self.chain().snapshot().ledger.network();
        let asset = network.parameters().asset;
        for tx in txs {
            for (vout, (amount, key)) in tx.outputs.iter().enumerate() {
                let address = key.to_text(network);
                let Some((customer, account)) = self.screening.owner_of(&address) else { continue };
                let txid = holdfast_bitcoin::display_hash(&tx.txid);
                let id = format!("mempool:{txid}:{vout}");
                let mut event = Event::new(EventKind::Deposit, id, self.screening.now(), customer);
                event.account = account;
                event.asset = Some(asset.to_owned());
                event.amount = Some(Amount::from(*amount));
                event.tx = Some(txid);
                event.output = Some(vout as u32);
                event.address = Some(address);
                event.confirmations = Some(0);
                let facts = chain_facts(&self.chain().snapshot(), &event, Some(tx));
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
