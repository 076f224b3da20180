//! Public sets of labelled accounts (docs/test-data.md) as tables in three parts: training, validation, test.

use anyhow::{Context, bail};
use holdfast_models::accounts::{AccountEvent, Amounts, features, schema};
use holdfast_models::{Feature, FeatureKind, ModelError, Schema, Table};
use holdfast_suggest::{AmountUnit, Histories};
use holdfast_types::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Columns of the account features that are the label, identifiers, or texts.
const NO_FEATURES: [&str; 7] =
    ["", "id", "Index", "Address", "FLAG", "ERC20 most sent token type", "ERC20_most_rec_token_type"];

/// Rows in three parts, with whether each is positive.
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) parts: [(Table, Vec<bool>); 3],
    /// Least average precision that is promised.
    pub(super) goal: Option<f64>,
}

/// The folder of the sets; a temporary one, which ends with it, where they are packed.
pub(super) struct Folder {
    path: PathBuf,
    _unpacked: Option<tempfile::TempDir>,
}

/// Finds the sets in a folder of test data, or in the folder of the sets itself; nothing where neither has them.
pub(super) fn folder(data: &Path) -> anyhow::Result<Option<Folder>> {
    for path in [data.join("learning"), data.to_owned()] {
        if path.join("ethereum-accounts").is_dir() {
            return Ok(Some(Folder { path, _unpacked: None }));
        }
        let packed = path.join("learning.tar.zst");
        if packed.is_file() {
            let to = tempfile::tempdir()?;
            let file = File::open(&packed).with_context(|| packed.display().to_string())?;
            let unpack = || tar::Archive::new(zstd::Decoder::new(file)?).unpack(to.path());
            unpack().with_context(|| packed.display().to_string())?;
            return Ok(Some(Folder { path: to.path().join("learning"), _unpacked: Some(to) }));
        }
    }
    Ok(None)
}

/// Reads all sets.
pub(super) fn sets(folder: &Folder) -> anyhow::Result<Vec<Set>> {
    let accounts = histories(&folder.path.join("ethereum-accounts"))?;
    let table = |name, of: Cut, goal| raw(name, &accounts, of, goal);
    let all = Cut { first: usize::MAX, amounts: Amounts::With, by_time: true };
    let (first_ten, no_amounts) = (Cut { first: 10, ..all }, Cut { amounts: Amounts::Without, ..all });
    Ok(vec![
        account_features(&folder.path.join("account-features/transaction_dataset.csv"))?,
        table("histories by address", Cut { by_time: false, ..all }, None)?,
        table("histories by time", all, Some(0.985))?,
        table("histories by time, first 10 transactions", first_ten, None)?,
        table("histories by time, without amounts", no_amounts, Some(0.940))?,
        table(
            "histories by time, first 10 transactions, without amounts",
            Cut { first: 10, ..no_amounts },
            Some(0.920),
        )?,
    ])
}

/// Which part an address is in: the first eight hexadecimal digits of its SHA-256, modulo 100. Sets that have those of 80 and above, which are kept back from
/// the sets at hand, are tested on them too.
fn part_of(address: &str) -> usize {
    let hash = Sha256::digest(address.to_lowercase().as_bytes());
    match u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % 100 {
        0..48 => 0,
        48..64 => 1,
        _ => 2,
    }
}

/// Rows on their way into a table.
#[derive(Default)]
struct Rows {
    rows: Vec<Vec<f64>>,
    labels: Vec<bool>,
}

fn set(name: &'static str, schema: &Schema, rows: [Rows; 3], goal: Option<f64>) -> Result<Set, ModelError> {
    let table = |part: Rows| -> Result<_, ModelError> {
        let columns = (0..schema.len()).map(|c| part.rows.iter().map(|r| r[c]).collect()).collect();
        Ok((Table::new(schema.clone(), columns)?, part.labels))
    };
    let [training, validation, test] = rows;
    Ok(Set { name, parts: [table(training)?, table(validation)?, table(test)?], goal })
}

