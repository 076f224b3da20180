//! Seized material at the desk: a case's own key for secrets, what the ledger knows of the addresses, and the case's exhibits.

use crate::CaseError;
use crate::Cases;
use crate::case::{CaseStep, ItemKind, Person, may_change};
use holdfast_attribution::Tlp;
use holdfast_decision::model::text_ok;
use holdfast_forensics::Kind;
use holdfast_forensics::derive::{Derived, GAP, addresses_of, kind_of};
use holdfast_forensics::record::{self, Custody};
use holdfast_forensics::scan::{Finding, Progress, Report, ScanError, scan_at_most, write_results};
use holdfast_forensics::seal::{Sealer, fingerprint, open};
use holdfast_input::time::parse as parse_time;
use holdfast_requests::matching::{Match, matches};
use holdfast_requests::production;
use holdfast_requests::request::{Target, TargetKind};
use holdfast_store::StoreError;
use holdfast_types::Invalid;
use holdfast_types::ids::{CaseId, CaseItemId};
use holdfast_types::units::with_unit;
use holdfast_workspace::{ChainQueries, CoveredChain, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use utoipa::ToSchema;

/// Most addresses that are looked up in the ledger.
pub const MAX_ADDRESSES: usize = 100_000;
/// Most addresses in use that become items of a case.
const MAX_ITEMS: usize = 200;

/// An address of seized material that the ledger knows or a tag names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SeizedAddress)]
pub struct Holding {
    /// Address.
    pub address: String,
    /// Ticker.
    pub asset: String,
    /// Origin: found as it is, or derived from a secret.
    pub origin: String,
    /// Base units received.
    pub received: u64,
    /// Base units that it holds.
    pub balance: u64,
    /// Tags.
    pub tags: Vec<String>,
    /// Where its money went: category and share in millionths, direct and indirect together.
    pub went_to: Vec<(String, u64)>,
    /// Customers of this exchange that it touched, and why.
    pub customers: Vec<Match>,
}

/// What came of scanning an exhibit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ScannedExhibit)]
pub struct Scanned {
    /// Findings; secrets are fingerprints.
    pub report: Report,
    /// Addresses that secrets and extended public keys control.
    pub derived: Vec<Derived>,
    /// Those and the found ones that a ledger knows, a tag names or a customer touched.
    pub holdings: Vec<Holding>,
    /// Chains on which they were looked up.
    pub coverage: Vec<CoveredChain>,
    /// Assets of addresses that are of no chain here; tags and customers' records were looked up alone.
    pub uncovered: Vec<String>,
    /// Numbers of the case's exhibits.
    #[schema(value_type = Vec<u64>)]
    pub exhibits: Vec<CaseItemId>,
}

/// The results of a complete scan.
struct Results<'a> {
    /// Folder with the findings and sealed secrets.
    out: &'a Path,
    /// Addresses derived of each branch.
    gap: u32,
    custody: &'a Custody,
}

/// A scan that was made on another machine, with its secrets sealed to the case's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SentScan {
    /// Number or name of the exhibit.
    pub exhibit: String,
    /// Addresses derived from each branch, 20 by default, 1,000 at most.
    #[serde(default = "default_gap")]
    pub gap: u32,
    /// Findings; secrets are fingerprints, and sealed beside them.
    pub report: Report,
    /// Start of the scan, RFC 3339.
    pub begun: String,
    /// End of the scan, RFC 3339.
    pub ended: String,
}

fn default_gap() -> u32 {
    GAP
}

/// Results of a scan that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedScan {
    /// Addresses that secrets and extended public keys control.
    pub derived: Vec<Derived>,
    /// Those and the found ones that a ledger knows, a tag names or a customer touched.
    pub holdings: Vec<Holding>,
    /// Chains on which they were looked up.
    #[serde(default)]
    pub coverage: Vec<CoveredChain>,
    /// Assets of addresses that are of no chain here; tags and customers' records were looked up alone.
    #[serde(default)]
    pub uncovered: Vec<String>,
    /// Numbers of the case's exhibits.
    #[schema(value_type = Vec<u64>)]
    pub exhibits: Vec<CaseItemId>,
    /// The signed record, by file name, to be stored beside the results of the scan.
    pub files: BTreeMap<String, String>,
}

