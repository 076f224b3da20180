//! Evidence bundles: a trace that the other side's expert can recompute offline.
//!
//! A bundle is a tar file (entries in name order, fixed metadata) of: `parameters.json`, `result.json`, `attributions.json` (tags with their sources
//! and, for addresses attributed through a cluster, the chain of co-spends), `proofs.json` (header and merkle branch of every transaction),
//! `externals.json` (amounts of outputs whose transactions the ledger does not hold: claims, from undo data), `transactions/TXID`, and
//! `manifest.json` with the SHA-256 of all of them, signed in `manifest.sig` (Ed25519). [`verify`] checks every byte and traces again.

mod container;
mod verify;

pub use container::{Compared, Files, Verification, canonical_json, file, format_of, open, parse, seal};
pub use verify::{check_proof, verify};

use crate::report::{Describe, NamedView, TraceReport};
use crate::trace::{Trace, TraceOptions};
use crate::view::View;
use ed25519_dalek::SigningKey;
use holdfast_attribution::{Category, Tag};
use holdfast_bitcoin::hash::merkle_branch;
use holdfast_bitcoin::{AddressKey, Network};
use holdfast_utxo_ledger::{Ledger, LedgerError, Source};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most transactions in one bundle.
pub const MAX_BUNDLE_TXS: usize = 200_000;
/// Largest bundle that is read, bytes.
pub const MAX_BUNDLE_BYTES: usize = 1 << 30;

/// Version of the bundle's layout.
const FORMAT: u32 = 1;

