//! Importing tags from files and folders: TagPacks, ActorPacks, OFAC's lists and address lists made of them, labels of block explorers, CSV.

use crate::labels::{self, Explorer};
use crate::sdn;
use crate::tagpack::{self, Pack, PackError};
use crate::tags::{Confidence, Tag, TagStore};
use crate::taxonomy::Category;
use crate::tlp::Tlp;
use holdfast_input::encoding;
use holdfast_input::table::{Options, Table};
use holdfast_types::{Family, asset};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What an import did.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportReport {
    /// Packs and lists read.
    pub packs: usize,
    /// Their titles.
    pub titles: Vec<String>,
    /// Licences that files state, by the title of the pack.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub licences: BTreeMap<String, String>,
    /// Tags read.
    pub tags: usize,
    /// Tags that were not in the store already.
    pub new_tags: usize,
    /// Actors read.
    pub actors: usize,
    /// What was left out or assumed, with file and place.
    pub warnings: Vec<String>,
    /// Files refused whole, with the cause.
    pub refused: Vec<String>,
    /// Tags of sanctioned addresses.
    pub sanctioned: usize,
    /// Tags by the category that they count under.
    pub by_category: BTreeMap<String, usize>,
    /// Tags by asset.
    pub by_asset: BTreeMap<String, usize>,
    /// Categories and abuses that the taxonomy does not know, with how often they occur: they count as `other` or `other_abuse`.
    pub unknown_categories: BTreeMap<String, usize>,
    /// Tags left out because nobody controls their address (null, burn, precompile).
    pub without_owner: usize,
    /// Tags whose address can match nothing, such as one with a wrong checksum.
    pub unmatchable: usize,
    /// Tags whose addresses can be on each chain of the desk, by its name ([`ImportReport::count_chains`]).
    pub by_chain: BTreeMap<String, usize>,
    /// Tags whose addresses can be on none of the desk's chains: they are stored, and match by the address alone.
    pub without_chain: usize,
    /// Tags by the family of their addresses.
    #[serde(skip)]
    families: BTreeMap<Family, usize>,
}

/// Most different assets or unknown categories that a report counts apart; what comes after them is counted together.
const MAX_COUNTED: usize = 200;

fn count(counts: &mut BTreeMap<String, usize>, name: &str) {
    let room = counts.len() < MAX_COUNTED || counts.contains_key(name);
    let name = if room { name } else { "(more)" };
    *counts.entry(name.chars().take(60).collect()).or_default() += 1;
}

impl ImportReport {
    /// Counts what a tag of the store was understood to be.
    fn understood(&mut self, tag: &Tag) {
        let concept = tag.concept();
        self.sanctioned += usize::from(concept == Category::SANCTION);
        count(&mut self.by_category, concept.name());
        count(&mut self.by_asset, &tag.asset);
        for name in tag.abuse.iter().chain(&tag.category).chain(&tag.concepts) {
            if Category::from_name(name).is_none() {
                count(&mut self.unknown_categories, name);
            }
        }
    }

    /// Counts the tags by the desk's chains, which are given by name and family.
    pub fn count_chains(&mut self, chains: &[(String, Family)]) {
        let tags_of = |family| self.families.get(&family).copied().unwrap_or_default();
        self.by_chain = chains.iter().map(|(name, family)| (name.clone(), tags_of(*family))).collect();
        let is_of_chain = |family| chains.iter().any(|(_, of_chain)| *of_chain == family);
        self.without_chain = self.families.iter().filter(|(f, _)| !is_of_chain(**f)).map(|(_, tags)| tags).sum();
    }

    /// Adds what another import did.
    pub fn add(&mut self, other: ImportReport) {
        self.packs += other.packs;
        self.titles.extend(other.titles);
        self.licences.extend(other.licences);
        self.tags += other.tags;
        self.new_tags += other.new_tags;
        self.actors += other.actors;
        self.warnings.extend(other.warnings);
        self.refused.extend(other.refused);
        self.sanctioned += other.sanctioned;
        self.without_owner += other.without_owner;
        self.unmatchable += other.unmatchable;
        self.without_chain += other.without_chain;
        other.families.into_iter().for_each(|(family, n)| *self.families.entry(family).or_default() += n);
        for (into, from) in [
            (&mut self.by_category, other.by_category),
            (&mut self.by_asset, other.by_asset),
            (&mut self.by_chain, other.by_chain),
            (&mut self.unknown_categories, other.unknown_categories),
        ] {
            from.into_iter().for_each(|(name, n)| *into.entry(name).or_default() += n);
        }
    }

