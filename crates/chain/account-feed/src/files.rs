//! Blocks of files, in the order of the files. Blocks are verified in parallel, a bounded number at a time.
//!
//! Files are told by their names, also with `.zst` behind:
//! - `.jsonl`: a block a line; `.json`: one block, or a list. A block is an object of what nodes answer: of EVM chains `block`
//!   (`eth_getBlockByNumber` with transactions), `receipts` (`eth_getBlockReceipts`), and `callTracer` (`debug_traceBlockByNumber`) or `traces`
//!   (`trace_block`) where there are any; of Tron `block` (`wallet/getblockbynum`) and `infos` (`wallet/gettransactioninfobyblocknum`).
//! - `.era1`: archives of Ethereum before the merge; traces stand in `traces-N.jsonl` beside `blocks-N.era1`, a block a line.
//! - `.yaml`: one block in RLP, with lines `header`, `body` and `receipts` in hexadecimal digits.

use crate::ChainNotes;
use crate::found::{Find, ReadBlock};
use crate::json::{fields, objects};
use holdfast_evm::era1::Era1;
use holdfast_evm::{Block, BlockError, Bytes, Checks, Receipt, rlp, trace};
use holdfast_types::{ChainId, ErrorKind, Hash32};
use rayon::prelude::*;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Why blocks of files are not read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The system refused.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// A block does not read, or does not hold.
    #[error("{path}, block {place} of the file: {why}")]
    Block {
        /// The file.
        path: PathBuf,
        /// Place in the file, from 1.
        place: u64,
        /// What is wrong.
        why: Box<BlockError>,
    },
    /// A file is not of a form that is read here.
    #[error("{0}: {1}")]
    Form(PathBuf, String),
    /// A block is another than the ledger has at its height.
    #[error(
        "{path}: block {height} is another than the ledger has; remove the ledger's blocks from {height} up first, or leave the file out"
    )]
    Differs {
        /// The file.
        path: PathBuf,
        /// Its height.
        height: u64,
    },
}

impl FeedError {
    /// Returns the kind of the error, which interfaces map to their own codes.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            FeedError::Io(..) => ErrorKind::Unavailable,
            FeedError::Block { .. } | FeedError::Form(..) => ErrorKind::Invalid,
            FeedError::Differs { .. } => ErrorKind::Conflict,
        }
    }
}

/// Most bytes of a line, or of a file that is read whole.
const MAX_TEXT: u64 = 1 << 30;
/// Blocks that are read before they are verified together: by count and by bytes.
const AT_ONCE: usize = 64;
const AT_ONCE_BYTES: usize = 64 << 20;

/// Returns the files below a path that hold blocks, in the order of their names; a file itself.
///
/// # Errors
/// [`FeedError::Io`] when a folder cannot be read, [`FeedError::Form`] where it holds none.
pub fn block_files(path: &Path) -> Result<Vec<PathBuf>, FeedError> {
    let io = |e| FeedError::Io(path.to_owned(), e);
    if !std::fs::metadata(path).map_err(io)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let file = entry.map_err(io)?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_other = name.starts_with("traces-") || matches!(name.as_str(), "genesis.json" | "chains.json");
        if file.is_file() && Form::of(&file).is_some() && !is_other {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(FeedError::Form(
            path.to_owned(),
            "no .jsonl, .json, .era1 or .yaml files of blocks are in it".into(),
        ));
    }
    Ok(files)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    Json,
    Era1,
    Rlp,
}

impl Form {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (_, ending) = name.strip_suffix(".zst").unwrap_or(name).rsplit_once('.')?;
        match ending {
            "jsonl" => Some(Form::Lines),
            "json" => Some(Form::Json),
            "era1" => Some(Form::Era1),
            "yaml" | "yml" => Some(Form::Rlp),
            _ => None,
        }
    }
}

type Input = BufReader<Box<dyn Read + Send>>;

fn open(path: &Path) -> Result<Input, FeedError> {
    let io = |e| FeedError::Io(path.to_owned(), e);
    let file = File::open(path).map_err(io)?;
    let is_packed = path.extension().is_some_and(|e| e == "zst");
    let read: Box<dyn Read + Send> =
        if is_packed { Box::new(zstd::Decoder::new(file).map_err(io)?) } else { Box::new(file) };
    Ok(BufReader::with_capacity(1 << 16, read))
}

fn read_whole(path: &Path) -> Result<Vec<u8>, FeedError> {
    let io = |e| FeedError::Io(path.to_owned(), e);
    let mut bytes = Vec::new();
    let read = open(path)?.take(MAX_TEXT + 1).read_to_end(&mut bytes).map_err(io)?;
    match u64::try_from(read) {
        Ok(read) if read <= MAX_TEXT => Ok(bytes),
        _ => Err(FeedError::Form(path.to_owned(), format!("more than {MAX_TEXT} bytes"))),
    }
}

