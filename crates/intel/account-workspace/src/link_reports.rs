//! Links of an address or a transaction of an account chain, each with its evidence, its certainty and the measured error of its rule.

use crate::transfers::Start;
use crate::{AccountSnapshot, AccountWorkspace};
use holdfast_account_ledger::{LedgerError, Posting};
use holdfast_links::{
    Counterpart, Direction, End, LedgerLinks, Link, Moved, Place, Record, RecordNumber, Records as _, measured,
};
use holdfast_types::Amount;
use holdfast_workspace::WorkspaceError;
use holdfast_workspace::asset_view::AssetView;
use holdfast_workspace::reports::PAGE;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most transfers of an address that a page looks through for links.
const MOST_TRANSFERS: usize = 4_000;

/// Records with their numbers.
type Records = Vec<(RecordNumber, Record)>;

/// One end of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkEnd {
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// Its transaction; absent where the ledger does not hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx: Option<String>,
    /// Height of its block.
    pub height: u64,
    /// Who gave or received.
    pub account: String,
    /// What moved.
    pub asset: AssetView,
    /// Base units, net of what came back in the same transaction.
    #[schema(value_type = String)]
    pub amount: Amount,
    /// The transfers that moved it; empty where the ledger does not hold all of them.
    pub transfers: Vec<String>,
}

/// A link, or one side of what a bridge or mixer moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LinkView {
    /// Kind: `swap`, `wrap`, `bridge` or `mixer`.
    pub kind: String,
    /// What is known of the other end: `linked`; of a bridge `missing` (received and never sent, or sent and not received in time), `not_held`, `repeated`,
    /// `contradicts`, `too_many`; of a mixer `unknown`, because its deposits are candidates only.
    pub state: String,
    /// How sure it is: `message`, `event`, `net_flow`, `heuristic` or `claimed_by_memo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<String>,
    /// What found it.
    pub rule: String,
    /// Wrong links among a million of this rule at most: the upper bound (95%) of what was measured, which few pairs leave wide; absent where nobody
    /// measured it. A link by the message of a bridge rests on what both contracts state, not on this figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_ppm: Option<u32>,
    /// How many links of the rule were compared with the truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_pairs: Option<u64>,
    /// How many of these were wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_wrong: Option<u64>,
    /// What it was measured on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_on: Option<String>,
    /// What was given; absent where that end is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<LinkEnd>,
    /// What was received; absent where that end is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<LinkEnd>,
    /// Id of the bridge's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Numbers of the logs that it rests on, in the block of the receiving end.
    pub logs: Vec<u32>,
}

/// A page of links.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LinksPage {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// The address or transaction.
    pub of: String,
    /// The links, in chain order.
    pub links: Vec<LinkView>,
    /// Value of `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// What was not looked at, in words.
    pub gaps: Vec<String>,
}

/// The chains that are seen together, and the one that is asked.
struct Seen<'a> {
    chains: &'a [Arc<AccountSnapshot>],
    links: LedgerLinks<'a>,
    /// Number of the chain that is asked.
    own: usize,
}

impl Seen<'_> {
    fn end(&self, chain: usize, end: &End) -> Result<Option<LinkEnd>, WorkspaceError> {
        let Some(on) = self.chains.get(chain) else { return Ok(None) };
        let stored = self.links.stored(chain, end)?.unwrap_or_default();
        let tx = stored.first().map(|t| on.ledger.tx(t.tx)).transpose()?;
        let transfers = tx
            .as_ref()
            .map_or_else(Vec::new, |tx| stored.iter().map(|transfer| on.transfer_id(&tx.hash, transfer)).collect());
        Ok(Some(LinkEnd {
            chain: on.chain().to_string(),
            tx: tx.map(|tx| on.hash_text(&tx.hash)),
            height: end.place.height,
            account: end.account.to_address(on.chain()).checksummed(),
            asset: AssetView::of(&end.token.asset_id(on.chain()).into()),
            amount: end.amount,
            transfers,
        }))
    }

    fn link(&self, link: &Link, out_chain: usize, into_chain: usize) -> Result<LinkView, WorkspaceError> {
        let measured = measured::of(link.evidence.rule, link.certainty);
        let (kind, certainty): (&'static str, &'static str) = (link.kind.into(), link.certainty.into());
        Ok(LinkView {
            kind: kind.to_owned(),
            state: "linked".to_owned(),
            certainty: Some(certainty.to_owned()),
            rule: link.evidence.rule.name().to_owned(),
            error_ppm: measured.map(|m| m.error_ppm()),
            measured_pairs: measured.map(|m| m.pairs()),
            measured_wrong: measured.map(|m| m.wrong),
            measured_on: measured.map(|m| m.on.to_owned()),
            out: self.end(out_chain, &link.out)?,
            into: self.end(into_chain, &link.into)?,
            message: link.evidence.message.map(|id| format!("0x{}", hex::encode(id))),
            logs: link.evidence.logs.clone(),
        })
    }

    fn view(&self, number: RecordNumber, record: &Record) -> Result<LinkView, WorkspaceError> {
        let one_sided = |kind: &str, state: &str, rule: &str, log: u32| LinkView {
            kind: kind.to_owned(),
            state: state.to_owned(),
            certainty: None,
            rule: rule.to_owned(),
            error_ppm: None,
            measured_pairs: None,
            measured_wrong: None,
            measured_on: None,
            out: None,
            into: None,
            message: None,
            logs: vec![log],
        };
        let (end, direction, mut view) = match record {
            Record::Link(link) => return self.link(link, self.own, self.own),
            Record::Mixer(moved) => (&moved.end, moved.direction, one_sided("mixer", "unknown", "mixer", moved.log)),
            Record::Bridge(side) => {
                let at = self.links.bridges().side(self.own, number)?;
                let other = at.map(|at| self.links.bridges().counterpart(&at)).transpose()?;
                let state = match other {
                    Some(Counterpart::Found(cross)) => {
                        return self.link(&cross.link, cross.out.store, cross.into.store);
                    }
                    Some(Counterpart::Missing) => "missing",
                    Some(Counterpart::Repeated) => "repeated",
                    Some(Counterpart::Contradicts(_)) => "contradicts",
                    Some(Counterpart::TooMany) => "too_many",
                    Some(Counterpart::NotHeld) | None => "not_held",
                };
                let rule: &'static str = side.protocol.into();
                let message = side.message.map(|id| format!("0x{}", hex::encode(id)));
                (&side.end, side.direction, LinkView { message, ..one_sided("bridge", state, rule, side.log) })
            }
        };
        let end = self.end(self.own, end)?;
        match direction {
            Direction::In => view.out = end,
            Direction::Out => view.into = end,
        }
        Ok(view)
    }
}