    /// Returns whether nothing came in: no tag, no actor.
    pub fn is_empty(&self) -> bool {
        self.tags == 0 && self.actors == 0 && self.without_owner == 0
    }

    /// Returns what was understood, in words, one statement a line.
    pub fn lines(&self) -> Vec<String> {
        let list = |counts: &BTreeMap<String, usize>| {
            let mut all: Vec<_> = counts.iter().collect();
            all.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), name.as_str()));
            let shown: Vec<String> = all.iter().take(12).map(|(name, n)| format!("{name} {n}")).collect();
            let more = if all.len() > 12 { format!(", {} more", all.len() - 12) } else { String::new() };
            shown.join(", ") + &more
        };
        let mut lines = Vec::new();
        if self.tags > 0 {
            lines.push(format!("sanctioned: {}", self.sanctioned));
            lines.push(format!("by category: {}", list(&self.by_category)));
            lines.push(format!("by asset: {}", list(&self.by_asset)));
        }
        if !self.by_chain.is_empty() {
            lines.push(format!("by chain: {}", list(&self.by_chain)));
        }
        if self.without_chain > 0 {
            lines.push(format!("of no chain here, matched by the address alone: {}", self.without_chain));
        }
        if !self.unknown_categories.is_empty() {
            lines.push(format!("categories that the taxonomy does not know: {}", list(&self.unknown_categories)));
        }
        if self.without_owner > 0 {
            lines.push(format!("without effect, because nobody controls the address: {}", self.without_owner));
        }
        if self.unmatchable > 0 {
            lines.push(format!("that match nothing, because the address is none of its asset: {}", self.unmatchable));
        }
        lines
    }
}

/// A file to import: its name and bytes.
pub type NamedFile = (String, Vec<u8>);

/// Why an import cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    /// Nothing to import.
    #[error("{0}: no .yaml, .yml, .csv, sdn_advanced*.xml, sanctioned_addresses_*.txt or etherscan*.json file here")]
    Empty(PathBuf),
}

/// Most files and bytes taken from one folder.
const MAX_FILES: usize = 100_000;

/// Collects importable files below a path.
///
/// # Errors
/// [`ImportError`] when the path does not read, or holds nothing to import.
pub fn collect(path: &Path) -> Result<Vec<NamedFile>, ImportError> {
    let mut paths = Vec::new();
    walk(path, &mut paths)?;
    paths.sort();
    if paths.is_empty() {
        return Err(ImportError::Empty(path.to_owned()));
    }
    paths
        .into_iter()
        .map(|p| {
            let bytes = std::fs::read(&p).map_err(|e| ImportError::Io(p.clone(), e))?;
            let name = p.strip_prefix(path).ok().filter(|n| !n.as_os_str().is_empty());
            let name =
                name.map_or_else(|| p.file_name().unwrap_or_default().to_string_lossy(), |n| n.to_string_lossy());
            Ok((name.into_owned(), bytes))
        })
        .collect()
}

fn walk(path: &Path, out: &mut Vec<PathBuf>) -> Result<(), ImportError> {
    let io = |e| ImportError::Io(path.to_owned(), e);
    let meta = std::fs::metadata(path).map_err(io)?;
    if meta.is_dir() {
        for entry in std::fs::read_dir(path).map_err(io)? {
            walk(&entry.map_err(io)?.path(), out)?;
        }
    } else if is_importable(&path.to_string_lossy()) && out.len() < MAX_FILES {
        out.push(path.to_owned());
    }
    Ok(())
}

/// Returns whether a file can be imported, by its name.
pub fn is_importable(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    [".yaml", ".yml", ".csv"].iter().any(|e| base.ends_with(e))
        || ofac_asset(base).is_some()
        || sdn::is_list(base)
        || Explorer::of_file(name).is_some()
}