/// Reads the next line that is not empty; none at the end.
fn next_line(input: &mut Input, path: &Path) -> Result<Option<Vec<u8>>, FeedError> {
    loop {
        let mut line = Vec::new();
        let read = Read::by_ref(input).take(MAX_TEXT + 1).read_until(b'\n', &mut line);
        match read.map_err(|e| FeedError::Io(path.to_owned(), e))? {
            0 => return Ok(None),
            n if u64::try_from(n).is_ok_and(|n| n > MAX_TEXT) => {
                return Err(FeedError::Form(path.to_owned(), format!("a line of more than {MAX_TEXT} bytes")));
            }
            _ if line.trim_ascii().is_empty() => {}
            _ => return Ok(Some(line)),
        }
    }
}

/// A block as it was found in a file.
enum Found {
    Json(Vec<u8>),
    Era(Box<Block>, Vec<Receipt>, Option<Vec<u8>>),
    Rlp(Vec<u8>),
}

struct Raw {
    path: PathBuf,
    place: u64,
    found: Found,
}

impl Raw {
    fn bytes(&self) -> usize {
        match &self.found {
            Found::Json(bytes) | Found::Rlp(bytes) => bytes.len(),
            // Its parts are in memory already.
            Found::Era(block, receipts, traces) => {
                600 * (block.transactions.len() + receipts.len()) + traces.as_ref().map_or(0, Vec::len)
            }
        }
    }
}

/// The file that is being read.
enum Current {
    Lines(Input),
    Items(std::vec::IntoIter<Found>),
    Era1(Box<Era1<Input>>, Option<Input>),
}

fn begin(path: &Path) -> Result<Current, FeedError> {
    let form = Form::of(path).ok_or_else(|| {
        let why = "its name ends in none of .jsonl, .json, .era1, .yaml (or these with .zst)";
        FeedError::Form(path.to_owned(), why.into())
    })?;
    Ok(match form {
        Form::Lines => Current::Lines(open(path)?),
        Form::Json => {
            let bytes = read_whole(path)?;
            let found = objects(&bytes).ok_or_else(|| FeedError::Form(path.to_owned(), "no JSON of blocks".into()))?;
            Current::Items(found.into_iter().map(|b| Found::Json(b.to_vec())).collect::<Vec<_>>().into_iter())
        }
        Form::Rlp => Current::Items(vec![Found::Rlp(read_whole(path)?)].into_iter()),
        Form::Era1 => {
            let era = Era1::new(open(path)?).map_err(|e| failed(path, 0, e))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let traces = name.strip_prefix("blocks-").and_then(|n| n.strip_suffix(".era1"));
            let traces = traces.map(|n| path.with_file_name(format!("traces-{n}.jsonl"))).filter(|p| p.is_file());
            Current::Era1(Box::new(era), traces.map(|path| open(&path)).transpose()?)
        }
    })
}

fn failed(path: &Path, place: u64, why: BlockError) -> FeedError {
    FeedError::Block { path: path.to_owned(), place, why: Box::new(why) }
}

/// Returns the hash of the block that is stored at a height.
pub type Stored<'a> = &'a (dyn Fn(u64) -> Option<Hash32> + Sync);

enum Chain {
    Evm(holdfast_evm::Chain),
    Tron(holdfast_tron::Chain),
}

/// What makes transfers of a block, and has it looked into.
struct Decoder<'a, F> {
    chain: Chain,
    finder: F,
    notes: ChainNotes,
    from_height: u64,
    stored: Stored<'a>,
}

/// The blocks of files, in their order. Those that are stored already are left out.
pub struct FileBlocks<'a, F: Find> {
    decoder: Decoder<'a, F>,
    files: VecDeque<PathBuf>,
    current: Option<(PathBuf, Current, u64)>,
    /// A block that was read and waits for the next round.
    ready: VecDeque<ReadBlock<F::Found>>,
    failure: Option<FeedError>,
    /// Blocks left out because they are stored, or below the first height.
    pub left_out: u64,
}

impl<F: Find> std::fmt::Debug for FileBlocks<'_, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileBlocks").field("files", &self.files).finish_non_exhaustive()
    }
}

