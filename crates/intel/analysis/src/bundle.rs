//! Evidence bundles: a trace that the other side's expert can recompute offline.
//!
//! A bundle is a tar file (entries in name order, fixed metadata) of: `parameters.json`, `result.json`, `attributions.json` (tags with their sources
//! and, for addresses attributed through a cluster, the chain of co-spends), `proofs.json` (header and merkle branch of every transaction),
//! `externals.json` (amounts of outputs whose transactions the ledger does not hold: claims, from undo data), `transactions/TXID`, and
//! `manifest.json` with the SHA-256 of all of them, signed in `manifest.sig` (Ed25519). [`verify`] checks every byte and traces again.

use crate::report::{Describe, NamedView, TraceReport};
use crate::trace::{EndKind, Trace, TraceOptions, trace};
use crate::view::View;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use holdfast_attribution::tags::weightiest;
use holdfast_attribution::{Category, Tag};
use holdfast_bitcoin::block::{SingleTx, parse_transaction};
use holdfast_bitcoin::hash::{fold_branch, merkle_branch, sha256};
use holdfast_bitcoin::{AddressKey, Header, Network, display_hash, parse_hash};
use holdfast_utxo_ledger::{LedgerError, OutputInfo, Source};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

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
struct Manifest {
    format: u32,
    tool: String,
    created: String,
    public_key: String,
    files: Vec<FileEntry>,
}

