//! The simulated economy's account chains, read from the files that its nodes would write.

use holdfast_account_evidence::Origin;
use holdfast_account_feed::files::block_files;
use holdfast_account_feed::{ChainNotes, FileBlocks};
use holdfast_account_ledger::{AppendOptions, Settings};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_account_workspace::beside::LinkFinder;
use holdfast_account_workspace::evidence::{ProofSource, ProofSources};
use holdfast_links::{Contracts, Role};
use holdfast_simulate_accounts::files::{Format, write};
use holdfast_simulate_accounts::{Economy, Options};
use holdfast_types::{AccountId, Address, ChainId};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;

/// The simulated economy's two chains, in a store, with where their blocks are and what is true of them.
#[derive(Debug)]
pub struct SimulatedAccounts {
    /// The chains, open for writing.
    pub chains: Vec<AccountWorkspace>,
    /// Where proofs are read from.
    pub sources: ProofSources,
    /// Rows of `truth/transactions.csv`: chain, height, number, hash, action and more.
    pub transactions: Vec<Vec<String>>,
    /// Rows of `truth/addresses.csv`: address, owner, role and more.
    pub addresses: Vec<Vec<String>>,
}

fn table(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a table of the truth");
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

impl SimulatedAccounts {
    /// Simulates the economy, its files in the folder `made`, and reads its chains into a store without tags.
    ///
    /// # Panics
    /// When the economy cannot be made, or is not read.
    #[must_use]
    pub fn new(options: Options, made: &Path, store: &Path) -> Self {
        let mut economy = Economy::new(options).expect("sizes that fit");
        write(&mut economy, made, Format::Json, &mut |_| Ok(ControlFlow::Continue(()))).expect("files");
        let list = std::fs::read(made.join("chains.json")).expect("chains.json");
        let list: Value = serde_json::from_slice(&list).expect("JSON");
        let (mut chains, mut sources) = (Vec::new(), ProofSources::new());
        for chain in list["chains"].as_array().into_iter().flatten() {
            let text = |name: &str| chain[name].as_str().expect("a field of chains.json");
            let account = |name: &str| AccountId::try_from(&Address::read(text(name))).expect("an account");
            let id = ChainId::parse(text("chain")).expect("an id");
            let folder = made.join(text("folder"));
            let genesis = Some(std::fs::read_to_string(folder.join("genesis.csv")).expect("first balances"));
            let notes = ChainNotes { wrappers: vec![account("wrapper")], genesis, ..ChainNotes::default() };
            let contracts = Contracts::of(&id).with(account("bridge"), Role::NomadAll);
            let files = block_files(&folder).expect("files of blocks");
            let finder = LinkFinder::new(contracts.clone());
            let blocks = FileBlocks::new(&id, files.clone(), notes.clone(), 0, &|_| None, finder).expect("a reader");
            let settings = Settings::new(id.clone());
            let mut workspace =
                AccountWorkspace::create_or_open(store, &settings, Default::default()).expect("a ledger");
            let mut blocks = blocks.map(|block| block.expect("a block"));
            workspace.append(&mut blocks, &AppendOptions::default()).expect("blocks that fit");
            chains.push(workspace);
            sources.insert(id, ProofSource { origin: Origin::Files(files, notes), contracts });
        }
        let truth = made.join("truth");
        let (transactions, addresses) = (table(&truth.join("transactions.csv")), table(&truth.join("addresses.csv")));
        SimulatedAccounts { chains, sources, transactions, addresses }
    }

    /// Returns the hash of the nth transaction of an action.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn transaction(&self, action: &str, nth: usize) -> String {
        let of = self.transactions.iter().filter(|row| row.get(4).is_some_and(|cell| cell == action));
        of.filter_map(|row| row.get(3)).nth(nth).expect("so many transactions of the action").clone()
    }

    /// Returns the first address of a role.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn address(&self, role: &str) -> String {
        let of = self.addresses.iter().find(|row| row.get(2).is_some_and(|cell| cell == role));
        of.and_then(|row| row.first()).expect("an address of the role").clone()
    }
}
