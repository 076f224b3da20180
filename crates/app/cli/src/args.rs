//! Arguments that many commands share: the store, the desk's database, the server.

use anyhow::bail;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use holdfast_console::open_desk;
use holdfast_screening::Screening;
use holdfast_workspace::Workspace;
use std::path::PathBuf;
use std::str::FromStr;
use strum::VariantArray;

/// The store of commands that name none.
pub const DEFAULT_STORE: &str = "store";

/// Where the store is.
#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    /// The store's folder; its ledger is in `ledger/` below.
    #[arg(long, env = "HOLDFAST_STORE", default_value = DEFAULT_STORE)]
    pub store: PathBuf,
}

/// Where the ledger of a store is. Commands of earlier versions named it itself.
#[derive(Args, Clone, Debug)]
pub struct LedgerArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// The ledger's own folder, instead of `ledger/` in the store.
    #[arg(long, hide = true)]
    ledger: Option<PathBuf>,
}

impl LedgerArgs {
    /// The ledger's folder.
    pub fn folder(&self) -> PathBuf {
        self.ledger.clone().unwrap_or_else(|| Workspace::ledger_dir(&self.store.store))
    }
}

/// Returns a parser of the names of an enum; the help lists them.
pub fn named<T>() -> impl TypedValueParser<Value = T>
where
    T: AsRef<str> + Clone + FromStr<Err = strum::ParseError> + Send + Sync + VariantArray,
{
    PossibleValuesParser::new(T::VARIANTS.iter().map(AsRef::as_ref)).try_map(|name| name.parse::<T>())
}

/// A server elsewhere.
#[derive(Args, Clone, Debug, Default)]
pub struct ServerArgs {
    /// URL of a server elsewhere that does it, such as https://desk.example, with the API key of HOLDFAST_KEY or --key-file. Without it, the
    /// store's own server does it while one runs.
    #[arg(long, env = "HOLDFAST_SERVER")]
    pub server: Option<String>,
    /// File with the API key for --server.
    #[arg(long, requires = "server")]
    pub key_file: Option<PathBuf>,
}

/// Where the desk is.
#[derive(Args, Clone)]
pub struct DeskArgs {
    #[command(flatten)]
    pub store: StoreArgs,
    /// Database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; by default screening.sqlite in the store.
    #[arg(long, env = "HOLDFAST_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// File with the database's URL: a password in --database is seen by others on this machine.
    #[arg(long, conflicts_with = "database")]
    pub database_file: Option<PathBuf>,
    /// Who does it, for the audit log. At --server it is whose key is used.
    #[arg(long = "as", default_value = "local")]
    pub actor: String,
    #[command(flatten)]
    pub server: ServerArgs,
}

impl DeskArgs {
    /// Opens the desk in this process, as its only writer.
    pub fn open(&self) -> anyhow::Result<Screening> {
        let url = crate::live::url_of(self.database.as_deref(), self.database_file.as_deref(), "--database")?;
        open_desk(&self.store.store, url.as_deref())
    }

    /// Opens the desk in this process for what no server does; `why` names the reason.
    pub fn open_alone(&self, why: &str) -> anyhow::Result<Screening> {
        if self.server.server.is_some() {
            bail!("{why}; --server is not taken here");
        }
        match self.open() {
            Err(e) if crate::running::is_busy(&e) => bail!("{why}; stop the server first"),
            opened => opened,
        }
    }
}