#[derive(Serialize, Deserialize)]
struct FileEntry {
    name: String,
    size: u64,
    sha256: String,
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

#[derive(Serialize, Deserialize)]
struct Proof {
    txid: String,
    height: u32,
    index: u32,
    header: String,
    branch: Vec<String>,
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

/// Makes a bundle. `created` is the time to state (RFC 3339); it comes from the caller so that equal input gives equal bytes.
///
/// # Errors
/// [`BundleError`], in particular when raw blocks can no longer be read.
pub fn make(
    view: &NamedView<'_>,
    result: &Trace,
    options: &TraceOptions,
    key: &SigningKey,
    created: &str,
) -> Result<Vec<u8>, BundleError> {
    let ledger = view.view.ledger;
    // Transactions: those passed, their funding transactions, and those of every place.
    let mut wanted: BTreeSet<u32> = BTreeSet::new();
    let mut externals: BTreeSet<u64> = BTreeSet::new();
    let mut places: BTreeSet<Source> = result.starts.iter().map(|s| s.0).collect();
    for (place, _) in &result.starts {
        // Starts are marked in the order in which money could reach them.
        if let Source::Output(o) = place
            && let Some(spender) = ledger.spender(*o)
        {
            wanted.insert(spender);
        }
    }
    for edge in &result.edges {
        places.insert(edge.place);
        wanted.insert(edge.tx);
        for source in ledger.sources(edge.tx) {
            match source {
                Source::Output(o) => {
                    wanted.insert(ledger.tx_of_output(o));
                }
                Source::External(e) => {
                    externals.insert(e);
                }
            }
        }
    }
    for end in &result.ends {
        places.insert(end.place);
        if let Source::Output(o) = end.place
            && end.kind.is_bound()
            && let Some(spender) = ledger.spender(o)
        {
            wanted.insert(spender);
        }
    }
    for place in &places {
        match place {
            Source::Output(o) => {
                wanted.insert(ledger.tx_of_output(*o));
            }
            Source::External(e) => {
                externals.insert(*e);
            }
        }
    }
    let addresses: BTreeSet<u32> = places.iter().filter_map(|p| ledger.source_info(*p).address).collect();
    let attributions = attributions(view, &addresses, &mut wanted);
    if wanted.len() > MAX_BUNDLE_TXS {
        return Err(BundleError::TooLarge(wanted.len()));
    }
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut proofs = Vec::with_capacity(wanted.len());
    let mut block: Option<(u32, holdfast_bitcoin::Block)> = None;
    for tx in wanted {
        let info = ledger.block_of_tx(tx);
        if block.as_ref().is_none_or(|b| b.0 != info.number) {
            block = Some((info.number, ledger.raw_block(info.number)?));
        }
        let raw = &block.as_ref().expect("just read").1;
        let index = (tx - info.txs.0) as usize;
        let txid = ledger.txid_text(tx);
        files.insert(format!("transactions/{txid}"), raw.tx_bytes(index).to_vec());
        proofs.push(Proof {
            txid,
            height: info.height,
            index: index as u32,
            header: hex::encode(info.header.0),
            branch: merkle_branch(&raw.txids, index).iter().map(hex::encode).collect(),
        });
    }
    let claims: Vec<ExternalClaim> = externals
        .into_iter()
        .map(|e| {
            let (txid, vout) = view.outpoint(Source::External(e));
            let info = ledger.source_info(Source::External(e));
            ExternalClaim { txid, vout, value: info.value, address: info.address.map(|a| ledger.address_text(a)) }
        })
        .collect();
    let tip = ledger.tip();
    let parameters = Parameters {
        network: ledger.network(),
        options: *options,
        starts: result
            .starts
            .iter()
            .map(|(place, amount)| {
                let (txid, vout) = view.outpoint(*place);
                Start { txid, vout, amount: *amount }
            })
            .collect(),
        tip_height: tip.map_or(0, |t| t.height),
        tip_hash: tip.map_or(String::new(), |t| display_hash(&t.hash)),
    };
    let report = TraceReport::new(view, result, options);
    files.insert("parameters.json".into(), serde_json::to_vec_pretty(&parameters)?);
    files.insert("result.json".into(), serde_json::to_vec_pretty(&report)?);
    files.insert("attributions.json".into(), serde_json::to_vec_pretty(&attributions)?);
    files.insert("proofs.json".into(), serde_json::to_vec_pretty(&proofs)?);
    files.insert("externals.json".into(), serde_json::to_vec_pretty(&claims)?);
    let manifest = Manifest {
        format: FORMAT,
        tool: format!("holdfast {}", env!("CARGO_PKG_VERSION")),
        created: created.to_owned(),
        public_key: hex::encode(key.verifying_key().as_bytes()),
        files: files
            .iter()
            .map(|(name, bytes)| FileEntry {
                name: name.clone(),
                size: bytes.len() as u64,
                sha256: hex::encode(sha256(bytes)),
            })
            .collect(),
    };
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    let signature = key.sign(&manifest);
    files.insert("manifest.json".into(), manifest);
    files.insert("manifest.sig".into(), hex::encode(signature.to_bytes()).into_bytes());
    Ok(pack(&files)?)
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

/// Packs files into a tar with fixed metadata, in name order.
fn pack(files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        builder.append_data(&mut header, name, bytes.as_slice())?;
    }
    builder.into_inner()
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Checks passed, in words.
    pub passed: Vec<String>,
    /// What fails, naming file and cause.
    pub failures: Vec<String>,
    /// The signer's Ed25519 public key, hex.
    pub public_key: String,
    /// When the bundle was made, as it states.
    pub created: String,
    /// Statements that rest on the maker's word: absence of spends, amounts from undo data.
    pub claims: Vec<String>,
}

impl Verification {
    /// Returns whether nothing fails.
    pub fn is_valid(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Recomputes everything in a bundle. With `signer`, the signature must be by that key (hex). Reads nothing but the bytes given.
pub fn verify(bytes: &[u8], signer: Option<&str>) -> Verification {
    let mut v = Verification::default();
    if let Err(failure) = verify_into(bytes, signer, &mut v) {
        v.failures.push(failure);
    }
    v
}

fn verify_into(bytes: &[u8], signer: Option<&str>, v: &mut Verification) -> Result<(), String> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(format!("bundle of {} bytes is over the limit of {MAX_BUNDLE_BYTES}", bytes.len()));
    }
    let files = unpack(bytes)?;
    let canonical = pack(&files).map_err(|e| format!("bundle does not pack again: {e}"))?;
    if canonical != bytes {
        let at = canonical.iter().zip(bytes).position(|(a, b)| a != b).unwrap_or(canonical.len().min(bytes.len()));
        v.failures.push(format!("bundle: byte {at} is not as the maker's tool packs it"));
    }
    let file = |name: &str| files.get(name).ok_or_else(|| format!("{name}: missing"));
    // Signature and hashes.
    let manifest_bytes = file("manifest.json")?;
    let manifest: Manifest = parse("manifest.json", manifest_bytes)?;
    if manifest.format != FORMAT {
        return Err(format!("manifest.json: format {} is not known to this build", manifest.format));
    }
    v.public_key = manifest.public_key.clone();
    v.created = manifest.created.clone();
    if signer.is_some_and(|s| !s.eq_ignore_ascii_case(&manifest.public_key)) {
        v.failures.push(format!("manifest.json: signed by {}, not by the key given", manifest.public_key));
    }
    match check_signature(manifest_bytes, file("manifest.sig")?, &manifest.public_key) {
        Ok(()) => v.passed.push(format!("manifest is signed by {}", manifest.public_key)),
        Err(why) => v.failures.push(format!("manifest.sig: {why}")),
    }
    let mut listed: BTreeSet<&str> = ["manifest.json", "manifest.sig"].into();
    for entry in &manifest.files {
        listed.insert(&entry.name);
        match files.get(&entry.name) {
            None => v.failures.push(format!("{}: listed in the manifest but missing", entry.name)),
            Some(bytes) if hex::encode(sha256(bytes)) != entry.sha256 || bytes.len() as u64 != entry.size => {
                v.failures.push(format!("{}: SHA-256 or size is not the manifest's", entry.name));
            }
            Some(_) => {}
        }
    }
    for name in files.keys().filter(|n| !listed.contains(n.as_str())) {
        v.failures.push(format!("{name}: not listed in the manifest"));
    }
    if !v.failures.is_empty() {
        return Ok(()); // what follows would only repeat the damage
    }
    v.passed.push(format!("{} files have the hashes that the manifest lists", manifest.files.len()));
    // Transactions and their proofs.
    let parameters: Parameters = parse("parameters.json", file("parameters.json")?)?;
    let proofs: Vec<Proof> = parse("proofs.json", file("proofs.json")?)?;
    let claims: Vec<ExternalClaim> = parse("externals.json", file("externals.json")?)?;
    let attributions: Vec<Attribution> = parse("attributions.json", file("attributions.json")?)?;
    let mut view = BundleView { network: Some(parameters.network), ..BundleView::default() };
    let mut entries = Vec::with_capacity(proofs.len());
    for proof in &proofs {
        let name = format!("transactions/{}", proof.txid);
        let Some(bytes) = files.get(&name) else {
            v.failures.push(format!("{name}: missing, but proofs.json has its proof"));
            continue;
        };
        match check_proof(proof, bytes, parameters.network) {
            Ok((tx, header)) => entries.push((proof.height, proof.index, header, tx)),
            Err(why) => v.failures.push(format!("{name}: {why}")),
        }
    }
    let carried = files.keys().filter(|n| n.starts_with("transactions/")).count();
    if carried != proofs.len() {
        v.failures.push(format!("proofs.json: {} proofs for {carried} transactions", proofs.len()));
    }
    if !v.failures.is_empty() {
        return Ok(());
    }
    v.passed.push(format!("{} transactions are proved to be in blocks with proof of work", entries.len()));
    entries.sort_by_key(|e| (e.0, e.1));
    view.fill(entries, &claims)?;
    // Attributions.
    for attribution in &attributions {
        if let Err(why) = view.attribute(attribution) {
            v.failures.push(format!("attributions.json: {}: {why}", attribution.address));
        }
    }
    if !v.failures.is_empty() {
        return Ok(());
    }
    v.passed.push(format!("{} attributions follow from their tags and co-spends", attributions.len()));
    // The trace itself.
    let mut starts = Vec::new();
    for start in &parameters.starts {
        let place = view.place(&start.txid, start.vout);
        starts.push((
            place
                .ok_or_else(|| format!("parameters.json: start {}:{} is not in the bundle", start.txid, start.vout))?,
            start.amount,
        ));
    }
    let result = trace(&view, &starts, &parameters.options).map_err(|e| format!("parameters.json: {e}"))?;
    if !result.balances() {
        v.failures.push("the recomputed trace does not balance".into());
    }
    let again = TraceReport::new(&view, &result, &parameters.options);
    let stated: TraceReport = parse("result.json", file("result.json")?)?;
    let differences = differences(&stated, &again);
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
    if !claims.is_empty() {
        v.claims.push(format!(
            "amounts or addresses of {} outputs come from undo data or from what inputs prove; their transactions are not here",
            claims.len()
        ));
    }
    Ok(())
}

fn parse<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|e| format!("{name}: {e}"))
}

