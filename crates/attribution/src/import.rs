//! Importing tags from files and folders: TagPacks, ActorPacks, OFAC address lists, CSV.

use crate::tagpack::{self, Pack, PackError};
use crate::tags::{Confidence, Tag, TagStore, normal};
use holdfast_types::asset;
use rayon::prelude::*;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What an import did.
#[derive(Debug, Default, Serialize)]
pub struct ImportReport {
    /// Packs and lists read.
    pub packs: usize,
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
    #[error("{0}: no .yaml, .yml, .csv or sanctioned_addresses_*.txt file here")]
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

/// Whether a file's name says that it can be imported.
pub fn is_importable(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    [".yaml", ".yml", ".csv"].iter().any(|e| base.ends_with(e)) || ofac_asset(base).is_some()
}

fn ofac_asset(base: &str) -> Option<&str> {
    base.strip_prefix("sanctioned_addresses_")?.strip_suffix(".txt")
}

/// Imports files, in parallel, in the order of their names.
pub fn import(store: &mut TagStore, mut files: Vec<NamedFile>) -> ImportReport {
    files.sort();
    let packs: Vec<Result<Pack, PackError>> = files
        .par_iter()
        .map(|(name, bytes)| {
            let base = name.rsplit('/').next().unwrap_or(name);
            if let Some(asset) = ofac_asset(base) {
                Ok(read_ofac(name, asset, bytes))
            } else if base.ends_with(".csv") {
                Ok(read_csv(name, bytes))
            } else {
                tagpack::read(name, bytes)
            }
        })
        .collect();
    let mut report = ImportReport::default();
    for pack in packs {
        match pack {
            Ok(pack) => {
                report.packs += 1;
                report.tags += pack.tags.len();
                report.actors += pack.actors.len();
                report.warnings.extend(pack.warnings);
                report.new_tags += store.add_tags(pack.tags);
                store.add_actors(pack.actors);
            }
            Err(e) => report.refused.push(e.to_string()),
        }
    }
    report
}

/// An OFAC list as 0xB10C's tool writes it: one address a line; the file's name ends in OFAC's asset code.
pub fn read_ofac(name: &str, asset: &str, bytes: &[u8]) -> Pack {
    let asset = asset::canonical(asset);
    let mut pack = Pack { title: format!("OFAC SDN list, {asset}"), ..Pack::default() };
    for (i, line) in String::from_utf8_lossy(bytes).lines().enumerate() {
        let address = line.trim();
        if address.is_empty() || address.starts_with('#') {
            continue;
        }
        if address.len() > 200 || address.contains(char::is_whitespace) {
            pack.warnings.push(format!("{name}: line {}: not an address; left out", i + 1));
            continue;
        }
        pack.tags.push(Tag {
            address: normal(address),
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
            pack: pack.title.clone(),
            file: name.to_owned(),
            creator: "US Department of the Treasury, OFAC".into(),
        });
    }
    pack
}

/// A CSV with a header line. Columns, by name: address, currency (or asset), label, source; optional category, abuse, confidence,
/// is_cluster_definer, actor, lastmod.
pub fn read_csv(name: &str, bytes: &[u8]) -> Pack {
    let mut pack = Pack { title: name.to_owned(), ..Pack::default() };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(e) => {
            pack.warnings.push(format!("{name}: {e}"));
            return pack;
        }
    };
    let column = |names: &[&str]| header.iter().position(|h| names.contains(&h.to_ascii_lowercase().as_str()));
    let (address, asset, label, source) =
        (column(&["address"]), column(&["currency", "asset", "network"]), column(&["label"]), column(&["source"]));
    for (found, what) in [(address, "address"), (asset, "currency"), (label, "label"), (source, "source")] {
        if found.is_none() {
            pack.warnings.push(format!("{name}: no column '{what}' in the header line; nothing read"));
            return pack;
        }
    }
    let optional = |what: &str| column(&[what]);
    let (category, abuse, confidence) = (optional("category"), optional("abuse"), optional("confidence"));
    let (definer, actor, lastmod) = (optional("is_cluster_definer"), optional("actor"), optional("lastmod"));
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(e) => {
                pack.warnings.push(format!("{name}: {e}; left out"));
                continue;
            }
        };
        let line = record.position().map_or(0, |p| p.line());
        let get = |c: Option<usize>| c.and_then(|c| record.get(c)).filter(|v| !v.is_empty()).map(str::to_owned);
        let (Some(address), Some(asset), Some(label), Some(source)) =
            (get(address), get(asset), get(label), get(source))
        else {
            pack.warnings.push(format!("{name}: line {line}: address, currency, label or source is empty; left out"));
            continue;
        };
        let confidence = match get(confidence) {
            None => Confidence::Unknown,
            Some(word) => Confidence::from_name(&word).unwrap_or_else(|| {
                pack.warnings.push(format!("{name}: line {line}: confidence '{word}' is unknown"));
                Confidence::Unknown
            }),
        };
        pack.tags.push(Tag {
            address: normal(&address),
            asset: asset::canonical(&asset),
            label,
            source,
            category: get(category),
            abuse: get(abuse),
            concepts: Vec::new(),
            confidence,
            is_cluster_definer: get(definer)
                .is_some_and(|d| matches!(d.to_ascii_lowercase().as_str(), "true" | "1" | "yes")),
            actor: get(actor),
            lastmod: match get(lastmod).map(|day| (holdfast_input::time::check_date(&day), day)) {
                Some((Ok(()), day)) => day,
                Some((Err(e), _)) => {
                    pack.warnings.push(format!("{name}: line {line}: lastmod: {e}; taken as unknown"));
                    String::new()
                }
                None => String::new(),
            },
            pack: pack.title.clone(),
            file: name.to_owned(),
            creator: String::new(),
        });
    }
    pack
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_csv_read_with_their_faults_named() {
        let ofac = read_ofac("sanctioned_addresses_XBT.txt", "XBT", b"1abc\n\nnot one\n0xAB\n");
        assert_eq!((ofac.tags.len(), ofac.warnings.len()), (2, 1));
        assert_eq!(ofac.tags[0].asset, "BTC");
        assert_eq!(ofac.tags[0].concept().name(), "sanction");
        let csv = read_csv(
            "mine.csv",
            b"Address,Asset,Label,Source,Abuse,Confidence\n1abc,btc,Me,here,scam,forensic\n,btc,Me,here,,\n1abd,btc,You,there,,sure\n",
        );
        assert_eq!(csv.tags.len(), 2);
        assert_eq!(csv.warnings.len(), 2);
        assert!(csv.warnings[0].contains("line 3"), "{:?}", csv.warnings);
        assert!(read_csv("x.csv", b"a,b\n1,2\n").warnings[0].contains("'address'"));
    }
}
