//! The record of a scan: sources, examiner, tool and results. A signed manifest of hashes, and the same as CASE/UCO
//! JSON-LD (Cyber-investigation Analysis Standard Expression 1.4 on the Unified Cyber Ontology).

use crate::derive::Derived;
use crate::scan::{Report, ScanError, Source};
use crate::session::hash;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Format of a manifest.
const FORMAT: &str = "holdfast-forensics/1";
/// Files of results that a manifest covers.
const FILES: [&str; 4] = ["findings.jsonl", "sealed.jsonl", "derived.json", "case.jsonld"];
/// Largest file of results that is verified, in bytes.
const MAX_FILE: u64 = 4 << 30;

/// Examiner, exhibit and times of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// Examiner.
    pub examiner: String,
    /// Number or name of the exhibit.
    pub exhibit: String,
    /// When it began, RFC 3339.
    pub begun: String,
    /// When it ended, RFC 3339.
    pub ended: String,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: String,
    examiner: String,
    exhibit: String,
    begun: String,
    ended: String,
    tool: String,
    complete: bool,
    sources: Vec<Source>,
    /// SHA-256 of the files of results, by name.
    files: BTreeMap<String, String>,
    /// Ed25519, hex.
    public_key: String,
}

/// The manifest as text, with the signature over that text.
#[derive(Serialize, Deserialize)]
struct Signed {
    manifest: String,
    signature: String,
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> ScanError + '_ {
    |e| ScanError::Io(path.to_owned(), e)
}

/// Returns the SHA-256 of a file of results: a file of its own, neither a link nor a device, of bounded size.
fn hash_file(path: &Path) -> Result<String, ScanError> {
    let meta = std::fs::symlink_metadata(path).map_err(io(path))?;
    match (meta.is_file(), meta.len() < MAX_FILE) {
        (true, true) => hash(path, MAX_FILE),
        (true, false) => Err(ScanError::State(path.to_owned(), format!("is over {MAX_FILE} bytes"))),
        (false, _) => Err(ScanError::State(path.to_owned(), "is no file of its own".into())),
    }
}

/// Returns an id in the record's own name space, derived from content.
fn id(kind: &str, content: &str) -> String {
    let space = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, b"https://holdfast.example/evidence");
    format!("kb:{kind}-{}", uuid::Uuid::new_v5(&space, format!("{kind}:{content}").as_bytes()))
}

fn time(text: &str) -> Value {
    json!({ "@type": "xsd:dateTime", "@value": text })
}

/// Describes a source: its findings, and parts that were not opened.
fn described(source: &Source) -> String {
    match source.not_opened.len() {
        0 => format!("{} findings", source.findings),
        n => {
            format!("{} findings; {n} things in it were not opened: {}", source.findings, source.not_opened.join("; "))
        }
    }
}

