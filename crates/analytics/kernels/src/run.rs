//! Running a kernel over segments, and joining what they gave. Results name the block and the input that they are of.

use crate::digest::Digests;
use crate::input::{Source, addresses};
use crate::measures::{Measures, join_files};
use crate::spec::{Kernel, Spec, VERSION};
use crate::{account_kernels, forest, output_kernels};
use holdfast_analytics_export::{AsOf, ExportError, FileEntry, Manifest, Model, Segment, replace, verify};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a kernel gave for a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partial {
    /// Kernel.
    pub kernel: Kernel,
    /// Its version.
    pub version: u32,
    /// Chain (CAIP-2).
    pub chain: String,
    /// Segment.
    pub segment: u64,
    /// SHA-256 over the segment's files: names the input.
    pub input: String,
    /// The file, from the chain's folder of results on.
    pub file: FileEntry,
}

/// What the segments of an export come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Kernel.
    pub kernel: Kernel,
    /// Its version.
    pub version: u32,
    /// Chain (CAIP-2).
    pub chain: String,
    /// The block that the result is as of.
    pub as_of_block: AsOf,
    /// The manifest's hash of its input.
    pub input: String,
    /// How many segments.
    pub segments: usize,
    /// The files, from the chain's folder of results on: of a forest the merges, then the clusters.
    pub files: Vec<FileEntry>,
    /// Digests of the files.
    pub digests: Vec<Digests>,
}

/// Where an export and its results lie.
#[derive(Clone, Debug)]
pub struct Places {
    /// Folder of the manifest.
    pub export: PathBuf,
    /// Folder of the results; each kernel has one below.
    pub results: PathBuf,
}

impl Places {
    fn kernel_dir(&self, kernel: Kernel) -> PathBuf {
        self.results.join(format!("kernel={}", kernel.name()))
    }

    fn partial_path(&self, kernel: Kernel, segment: u64) -> PathBuf {
        self.kernel_dir(kernel).join(format!("segment={segment:06}")).join("partial.json")
    }

    /// Returns where the outcome of a kernel is.
    #[must_use]
    pub fn outcome_path(&self, kernel: Kernel) -> PathBuf {
        self.kernel_dir(kernel).join("result.json")
    }

    /// Reads what a kernel gave for a segment; none where there is nothing, or it is of another input or version.
    ///
    /// # Errors
    /// [`ExportError::Io`].
    fn partial(&self, kernel: Kernel, segment: &Segment) -> Result<Option<Partial>, ExportError> {
        let path = self.partial_path(kernel, segment.number);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(ExportError::Io(path, e)),
        };
        let partial: Partial = serde_json::from_str(&text).map_err(|e| ExportError::File(path, e.to_string()))?;
        let is_current = partial.kernel == kernel && partial.version == VERSION && partial.input == segment.input();
        let is_here =
            std::fs::metadata(self.results.join(&partial.file.path)).is_ok_and(|m| m.len() == partial.file.bytes);
        Ok((is_current && is_here).then_some(partial))
    }
}

/// What is called for each segment that is done, with whether it was done before.
pub type EachSegment<'a> = &'a (dyn Fn(&Partial, bool) + Sync);

/// Runs a kernel over segments, several beside each other as the pool of threads allows; each needs the memory of one segment. What is there of the
/// same input is not made again.
///
/// # Errors
/// [`ExportError`] names the file.
pub fn run(
    kernel: Kernel,
    places: &Places,
    numbers: &[u64],
    stop: &AtomicBool,
    each: EachSegment<'_>,
) -> Result<Vec<Partial>, ExportError> {
    let manifest = Manifest::require(&places.export)?;
    let all: Vec<u64> = manifest.segments.iter().map(|s| s.number).collect();
    let chosen = if numbers.is_empty() { &all } else { numbers };
    let of = |number: &u64| {
        let none = || {
            let has = match (all.first(), all.last()) {
                (Some(first), Some(last)) => format!("it has {first} to {last}"),
                _ => "it has none".to_owned(),
            };
            ExportError::File(places.export.clone(), format!("no segment {number}; {has}"))
        };
        manifest.segment(*number).ok_or_else(none)
    };
    let segments = chosen.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let one = |segment: &&Segment| {
        if let Some(partial) = places.partial(kernel, segment)? {
            each(&partial, true);
            return Ok(partial);
        }
        let partial = run_one(kernel, places, &manifest, segment, stop)?;
        each(&partial, false);
        Ok(partial)
    };
    segments.par_iter().map(one).collect()
}

