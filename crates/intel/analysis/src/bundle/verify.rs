//! Verification of a bundle: everything in it is recomputed from its bytes alone.

use super::container::{Files, Verification, file, open, parse};
use super::{Attribution, ClusterEvidence, ExternalClaim, FORMAT, Parameters, Proof};
use crate::report::{Describe, TraceReport};
use crate::trace::{EndKind, trace};
use crate::view::View;
use holdfast_attribution::Category;
use holdfast_attribution::tags::weightiest;
use holdfast_bitcoin::block::{SingleTx, parse_transaction};
use holdfast_bitcoin::hash::fold_branch;
use holdfast_bitcoin::{Header, Network, Txid};
use holdfast_utxo_ledger::{OutputInfo, Source};
use std::collections::HashMap;
use std::ops::Range;

/// Recomputes everything in a bundle. With `signer`, the signature must be by that key (hex). Reads nothing but the bytes given.
pub fn verify(bytes: &[u8], signer: Option<&str>) -> Verification {
    let mut v = Verification::default();
    if let Err(failure) = verify_into(bytes, signer, &mut v) {
        v.failures.push(failure);
    }
    v
}

fn verify_into(bytes: &[u8], signer: Option<&str>, v: &mut Verification) -> Result<(), String> {
    let files = open(bytes, signer, FORMAT, v)?;
    if !v.failures.is_empty() {
        return Ok(()); // what follows would only repeat the damage
    }
    let parameters: Parameters = parse("parameters.json", file(&files, "parameters.json")?)?;
    let claims: Vec<ExternalClaim> = parse("externals.json", file(&files, "externals.json")?)?;
    let attributions: Vec<Attribution> = parse("attributions.json", file(&files, "attributions.json")?)?;
    let entries = verify_proofs(&files, parameters.network, v)?;
    if !v.failures.is_empty() {
        return Ok(());
    }
    let mut view = BundleView { network: Some(parameters.network), ..BundleView::default() };
    view.fill(entries, &claims)?;
    for attribution in &attributions {
        if let Err(why) = view.attribute(attribution) {
            v.failures.push(format!("attributions.json: {}: {why}", attribution.address));
        }
    }
    if !v.failures.is_empty() {
        return Ok(());
    }
    v.passed.push(format!("{} attributions follow from their tags and co-spends", attributions.len()));
    verify_trace(&view, &parameters, file(&files, "result.json")?, v)?;
    if !claims.is_empty() {
        v.claims.push(format!(
            "amounts or addresses of {} outputs come from undo data or from what inputs prove; their transactions are not here",
            claims.len()
        ));
    }
    Ok(())
}

/// A transaction with its height, its place in the block, and the block's header.
type ProvedTx = (u32, u32, Header, SingleTx);

/// Checks that the transactions are in blocks with proof of work; returns them in chain order.
fn verify_proofs(files: &Files, network: Network, v: &mut Verification) -> Result<Vec<ProvedTx>, String> {
    let proofs: Vec<Proof> = parse("proofs.json", file(files, "proofs.json")?)?;
    let mut entries = Vec::with_capacity(proofs.len());
    for proof in &proofs {
        let name = format!("transactions/{}", proof.txid);
        let Some(bytes) = files.get(&name) else {
            v.failures.push(format!("{name}: missing, but proofs.json has its proof"));
            continue;
        };
        match check_proof(proof, bytes, network) {
            Ok((tx, header)) => entries.push((proof.height, proof.index, header, tx)),
            Err(why) => v.failures.push(format!("{name}: {why}")),
        }
    }
    let carried = files.keys().filter(|n| n.starts_with("transactions/")).count();
    if carried != proofs.len() {
        v.failures.push(format!("proofs.json: {} proofs for {carried} transactions", proofs.len()));
    }
    if v.failures.is_empty() {
        v.passed.push(format!("{} transactions are proved to be in blocks with proof of work", entries.len()));
    }
    entries.sort_by_key(|e| (e.0, e.1));
    Ok(entries)
}

