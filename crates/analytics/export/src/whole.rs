//! Tables without segments: tags and clusters, whose old rows change. Files are named after their contents: those that did not change stay.

use crate::error::ExportError;
use crate::manifest::{AsOf, Whole};
use crate::table::{Cell, Field, Kind, Table};
use crate::write::TableWriter;
use holdfast_account_workspace::AccountWorkspace;
use holdfast_attribution::{Clusters, Tag, TagStore, Tlp};
use holdfast_utxo_ledger::Ledger;
use std::path::Path;

use Kind::{Flag, Int, Label, Long, Text};

/// Tags of addresses or accounts of the chain. Of those above the clearance the category is told, not label and source.
pub static TAGS: Table = Table {
    name: "tags",
    fields: &[
        Field::new("address", Long),
        Field::new("label", Text),
        Field::new("category", Label),
        Field::new("confidence", Int),
        Field::new("cluster_definer", Flag),
        Field::or_null("actor", Label),
        Field::new("source", Text),
        Field::new("pack", Label),
        Field::new("tlp", Label),
        Field::new("lastmod", Label),
    ],
};

/// The cluster of each address or account that is in one with others: its least number.
pub static CLUSTERS: Table =
    Table { name: "clusters", fields: &[Field::new("address", Long), Field::new("cluster", Long)] };

fn writer(dir: &Path, table: &'static Table, as_of: &AsOf) -> Result<TableWriter, ExportError> {
    let notes = [("holdfast.as_of_height", as_of.height.to_string()), ("holdfast.as_of_hash", as_of.hash.clone())];
    TableWriter::create(&dir.join(format!("table={}", table.name)), table, &notes)
}

fn whole(table: &Table, out: TableWriter, note: String, dir: &Path, as_of: &AsOf) -> Result<Whole, ExportError> {
    Ok(Whole { table: table.name.to_owned(), as_of_block: as_of.clone(), note, files: vec![out.finish(dir)?] })
}

/// Writes the tags of addresses, rising; states how many are of none of the chain's.
fn tags<'a>(
    all: impl Iterator<Item = (Option<u32>, &'a Tag)>,
    clearance: Tlp,
    dir: &Path,
    as_of: &AsOf,
) -> Result<Whole, ExportError> {
    let (mut rows, mut elsewhere) = (Vec::new(), 0u64);
    for (address, tag) in all {
        match address {
            Some(address) => rows.push((address, tag)),
            None => elsewhere += 1,
        }
    }
    rows.sort_by_key(|(address, _)| *address);
    let mut out = writer(dir, &TAGS, as_of)?;
    for (address, tag) in rows {
        let shown = tag.masked(clearance);
        out.put(&[
            Cell::Long(address.into()),
            Cell::Text(&shown.label),
            Cell::Text(shown.concept().name()),
            Cell::Int(shown.confidence.level().into()),
            Cell::Flag(shown.is_cluster_definer),
            shown.actor.as_deref().map_or(Cell::Null, Cell::Text),
            Cell::Text(&shown.source),
            Cell::Text(&shown.pack),
            Cell::Text(shown.tlp.unwrap_or(Tag::UNLABELLED).name()),
            Cell::Text(&shown.lastmod),
        ])?;
    }
    let note = format!(
        "clearance {}; {elsewhere} further tags name addresses that no exported block mentions",
        clearance.name()
    );
    whole(&TAGS, out, note, dir, as_of)
}

pub(crate) fn output_tags(
    ledger: &Ledger,
    store: &TagStore,
    clearance: Tlp,
    dir: &Path,
    as_of: &AsOf,
) -> Result<Whole, ExportError> {
    let keys = store.script_keys();
    tags(keys.iter().map(|(tag, key)| (ledger.address_number(key), store.tag(*tag))), clearance, dir, as_of)
}

pub(crate) fn account_tags(
    workspace: &AccountWorkspace,
    clearance: Tlp,
    dir: &Path,
    as_of: &AsOf,
) -> Result<Whole, ExportError> {
    let accounts = workspace.tags.accounts(workspace.chain().family());
    let all = accounts.iter().flat_map(|(account, numbers)| {
        let number = workspace.ledger.account_number(account);
        numbers.iter().map(move |tag| (number, workspace.tags.tag(*tag)))
    });
    tags(all, clearance, dir, as_of)
}

pub(crate) fn output_clusters(clusters: &Clusters, dir: &Path, as_of: &AsOf) -> Result<Whole, ExportError> {
    let labels = clusters.all();
    let mut has_others = vec![false; labels.len()];
    for (address, cluster) in (0u32..).zip(&labels) {
        if address != *cluster {
            has_others[*cluster as usize] = true;
        }
    }
    let mut out = writer(dir, &CLUSTERS, as_of)?;
    for (address, cluster) in (0u32..).zip(&labels) {
        if has_others[*cluster as usize] {
            out.put(&[Cell::Long(address.into()), Cell::Long((*cluster).into())])?;
        }
    }
    let options = serde_json::to_string(clusters.options()).map_err(|e| ExportError::Internal(e.to_string()))?;
    whole(&CLUSTERS, out, format!("made with {options}"), dir, as_of)
}

pub(crate) fn account_clusters(workspace: &AccountWorkspace, dir: &Path, as_of: &AsOf) -> Result<Whole, ExportError> {
    let clusters = workspace.clusters();
    let mut rows: Vec<(u32, u32)> = Vec::new();
    for (cluster, accounts) in clusters.iter() {
        rows.extend(accounts.into_iter().map(|account| (account, cluster)));
    }
    rows.sort_unstable();
    let mut out = writer(dir, &CLUSTERS, as_of)?;
    for (account, cluster) in rows {
        out.put(&[Cell::Long(account.into()), Cell::Long(cluster.into())])?;
    }
    let options = serde_json::to_string(clusters.options()).map_err(|e| ExportError::Internal(e.to_string()))?;
    let upto = clusters.height().map_or("no block".to_owned(), |height| format!("block {height}"));
    whole(&CLUSTERS, out, format!("made with {options}, up to {upto}"), dir, as_of)
}