/// Files of a record that the desk makes for a scan that was sent.
pub const RECORD_FILES: [&str; 3] = ["evidence.json", "case.jsonld", "derived.json"];

/// How an exhibit is scanned.
#[derive(Clone, Copy, Debug)]
pub struct ScanOrder<'a> {
    /// Files, folders, devices.
    pub paths: &'a [PathBuf],
    /// Folder for the results.
    pub out: &'a Path,
    /// Results name sources by their path in this folder; without one, by the path given.
    pub below: Option<&'a Path>,
    /// Number or name of the exhibit.
    pub exhibit: &'a str,
    /// Addresses derived of each branch.
    pub gap: u32,
    /// Most bytes that the archives of one file may unpack to.
    pub most: u64,
}

/// Returns addresses that a report's extended public keys control, and its secrets where the key that opens them is given.
///
/// # Errors
/// [`CaseError::State`] when the key does not open them.
pub fn derive_all(report: &Report, identity: Option<&str>, gap: u32) -> Result<Vec<Derived>, CaseError> {
    let mut derived = Vec::new();
    for f in report.findings.iter().filter(|f| f.kind == Kind::ExtendedPublicKey) {
        derived.extend(addresses_of(f.kind, &f.value, &fingerprint(&f.value), gap));
    }
    if let Some(identity) = identity {
        let opened = open(identity, &report.sealed).map_err(|e| CaseError::State(e.to_string()))?;
        for (print, secret) in opened {
            // Its kind is in the findings; where it is missing, it is recognized by its form.
            let kind = report.findings.iter().find(|f| f.value == print).map(|f| f.kind).or_else(|| kind_of(&secret));
            if let Some(kind) = kind {
                derived.extend(addresses_of(kind, &secret, &print, gap));
            }
        }
    }
    derived.sort();
    derived.dedup();
    Ok(derived)
}

/// Results of the look-up of seized addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// Those that a ledger knows, a tag names or a customer touched.
    pub holdings: Vec<Holding>,
    /// Chains on which they were looked up.
    pub coverage: Vec<CoveredChain>,
    /// Assets of addresses that are of no chain here.
    pub uncovered: Vec<String>,
}

/// Gap of chains of accounts.
const NO_AMOUNTS: &str = "what an account received and holds is not looked up";

/// Looks up addresses found and derived on all chains that they can be on, and in the customers' records. Without chains nothing is looked up.
///
/// # Errors
/// [`CaseError`] when the database fails.
pub fn look_up(
    chains: &[Arc<dyn ChainQueries>],
    screening: &holdfast_screening::Screening,
    findings: &[Finding],
    derived: &[Derived],
) -> Result<LookedUp, CaseError> {
    if chains.is_empty() {
        return Ok(LookedUp::default());
    }
    let mut all: BTreeMap<(String, String), String> = BTreeMap::new();
    for d in derived {
        all.insert((d.asset.clone(), d.address.clone()), format!("derived from {} at {}", d.fingerprint, d.path));
    }
    for f in findings.iter().filter(|f| f.kind == Kind::Address) {
        let asset = f.detail.split(' ').next().unwrap_or_default().to_owned();
        all.insert((asset, f.value.clone()), format!("found in {} at {}", f.source, f.offset));
    }
    let readable: Vec<&dyn ChainQueries> = chains.iter().map(|c| &**c).filter(|c| c.fault().is_none()).collect();
    let snapshots: Vec<&Snapshot> = readable.iter().filter_map(|c| c.outputs()).collect();
    let (mut covered, mut uncovered) = (BTreeSet::<usize>::new(), BTreeSet::<String>::new());
    let mut holdings = Vec::new();
    for ((asset, address), origin) in all.into_iter().take(MAX_ADDRESSES) {
        let can_be_on = chains.iter().enumerate().filter(|(_, chain)| chain.own_form(&address).is_some());
        let can_be_on: Vec<usize> = can_be_on.map(|(at, _)| at).collect();
        if can_be_on.is_empty() {
            uncovered.insert(asset.clone());
        }
        covered.extend(can_be_on);
        // All chains have the same tags.
        let tags = snapshots.first().map_or(Vec::new(), |snapshot| tags_of(snapshot, &address));
        let target = Target { asset: Some(asset.clone()), ..Target::new(TargetKind::Address, address.clone()) };
        let customers = matches(screening, chains, &[target])?;
        let known = Holding { address, asset, origin, received: 0, balance: 0, tags, went_to: Vec::new(), customers };
        let before = holdings.len();
        holdings.extend(snapshots.iter().filter_map(|snapshot| holding_on(snapshot, &known)));
        if holdings.len() == before && !(known.tags.is_empty() && known.customers.is_empty()) {
            holdings.push(known);
        }
    }
    // What holds most comes first.
    holdings.sort_by(|a, b| (b.balance, b.received, &a.address).cmp(&(a.balance, a.received, &b.address)));
    let coverage = covered.into_iter().map(|at| {
        let mut chain = CoveredChain::of(&*chains[at]);
        if chains[at].outputs().is_none() {
            chain.gaps.push(NO_AMOUNTS.to_owned());
        }
        chain
    });
    Ok(LookedUp { holdings, coverage: coverage.collect(), uncovered: uncovered.into_iter().collect() })
}