impl<'a, F: Find> FileBlocks<'a, F> {
    /// Begins to read files of a chain's blocks, from a height on. `stored` gives the hashes of blocks that the ledger has; `finder` looks into the
    /// others.
    ///
    /// # Errors
    /// [`FeedError::Form`] for a chain that is not read here.
    pub fn new(
        chain: &ChainId,
        files: Vec<PathBuf>,
        notes: ChainNotes,
        from_height: u64,
        stored: Stored<'a>,
        finder: F,
    ) -> Result<Self, FeedError> {
        let chain = match (chain.namespace(), holdfast_evm::Chain::from_id(chain)) {
            ("tron", _) if chain.reference() == "mainnet" => Chain::Tron(notes.tron(holdfast_tron::Chain::mainnet())),
            (_, Some(evm)) => Chain::Evm(notes.evm(evm)),
            _ => return Err(FeedError::Form(PathBuf::new(), format!("files of {chain} are not read here"))),
        };
        let decoder = Decoder { chain, finder, notes, from_height, stored };
        let (files, ready) = (files.into(), VecDeque::new());
        Ok(FileBlocks { decoder, files, current: None, ready, failure: None, left_out: 0 })
    }

    fn next_raw(&mut self) -> Result<Option<Raw>, FeedError> {
        loop {
            let (path, mut current, place) = match self.current.take() {
                Some(current) => current,
                None => match self.files.pop_front() {
                    Some(path) => {
                        let current = begin(&path)?;
                        (path, current, 0)
                    }
                    None => return Ok(None),
                },
            };
            let place = place + 1;
            let found = match &mut current {
                Current::Lines(input) => next_line(input, &path)?.map(Found::Json),
                Current::Items(items) => items.next(),
                Current::Era1(era, traces) => match era.next() {
                    None => None,
                    Some(block) => {
                        let (block, receipts) = block.map_err(|e| failed(&path, place, e))?;
                        let line = traces.as_mut().map(|t| next_line(t, &path)).transpose()?.flatten();
                        Some(Found::Era(Box::new(block), receipts, line))
                    }
                },
            };
            if let Some(found) = found {
                self.current = Some((path.clone(), current, place));
                return Ok(Some(Raw { path, place, found }));
            }
        }
    }

    /// Reads and verifies the next blocks; false at the end.
    fn fill(&mut self) -> bool {
        let (mut raws, mut bytes) = (Vec::new(), 0);
        while raws.len() < AT_ONCE && bytes < AT_ONCE_BYTES {
            match self.next_raw() {
                Ok(Some(raw)) => {
                    bytes += raw.bytes();
                    raws.push(raw);
                }
                Ok(None) => break,
                Err(e) => {
                    self.failure = Some(e);
                    break;
                }
            }
        }
        let is_more = !raws.is_empty() || self.failure.is_some();
        let decoder = &self.decoder;
        let read: Vec<Result<Option<ReadBlock<F::Found>>, FeedError>> =
            raws.into_par_iter().map(|raw| decoder.decode(raw)).collect();
        for block in read {
            match block {
                Ok(Some(block)) => self.ready.push_back(block),
                Ok(None) => self.left_out += 1,
                // What precedes it is given first.
                Err(e) => {
                    self.failure = Some(e);
                    break;
                }
            }
        }
        is_more
    }
}