fn unpack(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    use std::io::Read;
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().map_err(|e| format!("not a bundle: {e}"))?;
    for entry in entries {
        let mut entry = entry.map_err(|e| format!("not a bundle, or damaged: {e}"))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|e| format!("{name}: {e}"))?;
        if files.insert(name.clone(), content).is_some() {
            return Err(format!("{name}: is in the bundle twice"));
        }
    }
    if files.is_empty() {
        return Err("not a bundle: it holds no file".into());
    }
    Ok(files)
}

fn check_signature(manifest: &[u8], signature: &[u8], key: &str) -> Result<(), String> {
    let key: [u8; 32] =
        hex::decode(key).ok().and_then(|k| k.try_into().ok()).ok_or("the public key is not 64 hex digits")?;
    let key = VerifyingKey::from_bytes(&key).map_err(|e| e.to_string())?;
    // Lower case only: another spelling of the same signature is another file.
    let text = std::str::from_utf8(signature).map_err(|_| "not hex")?;
    let bytes: [u8; 64] = hex::decode(text).ok().and_then(|s| s.try_into().ok()).ok_or("not 128 hex digits")?;
    if hex::encode(bytes) != text {
        return Err("not in lower-case hex".into());
    }
    key.verify_strict(manifest, &Signature::from_bytes(&bytes)).map_err(|_| "does not match manifest.json".into())
}

