//! Writing a simulation: node files, and the truth as CSV and as a TagPack.

use crate::economy::{Economy, OwnerKind, SimBlock};
use holdfast_bitcoin::files::deobfuscate;
use holdfast_bitcoin::hash::sha256d_parts;
use holdfast_bitcoin::read::write_compact;
use holdfast_bitcoin::undo::write_spent;
use holdfast_bitcoin::{Network, display_hash};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What to write beside the blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileOptions {
    /// Undo files (`rev*.dat`).
    pub undo: bool,
    /// The truth as CSV, and a TagPack of the services and criminals.
    pub truth: bool,
    /// Obfuscate with this key, as Bitcoin Core 28 does.
    pub xor: Option<[u8; 8]>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Blocks.
    pub blocks: u32,
    /// Transactions.
    pub txs: u64,
    /// Bytes of block files.
    pub bytes: u64,
}

/// Core starts a new file at this size.
const FILE_BYTES: u64 = 128 << 20;

struct Numbered {
    dir: PathBuf,
    prefix: &'static str,
    number: u32,
    size: u64,
    file: BufWriter<File>,
    xor: Option<[u8; 8]>,
}

impl Numbered {
    fn open(dir: &Path, prefix: &'static str, number: u32, xor: Option<[u8; 8]>) -> io::Result<Self> {
        let file = File::create(dir.join(format!("{prefix}{number:05}.dat")))?;
        Ok(Numbered {
            dir: dir.to_owned(),
            prefix,
            number,
            size: 0,
            file: BufWriter::with_capacity(1 << 20, file),
            xor,
        })
    }

    fn next(&mut self) -> io::Result<()> {
        self.file.flush()?;
        *self = Numbered::open(&self.dir, self.prefix, self.number + 1, self.xor)?;
        Ok(())
    }

    fn write(&mut self, mut record: Vec<u8>) -> io::Result<()> {
        if let Some(key) = &self.xor {
            deobfuscate(&mut record, key, self.size);
        }
        self.size += record.len() as u64;
        self.file.write_all(&record)
    }
}

fn framed(payload: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(payload.len() + tail.len() + 8);
    record.extend_from_slice(&Network::Regtest.parameters().magic);
    let length = u32::try_from(payload.len()).expect("blocks are far below 4 GiB");
    record.extend_from_slice(&length.to_le_bytes());
    record.extend_from_slice(payload);
    record.extend_from_slice(tail);
    record
}

/// Returns a block's undo record (CBlockUndo), without framing.
#[expect(clippy::missing_panics_doc, reason = "simulated locks have standard scripts")]
pub fn undo_record(block: &SimBlock) -> Vec<u8> {
    let mut undo = Vec::new();
    write_compact(&mut undo, block.spent.len() as u64);
    for tx in &block.spent {
        write_compact(&mut undo, tx.len() as u64);
        for coin in tx {
            let script = coin.address.script().expect("simulated locks have standard scripts");
            write_spent(&mut undo, coin.height, coin.coinbase, coin.value, &script);
        }
    }
    undo
}