/// Traces again, and compares with the stated result.
fn verify_trace(view: &BundleView, parameters: &Parameters, stated: &[u8], v: &mut Verification) -> Result<(), String> {
    let mut starts = Vec::new();
    for start in &parameters.starts {
        let place = view.place(&start.txid, start.vout);
        let missing = || format!("parameters.json: start {}:{} is not in the bundle", start.txid, start.vout);
        starts.push((place.ok_or_else(missing)?, start.amount));
    }
    let result = trace(view, &starts, &parameters.options).map_err(|e| format!("parameters.json: {e}"))?;
    if !result.balances() {
        v.failures.push("the recomputed trace does not balance".into());
    }
    let again = TraceReport::new(view, &result, &parameters.options);
    let differences = differences(&parse("result.json", stated)?, &again);
    if differences.is_empty() {
        v.passed.push(format!(
            "the trace recomputes to the stated result: {} movements, {} ends",
            again.movements.len(),
            again.ends.len()
        ));
    }
    v.failures.extend(differences.into_iter().map(|d| format!("result.json: {d}")));
    let unspent = again.ends.iter().filter(|e| e.kind == EndKind::Unspent).count();
    if unspent > 0 {
        v.claims.push(format!(
            "{unspent} outputs were unspent at block {} ({}): no offline proof of absence exists; check against a node",
            parameters.tip_height, parameters.tip_hash
        ));
    }
    Ok(())
}

/// Checks that a transaction's bytes are in a block with proof of work; returns both.
///
/// # Errors
/// A sentence that says what does not fit.
pub fn check_proof(proof: &Proof, bytes: &[u8], network: Network) -> Result<(SingleTx, Header), String> {
    let tx = parse_transaction(bytes).map_err(|e| e.to_string())?;
    if tx.txid.to_string() != proof.txid {
        return Err(format!("its bytes hash to {}", tx.txid));
    }
    let header: [u8; 80] =
        hex::decode(&proof.header).ok().and_then(|h| h.try_into().ok()).ok_or("its header is not 80 bytes of hex")?;
    let header = Header(header);
    if !header.has_proof_of_work(network) {
        return Err("its header has no proof of work".into());
    }
    let branch: Option<Vec<[u8; 32]>> =
        proof.branch.iter().map(|h| hex::decode(h).ok().and_then(|h| h.try_into().ok())).collect();
    let branch = branch.ok_or("its merkle branch is not hashes in hex")?;
    if branch.len() > 32 || u64::from(proof.index) >> branch.len() != 0 {
        return Err("its merkle branch does not fit its index".into());
    }
    if fold_branch(tx.txid.as_bytes(), proof.index as usize, &branch) != header.merkle_root() {
        return Err("its merkle branch does not lead to the header's root".into());
    }
    Ok((tx, header))
}

/// Names the first few fields in which two reports differ.
fn differences(stated: &TraceReport, again: &TraceReport) -> Vec<String> {
    if stated == again {
        return Vec::new();
    }
    let (a, b) = (serde_json::to_value(stated), serde_json::to_value(again));
    let (Ok(serde_json::Value::Object(a)), Ok(serde_json::Value::Object(b))) = (a, b) else {
        return vec!["differs from what the bundle recomputes to".into()];
    };
    let differing = a.iter().filter(|(k, v)| b.get(*k) != Some(v));
    differing
        .map(|(k, v)| {
            let shorten = |v: &serde_json::Value| v.to_string().chars().take(120).collect::<String>();
            let other = b.get(k).map(shorten).unwrap_or_default();
            format!("'{k}' is stated as {} but recomputes to {other}", shorten(v))
        })
        .collect()
}

/// Numbers something in a bundle; one of [`MAX_BUNDLE_BYTES`] holds fewer than 2^32 of anything.
fn number(n: usize) -> u32 {
    u32::try_from(n).expect("a bundle holds fewer than 2^32 of anything")
}

/// The index of an output or external of a bundle.
fn index(n: u64) -> usize {
    usize::try_from(n).expect("numbers of a bundle's outputs are indices")
}