fn run_one(
    kernel: Kernel,
    places: &Places,
    manifest: &Manifest,
    segment: &Segment,
    stop: &AtomicBool,
) -> Result<Partial, ExportError> {
    let go_on = || if stop.load(Ordering::Relaxed) { Err(ExportError::Stopped) } else { Ok(()) };
    let source = Source { dir: &places.export, segment, go_on: &go_on };
    let path = places.partial_path(kernel, segment.number);
    let dir = path.parent().unwrap_or(&places.results).to_owned();
    let input = segment.input();
    let notes = [
        ("holdfast.kernel", format!("{} {VERSION}", kernel.name())),
        ("holdfast.chain", manifest.chain.clone()),
        ("holdfast.segment", segment.number.to_string()),
        ("holdfast.input", input.clone()),
    ];
    let file = match kernel.spec(manifest.model) {
        Some(spec) => measured(kernel, manifest.model, spec, &source)?.write(&dir, &places.results, &notes)?,
        None if manifest.model == Model::Outputs => {
            forest::write(&forest::of_segment(&source)?, &dir, &places.results, &notes)?
        }
        None => return Err(no_forest(places)),
    };
    let chain = manifest.chain.clone();
    let partial = Partial { kernel, version: VERSION, chain, segment: segment.number, input, file };
    let text = serde_json::to_string_pretty(&partial).map_err(|e| ExportError::Internal(e.to_string()))?;
    replace(&path, &text)?;
    remove_others(&dir, &[&partial.file], &places.results)?;
    Ok(partial)
}

fn no_forest(places: &Places) -> ExportError {
    let why = "this is an account chain, whose clusters rest on signals and tags: the table 'clusters' has them";
    ExportError::File(places.export.clone(), why.to_owned())
}

fn measured(kernel: Kernel, model: Model, spec: Spec, source: &Source<'_>) -> Result<Measures, ExportError> {
    let mut to = Measures::new(spec);
    match (kernel, model) {
        (Kernel::Statistics, Model::Outputs) => output_kernels::statistics(source, &mut to),
        (Kernel::Features, Model::Outputs) => output_kernels::features(source, &mut to),
        (Kernel::Balances, Model::Outputs) => output_kernels::balances(source, &mut to),
        (Kernel::Statistics, Model::Accounts) => account_kernels::statistics(source, &mut to),
        (Kernel::Features, Model::Accounts) => account_kernels::features(source, &mut to),
        (Kernel::Balances, Model::Accounts) => account_kernels::balances(source, &mut to),
        (Kernel::Forest, _) => Err(ExportError::Internal("a forest is no table of measures".into())),
    }?;
    Ok(to)
}

/// Joins what a kernel gave for all segments of an export.
///
/// # Errors
/// [`ExportError`]; one that is missing is named with the command that makes it.
pub fn merge(kernel: Kernel, places: &Places, stop: &AtomicBool) -> Result<Outcome, ExportError> {
    let manifest = Manifest::require(&places.export)?;
    let none = || ExportError::File(places.export.clone(), "it holds no block: there is nothing to join".into());
    let as_of_block = manifest.as_of_block.clone().ok_or_else(none)?;
    if kernel == Kernel::Forest && manifest.model == Model::Accounts {
        return Err(no_forest(places));
    }
    let mut files = Vec::new();
    for segment in &manifest.segments {
        let missing = || {
            let why = format!(
                "nothing of segment {} as it is now; run `holdfast-analytics {}` on it",
                segment.number,
                kernel.name()
            );
            ExportError::File(places.partial_path(kernel, segment.number), why)
        };
        let partial = places.partial(kernel, segment)?.ok_or_else(missing)?;
        files.push(verify(&places.results, &partial.file)?);
    }
    let dir = places.kernel_dir(kernel);
    let notes = [
        ("holdfast.kernel", format!("{} {VERSION}", kernel.name())),
        ("holdfast.chain", manifest.chain.clone()),
        ("holdfast.as_of_height", as_of_block.height.to_string()),
        ("holdfast.as_of_hash", as_of_block.hash.clone()),
        ("holdfast.input", manifest.input.clone()),
    ];
    let go_on = || if stop.load(Ordering::Relaxed) { Err(ExportError::Stopped) } else { Ok(()) };
    let (files, digests) = match kernel.spec(manifest.model) {
        Some(spec) => {
            let (file, digest) = join_files(&files, &spec, &dir, &places.results, &notes, &go_on)?;
            (vec![file], vec![digest])
        }
        None => forest::join_files(&files, addresses(&manifest), (&dir, &places.results), &notes, &go_on)?,
    };
    let outcome = Outcome {
        kernel,
        version: VERSION,
        chain: manifest.chain.clone(),
        as_of_block,
        input: manifest.input.clone(),
        segments: manifest.segments.len(),
        digests: digests.into_iter().map(crate::digest::Digest::finish).collect(),
        files,
    };
    let text = serde_json::to_string_pretty(&outcome).map_err(|e| ExportError::Internal(e.to_string()))?;
    replace(&places.outcome_path(kernel), &text)?;
    remove_others(&dir, &outcome.files.iter().collect::<Vec<_>>(), &places.results)?;
    Ok(outcome)
}

/// Removes earlier Parquet files of a folder.
fn remove_others(dir: &Path, keep: &[&FileEntry], root: &Path) -> Result<(), ExportError> {
    let io = |e| ExportError::Io(dir.to_owned(), e);
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let is_part = path.extension().is_some_and(|e| e == "parquet");
        if is_part && !keep.iter().any(|file| root.join(&file.path) == path) {
            std::fs::remove_file(&path).map_err(|e| ExportError::Io(path, e))?;
        }
    }
    Ok(())
}
