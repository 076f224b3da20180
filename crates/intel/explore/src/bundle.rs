//! A drawn graph as a signed bundle: the drawing, the drawn transactions with their movements, the drawn addresses with their tags, and of chains of outputs
//! the transactions' bytes with proofs that they are in blocks. [`verify`] compares what is stated with the bytes, offline.
//!
//! Files: `graph.json` (title and drawing, as they were sent), `transactions.json`, `addresses.json`, `proofs.json`, `transactions/TXID`; container, manifest
//! and signature are those of other evidence ([`holdfast_analysis::bundle`]).

use crate::chain::Chain;
use crate::choose::choose;
use crate::error::ExploreError;
use crate::reports::{AssetSum, EntityRef, Movement, MovementKind, TagLine, TransactionView, Who};
use crate::transactions::Wanted;
use ed25519_dalek::SigningKey;
use holdfast_analysis::bundle::{
    BundleError, Files, Proof, Verification, canonical_json, check_proof, file, open, parse, prove, seal,
};
use holdfast_attribution::Tlp;
use holdfast_bitcoin::Network;
use holdfast_bitcoin::block::SingleTx;
use holdfast_chains::OpenChains;
use holdfast_types::{Amount, Invalid};
use holdfast_workspace::WorkspaceError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// Version of the layout of drawn graphs' bundles.
pub const FORMAT: u32 = 3;
/// Most transactions, and most addresses, of one bundle.
pub const MAX_DRAWN: usize = 5_000;
/// Most bytes of a drawing, as JSON.
pub const MAX_DRAWING: usize = 8 << 20;
/// Most movements of one transaction; what is beyond is counted and summed.
const MAX_MOVEMENTS: usize = 10_000;
/// Most movements of all transactions.
const MAX_MOVEMENTS_IN_ALL: usize = 100_000;
/// Most bytes of the transactions that are proved.
const MAX_PROVED_BYTES: usize = 256 << 20;
/// Transactions that are proved before their bytes are counted.
const PROVED_AT_ONCE: usize = 16;
/// Longest title, in bytes.
const MAX_TITLE: usize = 200;

/// A graph as it is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DrawnGraph)]
pub struct Drawn {
    /// Title.
    pub title: String,
    /// The drawing, as the explorer writes it, at most 8 MiB of JSON.
    #[schema(value_type = Object)]
    pub graph: serde_json::Value,
    /// Transactions that are drawn, at most 5,000.
    pub transactions: Vec<Wanted>,
    /// Addresses that are drawn, at most 5,000.
    #[serde(default)]
    pub addresses: Vec<Wanted>,
}

#[derive(Serialize, Deserialize)]
struct Drawing {
    title: String,
    graph: serde_json::Value,
}

/// An address as the bundle states it.
#[derive(Serialize, Deserialize)]
struct DrawnAddress {
    chain: String,
    id: String,
    who: Who,
    entity: Option<EntityRef>,
    tags: Vec<TagLine>,
}

/// A proof, with the network of its chain.
#[derive(Serialize, Deserialize)]
struct ChainProof {
    network: Network,
    #[serde(flatten)]
    proof: Proof,
}

fn bundle_error(e: BundleError) -> ExploreError {
    ExploreError::Workspace(WorkspaceError::Bundle(e))
}

impl Drawn {
    fn check(&self) -> Result<(), Invalid> {
        if self.title.trim().is_empty() || self.title.len() > MAX_TITLE {
            return Err(Invalid::new("title", format!("give 1 to {MAX_TITLE} bytes")));
        }
        if self.graph.to_string().len() > MAX_DRAWING {
            return Err(Invalid::new("graph", format!("larger than {MAX_DRAWING} bytes of JSON")));
        }
        for (field, list) in [("transactions", &self.transactions), ("addresses", &self.addresses)] {
            if list.len() > MAX_DRAWN {
                return Err(Invalid::new(field, format!("more than {MAX_DRAWN}; draw less, or make several bundles")));
            }
        }
        if self.transactions.is_empty() && self.addresses.is_empty() {
            return Err(Invalid::new("transactions", "nothing is drawn: name transactions or addresses"));
        }
        Ok(())
    }
}