/// Returns the record as CASE/UCO JSON-LD.
#[must_use]
pub fn case_jsonld(report: &Report, custody: &Custody) -> Value {
    let key = format!("{}:{}", custody.exhibit, custody.begun);
    let (examiner, tool) = (id("person", &custody.examiner), id("tool", env!("CARGO_PKG_VERSION")));
    let (action, provenance) = (id("action", &key), id("provenance", &key));
    let mut graph = vec![
        json!({ "@id": examiner, "@type": "uco-identity:Person", "uco-core:name": custody.examiner }),
        json!({ "@id": tool, "@type": "uco-tool:Tool", "uco-core:name": "Holdfast", "uco-tool:version": env!("CARGO_PKG_VERSION") }),
    ];
    let mut objects = Vec::new();
    for source in &report.sources {
        let at = id("file", &format!("{}:{}", source.path, source.sha256));
        let facet = |name: &str| id(name, &format!("{}:{}", source.path, source.sha256));
        let mut facets = vec![json!({
            "@id": facet("file-facet"), "@type": "uco-observable:FileFacet", "uco-observable:filePath": source.path,
            "uco-observable:fileName": Path::new(&source.path).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            "uco-observable:sizeInBytes": { "@type": "xsd:integer", "@value": source.size.to_string() },
        })];
        if !source.sha256.is_empty() {
            facets.push(json!({
                "@id": facet("content-facet"), "@type": "uco-observable:ContentDataFacet",
                "uco-observable:hash": [{ "@id": facet("hash"), "@type": "uco-types:Hash",
                    "uco-types:hashMethod": "SHA256",
                    "uco-types:hashValue": { "@type": "xsd:hexBinary", "@value": source.sha256 } }],
            }));
        }
        graph.push(json!({ "@id": at, "@type": "uco-observable:File", "uco-core:hasFacet": facets,
            "uco-core:description": described(source) }));
        objects.push(json!({ "@id": at }));
    }
    graph.push(json!({
        "@id": provenance, "@type": "case-investigation:ProvenanceRecord", "case-investigation:exhibitNumber": custody.exhibit,
        "uco-core:description": "What the scan looked at", "uco-core:object": objects,
    }));
    graph.push(json!({
        "@id": action, "@type": "case-investigation:InvestigativeAction", "uco-core:name": "scanned for seeds, keys, addresses and wallets",
        "uco-action:performer": { "@id": examiner }, "uco-action:instrument": { "@id": tool }, "uco-action:object": objects,
        "uco-action:result": { "@id": provenance }, "uco-action:startTime": time(&custody.begun), "uco-action:endTime": time(&custody.ended),
    }));
    json!({
        "@context": {
            "kb": "http://example.org/kb/", "xsd": "http://www.w3.org/2001/XMLSchema#",
            "case-investigation": "https://ontology.caseontology.org/case/investigation/",
            "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
            "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
            "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
            "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
            "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
            "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
        },
        "@graph": graph,
    })
}

/// Writes `derived.json`, `case.jsonld` and the signed manifest `evidence.json` beside a scan's results.
///
/// # Errors
/// [`ScanError`].
pub fn write(
    out: &Path,
    report: &Report,
    derived: &[Derived],
    custody: &Custody,
    key: &SigningKey,
) -> Result<(), ScanError> {
    let put = |name: &str, value: &Value| {
        let path = out.join(name);
        std::fs::write(&path, format!("{value:#}\n")).map_err(io(&path))
    };
    put("derived.json", &json!(derived))?;
    put("case.jsonld", &case_jsonld(report, custody))?;
    let mut files = BTreeMap::new();
    for name in FILES {
        files.insert(name.to_owned(), hash_file(&out.join(name))?);
    }
    let manifest = Manifest {
        format: FORMAT.into(),
        examiner: custody.examiner.clone(),
        exhibit: custody.exhibit.clone(),
        begun: custody.begun.clone(),
        ended: custody.ended.clone(),
        tool: format!("Holdfast {}", env!("CARGO_PKG_VERSION")),
        complete: report.complete,
        sources: report.sources.clone(),
        files,
        public_key: hex::encode(key.verifying_key().to_bytes()),
    };
    let manifest = serde_json::to_string(&manifest).map_err(|e| ScanError::State(out.to_owned(), e.to_string()))?;
    let signature = hex::encode(key.sign(manifest.as_bytes()).to_bytes());
    put("evidence.json", &json!(Signed { manifest, signature }))
}

/// Result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Checks that passed.
    pub passed: Vec<String>,
    /// Claims of the examiner that cannot be checked here.
    pub claims: Vec<String>,
    /// Checks that failed.
    pub failures: Vec<String>,
}

/// Returns whether bytes are a signed manifest of a scan.
#[must_use]
pub fn is_record(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Signed>(bytes).is_ok_and(|s| s.manifest.contains(FORMAT))
}