/// Returns the tags of an address as text.
fn tags_of(snapshot: &Snapshot, address: &str) -> Vec<String> {
    // Findings go into reports for the authorities.
    let tags = snapshot.tags.tags_of(address).filter(|t| t.is_for(Tlp::Amber));
    tags.map(|t| format!("{} ({}, {})", t.label, t.concept().name(), t.source)).collect()
}

/// Returns what an address received and holds on a chain, in the chain's own asset; none where the chain does not mention it.
fn holding_on(snapshot: &Snapshot, known: &Holding) -> Option<Holding> {
    let report = snapshot.address(&snapshot.own_form(&known.address)?).ok().filter(|r| r.in_ledger)?;
    let went_to =
        report.exposure.iter().flat_map(|e| e.destination.iter().map(move |l| (l, e.amount))).map(|(l, all)| {
            let part = (u128::from(l.direct) + u128::from(l.indirect)) * 1_000_000;
            let share = part.checked_div(u128::from(all)).unwrap_or(0);
            (l.category.name().to_owned(), u64::try_from(share).unwrap_or(u64::MAX))
        });
    Some(Holding {
        went_to: went_to.collect(),
        address: report.address,
        asset: snapshot.asset().to_owned(),
        received: report.received,
        balance: report.balance,
        ..known.clone()
    })
}