/// The contents of a bundle as a chain.
#[derive(Default)]
struct BundleView {
    network: Option<Network>,
    txids: Vec<Txid>,
    by_txid: HashMap<Txid, u32>,
    heights: Vec<u32>,
    times: Vec<u32>,
    coinbase: Vec<bool>,
    first_output: Vec<u64>,
    values: Vec<u64>,
    addresses: Vec<u32>,
    keys: Vec<String>,
    key_numbers: HashMap<String, u32>,
    sources: Vec<Vec<Source>>,
    spenders: HashMap<u64, u32>,
    externals: Vec<(String, u32, OutputInfo)>,
    categories: HashMap<u32, Category>,
    labels: HashMap<u32, (String, String)>,
}

impl BundleView {
    fn key(&mut self, text: String) -> u32 {
        let next = number(self.keys.len());
        *self.key_numbers.entry(text.clone()).or_insert_with(|| {
            self.keys.push(text);
            next
        })
    }

    fn fill(&mut self, entries: Vec<(u32, u32, Header, SingleTx)>, claims: &[ExternalClaim]) -> Result<(), String> {
        let network = self.network.expect("set by the caller");
        let mut external_numbers: HashMap<(String, u32), u64> = HashMap::new();
        for claim in claims {
            let address = claim.address.clone().map(|a| self.key(a));
            let info = OutputInfo { value: claim.value, address };
            external_numbers.insert((claim.txid.clone(), claim.vout), self.externals.len() as u64);
            self.externals.push((claim.txid.clone(), claim.vout, info));
        }
        for (height, _, header, tx) in &entries {
            if self.by_txid.insert(tx.txid, number(self.txids.len())).is_some() {
                return Err(format!("proofs.json: {} is proved twice", tx.txid));
            }
            self.txids.push(tx.txid);
            self.heights.push(*height);
            self.times.push(header.time());
            self.coinbase.push(tx.coinbase);
            self.first_output.push(self.values.len() as u64);
            for (value, address) in &tx.outputs {
                let number = self.key(address.to_text(network));
                self.values.push(*value);
                self.addresses.push(number);
            }
        }
        for (spender, (.., tx)) in (0..).zip(&entries) {
            let mut sources = Vec::with_capacity(tx.inputs.len());
            for (txid, vout) in tx.inputs.iter().filter(|_| !tx.coinbase) {
                let place = match self.by_txid.get(txid) {
                    Some(funding) => {
                        let outputs = self.outputs(*funding);
                        let output = outputs.start + u64::from(*vout);
                        if output >= outputs.end {
                            return Err(format!("{}: spends an output that does not exist", tx.txid));
                        }
                        if self.spenders.insert(output, spender).is_some() {
                            return Err(format!("{}: spends an output twice", tx.txid));
                        }
                        Source::Output(output)
                    }
                    None => {
                        let key = (txid.to_string(), *vout);
                        let next = self.externals.len() as u64;
                        let external = *external_numbers.entry(key.clone()).or_insert(next);
                        if external == next {
                            // Not needed by the trace, or the maker would have stated it.
                            self.externals.push((key.0, key.1, OutputInfo { value: None, address: None }));
                        }
                        Source::External(external)
                    }
                };
                sources.push(place);
            }
            self.sources.push(sources);
        }
        Ok(())
    }

    fn place(&self, txid: &str, vout: u32) -> Option<Source> {
        if let Some(tx) = txid.parse().ok().and_then(|t: Txid| self.by_txid.get(&t)) {
            let outputs = self.outputs(*tx);
            let output = outputs.start + u64::from(vout);
            return (output < outputs.end).then_some(Source::Output(output));
        }
        let at = self.externals.iter().position(|e| e.0 == txid && e.1 == vout)?;
        Some(Source::External(at as u64))
    }

    /// Checks that an attribution follows from its tags, and adds it.
    fn attribute(&mut self, attribution: &Attribution) -> Result<(), String> {
        let tag = match (&attribution.cluster, weightiest(&attribution.tags).cloned()) {
            (None, Some(tag)) => {
                if let Some(other) = attribution.tags.iter().find(|t| t.address != attribution.address) {
                    return Err(format!("a tag is of {}", other.address));
                }
                tag
            }
            (Some(evidence), None) => {
                self.check_chain(&attribution.address, evidence)?;
                evidence.tag.clone()
            }
            _ => return Err("has neither tags of its own nor a cluster's, or both".into()),
        };
        if tag.concept() != attribution.category {
            return Err(format!("is stated as {} but its tag is of {}", attribution.category, tag.concept()));
        }
        let address = self.key(attribution.address.clone());
        self.categories.insert(address, attribution.category);
        self.labels.insert(address, (tag.label, tag.source));
        Ok(())
    }

