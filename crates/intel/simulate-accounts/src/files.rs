//! The economy as a folder of node files, with its ground truth (docs/simulated-accounts.md describes all of them).

use super::{Economy, SimBlock};
use crate::records::{Record, Role};
use holdfast_evm::era1::Writer;
use holdfast_evm::{B256, U256};
use holdfast_types::{AccountId, Position, TokenRef, Transfer};
use rayon::prelude::*;
use serde_json::json;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Blocks of each chain that are made at once.
const AT_ONCE: usize = 32;
/// Lines of a file of JSON.
const LINES: u64 = 1_000;

/// How blocks are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A line of JSON for each block, as nodes answer.
    Json,
    /// Era1 files, and a line of JSON for the traces of each block.
    Era1,
    /// Not at all: nodes have them.
    None,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Blocks of both chains.
    pub blocks: u64,
    /// Transactions.
    pub txs: u64,
    /// Transfers of the truth, fees included.
    pub transfers: u64,
    /// Records of the truth.
    pub records: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// A file that counts what is written.
struct Counted(BufWriter<File>, u64);

impl Counted {
    fn create(path: &Path) -> io::Result<Self> {
        Ok(Counted(BufWriter::with_capacity(1 << 20, File::create(path)?), 0))
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.0.write(bytes)?;
        self.1 += u64::try_from(n).unwrap_or(u64::MAX);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The files of a chain.
struct ChainFiles {
    dir: PathBuf,
    format: Format,
    number: u64,
    in_file: u64,
    lines: Option<Counted>,
    era: Option<Writer<Counted>>,
    bytes: u64,
}

impl ChainFiles {
    fn new(dir: PathBuf, format: Format) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(ChainFiles { dir, format, number: 0, in_file: 0, lines: None, era: None, bytes: 0 })
    }

    fn write(&mut self, encoded: &Encoded, block: &SimBlock) -> io::Result<()> {
        if self.format == Format::None {
            return Ok(());
        }
        let is_full = match &self.era {
            Some(era) => era.is_full(),
            None => self.in_file == LINES,
        };
        if is_full {
            self.end_file()?;
            self.number += 1;
        }
        let name = if self.format == Format::Json { "blocks" } else { "traces" };
        if self.lines.is_none() {
            self.lines = Some(Counted::create(&self.dir.join(format!("{name}-{:05}.jsonl", self.number)))?);
        }
        if let (None, Format::Era1) = (&self.era, self.format) {
            let path = self.dir.join(format!("blocks-{:05}.era1", self.number));
            self.era = Some(Writer::new(Counted::create(&path)?, U256::ZERO)?);
        }
        if let Some(lines) = &mut self.lines {
            lines.write_all(&encoded.line)?;
        }
        if let Some(era) = &mut self.era {
            era.block(&block.header, &encoded.body, &encoded.receipts)?;
        }
        self.in_file += 1;
        Ok(())
    }

    fn end_file(&mut self) -> io::Result<()> {
        self.in_file = 0;
        if let Some(mut lines) = self.lines.take() {
            lines.flush()?;
            self.bytes += lines.1;
        }
        if let Some(era) = self.era.take() {
            self.bytes += era.finish()?.1;
        }
        Ok(())
    }
}

/// A block in its written forms.
struct Encoded {
    line: Vec<u8>,
    body: Vec<u8>,
    receipts: Vec<u8>,
    transactions: String,
    transfers: String,
    transfer_count: u64,
}

fn encode(block: &SimBlock, format: Format) -> Encoded {
    let (line, body, receipts) = match format {
        Format::Json => (block.json_line(), Vec::new(), Vec::new()),
        Format::Era1 => {
            let mut line = block.traces_json();
            line.push(b'\n');
            (line, block.body_rlp(), block.receipts_rlp())
        }
        Format::None => (Vec::new(), Vec::new(), Vec::new()),
    };
    let mut encoded =
        Encoded { line, body, receipts, transactions: String::new(), transfers: String::new(), transfer_count: 0 };
    encoded.truth(block);
    encoded
}

impl Encoded {
    /// Writes the truth about the block's transactions and transfers. Writing to a text does not fail.
    fn truth(&mut self, block: &SimBlock) {
        let (chain, height) = (block.number, block.header.number);
        for transfer in &block.genesis {
            let _ = write!(self.transfers, "{chain},{height},,");
            self.transfer(transfer, None);
        }
        for (i, (truth, transaction)) in block.truth.iter().zip(&block.transactions).enumerate() {
            let flow = truth.flow.map(|flow| flow.to_string()).unwrap_or_default();
            let success = transaction.planned.success;
            let (hash, action, owner) = (transaction.hash, truth.action, truth.owner);
            let _ = writeln!(self.transactions, "{chain},{height},{i},{hash:#x},{action},{owner},{success},{flow}");
            for transfer in &truth.transfers {
                let _ = write!(self.transfers, "{chain},{height},{i},");
                self.transfer(transfer, truth.flow.filter(|_| !transfer.kind.is_fee()));
            }
        }
    }