impl Cases<'_> {
    /// Returns the secret key of a case's sealed secrets (age). It is derived, so that no file holds it; each access is recorded in the audit log.
    ///
    /// # Errors
    /// [`CaseError`]; who may not change the case does not get it.
    pub fn case_secret_key(&self, case: CaseId, person: &Person) -> Result<String, CaseError> {
        self.read(|db| Ok(may_change(db, case, person, false)))??;
        self.screening.note_look("case.secrets_opened", &format!("case:{case}"), "{}".into(), &person.name)?;
        // Of several, each on a line, as age's identity files have them: what was sealed before a rotation opens, too.
        Ok(self.key_ring.sealing_keys("case-secrets", &case.to_string()).join("\n"))
    }

    fn case_key(&self, case: CaseId) -> String {
        self.key_ring.sealing_key("case-secrets", &case.to_string())
    }

    /// Returns the public key that a case's secrets are sealed to (`age1...`).
    ///
    /// # Errors
    /// [`CaseError::State`] when the key cannot be derived.
    pub fn case_recipient(&self, case: CaseId) -> Result<String, CaseError> {
        let key: age::x25519::Identity =
            self.case_key(case).parse().map_err(|e: &str| CaseError::State(e.to_owned()))?;
        Ok(key.to_public().to_string())
    }

    /// Scans seized material for a case: secrets are sealed to the case's key, addresses derived and looked up, the record written and signed,
    /// and all of it added to the case. `Ok(None)`: it was stopped, and the same order resumes it.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's; [`CaseError::State`] when the person's role does not allow it, or a
    /// file cannot be read; [`CaseError::Invalid`] names the field.
    pub fn scan_for_case(
        &self,
        case: CaseId,
        order: ScanOrder<'_>,
        chains: &[Arc<dyn ChainQueries>],
        person: &Person,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Option<Scanned>, CaseError> {
        let fault = |e: ScanError| CaseError::State(e.to_string());
        text_ok("exhibit", order.exhibit)?;
        self.read(|db| Ok(may_change(db, case, person, false)))??;
        let begun = self.screening.now().rfc3339();
        let sealer = Sealer::new(&[self.case_recipient(case)?]).map_err(fault)?;
        let report = scan_at_most(order.paths, order.out, order.below, &sealer, order.most, progress).map_err(fault)?;
        if !report.complete {
            return Ok(None);
        }
        let ended = self.screening.now().rfc3339();
        let custody = Custody { examiner: person.name.clone(), exhibit: order.exhibit.to_owned(), begun, ended };
        let results = Results { out: order.out, gap: order.gap, custody: &custody };
        self.record_scan(case, &results, report, chains, person).map(Some)
    }

    /// Derives and looks up the addresses of a complete scan, writes the signed record beside its results, and adds all to the case.
    fn record_scan(
        &self,
        case: CaseId,
        results: &Results<'_>,
        report: Report,
        chains: &[Arc<dyn ChainQueries>],
        person: &Person,
    ) -> Result<Scanned, CaseError> {
        let Results { out, gap, custody } = *results;
        let derived = derive_all(&report, Some(&self.case_key(case)), gap)?;
        let found = look_up(chains, self.screening, &report.findings, &derived)?;
        record::write(out, &report, &derived, custody, &production::signing_key(self.key_ring))?;
        let exhibits = self.add_scan(case, out, &custody.exhibit, &report, &found, person)?;
        let LookedUp { holdings, coverage, uncovered } = found;
        Ok(Scanned { report, derived, holdings, coverage, uncovered, exhibits })
    }

    /// Adds a scan that was made elsewhere to a case: its secrets were sealed to the case's key ([`Cases::case_recipient`]) where it was made,
    /// so that no secret arrives here unsealed. The record is signed by the desk, and states as examiner who sent the scan.
    ///
    /// # Errors
    /// [`CaseError`]: the person may not change the case, the scan was stopped, a secret is not sealed to the case's key, or its times are wrong.
    pub fn import_scan(
        &self,
        case: CaseId,
        sent: SentScan,
        chains: &[Arc<dyn ChainQueries>],
        person: &Person,
    ) -> Result<ImportedScan, CaseError> {
        text_ok("exhibit", &sent.exhibit)?;
        self.read(|db| Ok(may_change(db, case, person, false)))??;
        let time = |name: &str, text: &str| parse_time(text).map_err(|e| Invalid::new(name, e.to_string()));
        let (begun, ended) = (time("begun", &sent.begun)?, time("ended", &sent.ended)?);
        if begun > ended {
            return Err(Invalid::new("ended", "is before begun").into());
        }
        let report = sent.report;
        if !report.complete {
            return Err(Invalid::new("report.complete", "the scan was stopped before its end").into());
        }
        let sealed: BTreeSet<&str> = report.sealed.iter().map(|s| s.fingerprint.as_str()).collect();
        if report.findings.iter().any(|f| f.kind.is_secret() && !sealed.contains(f.value.as_str())) {
            return Err(
                Invalid::new("report.findings", "a secret must be the fingerprint of one in report.sealed").into()
            );
        }
        let folder = tempfile::tempdir().map_err(|e| StoreError::Io(std::env::temp_dir(), e))?;
        write_results(folder.path(), &report)?;
        let custody = Custody {
            examiner: person.name.clone(),
            exhibit: sent.exhibit,
            begun: begun.rfc3339(),
            ended: ended.rfc3339(),
        };
        let results = Results { out: folder.path(), gap: sent.gap, custody: &custody };
        let scanned = self.record_scan(case, &results, report, chains, person)?;
        let read = |name: &str| {
            let path = folder.path().join(name);
            let text = std::fs::read_to_string(&path).map_err(|e| StoreError::Io(path, e))?;
            Ok((name.to_owned(), text))
        };
        let files = RECORD_FILES.iter().map(|name| read(name)).collect::<Result<_, StoreError>>()?;
        let Scanned { derived, holdings, coverage, uncovered, exhibits, .. } = scanned;
        Ok(ImportedScan { derived, holdings, coverage, uncovered, exhibits, files })
    }

    /// Returns the public key that the secrets of scans for a case are sealed to, for a person who may change the case.
    ///
    /// # Errors
    /// [`CaseError::NotFound`] for a case that is unknown or not the person's; [`CaseError::State`] when the person's role does not allow it.
    pub fn recipient_for(&self, case: CaseId, person: &Person) -> Result<String, CaseError> {
        self.read(|db| Ok(may_change(db, case, person, false)))??;
        self.case_recipient(case)
    }

    /// Adds a scan's results to a case: the record and the sealed secrets as exhibits, the addresses in use as addresses, customers as
    /// subjects, and a note of what was found. Returns the exhibits' numbers.
    ///
    /// # Errors
    /// [`CaseError`].
    fn add_scan(
        &self,
        case: CaseId,
        out: &Path,
        exhibit: &str,
        report: &Report,
        found: &LookedUp,
        person: &Person,
    ) -> Result<Vec<CaseItemId>, CaseError> {
        let stamp: String = self.screening.now().rfc3339().chars().filter(char::is_ascii_digit).collect();
        let mut numbers = Vec::new();
        for (name, media) in [
            ("evidence.json", "application/json"),
            ("case.jsonld", "application/json"),
            ("findings.jsonl", "text/plain"),
            ("sealed.jsonl", "text/plain"),
            ("derived.json", "application/json"),
        ] {
            let path = out.join(name);
            let bytes = std::fs::read(&path).map_err(|e| StoreError::Io(path.clone(), e))?;
            // A scan that found nothing secret has nothing sealed.
            if bytes.is_empty() {
                continue;
            }
            // A second scan of the exhibit has other times: it is another exhibit file.
            let name = format!("{exhibit}-{stamp}-{name}");
            numbers.push(self.add_exhibit(case, &name, media, &format!("scan of {exhibit}"), &bytes, person)?);
        }
        let add = |kind: ItemKind, key: &str, title: String, body: serde_json::Value| {
            let step =
                CaseStep::Add { kind, key: key.to_owned(), title, body, happened: None, assignee: None, due: None };
            self.change_case(case, step, person)
        };
        for h in found.holdings.iter().take(MAX_ITEMS) {
            let amount = |n: u64| with_unit(n, &h.asset);
            let title = format!("{}; received {}, holds {}", h.origin, amount(h.received), amount(h.balance));
            add(ItemKind::Address, &h.address, title, json!({ "holding": h }))?;
            for m in &h.customers {
                let because = format!("touched by {}: {}", h.address, m.because.join("; "));
                add(ItemKind::Subject, &m.customer, because.chars().take(500).collect(), json!({}))?;
            }
        }
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        report.findings.iter().for_each(|f| *counts.entry(f.kind.name()).or_default() += 1);
        let counts: Vec<String> = counts.iter().map(|(k, n)| format!("{n} {k}")).collect();
        let bytes: u64 = report.sources.iter().map(|s| s.size).sum();
        let words = format!(
            "{exhibit}: {} files, {bytes} bytes scanned; {}; {} addresses known to the ledger or tagged{}{}{}",
            report.sources.len(),
            if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") },
            found.holdings.len(),
            match found.coverage.as_slice() {
                [] => String::new(),
                chains => {
                    let chains: Vec<String> = chains.iter().map(CoveredChain::text).collect();
                    format!("; looked up on {}", chains.join(", "))
                }
            },
            match found.uncovered.as_slice() {
                [] => String::new(),
                assets => format!("; no ledger here of {}", assets.join(", ")),
            },
            match report.not_opened().count() {
                0 => String::new(),
                n => format!("; {n} things could not be opened and are listed in the record"),
            }
        );
        add(ItemKind::Note, "", words, json!({}))?;
        Ok(numbers)
    }
}