/// Runs an economy to its end, writing node files into `dir/blocks` and the truth into `dir/truth`:
/// `owners.csv` (owner, kind, name), `addresses.csv` (address, owner), `transactions.csv` (txid, kind, change output) and `tagpack.yaml`.
///
/// # Errors
/// What the system reports; `progress` (transactions made) may stop it, which leaves whole blocks.
pub fn write(
    economy: &mut Economy,
    dir: &Path,
    options: FileOptions,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> io::Result<Written> {
    let blocks_dir = dir.join("blocks");
    std::fs::create_dir_all(&blocks_dir)?;
    if let Some(key) = options.xor {
        std::fs::write(blocks_dir.join("xor.dat"), key)?;
    }
    let mut blk = Numbered::open(&blocks_dir, "blk", 0, options.xor)?;
    let mut rev = if options.undo { Some(Numbered::open(&blocks_dir, "rev", 0, options.xor)?) } else { None };
    let mut truth = if options.truth { Some(Truth::open(&dir.join("truth"))?) } else { None };
    let mut written = Written::default();
    while let Some(block) = economy.next_block() {
        if blk.size + block.bytes.len() as u64 + 8 > FILE_BYTES {
            blk.next()?;
            if let Some(rev) = &mut rev {
                rev.next()?;
            }
        }
        written.blocks += 1;
        written.txs += block.truth.len() as u64;
        written.bytes += block.bytes.len() as u64 + 8;
        blk.write(framed(&block.bytes, &[]))?;
        if let Some(rev) = &mut rev {
            let undo = undo_record(&block);
            let checksum = sha256d_parts(&[&block.prev, &undo]);
            rev.write(framed(&undo, &checksum))?;
        }
        if let Some(truth) = &mut truth {
            truth.block(&block)?;
        }
        if progress(economy.made()).is_break() {
            break;
        }
    }
    blk.file.flush()?;
    if let Some(rev) = &mut rev {
        rev.file.flush()?;
    }
    if let Some(truth) = truth {
        truth.finish(economy)?;
    }
    Ok(written)
}

struct Truth {
    dir: PathBuf,
    addresses: BufWriter<File>,
    transactions: BufWriter<File>,
}

impl Truth {
    fn open(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let create = |name: &str, header: &str| -> io::Result<BufWriter<File>> {
            let mut file = BufWriter::with_capacity(1 << 20, File::create(dir.join(name))?);
            writeln!(file, "{header}")?;
            Ok(file)
        };
        Ok(Truth {
            dir: dir.to_owned(),
            addresses: create("addresses.csv", "address,owner")?,
            transactions: create("transactions.csv", "txid,kind,change_output")?,
        })
    }

    fn block(&mut self, block: &SimBlock) -> io::Result<()> {
        for tx in &block.truth {
            let change = tx.change.map(|c| c.to_string()).unwrap_or_default();
            writeln!(self.transactions, "{},{},{change}", display_hash(&tx.txid), tx.kind)?;
            for (owner, address) in tx.owners.iter().zip(&tx.addresses) {
                if let (Some(owner), Some(address)) = (owner, address) {
                    // An address paid again is listed again; readers keep the first.
                    writeln!(self.addresses, "{},{owner}", address.to_text(Network::Regtest))?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, economy: &Economy) -> io::Result<()> {
        self.addresses.flush()?;
        self.transactions.flush()?;
        let mut owners = BufWriter::new(File::create(self.dir.join("owners.csv"))?);
        writeln!(owners, "owner,kind,name")?;
        for owner in 0..economy.owner_count() {
            writeln!(owners, "{owner},{},{}", economy.owner_kind(owner), economy.owner_name(owner))?;
        }
        owners.flush()?;
        std::fs::write(self.dir.join("tagpack.yaml"), tagpack(economy))
    }
}

/// Returns a GraphSense TagPack that names one or two addresses of every service and criminal, as an analyst would know them.
pub fn tagpack(economy: &Economy) -> String {
    let mut out = String::from(
        "title: Simulated economy\ncreator: holdfast simulate\ndescription: Addresses of the simulation's services and criminals\n\
         currency: BTC\nlastmod: 2026-01-01\nsource: holdfast simulate chain\nconfidence: ownership\nis_cluster_definer: true\ntags:\n",
    );
    for owner in 0..economy.owner_count() {
        let kind = economy.owner_kind(owner);
        if kind == OwnerKind::User {
            continue;
        }
        let field = if matches!(kind, OwnerKind::Ransomware | OwnerKind::Hacker) { "abuse" } else { "category" };
        for index in [1, 2, 3] {
            let address = economy.owner_address(owner, index).to_text(Network::Regtest);
            out.push_str(&format!(
                "- address: {address}\n  label: {}\n  {field}: {}\n",
                economy.owner_name(owner),
                kind.concept()
            ));
        }
    }
    out
}