    fn transfer(&mut self, transfer: &Transfer, flow: Option<u32>) {
        let out = &mut self.transfers;
        let _ = match transfer.position {
            Position::Transaction => write!(out, "transaction"),
            Position::Log(log, item) => write!(out, "log:{log}:{item}"),
            Position::Trace(frame) => write!(out, "trace:{frame}"),
            Position::BlockStart(n) => write!(out, "start:{n}"),
            Position::BlockEnd(n) => write!(out, "end:{n}"),
        };
        let _ = write!(out, ",{},", transfer.kind.name());
        if let TokenRef::Fungible(contract) = transfer.token {
            account(Some(contract), out);
        } else {
            out.push_str("native");
        }
        out.push(',');
        account(transfer.from, out);
        out.push(',');
        account(transfer.to, out);
        let _ = write!(out, ",{},", transfer.amount);
        let _ = flow.map_or(Ok(()), |flow| write!(out, "{flow}"));
        out.push('\n');
        self.transfer_count += 1;
    }
}

fn account(account: Option<AccountId>, out: &mut String) {
    if let Some(account) = account {
        out.push_str("0x");
        for byte in account.as_bytes() {
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
        }
    }
}

/// The files of the truth.
struct Truth {
    dir: PathBuf,
    transactions: Counted,
    transfers: Counted,
    records: Counted,
}

impl Truth {
    fn create(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let create = |name: &str, head: &str| -> io::Result<Counted> {
            let mut file = Counted::create(&dir.join(name))?;
            file.write_all(head.as_bytes())?;
            Ok(file)
        };
        Ok(Truth {
            dir: dir.to_owned(),
            transactions: create("transactions.csv", "chain,height,index,hash,action,owner,success,flow\n")?,
            transfers: create("transfers.csv", "chain,height,index,position,kind,token,from,to,amount,flow\n")?,
            records: create("records.jsonl", "")?,
        })
    }