impl AccountWorkspace {
    /// Returns a page of the links of an address, or those of a transaction or of one of its transfers, on the chain with an id. `chains` are all that are
    /// held: links lead from one to the other.
    ///
    /// # Errors
    /// [`WorkspaceError`] for text that names nothing stored, and damage.
    pub fn links_page(
        chains: &[Arc<AccountSnapshot>],
        chain: &AccountSnapshot,
        text: &str,
        start: Start,
    ) -> Result<LinksPage, WorkspaceError> {
        let text = text.trim();
        let own = chains.iter().position(|c| c.chain() == chain.chain());
        let own = own.ok_or_else(|| chain.not_found(text))?;
        let seen = Seen { chains, links: Self::links_of(chains), own };
        let chain = chains.get(own).ok_or_else(|| chain.not_found(text))?;
        let (records, next) = match chain.account_id(text) {
            Ok(_) => chain.records_of_address(text, start)?,
            Err(_) => (chain.records_of_tx(text)?, None),
        };
        let mut gaps = chain.beside.gaps(&chain.ledger)?;
        for other in chains.iter().filter(|other| other.chain() != chain.chain()) {
            let on = other.usual_name();
            gaps.extend(other.beside.gaps(&other.ledger)?.into_iter().map(|gap| format!("{on}: {gap}")));
        }
        let links = records.iter().map(|(number, record)| seen.view(*number, record)).collect::<Result<_, _>>()?;
        Ok(LinksPage { chain: chain.chain().to_string(), of: text.to_owned(), links, next, gaps })
    }

    fn place_of(&self, tx: u64) -> Result<Option<Place>, LedgerError> {
        let tx = self.ledger.tx(tx)?;
        if tx.is_block_side {
            return Ok(None);
        }
        Ok(Some(Place { height: self.ledger.block(tx.block)?.height, tx: tx.index }))
    }

    fn records_of_tx(&self, text: &str) -> Result<Records, WorkspaceError> {
        let (tx, transfers) = self.payments_of(text)?;
        let Some(place) = self.place_of(tx.number)? else { return Ok(Vec::new()) };
        let mut records = self.links().of_transaction(place)?;
        if text.contains(':') {
            let moved: Vec<Moved> = transfers.iter().map(|t| Moved { position: t.position, kind: t.kind }).collect();
            records.retain(|(_, record)| record.transfers().any(|m| moved.contains(m)));
        }
        Ok(records)
    }

    /// Returns the records that transfers of an address are in, and the transfer behind which the next page begins.
    fn records_of_address(&self, text: &str, start: Start) -> Result<(Records, Option<u64>), WorkspaceError> {
        let account = self.known_account(text)?;
        let mut postings: Vec<Posting> = Vec::new();
        self.for_each_posting(account, &self.ledger.assets_of(account)?, start, &mut |posting| {
            postings.push(posting);
            if postings.len() <= MOST_TRANSFERS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let mut is_more = postings.len() > MOST_TRANSFERS;
        if is_more
            && let Some(tx) = postings.pop().map(|p| p.transfer.tx)
            && postings.first().is_some_and(|p| p.transfer.tx != tx)
        {
            // A transaction stands on one page.
            postings.retain(|p| p.transfer.tx != tx);
        }
        let (mut records, mut last) = (Vec::new(), None);
        for of_tx in postings.chunk_by(|a, b| a.transfer.tx == b.transfer.tx) {
            if records.len() >= PAGE {
                is_more = true;
                break;
            }
            last = of_tx.last().map(|posting| posting.transfer.number.get());
            let Some(tx) = of_tx.first().map(|posting| posting.transfer.tx) else { continue };
            let Some(place) = self.place_of(tx)? else { continue };
            let is_own = |moved: &Moved| {
                of_tx.iter().any(|p| (p.transfer.position, p.transfer.kind) == (moved.position, moved.kind))
            };
            let found = self.links().of_transaction(place)?;
            records.extend(found.into_iter().filter(|(_, record)| record.transfers().any(is_own)));
        }
        Ok((records, last.filter(|_| is_more)))
    }
}