/// Makes the bundle of a drawn graph, for readers of labels up to `clearance`. `created` is the time to state (RFC 3339).
///
/// # Errors
/// [`ExploreError`] for a transaction or address that is not here, and when raw blocks can no longer be read.
pub fn make(
    chains: &OpenChains,
    drawn: &Drawn,
    key: &SigningKey,
    created: &str,
    clearance: Tlp,
) -> Result<Vec<u8>, ExploreError> {
    drawn.check()?;
    let (mut views, mut to_prove) = (Vec::new(), BTreeMap::<String, (Chain, BTreeSet<u32>)>::new());
    let mut room = MAX_MOVEMENTS_IN_ALL;
    for wanted in &drawn.transactions {
        let chain = choose(chains, &wanted.id, wanted.chain.as_deref())?;
        let view = chain.transaction(&wanted.id, room.min(MAX_MOVEMENTS), clearance)?;
        room = room.saturating_sub(view.movements.len());
        views.push(view);
        let number = chain.view(clearance).tx(&wanted.id)?;
        if let (Chain::Outputs(outputs), Ok(number)) = (&chain, u32::try_from(number)) {
            let name = outputs.ledger.network().to_string();
            to_prove.entry(name).or_insert_with(|| (chain, BTreeSet::new())).1.insert(number);
        }
    }
    let mut addresses = Vec::new();
    for wanted in &drawn.addresses {
        let chain = choose(chains, &wanted.id, wanted.chain.as_deref())?;
        let view = &*chain.view(clearance);
        let number = view.address(&wanted.id)?;
        addresses.push(DrawnAddress {
            chain: view.name(),
            id: view.address_text(number)?,
            who: view.who(number),
            entity: view.entity(number)?,
            tags: view.own_tags(number).into_iter().map(crate::entities::tag_line).collect(),
        });
    }
    let (mut files, mut proofs) = (Files::new(), Vec::new());
    for (chain, txs) in to_prove.into_values() {
        let Chain::Outputs(chain) = chain else { continue };
        let network = chain.ledger.network();
        let txs: Vec<u32> = txs.into_iter().collect();
        for part in txs.chunks(PROVED_AT_ONCE) {
            let proved = prove(&chain.ledger, part.iter().copied().collect(), &mut files).map_err(bundle_error)?;
            proofs.extend(proved.into_iter().map(|proof| ChainProof { network, proof }));
            if files.values().map(Vec::len).sum::<usize>() > MAX_PROVED_BYTES {
                let why = format!("they have more than {MAX_PROVED_BYTES} bytes; draw less, or make several bundles");
                return Err(Invalid::new("transactions", why).into());
            }
        }
    }
    let drawing = Drawing { title: drawn.title.clone(), graph: drawn.graph.clone() };
    let mut put = |name: &str, bytes: Result<Vec<u8>, BundleError>| {
        bytes.map(|bytes| drop(files.insert(name.to_owned(), bytes))).map_err(bundle_error)
    };
    put("graph.json", canonical_json(&drawing))?;
    put("transactions.json", canonical_json(&views))?;
    put("addresses.json", canonical_json(&addresses))?;
    put("proofs.json", canonical_json(&proofs))?;
    seal(files, FORMAT, key, created).map_err(bundle_error)
}

/// Verifies the bundle of a drawn graph. With `signer`, the signature must be by that key (hex). Reads nothing but the bytes given.
#[must_use]
pub fn verify(bytes: &[u8], signer: Option<&str>) -> Verification {
    let mut v = Verification::default();
    let checked = open(bytes, signer, FORMAT, &mut v).and_then(|files| {
        // What follows damage would only repeat it.
        if v.failures.is_empty() { contents(&files, &mut v) } else { Ok(()) }
    });
    v.failures.extend(checked.err());
    v
}

/// A transaction whose bytes are in a block.
struct Proved {
    network: Network,
    tx: SingleTx,
    /// Height of the block, as its maker states it.
    height: u64,
    /// Time in the block's header.
    time: u64,
}

/// Transactions by chain and id.
type AllProved = HashMap<(String, String), Proved>;