    fn records(&mut self, records: &[Record]) -> io::Result<()> {
        for record in records {
            serde_json::to_writer(&mut self.records, record)?;
            self.records.write_all(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self, economy: &Economy) -> io::Result<u64> {
        let mut bytes = 0;
        for file in [&mut self.transactions, &mut self.transfers, &mut self.records] {
            file.flush()?;
            bytes += file.1;
        }
        let mut file = |name: &str, text: &str| -> io::Result<()> {
            bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
            std::fs::write(self.dir.join(name), text)
        };
        file("owners.csv", &economy.owners_csv())?;
        file("addresses.csv", &economy.addresses_csv())?;
        file("balances.csv", &economy.balances_csv())?;
        file("tagpack.yaml", &economy.tagpack())?;
        Ok(bytes)
    }
}

/// Writes the whole economy into a folder: for each chain a folder of its number, `chains.json`, and the truth in `truth/`.
///
/// # Errors
/// What the system reports, and what `each` does, which is called with blocks as they are made and may stop it: that leaves whole blocks and their
/// truth.
pub fn write(
    economy: &mut Economy,
    dir: &Path,
    format: Format,
    each: &mut dyn FnMut(&[SimBlock]) -> io::Result<ControlFlow<()>>,
) -> io::Result<Written> {
    let numbers = economy.options().chains;
    let mut chains = Vec::new();
    for number in numbers {
        chains.push(ChainFiles::new(dir.join(number.to_string()), format)?);
    }
    let mut truth = Truth::create(&dir.join("truth"))?;
    let (mut written, mut hashes) = (Written::default(), Vec::new());
    loop {
        let blocks = economy.next_blocks(AT_ONCE);
        if blocks.is_empty() {
            break;
        }
        let encoded: Vec<Encoded> = blocks.par_iter().map(|block| encode(block, format)).collect();
        for (block, encoded) in blocks.iter().zip(&encoded) {
            if block.header.number == 0 {
                hashes.push(block.hash);
            }
            chains[block.chain].write(encoded, block)?;
            truth.transactions.write_all(encoded.transactions.as_bytes())?;
            truth.transfers.write_all(encoded.transfers.as_bytes())?;
            written.blocks += 1;
            written.txs += u64::try_from(block.transactions.len()).unwrap_or(u64::MAX);
            written.transfers += encoded.transfer_count;
        }
        let records = economy.take_records();
        written.records += u64::try_from(records.len()).unwrap_or(u64::MAX);
        truth.records(&records)?;
        if each(&blocks)?.is_break() {
            break;
        }
    }
    for (chain, files) in chains.iter_mut().enumerate() {
        files.end_file()?;
        written.bytes += files.bytes + write_genesis(economy, chain, &files.dir)?;
    }
    written.bytes += truth.finish(economy)?;
    let chains = serde_json::to_vec_pretty(&economy.chains_json(&hashes))?;
    written.bytes += u64::try_from(chains.len()).unwrap_or(u64::MAX);
    std::fs::write(dir.join("chains.json"), chains)?;
    let assets = economy.assets_csv();
    written.bytes += u64::try_from(assets.len()).unwrap_or(u64::MAX);
    std::fs::write(dir.join("assets.csv"), assets)?;
    Ok(written)
}

/// Writes what a chain's first block gives: as a list that proves itself against the block's header, and as a node's genesis file.
fn write_genesis(economy: &Economy, chain: usize, dir: &Path) -> io::Result<u64> {
    let mut csv = String::from("address,value\n");
    let mut alloc = serde_json::Map::new();
    for (address, wei) in economy.genesis(chain) {
        let _ = writeln!(csv, "{address:#x},{wei}");
        alloc.insert(format!("{address:#x}"), json!({"balance": format!("{wei:#x}")}));
    }
    let config = json!({"chainId": economy.options().chains[chain]});
    let genesis = serde_json::to_vec_pretty(&json!({
        "config": config, "alloc": alloc, "difficulty": "0x0", "gasLimit": "0xb2d05e00", "baseFeePerGas": "0x0",
    }))?;
    std::fs::write(dir.join("genesis.csv"), &csv)?;
    std::fs::write(dir.join("genesis.json"), &genesis)?;
    Ok(u64::try_from(csv.len() + genesis.len()).unwrap_or(u64::MAX))
}

impl Economy {
    /// Returns who owns accounts: number, kind, name.
    fn owners_csv(&self) -> String {
        let mut csv = String::from("owner,kind,name\n");
        for (number, owner) in self.world.owners.iter().enumerate() {
            let _ = writeln!(csv, "{number},{},{}", owner.kind, self.owner_name(number));
        }
        csv
    }

    fn owner_name(&self, number: usize) -> String {
        format!("sim-{}-{number}", self.world.owners[number].kind)
    }

    /// Returns all accounts: address, owner, role, customer whose deposits arrive there.
    fn addresses_csv(&self) -> String {
        let mut csv = String::from("address,owner,role,customer\n");
        for account in &self.world.accounts {
            let customer = account.customer.map(|customer| customer.to_string()).unwrap_or_default();
            let _ = writeln!(csv, "{:#x},{},{},{customer}", account.address, account.owner, account.role);
        }
        csv
    }

    /// Returns what everybody holds at the tip.
    fn balances_csv(&self) -> String {
        let mut csv = String::from("chain,address,token,amount\n");
        for (chain, number) in self.options.chains.into_iter().enumerate() {
            for (address, token, units) in self.balances(chain) {
                let token = token.map_or_else(|| "native".to_owned(), |token| format!("{token:#x}"));
                let _ = writeln!(csv, "{number},{address:#x},{token},{units}");
            }
        }
        csv
    }

    /// Returns a GraphSense TagPack that names wallets of services and criminals, as an analyst would know them: neither deposit addresses nor people.
    #[must_use]
    pub fn tagpack(&self) -> String {
        let mut out = String::from(
            "title: Simulated economy of accounts\ncreator: holdfast simulate\ndescription: Wallets and contracts of the simulation\n\
             currency: ETH\nlastmod: 2026-01-01\nsource: holdfast simulate accounts\nconfidence: ownership\ntags:\n",
        );
        for account in &self.world.accounts {
            let kind = self.world.owners[account.owner].kind;
            let (field, concept) = match (account.role, kind.concept()) {
                (Role::Deposit | Role::Forwarder | Role::Gas | Role::Lookalike, _) => continue,
                (Role::Mixer, _) => ("category", "mixing_service"),
                (Role::Pool | Role::Router, _) => ("category", "defi_dex"),
                (Role::Bridge, _) => ("category", "defi_bridge"),
                (_, Some(concept)) if matches!(concept, "ransomware" | "service_hack" | "scam") => ("abuse", concept),
                (_, Some(concept)) => ("category", concept),
                (_, None) => continue,
            };
            let (address, label) = (account.address, self.owner_name(account.owner));
            let _ = writeln!(out, "- address: '{address:#x}'\n  label: {label}\n  {field}: {concept}");
        }
        out
    }

    /// Returns the assets of both chains as a store lists its own: ticker, CAIP-19 id, decimals. The coin has a ticker of its own, so that ETH stays
    /// Ethereum's alone; USDT is of many chains anyhow.
    #[must_use]
    pub fn assets_csv(&self) -> String {
        let of = self.world.contracts;
        let mut csv = String::from("ticker,asset,decimals,aliases\n");
        for number in self.options.chains {
            let _ = writeln!(csv, "SIMETH,eip155:{number}/slip44:60,18,");
            for (ticker, contract, decimals) in
                [("USDT", of.stable, 6), ("WSIMETH", of.wrapper, 18), ("GEM", of.gem, 18)]
            {
                let _ = writeln!(csv, "{ticker},eip155:{number}/erc20:{:#x},{decimals},", self.world.address(contract));
            }
        }
        csv
    }

    /// Returns what a reader has to know of the chains.
    fn chains_json(&self, first_hashes: &[B256]) -> serde_json::Value {
        let of = self.world.contracts;
        let at = |account: usize| format!("{:#x}", self.world.address(account));
        let chains: Vec<serde_json::Value> = (0..2)
            .map(|chain| {
                let number = self.options.chains[chain];
                json!({
                    "chain": format!("eip155:{number}"),
                    "folder": number.to_string(),
                    "first_hash": first_hashes.get(chain).map(ToString::to_string),
                    "wrapper": at(of.wrapper),
                    "issuer": format!("{}={}", at(of.stable), at(of.multisig)),
                    "tokens": {
                        "stablecoin": {"address": at(of.stable), "decimals": 6},
                        "wrapped": {"address": at(of.wrapper), "decimals": 18},
                        "gem": {"address": at(of.gem), "decimals": 18},
                        "takes_a_fee": {"address": at(of.fee_token), "decimals": 18},
                    },
                    "not_a_token": at(of.poisoner),
                    "bridge": at(of.bridge),
                    "mixers": of.mixers.map(at),
                })
            })
            .collect();
        json!({
            "made_by": "holdfast simulate accounts",
            "seed": self.options.seed,
            "blocks": self.options.blocks,
            "users": self.options.users,
            "txs_per_block": self.options.txs_per_block,
            "fees": self.options.has_fees,
            "state_root": format!("{:#x} in place of the root in every block behind the first: there is no state trie", super::NO_STATE),
            "keys": "all keys follow from the seed, and signatures share one nonce: hold nothing of worth with them",
            "chains": chains,
        })
    }
}