fn check_proof(proof: &Proof, bytes: &[u8], network: Network) -> Result<(SingleTx, Header), String> {
    let tx = parse_transaction(bytes).map_err(|e| e.to_string())?;
    if display_hash(&tx.txid) != proof.txid {
        return Err(format!("its bytes hash to {}", display_hash(&tx.txid)));
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
    if branch.len() > 32 || (proof.index as u64) >> branch.len() != 0 {
        return Err("its merkle branch does not fit its index".into());
    }
    if fold_branch(&tx.txid, proof.index as usize, &branch) != header.merkle_root() {
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

/// The contents of a bundle as a chain.
#[derive(Default)]
struct BundleView {
    network: Option<Network>,
    txids: Vec<[u8; 32]>,
    by_txid: HashMap<[u8; 32], u32>,
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
        let next = self.keys.len() as u32;
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
            if self.by_txid.insert(tx.txid, self.txids.len() as u32).is_some() {
                return Err(format!("proofs.json: {} is proved twice", display_hash(&tx.txid)));
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
        for (number, (.., tx)) in entries.iter().enumerate() {
            let mut sources = Vec::with_capacity(tx.inputs.len());
            for (txid, vout) in tx.inputs.iter().filter(|_| !tx.coinbase) {
                let place = match self.by_txid.get(txid) {
                    Some(funding) => {
                        let outputs = self.outputs(*funding);
                        let output = outputs.start + *vout as u64;
                        if output >= outputs.end {
                            return Err(format!("{}: spends an output that does not exist", display_hash(&tx.txid)));
                        }
                        if self.spenders.insert(output, number as u32).is_some() {
                            return Err(format!("{}: spends an output twice", display_hash(&tx.txid)));
                        }
                        Source::Output(output)
                    }
                    None => {
                        let key = (display_hash(txid), *vout);
                        let next = self.externals.len() as u64;
                        let number = *external_numbers.entry(key.clone()).or_insert(next);
                        if number == next {
                            // Not needed by the trace, or the maker would have stated it.
                            self.externals.push((key.0, key.1, OutputInfo { value: None, address: None }));
                        }
                        Source::External(number)
                    }
                };
                sources.push(place);
            }
            self.sources.push(sources);
        }
        Ok(())
    }

    fn place(&self, txid: &str, vout: u32) -> Option<Source> {
        if let Some(tx) = parse_hash(txid).and_then(|t| self.by_txid.get(&t)) {
            let outputs = self.outputs(*tx);
            let output = outputs.start + vout as u64;
            return (output < outputs.end).then_some(Source::Output(output));
        }
        let at = self.externals.iter().position(|e| e.0 == txid && e.1 == vout)?;
        Some(Source::External(at as u64))
    }

    /// Checks that an attribution follows from its tags, and takes it in.
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
            return Err(format!("is stated as {} but its tag says {}", attribution.category, tag.concept()));
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
            let tx = parse_hash(&link.txid).and_then(|t| self.by_txid.get(&t)).copied();
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
        self.values[output as usize]
    }

    fn address(&self, output: u64) -> u32 {
        self.addresses[output as usize]
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
            Source::External(e) => self.externals[e as usize].2,
        }
    }

    fn is_coinbase(&self, tx: u32) -> bool {
        self.coinbase[tx as usize]
    }

    fn time(&self, tx: u32) -> u32 {
        self.times[tx as usize]
    }

    fn tx_of_output(&self, output: u64) -> u32 {
        self.first_output.partition_point(|f| *f <= output) as u32 - 1
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
                (self.txid(tx), (o - self.first_output[tx as usize]) as u32)
            }
            Source::External(e) => {
                let (txid, vout, _) = &self.externals[e as usize];
                (txid.clone(), *vout)
            }
        }
    }

    fn txid(&self, tx: u32) -> String {
        display_hash(&self.txids[tx as usize])
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