fn ofac_asset(base: &str) -> Option<&str> {
    base.strip_prefix("sanctioned_addresses_")?.strip_suffix(".txt")
}

/// Imports files, in parallel, in the order of their names.
pub fn import(store: &mut TagStore, files: Vec<NamedFile>) -> ImportReport {
    import_as(store, files, None)
}

/// As [`import`]; tags without a label of their own get the one given.
pub fn import_as(store: &mut TagStore, files: Vec<NamedFile>, label: Option<Tlp>) -> ImportReport {
    let all = ReadFiles::read(files).add_to(store, label, &mut |_| ControlFlow::Continue(()));
    // Nothing ends it early.
    all.unwrap_or_default()
}

/// Tags that are added between two looks at whether to go on.
const PART: usize = 20_000;

/// Files that were read, and are in no store yet.
#[derive(Debug)]
pub struct ReadFiles(Vec<Result<Pack, PackError>>);

impl ReadFiles {
    /// Reads files, in parallel, in the order of their names. What is wrong with one is in the report of [`ReadFiles::add_to`].
    #[must_use]
    pub fn read(mut files: Vec<NamedFile>) -> Self {
        files.sort();
        let read = |(name, bytes): &NamedFile| {
            let base = name.rsplit('/').next().unwrap_or(name);
            if let Some(asset) = ofac_asset(base) {
                read_ofac(name, asset, bytes)
            } else if sdn::is_list(base) {
                sdn::read(name, bytes)
            } else if let Some(explorer) = Explorer::of_file(name) {
                labels::read(name, &explorer, bytes)
            } else if base.ends_with(".csv") {
                read_csv(name, bytes)
            } else {
                tagpack::read(name, bytes)
            }
        };
        ReadFiles(files.par_iter().map(read).collect())
    }

    /// Returns how many tags were read.
    #[must_use]
    pub fn tags(&self) -> usize {
        self.0.iter().flatten().map(|pack| pack.tags.len()).sum()
    }