fn reader(file: &Path) -> anyhow::Result<csv::Reader<File>> {
    // Names of tokens have stray quotes.
    let reader = csv::ReaderBuilder::new().quoting(false).flexible(true).from_path(file);
    reader.with_context(|| file.display().to_string())
}

fn account_features(file: &Path) -> anyhow::Result<Set> {
    let mut reader = reader(file)?;
    let names: Vec<String> = reader.headers()?.iter().map(|n| n.trim().to_owned()).collect();
    let place = |name: &str| {
        names.iter().position(|n| n == name).with_context(|| format!("{}: no column {name}", file.display()))
    };
    let (address, flag) = (place("Address")?, place("FLAG")?);
    let used: Vec<usize> = (0..names.len()).filter(|c| !NO_FEATURES.contains(&names[*c].as_str())).collect();
    let mut seen = BTreeSet::new();
    let mut rows: [Rows; 3] = Default::default();
    for line in reader.records() {
        let line = line.with_context(|| file.display().to_string())?;
        let (Some(address), Some(flag)) = (line.get(address), line.get(flag)) else {
            bail!("{}: a short line", file.display())
        };
        // Some addresses stand there twice.
        if seen.insert(address.to_lowercase()) {
            let values = used.iter().map(|c| line.get(*c).and_then(|v| v.trim().parse().ok()).unwrap_or(f64::NAN));
            let part = &mut rows[part_of(address)];
            part.rows.push(values.collect());
            part.labels.push(flag.trim() == "1");
        }
    }
    let features = used.iter().map(|c| Feature::new(&names[*c], "all", FeatureKind::Count)).collect();
    Ok(set("account features by address", &Schema::new(features)?, rows, None)?)
}

/// An account of the raw histories: at least one transaction.
struct Account {
    address: String,
    is_phishing: bool,
    events: Vec<AccountEvent>,
}

/// Reads the histories as `holdfast models train-accounts` does.
fn histories(folder: &Path) -> anyhow::Result<Vec<Account>> {
    let mut accounts = Vec::new();
    for (class, is_phishing) in [("normal", false), ("phishing", true)] {
        let mut all = Histories::default();
        let folder = folder.join(class);
        let files = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut files: Vec<PathBuf> = files.map(|f| f.map(|f| f.path())).collect::<Result<_, _>>()?;
        files.sort();
        for file in &files {
            let address = file.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default();
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            all.add(&address, is_phishing, &text, AmountUnit::Coin).with_context(|| file.display().to_string())?;
            let events = all.events(all.len() - 1).unwrap_or_default().to_vec();
            if !events.is_empty() {
                accounts.push(Account { address, is_phishing, events });
            }
        }
    }
    if accounts.is_empty() {
        bail!("{}: no account has a transaction", folder.display());
    }
    // By the time of the first transaction.
    accounts.sort_by(|a, b| (a.events[0].at, &a.address).cmp(&(b.events[0].at, &b.address)));
    Ok(accounts)
}

/// What is used of the histories.
#[derive(Clone, Copy)]
struct Cut {
    /// The first transactions of each account.
    first: usize,
    amounts: Amounts,
    /// Split by the time of the first transaction: 60%, 20%, 20%. Otherwise by address.
    by_time: bool,
}

fn raw(name: &'static str, accounts: &[Account], of: Cut, goal: Option<f64>) -> anyhow::Result<Set> {
    let mut rows: [Rows; 3] = Default::default();
    for (n, account) in accounts.iter().enumerate() {
        let part = match of.by_time {
            true => [0, 0, 0, 0, 0, 0, 1, 1, 2, 2][n * 10 / accounts.len()],
            false => part_of(&account.address),
        };
        let events = &account.events[..account.events.len().min(of.first)];
        rows[part].rows.push(features(events, Timestamp::MAX, 18, of.amounts));
        rows[part].labels.push(account.is_phishing);
    }
    Ok(set(name, &schema(of.amounts)?, rows, goal)?)
}
