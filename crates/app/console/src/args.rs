//! Arguments that many commands share: the store, the desk's database, the server.

use crate::{open_desk, output};
use anyhow::{Context, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgMatches, Args};
use holdfast_account_workspace::AccountWorkspace;
use holdfast_screening::Screening;
use holdfast_types::{Asset, ChainId};
use holdfast_workspace::Workspace;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use strum::VariantArray;

/// The store of commands that name none.
pub const DEFAULT_STORE: &str = "store";

/// The store of a command.
#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    /// The store's folder; its ledger is in `ledger/` below.
    #[arg(long, env = "HOLDFAST_STORE", default_value = DEFAULT_STORE)]
    pub store: PathBuf,
}

/// The exchange's own assets, beside the curated list: a file in the store.
pub const ASSET_LIST: &str = "assets.csv";
/// Largest list of assets, in bytes.
const MAX_ASSET_LIST: usize = 4 << 20;

/// Returns the store that a command line names, if its command has one.
#[must_use]
pub fn store_of(matches: &ArgMatches) -> Option<PathBuf> {
    let mut deepest = matches;
    while let Some((_, below)) = deepest.subcommand() {
        deepest = below;
    }
    deepest.try_get_one::<PathBuf>("store").ok().flatten().cloned()
}

/// Adds the assets that a store lists (`assets.csv`: ticker, CAIP-19 id, decimals, other tickers) to the curated list. Call it before any asset is read.
///
/// # Errors
/// When the file cannot be read, or a line of it is wrong.
pub fn add_listed_assets(store: &Path) -> anyhow::Result<()> {
    let path = store.join(ASSET_LIST);
    if !path.is_file() {
        return Ok(());
    }
    let text = String::from_utf8(output::read_bounded(&path, MAX_ASSET_LIST)?);
    let text = text.with_context(|| format!("{}: no UTF-8", path.display()))?;
    Asset::add_listed(&text).with_context(|| path.display().to_string())
}

/// The ledger of a store. Commands of earlier versions named its own folder.
#[derive(Args, Clone, Debug)]
pub struct LedgerArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// The ledger's own folder, instead of `ledger/` in the store.
    #[arg(long, hide = true)]
    ledger: Option<PathBuf>,
    /// The ledger of this account chain of the store, instead of that of outputs: `ethereum`, `tron` and other usual names, or a CAIP-2 id such as
    /// eip155:1.
    #[arg(long, value_parser = ChainId::of_accounts, conflicts_with = "ledger")]
    pub chain: Option<ChainId>,
}

impl LedgerArgs {
    /// Returns the ledger's folder.
    pub fn folder(&self) -> PathBuf {
        let own = || match &self.chain {
            Some(chain) => AccountWorkspace::ledger_dir(&self.store.store, chain),
            None => Workspace::ledger_dir(&self.store.store),
        };
        self.ledger.clone().unwrap_or_else(own)
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &Path {
        &self.store.store
    }
}

/// A server elsewhere.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerArgs {
    /// URL of a server elsewhere that runs the command, such as https://desk.example, with the API key of HOLDFAST_KEY or --key-file. Without
    /// it, the store's own server runs it while there is one.
    #[arg(long, env = "HOLDFAST_SERVER")]
    pub server: Option<String>,
    /// File with the API key for --server.
    #[arg(long, requires = "server")]
    pub key_file: Option<PathBuf>,
}

/// The desk of a command: its store and database, or its server.
#[derive(Args, Clone)]
pub struct DeskArgs {
    /// The store.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; by default screening.sqlite in the store.
    #[arg(long, env = "HOLDFAST_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// File with the database's URL: other users of this machine can read a password in --database.
    #[arg(long, conflicts_with = "database")]
    pub database_file: Option<PathBuf>,
    /// Name for the audit log. With --server it is the name of the key's owner.
    #[arg(long = "as", default_value = "local")]
    pub actor: String,
    /// The server, instead of the store.
    #[command(flatten)]
    pub server: ServerArgs,
}

impl DeskArgs {
    /// Opens the desk in this process, as its only writer.
    ///
    /// # Errors
    /// When another process writes to the desk, or the database cannot be opened.
    pub fn open(&self) -> anyhow::Result<Screening> {
        let url = url_of(self.database.as_deref(), self.database_file.as_deref(), "--database")?;
        open_desk(&self.store.store, url.as_deref())
    }

    /// Opens the desk in this process for work that no server does; `why` names the reason.
    ///
    /// # Errors
    /// When a server has the desk or is named, and as [`DeskArgs::open`].
    pub fn open_alone(&self, why: &str) -> anyhow::Result<Screening> {
        if self.server.server.is_some() {
            bail!("{why}; --server does not work here");
        }
        match self.open() {
            Err(e) if crate::running::is_busy(&e) => bail!("{why}; stop the server first"),
            opened => opened,
        }
    }
}

/// Returns the secret in a file, without the end of its line.
///
/// # Errors
/// When the file cannot be read or is no single line.
pub fn secret_of(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let secret = text.trim_end_matches(['\r', '\n']);
    match secret.is_empty() || secret.contains('\n') {
        true => bail!("{}: must hold one line", file.display()),
        false => Ok(secret.to_owned()),
    }
}

/// Returns a URL from an option, its environment variable or a file; warns of a password in the option itself.
///
/// # Errors
/// As [`secret_of`].
pub fn url_of(url: Option<&str>, file: Option<&Path>, option: &str) -> anyhow::Result<Option<String>> {
    if let Some(file) = file {
        return secret_of(file).map(Some);
    }
    let on_the_line = url.is_some_and(|url| {
        let user = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map_or("", |(user, _)| user);
        user.contains(':') && std::env::args().any(|a| a.contains(url))
    });
    if on_the_line {
        output::warn(&format!(
            "others on this machine can read the password in {option}; use {option}-file or the environment"
        ));
    }
    Ok(url.map(str::to_owned))
}

/// Returns a parser of the names of an enum; the help lists them.
pub fn named<T>() -> impl TypedValueParser<Value = T>
where
    T: AsRef<str> + Clone + FromStr<Err = strum::ParseError> + Send + Sync + VariantArray,
{
    PossibleValuesParser::new(T::VARIANTS.iter().map(AsRef::as_ref)).try_map(|name| name.parse::<T>())
}

/// Reads `CHAIN=REST`, or REST alone, which is of the usual chain.
#[must_use]
pub fn of_chain(text: &str, usual: &ChainId) -> (ChainId, String) {
    let named = text.split_once('=').and_then(|(chain, rest)| Some((ChainId::of_accounts(chain).ok()?, rest)));
    named.map_or_else(|| (usual.clone(), text.to_owned()), |(chain, rest)| (chain, rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_may_name_its_chain() {
        let usual = ChainId::parse("eip155:1").unwrap();
        for (text, chain, rest) in [
            ("blocks", "eip155:1", "blocks"),
            ("tron=dir/x", "tron:mainnet", "dir/x"),
            ("eip155:137=http://node/?a=b", "eip155:137", "http://node/?a=b"),
            ("http://node/?key=b", "eip155:1", "http://node/?key=b"),
        ] {
            assert_eq!(of_chain(text, &usual), (ChainId::parse(chain).unwrap(), rest.to_owned()), "{text}");
        }
    }
}