    /// Adds them to a store; tags without a label of their own get the one given. `watch` is told how many tags are in, part by part; where it breaks there is
    /// no report, and the store has some of the tags.
    pub fn add_to(
        self,
        store: &mut TagStore,
        label: Option<Tlp>,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Option<ImportReport> {
        let mut report = ImportReport::default();
        for pack in self.0 {
            let pack = match pack {
                Ok(pack) => pack,
                Err(e) => {
                    report.refused.push(e.to_string());
                    continue;
                }
            };
            report.packs += 1;
            report.licences.extend(pack.licence.map(|licence| (pack.title.clone(), licence)));
            report.titles.push(pack.title);
            report.actors += pack.actors.len();
            report.warnings.extend(pack.warnings);
            report.without_owner += pack.without_owner;
            report.unmatchable += pack.unmatchable;
            store.add_actors(pack.actors);
            let mut tags = pack.tags.into_iter();
            while tags.len() > 0 {
                let labelled = tags.by_ref().take(PART).map(|t| Tag { tlp: t.tlp.or(label), ..t });
                let completed: Vec<Tag> = labelled.map(|t| store.completed(t)).collect();
                report.tags += completed.len();
                completed.iter().for_each(|t| report.understood(t));
                report.new_tags += store.add_counted(completed, &mut report.families);
                if watch(report.tags).is_break() {
                    return None;
                }
            }
        }
        Some(report)
    }
}

/// Returns an OFAC list as 0xB10C's tool writes it: one address a line; the file's name ends in OFAC's asset code. Under a token's code (USDT) lie
/// addresses of every chain that has it: the form of an address decides.
///
/// # Errors
/// [`PackError::Nothing`] when no line is an address.
pub fn read_ofac(name: &str, asset: &str, bytes: &[u8]) -> Result<Pack, PackError> {
    let asset = sdn::asset_of(asset);
    let mut pack = Pack { title: format!("OFAC SDN list, {asset}"), ..Pack::default() };
    let title = pack.title.clone();
    let mut entries = 0;
    let decoded = encoding::decode(bytes, None).map_err(|cause| PackError::Nothing { file: name.to_owned(), cause })?;
    for (i, line) in decoded.text.lines().enumerate() {
        let address = line.trim();
        if address.is_empty() || address.starts_with('#') {
            continue;
        }
        entries += 1;
        let tag = Tag {
            address: address.to_owned(),
            asset: asset.clone(),
            label: "OFAC sanctioned address".into(),
            source: "https://sanctionslist.ofac.treas.gov/ (Specially Designated Nationals list)".into(),
            category: None,
            abuse: Some("sanction".into()),
            concepts: Vec::new(),
            confidence: Confidence::AuthorityData,
            is_cluster_definer: false,
            actor: None,
            lastmod: String::new(),
            pack: title.clone(),
            file: name.to_owned(),
            creator: "US Department of the Treasury, OFAC".into(),
            // The list is published.
            tlp: Some(Tlp::Clear),
        };
        pack.take(&format!("{name}: line {}", i + 1), tag);
    }
    pack.or_nothing(name, entries)
}

/// Columns of a CSV of tags; the second names are taken too.
const COLUMNS: [(&str, &[&str]); 12] = [
    ("address", &["address", "wallet", "wallet_address"]),
    ("currency", &["currency", "asset", "network", "ticker"]),
    ("label", &["label", "name"]),
    ("source", &["source"]),
    ("category", &["category"]),
    ("abuse", &["abuse"]),
    ("confidence", &["confidence"]),
    ("is_cluster_definer", &["is_cluster_definer"]),
    ("actor", &["actor"]),
    ("lastmod", &["lastmod"]),
    ("concepts", &["concepts"]),
    ("tlp", &["tlp"]),
];

/// Returns a CSV with a header line. Columns, by name: address, currency (or asset), label, source; optional category, abuse, concepts (with spaces),
/// confidence, is_cluster_definer, actor, lastmod, tlp. Commas, semicolons, tabs and bars separate; UTF-8, UTF-16 and Windows-1252 are read.
///
/// # Errors
/// [`PackError::Nothing`] when a column is missing or no line is a tag.
pub fn read_csv(name: &str, bytes: &[u8]) -> Result<Pack, PackError> {
    if bytes.len() > tagpack::MAX_PACK_BYTES {
        return Err(PackError::TooLarge { file: name.to_owned(), size: bytes.len() });
    }
    let nothing = |cause: String| PackError::Nothing { file: name.to_owned(), cause };
    let mut pack = Pack { title: name.to_owned(), ..Pack::default() };
    let known: Vec<&str> = COLUMNS.iter().flat_map(|c| c.1).copied().collect();
    let options = Options { encoding: None, known: &known };
    let table = Table::read(bytes, &options).map_err(|fault| nothing(fault.to_string()))?;
    if table.assumed_encoding {
        pack.warnings.push(format!("{name}: is no UTF-8; read as {}", table.encoding));
    }
    let at: Vec<Option<usize>> = COLUMNS.iter().map(|c| table.column(c.1)).collect();
    for ((wanted, _), found) in COLUMNS.iter().zip(&at).take(4) {
        if found.is_none() {
            let columns: Vec<String> = table.columns.iter().take(20).map(|h| h.chars().take(40).collect()).collect();
            let text = format!("no column '{wanted}' in the header line, which has: {}", columns.join(", "));
            return Err(nothing(text));
        }
    }
    let mut entries = 0;
    for row in table.rows() {
        entries += 1;
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                pack.warnings.push(format!("{name}: {fault}; left out"));
                continue;
            }
        };
        let place = format!("{name}: line {}", row.line);
        let get = |wanted: &str| {
            let index = COLUMNS.iter().position(|c| c.0 == wanted).and_then(|i| at[i])?;
            Some(row.get(index)).filter(|v| !v.is_empty()).map(str::to_owned)
        };
        let (Some(address), Some(asset), Some(label), Some(source)) =
            (get("address"), get("currency"), get("label"), get("source"))
        else {
            pack.warnings.push(format!("{place}: address, currency, label or source is empty; left out"));
            continue;
        };
        let mut warnings = Vec::new();
        let confidence = match get("confidence") {
            None => Confidence::Unknown,
            Some(word) => Confidence::from_name(&word).unwrap_or_else(|| {
                warnings.push(format!("confidence '{word}' is unknown"));
                Confidence::Unknown
            }),
        };
        let mut lastmod = get("lastmod").unwrap_or_default();
        if !lastmod.is_empty()
            && let Err(e) = holdfast_input::time::check_date(&lastmod)
        {
            warnings.push(format!("lastmod: {e}; taken as unknown"));
            lastmod.clear();
        }
        let tag = Tag {
            address,
            asset: asset::canonical(&asset),
            label,
            source,
            category: get("category"),
            abuse: get("abuse"),
            concepts: get("concepts").map_or_else(Vec::new, |c| c.split_whitespace().map(str::to_owned).collect()),
            confidence,
            is_cluster_definer: get("is_cluster_definer")
                .is_some_and(|d| matches!(d.to_ascii_lowercase().as_str(), "true" | "1" | "yes")),
            actor: get("actor"),
            lastmod,
            pack: pack.title.clone(),
            file: name.to_owned(),
            creator: String::new(),
            tlp: tagpack::label_of(get("tlp"), &mut warnings),
        };
        pack.warnings.extend(warnings.into_iter().map(|w| format!("{place}: {w}")));
        pack.take(&place, tag);
    }
    pack.or_nothing(name, entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
    const B: &str = "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S";

    #[test]
    fn lists_and_csv_read_with_their_faults_named() {
        let ofac =
            read_ofac("sanctioned_addresses_XBT.txt", "XBT", format!("{A}\n\nnot one\n{B}\n").as_bytes()).unwrap();
        assert_eq!((ofac.tags.len(), ofac.warnings.len()), (2, 1));
        assert_eq!(ofac.tags[0].asset, "BTC");
        assert_eq!(ofac.tags[0].concept().name(), "sanction");
        let text = format!(
            "Address,Asset,Label,Source,Abuse,Confidence\n{A},btc,Me,here,scam,forensic\n,btc,Me,here,,\n{B},btc,You,there,,sure\n"
        );
        let csv = read_csv("mine.csv", text.as_bytes()).unwrap();
        assert_eq!(csv.tags.len(), 2);
        assert_eq!(csv.warnings.len(), 2);
        assert!(csv.warnings[0].contains("line 3"), "{:?}", csv.warnings);
        assert!(read_csv("x.csv", b"a,b\n1,2\n").unwrap_err().to_string().contains("address"));
    }

    #[test]
    fn lists_of_account_chains_are_of_the_chains_that_their_addresses_have() {
        let mut store = TagStore::default();
        let (evm, tron) = ("0x4f47bc496083c727c5fbe3ce9cdf2b0f6496270c", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
        let files = [("ETH", evm), ("ARB", evm), ("BSC", evm), ("TRX", tron), ("USDT", tron), ("TRX", evm)];
        let files = files.map(|(code, address)| {
            let name = format!("{address}/sanctioned_addresses_{code}.txt");
            (name, format!("{address}\n0x0000000000000000000000000000000000000000\n").into_bytes())
        });
        let mut report = import(&mut store, files.into());
        report.count_chains(&[("ethereum".into(), Family::Evm), ("tron".into(), Family::Tron)]);
        assert_eq!((report.tags, report.sanctioned, report.without_owner), (6, 6, 6), "{report:?}");
        assert_eq!((report.by_chain["ethereum"], report.by_chain["tron"], report.unmatchable), (4, 2, 1), "{report:?}");
        let assets: Vec<&str> = report.by_asset.keys().map(String::as_str).collect();
        assert_eq!(assets, ["BNB", "ETH", "TRX", "USDT", "eip155:42161/slip44:60"]);
        // The same account in Tron's other form.
        assert_eq!(store.tags_of("41a614f803b6fd780986a42c78ec9c7f77e6ded13c").count(), 2);
        assert_eq!(store.tags_of(evm).count(), 4);
    }

    #[test]
    fn spreadsheets_csv_files_are_understood() {
        let with = |separator: &str| {
            [["address", "currency", "label", "source"], [A, "BTC", "Müller, Söhne", "here"]]
                .map(|l| l.join(separator))
                .join("\r\n")
        };
        let utf16 = |text: &str| {
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
        };
        let old = with(";").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
        for (what, bytes) in [
            ("semicolons", with(";").into_bytes()),
            ("tabs", with("\t").into_bytes()),
            ("UTF-16, as Excel saves Unicode text", utf16(&with("\t"))),
            ("Windows-1252", old),
            ("a sep= line", format!("sep=;\r\n{}", with(";")).into_bytes()),
            ("a byte order mark", format!("\u{feff}{}", with(";")).into_bytes()),
        ] {
            let pack = read_csv("x.csv", &bytes).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(pack.tags.len(), 1, "{what}");
            assert_eq!((pack.tags[0].address.as_str(), pack.tags[0].label.as_str()), (A, "Müller, Söhne"), "{what}");
        }
    }

    #[test]
    fn an_import_that_understood_nothing_is_refused_with_the_cause() {
        let mut store = TagStore::default();
        for (name, bytes) in [
            ("a.csv", &b""[..]),
            ("b.csv", b"address,currency,label,source\nx,,,\n"),
            ("c.csv", b"adresse;devise\n1;2\n"),
            ("d.yaml", b"title: T\ntags:\n- 7\n"),
            ("sanctioned_addresses_XBT.txt", b"not an address\n"),
        ] {
            let report = import(&mut store, vec![(name.into(), bytes.to_vec())]);
            assert_eq!((report.packs, report.refused.len()), (0, 1), "{name}: {report:?}");
            assert!(report.refused[0].contains(name), "{report:?}");
        }
        // A list without entries is understood: it is empty. Commands fail all the same when nothing came in.
        let report = import(&mut store, vec![("e.csv".into(), b"address,currency,label,source\n".to_vec())]);
        assert!(report.refused.is_empty() && report.is_empty() && report.warnings.len() == 1, "{report:?}");
    }

    #[test]
    fn files_are_added_part_by_part_and_an_end_before_the_last_gives_no_report() {
        let line = |n: usize| format!("0x{:040x},ETH,L {n},here\n", n + (1 << 24));
        let text = (1..=PART + 1).map(line).fold("address,currency,label,source\n".to_owned(), |all, l| all + &l);
        let read = || ReadFiles::read(vec![("x.csv".into(), text.clone().into_bytes())]);
        let (mut parts, mut store) = (Vec::new(), TagStore::default());
        let all = read().tags();
        let report = read().add_to(&mut store, None, &mut |n| {
            parts.push(n);
            ControlFlow::Continue(())
        });
        assert_eq!((report.unwrap().new_tags, parts), (all, vec![PART, all]));
        assert!(all > PART);
        let cut = read().add_to(&mut TagStore::default(), None, &mut |_| ControlFlow::Break(()));
        assert!(cut.is_none());
        // A second start after a part is as one import.
        let again = read().add_to(&mut store, None, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((again.tags, again.new_tags, store.iter().count()), (all, 0, all));
    }

    #[test]
    fn the_report_says_what_was_understood() {
        let mut store = TagStore::default();
        let text = format!(
            "address,currency,label,source,category\n{A},BTC,X,OFAC SDN list,user\nbitcoin:{B},BTC,Y,here,flying circus\n\
             1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb,BTC,Z,here,exchange\n0x000000000000000000000000000000000000dEaD,ETH,Z,here,scam\n"
        );
        let report = import_as(&mut store, vec![("x.csv".into(), text.into_bytes())], Some(Tlp::Green));
        assert_eq!(
            (report.tags, report.sanctioned, report.without_owner, report.unmatchable),
            (3, 1, 1, 1),
            "{report:?}"
        );
        assert_eq!(report.by_category.get("sanction"), Some(&1));
        assert_eq!(report.unknown_categories.get("flying circus"), Some(&1));
        assert_eq!(report.by_asset.get("BTC"), Some(&3));
        for words in [
            "line 3: address: 'bitcoin:' was removed",
            "line 4: address: '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb' looks like",
            "line 5: 0x000000000000000000000000000000000000dead is a burn address",
        ] {
            assert!(report.warnings.iter().any(|w| w.contains(words)), "{words}: {:?}", report.warnings);
        }
        assert!(store.iter().all(|t| t.tlp == Some(Tlp::Green)));
        assert_eq!(store.tags_of(B).count(), 1);
        assert!(report.lines().iter().any(|l| l == "sanctioned: 1"), "{:?}", report.lines());
    }
}