/// Compares the material that the caller names with the sources of a record: by content, whatever the names.
fn compare(sources: &[Source], material: &[PathBuf], found: &mut Verified) -> Result<(), ScanError> {
    let mut hashes = BTreeMap::new();
    for path in material {
        let meta = std::fs::metadata(path).map_err(io(path))?;
        if meta.is_dir() {
            return Err(ScanError::State(path.clone(), "is a folder; name the files in it".into()));
        }
        // Only what has an end is read; sources are of any size.
        let size = match meta.is_file() {
            true => meta.len(),
            false => std::fs::File::open(path).and_then(|mut f| f.seek(SeekFrom::End(0))).map_err(io(path))?,
        };
        hashes.insert(hash(path, size)?, path);
    }
    let mut met = BTreeSet::new();
    for source in sources {
        match hashes.get(&source.sha256) {
            _ if source.sha256.is_empty() => found.claims.push(format!("{} could not be read", source.path)),
            Some(path) => {
                met.insert(source.sha256.clone());
                found.passed.push(format!("{} is as {} was scanned", path.display(), source.path));
            }
            None => {
                found.claims.push(format!("{} was scanned (it is not compared: name it to compare it)", source.path))
            }
        }
    }
    for (_, path) in hashes.iter().filter(|(hash, _)| !met.contains(*hash)) {
        found.failures.push(format!("{} is nothing that was scanned, or was changed since", path.display()));
    }
    Ok(())
}

/// Largest record that is verified, in bytes.
const MAX_RECORD: u64 = 256 << 20;

/// Verifies `evidence.json`: its signature and the files of results beside it. A record names paths, but it may come from anybody: only `material`,
/// the files that the caller names, is read and compared with the sources that were scanned.
///
/// # Errors
/// [`ScanError`] when it cannot be read; failed checks are in the answer.
pub fn verify(path: &Path, public_key: Option<&str>, material: &[PathBuf]) -> Result<Verified, ScanError> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(io(path))?;
    file.take(MAX_RECORD + 1).read_to_end(&mut bytes).map_err(io(path))?;
    if bytes.len() as u64 > MAX_RECORD {
        return Err(ScanError::State(path.to_owned(), format!("is over {MAX_RECORD} bytes")));
    }
    let parse = |e: serde_json::Error| ScanError::State(path.to_owned(), format!("is no record of a scan: {e}"));
    let signed: Signed = serde_json::from_slice(&bytes).map_err(parse)?;
    let manifest: Manifest = serde_json::from_str(&signed.manifest).map_err(parse)?;
    let mut found = Verified::default();
    let key = || -> Option<(VerifyingKey, Signature)> {
        let key: [u8; 32] = hex::decode(&manifest.public_key).ok()?.try_into().ok()?;
        let signature: [u8; 64] = hex::decode(&signed.signature).ok()?.try_into().ok()?;
        Some((VerifyingKey::from_bytes(&key).ok()?, Signature::from_bytes(&signature)))
    };
    match key() {
        Some((key, signature)) if key.verify_strict(signed.manifest.as_bytes(), &signature).is_ok() => {
            found.passed.push(format!("the manifest is signed by {}", manifest.public_key));
        }
        _ => found.failures.push("the manifest's signature does not hold".into()),
    }
    match public_key {
        Some(wanted) if wanted != manifest.public_key => {
            found.failures.push(format!("the key is {}, not {wanted}", manifest.public_key));
        }
        Some(_) => found.passed.push("the key is the one expected".into()),
        None => found.claims.push("the key is the examiner's".into()),
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    for name in FILES {
        let Some(expected) = manifest.files.get(name) else {
            found.failures.push(format!("{name} is not in the manifest"));
            continue;
        };
        match hash_file(&folder.join(name)) {
            Ok(hash) if hash == *expected => found.passed.push(format!("{name} is as it was")),
            Ok(_) => found.failures.push(format!("{name} was changed")),
            Err(e) => found.failures.push(e.to_string()),
        }
    }
    compare(&manifest.sources, material, &mut found)?;
    let not_opened: usize = manifest.sources.iter().map(|s| s.not_opened.len()).sum();
    if not_opened > 0 {
        found.claims.push(format!("{not_opened} things were not opened; the record lists them"));
    }
    if !manifest.complete {
        found.claims.push("the scan was stopped before its end".into());
    }
    found.claims.push(format!(
        "{} scanned {} from {} to {}",
        manifest.examiner, manifest.exhibit, manifest.begun, manifest.ended
    ));
    Ok(found)
}