impl<F: Find> Decoder<'_, F> {
    /// Returns whether a block is to be read: it is high enough, and not stored.
    fn is_wanted(&self, path: &Path, height: u64, hash: Hash32) -> Result<bool, FeedError> {
        match (self.stored)(height) {
            _ if height < self.from_height => Ok(false),
            None => Ok(true),
            Some(stored) if stored == hash => Ok(false),
            Some(_) => Err(FeedError::Differs { path: path.to_owned(), height }),
        }
    }

    fn decode(&self, raw: Raw) -> Result<Option<ReadBlock<F::Found>>, FeedError> {
        let (path, place) = (raw.path, raw.place);
        let failed = |e| failed(&path, place, e);
        match (&self.chain, raw.found) {
            (Chain::Tron(chain), Found::Json(bytes)) => self.tron(chain, &path, place, &bytes),
            (Chain::Tron(_), _) => Err(FeedError::Form(path, "blocks of Tron are read as JSON".into())),
            (Chain::Evm(chain), Found::Era(block, receipts, traces)) => {
                let traces = traces.map(|line| trace::nested(line.trim_ascii_end())).transpose().map_err(failed)?;
                self.evm(chain, &path, place, *block, receipts, traces)
            }
            (Chain::Evm(chain), Found::Rlp(text)) => {
                let (block, receipts) = rlp_block(&text).map_err(failed)?;
                self.evm(chain, &path, place, block, receipts, None)
            }
            (Chain::Evm(chain), Found::Json(bytes)) => {
                let parts = parts(&bytes).ok_or_else(|| failed(BlockError::malformed("block", "no JSON object")))?;
                let [block, receipts, nested, flat] =
                    ["block", "receipts", "callTracer", "traces"].map(|n| parts.get(n));
                let missing = |name: &'static str| failed(BlockError::malformed(name, "missing"));
                let block = block.ok_or_else(|| missing("block"))?;
                let mut block = holdfast_evm::json::block(chain, block).map_err(failed)?;
                if !self.is_wanted(&path, block.header.number, block.hash.0)? {
                    return Ok(None);
                }
                let receipts = receipts.ok_or_else(|| missing("receipts"))?;
                let receipts = holdfast_evm::json::receipts(&mut block, receipts).map_err(failed)?;
                let count = block.transactions.len();
                let traces = match (nested, flat) {
                    (Some(nested), _) => Some(trace::nested(nested)),
                    (None, Some(flat)) => Some(trace::flat(flat, count)),
                    (None, None) => None,
                };
                let traces = traces.transpose().map_err(failed)?;
                self.evm(chain, &path, place, block, receipts, traces)
            }
        }
    }

    fn evm(
        &self,
        chain: &holdfast_evm::Chain,
        path: &Path,
        place: u64,
        block: Block,
        receipts: Vec<Receipt>,
        traces: Option<Vec<holdfast_evm::Trace>>,
    ) -> Result<Option<ReadBlock<F::Found>>, FeedError> {
        if !self.is_wanted(path, block.header.number, block.hash.0)? {
            return Ok(None);
        }
        let read = || -> Result<ReadBlock<F::Found>, BlockError> {
            let mut verified = holdfast_evm::verify(chain, block, receipts, Checks::default())?;
            if let Some(traces) = traces {
                verified = verified.with_traces(traces)?;
            }
            let mut transfers = holdfast_evm::transfers(chain, &verified);
            self.notes.complete(&verified.block().header, &mut transfers)?;
            let found = self.finder.evm(&verified, &transfers);
            Ok(ReadBlock { transfers, found })
        };
        read().map(Some).map_err(|e| failed(path, place, e))
    }

    fn tron(
        &self,
        chain: &holdfast_tron::Chain,
        path: &Path,
        place: u64,
        bytes: &[u8],
    ) -> Result<Option<ReadBlock<F::Found>>, FeedError> {
        let failed = |e| failed(path, place, e);
        let parts = parts(bytes).ok_or_else(|| failed(BlockError::malformed("block", "no JSON object")))?;
        let block = parts.get("block").ok_or_else(|| failed(BlockError::malformed("block", "missing")))?;
        let block = holdfast_tron::json::block(block).map_err(failed)?;
        if !self.is_wanted(path, block.header.number, block.id)? {
            return Ok(None);
        }
        let infos = parts.get("infos").map_or(Ok(Vec::new()), holdfast_tron::json::infos).map_err(failed)?;
        let mut verified = holdfast_tron::verify(block, infos).map_err(failed)?;
        if self.notes.has_internal {
            verified = verified.with_internal_stored();
        }
        let transfers = holdfast_tron::transfers(chain, &verified);
        let found = self.finder.tron(&verified, &transfers);
        Ok(Some(ReadBlock { transfers, found }))
    }
}

/// The parts of a block's JSON.
struct Parts<'a>(Vec<(&'a [u8], &'a [u8])>);

fn parts(json: &[u8]) -> Option<Parts<'_>> {
    fields(json).map(Parts)
}

impl<'a> Parts<'a> {
    /// Returns a part; none where it is missing or null.
    fn get(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.0.iter().find(|(n, _)| *n == name.as_bytes());
        found.map(|(_, value)| *value).filter(|value| *value != b"null")
    }
}

fn rlp_block(text: &[u8]) -> Result<(Block, Vec<Receipt>), BlockError> {
    let text = std::str::from_utf8(text).map_err(|e| BlockError::malformed("file", e))?;
    let field = |name: &str| -> Result<Bytes, BlockError> {
        let line = text.lines().find_map(|l| l.trim().strip_prefix(name)?.strip_prefix(": "));
        let line = line.ok_or_else(|| BlockError::malformed(name, "missing"))?;
        line.trim().trim_matches(['"', '\'']).parse().map_err(|e| BlockError::malformed(name, e))
    };
    let block = rlp::block(&field("header")?, &field("body")?)?;
    let receipts = rlp::receipts(&field("receipts")?)?;
    Ok((block, receipts))
}

impl<F: Find> Iterator for FileBlocks<'_, F> {
    type Item = Result<ReadBlock<F::Found>, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(block) = self.ready.pop_front() {
                return Some(Ok(block));
            }
            if let Some(e) = self.failure.take() {
                self.files.clear();
                self.current = None;
                return Some(Err(e));
            }
            if !self.fill() {
                return None;
            }
        }
    }
}