/// Why a bundle cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A raw block is gone.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Too much to carry.
    #[error("the trace touches {0} transactions; a bundle carries {MAX_BUNDLE_TXS}. Narrow the bounds")]
    TooLarge(usize),
    /// Serialization failed.
    #[error("bundle does not serialize: {0}")]
    Json(#[from] serde_json::Error),
    /// Packing failed.
    #[error("bundle does not pack: {0}")]
    Io(#[from] std::io::Error),
}

#[derive(Serialize, Deserialize)]
struct Parameters {
    network: Network,
    options: TraceOptions,
    starts: Vec<Start>,
    tip_height: u32,
    tip_hash: String,
}

#[derive(Serialize, Deserialize)]
struct Start {
    txid: String,
    vout: u32,
    amount: u64,
}

/// Proof that a transaction is in a block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// Its id.
    pub txid: String,
    /// Height of the block.
    pub height: u32,
    /// Its place in the block.
    pub index: u32,
    /// The block's header, hex.
    pub header: String,
    /// Hashes beside its way to the merkle root, hex.
    pub branch: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct ExternalClaim {
    txid: String,
    vout: u32,
    value: Option<u64>,
    address: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Attribution {
    address: String,
    category: Category,
    /// Tags of the address itself; empty when it is attributed through its cluster.
    tags: Vec<Tag>,
    /// Through its cluster: the definer tag, and the chain of merges from the address to the tagged one.
    cluster: Option<ClusterEvidence>,
}

#[derive(Serialize, Deserialize)]
struct ClusterEvidence {
    tag: Tag,
    chain: Vec<Link>,
}

#[derive(Serialize, Deserialize)]
struct Link {
    from: String,
    to: String,
    txid: String,
    heuristic: String,
}

/// What a trace rests on: transactions, outputs of blocks that are not stored, and every place that it names.
#[derive(Default)]
struct Evidence {
    txs: BTreeSet<u32>,
    externals: BTreeSet<u64>,
    places: BTreeSet<Source>,
}

impl Evidence {
    /// Gathers the transactions passed, their funding transactions, and those of every place.
    fn of(ledger: &Ledger, result: &Trace) -> Self {
        let mut evidence = Evidence { places: result.starts.iter().map(|s| s.0).collect(), ..Evidence::default() };
        for (place, _) in &result.starts {
            // Starts are marked in the order in which money could reach them.
            evidence.add_spender(ledger, *place);
        }
        for edge in &result.edges {
            evidence.places.insert(edge.place);
            evidence.txs.insert(edge.tx);
            ledger.sources(edge.tx).for_each(|source| evidence.add_source(ledger, source));
        }
        for end in &result.ends {
            evidence.places.insert(end.place);
            if end.kind.is_bound() {
                evidence.add_spender(ledger, end.place);
            }
        }
        for place in evidence.places.clone() {
            evidence.add_source(ledger, place);
        }
        evidence
    }

    fn add_spender(&mut self, ledger: &Ledger, place: Source) {
        if let Source::Output(o) = place {
            self.txs.extend(ledger.spender(o));
        }
    }

    fn add_source(&mut self, ledger: &Ledger, source: Source) {
        match source {
            Source::Output(o) => self.txs.insert(ledger.tx_of_output(o)),
            Source::External(e) => self.externals.insert(e),
        };
    }
}

/// Adds transactions to a bundle's files; returns the proofs that they are in their blocks.
///
/// # Errors
/// [`BundleError::Ledger`] when raw blocks can no longer be read.
pub fn prove(
    ledger: &Ledger,
    txs: BTreeSet<u32>,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<Vec<Proof>, BundleError> {
    let mut proofs = Vec::with_capacity(txs.len());
    let mut block: Option<(u32, holdfast_bitcoin::Block)> = None;
    for tx in txs {
        let info = ledger.block_of_tx(tx);
        let raw = match block.take().filter(|(number, _)| *number == info.number) {
            Some((_, raw)) => raw,
            None => ledger.raw_block(info.number)?,
        };
        let index = tx - info.txs.0;
        let txid = ledger.txid_text(tx);
        files.insert(format!("transactions/{txid}"), raw.tx_bytes(index as usize).to_vec());
        proofs.push(Proof {
            txid,
            height: info.height,
            index,
            header: hex::encode(info.header.0),
            branch: merkle_branch(&raw.txids, index as usize).iter().map(hex::encode).collect(),
        });
        block = Some((info.number, raw));
    }
    Ok(proofs)
}

/// Makes a bundle. `created` is the time to state (RFC 3339); it comes from the caller so that equal input gives equal bytes.
///
/// # Errors
/// [`BundleError::Ledger`] when raw blocks can no longer be read, [`BundleError::TooLarge`] above [`MAX_BUNDLE_TXS`] transactions.
pub fn make(
    view: &NamedView<'_>,
    result: &Trace,
    options: &TraceOptions,
    key: &SigningKey,
    created: &str,
) -> Result<Vec<u8>, BundleError> {
    let ledger = view.view.ledger;
    let Evidence { mut txs, externals, places } = Evidence::of(ledger, result);
    let addresses: BTreeSet<u32> = places.iter().filter_map(|p| ledger.source_info(*p).address).collect();
    let attributions = attributions(view, &addresses, &mut txs);
    if txs.len() > MAX_BUNDLE_TXS {
        return Err(BundleError::TooLarge(txs.len()));
    }
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let proofs = prove(ledger, txs, &mut files)?;
    let claim = |e: u64| {
        let (txid, vout) = view.outpoint(Source::External(e));
        let info = ledger.source_info(Source::External(e));
        ExternalClaim { txid, vout, value: info.value, address: info.address.map(|a| ledger.address_text(a)) }
    };
    let claims: Vec<ExternalClaim> = externals.into_iter().map(claim).collect();
    let start = |(place, amount): &(Source, u64)| {
        let (txid, vout) = view.outpoint(*place);
        Start { txid, vout, amount: *amount }
    };
    let tip = ledger.tip();
    let parameters = Parameters {
        network: ledger.network(),
        options: *options,
        starts: result.starts.iter().map(start).collect(),
        tip_height: tip.map_or(0, |t| t.height),
        tip_hash: tip.map_or(String::new(), |t| t.hash.to_string()),
    };
    let report = TraceReport::new(view, result, options);
    files.insert("parameters.json".into(), canonical_json(&parameters)?);
    files.insert("result.json".into(), canonical_json(&report)?);
    files.insert("attributions.json".into(), canonical_json(&attributions)?);
    files.insert("proofs.json".into(), canonical_json(&proofs)?);
    files.insert("externals.json".into(), canonical_json(&claims)?);
    seal(files, FORMAT, key, created)
}

fn attributions(view: &NamedView<'_>, addresses: &BTreeSet<u32>, wanted: &mut BTreeSet<u32>) -> Vec<Attribution> {
    let ledger = view.view.ledger;
    let mut out = Vec::new();
    for address in addresses {
        let category = view.category(*address);
        if !category.is_attributed() {
            continue;
        }
        // The bundle leaves the organisation: it carries what its reader may read.
        let own = view.view.entities.tags_of(view.tags, *address).filter(|t| t.is_for(view.clearance));
        let tags: Vec<Tag> = own.cloned().collect();
        let cluster = if tags.is_empty() {
            let cluster = view.clusters.of(*address);
            let tag = view.view.entities.definer_for(view.tags, cluster, view.clearance).cloned();
            tag.and_then(|tag| {
                let key = AddressKey::parse(&tag.address, ledger.network()).ok()?;
                let tagged = ledger.address_number(&key)?;
                let chain = view.clusters.explain(*address, tagged)?;
                wanted.extend(chain.iter().map(|m| m.tx));
                // Inputs are proved by what they spend.
                for merge in &chain {
                    for source in ledger.sources(merge.tx) {
                        if let Source::Output(o) = source {
                            wanted.insert(ledger.tx_of_output(o));
                        }
                    }
                }
                let chain = chain
                    .iter()
                    .map(|m| Link {
                        from: ledger.address_text(m.a),
                        to: ledger.address_text(m.b),
                        txid: ledger.txid_text(m.tx),
                        heuristic: m.heuristic(),
                    })
                    .collect();
                Some(ClusterEvidence { tag, chain })
            })
        } else {
            None
        };
        out.push(Attribution { address: ledger.address_text(*address), category, tags, cluster });
    }
    out
}