fn contents(files: &Files, v: &mut Verification) -> Result<(), String> {
    let drawing: Drawing = parse("graph.json", file(files, "graph.json")?)?;
    let views: Vec<TransactionView> = parse("transactions.json", file(files, "transactions.json")?)?;
    let addresses: Vec<DrawnAddress> = parse("addresses.json", file(files, "addresses.json")?)?;
    let proofs: Vec<ChainProof> = parse("proofs.json", file(files, "proofs.json")?)?;
    let mut proved = AllProved::new();
    for ChainProof { network, proof } in &proofs {
        let name = format!("transactions/{}", proof.txid);
        match file(files, &name).and_then(|bytes| check_proof(proof, bytes, *network)) {
            Ok((tx, header)) => {
                let one = Proved { network: *network, tx, height: proof.height.into(), time: header.time().into() };
                proved.insert((network.to_string(), proof.txid.clone()), one);
            }
            Err(why) => v.failures.push(format!("{name}: {why}")),
        }
    }
    let (mut amounts, mut stated_only) = (0u64, 0u64);
    for view in &views {
        let is_of_outputs =
            view.movements.iter().any(|m| m.kind != MovementKind::Transfer) || !view.chain.contains(':');
        if !is_of_outputs {
            stated_only += 1;
            continue;
        }
        let Some(own) = proved.get(&(view.chain.clone(), view.id.clone())) else {
            v.failures.push(format!("transactions.json: {} has no proof", view.id));
            continue;
        };
        match compare(view, own, &proved) {
            Ok(unproved) => amounts += unproved,
            Err(why) => v.failures.push(format!("transactions.json: {}: {why}", view.id)),
        }
    }
    if !v.failures.is_empty() {
        return Ok(());
    }
    v.passed.push(format!(
        "{} transactions are proved to be in blocks with proof of work, and are as stated",
        proved.len()
    ));
    if !proved.is_empty() {
        v.claims.push(
            "heights of blocks are stated (no header commits to one), and which transactions spend outputs and what looks like a coinjoin"
                .to_owned(),
        );
    }
    if amounts > 0 {
        v.claims.push(format!(
            "amounts or payers of {amounts} inputs are stated; the transactions that paid them are not here, or only the sum of the inputs is"
        ));
    }
    if stated_only > 0 {
        v.claims.push(format!(
            "{stated_only} transactions of account chains are stated, and not proved here; a trace's bundle proves them"
        ));
    }
    v.claims.push(format!("tags of {} addresses are those that the maker had", addresses.len()));
    v.claims.push(format!(
        "the drawing '{}' is as its maker sent it: compare the amounts that it shows with transactions.json",
        drawing.title
    ));
    Ok(())
}