    fn check_chain(&self, address: &str, evidence: &ClusterEvidence) -> Result<(), String> {
        if !evidence.tag.is_cluster_definer {
            return Err("the cluster's tag is no cluster definer".into());
        }
        let mut at = address;
        for link in &evidence.chain {
            if link.from != at {
                return Err("the chain of merges is broken".into());
            }
            let tx = link.txid.parse().ok().and_then(|t: Txid| self.by_txid.get(&t)).copied();
            let tx = tx.ok_or_else(|| format!("transaction {} of a merge is not in the bundle", link.txid))?;
            let inputs = &self.sources[tx as usize];
            let outputs: Vec<Source> = self.outputs(tx).map(Source::Output).collect();
            let among = |places: &[Source], address: &str| {
                let number = self.key_numbers.get(address).copied();
                number.is_some() && places.iter().any(|p| self.source_info(*p).address == number)
            };
            // Inputs whose funding transaction is not here prove nothing; then the maker's word is all there is.
            let provable = inputs.iter().all(|p| self.source_info(*p).address.is_some());
            let shown = |a: &str| among(inputs, a) || (link.heuristic != "cospend" && among(&outputs, a));
            if provable && !(shown(&link.from) && shown(&link.to)) {
                return Err(format!("transaction {} does not show {} and {} together", link.txid, link.from, link.to));
            }
            at = &link.to;
        }
        if at != evidence.tag.address {
            return Err(format!("the chain of merges ends at {at}, the tag is of {}", evidence.tag.address));
        }
        Ok(())
    }
}

impl View for BundleView {
    fn outputs(&self, tx: u32) -> Range<u64> {
        let end = self.first_output.get(tx as usize + 1).copied().unwrap_or(self.values.len() as u64);
        self.first_output[tx as usize]..end
    }

    fn value(&self, output: u64) -> u64 {
        self.values[index(output)]
    }

    fn address(&self, output: u64) -> u32 {
        self.addresses[index(output)]
    }

    fn spender(&self, output: u64) -> Option<u32> {
        self.spenders.get(&output).copied()
    }

    fn sources(&self, tx: u32) -> Vec<Source> {
        self.sources[tx as usize].clone()
    }

    fn source_info(&self, source: Source) -> OutputInfo {
        match source {
            Source::Output(o) => OutputInfo { value: Some(self.value(o)), address: Some(self.address(o)) },
            Source::External(e) => self.externals[index(e)].2,
        }
    }

    fn is_coinbase(&self, tx: u32) -> bool {
        self.coinbase[tx as usize]
    }

    fn time(&self, tx: u32) -> u32 {
        self.times[tx as usize]
    }

    fn tx_of_output(&self, output: u64) -> u32 {
        number(self.first_output.partition_point(|f| *f <= output)) - 1
    }

    fn category(&self, address: u32) -> Category {
        self.categories.get(&address).copied().unwrap_or_default()
    }
}

impl Describe for BundleView {
    fn outpoint(&self, place: Source) -> (String, u32) {
        match place {
            Source::Output(o) => {
                let tx = self.tx_of_output(o);
                (self.txid(tx), number(index(o - self.first_output[tx as usize])))
            }
            Source::External(e) => {
                let (txid, vout, _) = &self.externals[index(e)];
                (txid.clone(), *vout)
            }
        }
    }

    fn txid(&self, tx: u32) -> String {
        self.txids[tx as usize].to_string()
    }

    fn height(&self, tx: u32) -> u32 {
        self.heights[tx as usize]
    }

    fn address_text(&self, address: u32) -> String {
        self.keys[address as usize].clone()
    }

    fn label(&self, address: u32) -> Option<(String, String)> {
        self.labels.get(&address).cloned()
    }

    fn network(&self) -> String {
        self.network.map_or(String::new(), |n| n.to_string())
    }
}