/// Compares a stated transaction with its bytes; returns how many inputs rest on the maker's word.
fn compare(view: &TransactionView, own: &Proved, proved: &AllProved) -> Result<u64, String> {
    let Proved { network, tx, height, time } = own;
    if view.coinbase != tx.coinbase {
        return Err("whether it creates coins is not as in its bytes".into());
    }
    if view.time != *time {
        return Err(format!("its time is {}, that of its block's header {time}", view.time));
    }
    if view.height != *height {
        return Err(format!("its height is {}, that of its proof {height}", view.height));
    }
    let of_kind = |kind: MovementKind| view.movements.iter().filter(move |m| m.kind == kind);
    let count = |sums: &[AssetSum]| Amount::checked_sum(sums.iter().map(|sum| sum.count.into()));
    let (inputs, outputs) = (of_kind(MovementKind::Input).count(), of_kind(MovementKind::Output).count());
    let spent = if tx.coinbase { 0 } else { tx.inputs.len() };
    let (rest_in, rest_out) = (spent.checked_sub(inputs), tx.outputs.get(outputs..));
    let (Some(rest_in), Some(rest_out)) = (rest_in, rest_out) else {
        return Err("it has more inputs or outputs than its bytes".into());
    };
    let rest_in = rest_in as u64;
    if count(&view.rest_in) != Some(rest_in.into()) || count(&view.rest_out) != Some((rest_out.len() as u64).into()) {
        return Err("it has another number of inputs or outputs than its bytes".into());
    }
    let paid = Amount::checked_sum(rest_out.iter().map(|(value, _)| Amount::from(*value)));
    let stated = Amount::checked_sum(view.rest_out.iter().map(|sum| sum.amount));
    if paid.is_none() || stated != paid || view.rest_out.iter().any(|sum| sum.unknown > 0) {
        return Err("the sum of the outputs that are not listed is not that of its bytes".into());
    }
    let party = |m: &Movement| m.to.as_ref().or(m.from.as_ref()).map(|p| p.address.clone());
    for (index, movement) in of_kind(MovementKind::Output).enumerate() {
        let (value, key) = tx.outputs.get(index).ok_or("it has more outputs than its bytes")?;
        let is_so = movement.id == format!("{}:{index}", view.id)
            && movement.amount == Some(Amount::from(*value))
            && party(movement) == Some(key.to_text(*network));
        if !is_so {
            return Err(format!("output {index} is not that of its bytes"));
        }
    }
    let mut unproved = rest_in;
    for (index, movement) in of_kind(MovementKind::Input).enumerate() {
        let (txid, vout) = tx.inputs.get(index).ok_or("it has more inputs than its bytes")?;
        if movement.id != format!("{txid}:{vout}") {
            return Err(format!("input {index} spends another output than in its bytes"));
        }
        let maker = proved.get(&(view.chain.clone(), txid.to_string()));
        let paid = maker.and_then(|maker| maker.tx.outputs.get(usize::try_from(*vout).ok()?));
        match paid {
            None => unproved += 1,
            Some((value, key)) => {
                let is_so =
                    movement.amount == Some(Amount::from(*value)) && party(movement) == Some(key.to_text(*network));
                if !is_so {
                    return Err(format!("input {index} is not what the output that it spends has"));
                }
            }
        }
    }
    Ok(unproved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_bitcoin::Txid;
    use holdfast_bitcoin::script::classify;
    use holdfast_simulate::hand::key;
    use holdfast_workspace::asset_view::AssetView;

    /// A transaction of three outputs, of which one is listed, and its bytes.
    fn stated() -> (TransactionView, Proved) {
        let network = Network::Regtest;
        let outputs = [(50, key(1)), (20, key(2)), (10, key(3))].map(|(value, key)| (value, classify(&key)));
        let txid = Txid::from_bytes([7; 32]);
        let tx =
            SingleTx { txid, coinbase: false, inputs: vec![(Txid::from_bytes([8; 32]), 1)], outputs: outputs.to_vec() };
        let asset = AssetView { id: "native".into(), ticker: None, decimals: None };
        let sum = |amount: u64, count| AssetSum { asset: asset.clone(), amount: amount.into(), count, unknown: 0 };
        let address = tx.outputs[0].1.to_text(network);
        let movement = Movement {
            id: format!("{txid}:0"),
            kind: MovementKind::Output,
            from: None,
            to: Some(crate::reports::Party { address, entity: None, who: crate::chain::nobody() }),
            asset: asset.clone(),
            amount: Some(50u64.into()),
            transfer: None,
            spent_by: None,
        };
        let view = TransactionView {
            chain: network.to_string(),
            id: txid.to_string(),
            height: 5,
            time: 1_600_000_000,
            coinbase: false,
            coinjoin: None,
            success: true,
            movements: vec![movement],
            rest_in: vec![sum(90, 1)],
            rest_out: vec![sum(30, 2)],
        };
        (view, Proved { network, tx, height: 5, time: 1_600_000_000 })
    }

    #[test]
    fn what_is_stated_of_a_transaction_is_what_its_proof_has() {
        let (view, own) = stated();
        assert_eq!(compare(&view, &own, &AllProved::new()), Ok(1), "the sum of the input is the maker's word");
        let refused = |change: &dyn Fn(&mut TransactionView), words: &str| {
            let mut other = view.clone();
            change(&mut other);
            let why = compare(&other, &own, &AllProved::new()).unwrap_err();
            assert!(why.contains(words), "{words}: {why}");
        };
        refused(&|v| v.time += 1, "time");
        refused(&|v| v.height += 1, "height");
        refused(&|v| v.coinbase = true, "creates coins");
        refused(&|v| v.rest_out[0].amount = 31u64.into(), "sum of the outputs");
        refused(&|v| v.rest_out[0].unknown = 1, "sum of the outputs");
        refused(&|v| v.rest_out[0].count = 3, "number");
        refused(&|v| v.rest_in[0].count = u64::MAX, "number");
        refused(&|v| v.movements[0].amount = Some(51u64.into()), "output 0");
    }
}
