//! Tags that people bring in, state themselves and take back, with the entries about it in the audit log.

use crate::AppState;
use crate::error::ApiError;
use axum::http::StatusCode;
use holdfast_attribution::import::{ImportReport, ReadFiles, is_importable};
use holdfast_attribution::own::{OWN_PACK, OwnChange, OwnTag, id_of};
use holdfast_attribution::tags::{PackSummary, is_source};
use holdfast_attribution::{Tag, Tlp};
use holdfast_audit::{Filter, find};
use holdfast_screening::{Screening, ScreeningError};
use holdfast_store::{Change, DbError, Store};
use holdfast_types::{Invalid, Timestamp};
use holdfast_workspace::{ChangeError, Workspace};
use serde_json::{Value, json};
use std::ops::ControlFlow;

/// Longest reason, in bytes.
const MAX_REASON: usize = 2_000;
/// Longest title in the subject of an entry, in characters.
const MAX_SUBJECT: usize = 200;
/// The label up to which readers of the audit log see tags, whatever else they may read.
const LOG: Tlp = Tlp::AmberStrict;

/// A pack with when it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackRow {
    /// What is in it.
    pub pack: PackSummary,
    /// When it was last imported by this desk's server, and by whom; none where the audit log has nothing of it: it was imported by a command on the
    /// store, or before the log had such entries.
    pub imported: Option<(Timestamp, String)>,
    /// The licence that its file stated then; none where it stated none, or the audit log has nothing of it.
    pub licence: Option<String>,
}

/// What people do with a tag of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnStep {
    /// State another one.
    Add(OwnTag),
    /// State it anew.
    Replace {
        /// Its id.
        id: String,
        /// What is stated in its place.
        with: OwnTag,
    },
    /// Take it back.
    Remove {
        /// Its id.
        id: String,
    },
}

/// Returns the subject of entries about a pack.
fn subject(title: &str) -> String {
    format!("pack:{}", title.chars().take(MAX_SUBJECT).collect::<String>())
}

fn reason(text: &str) -> Result<String, Invalid> {
    match text.trim() {
        "" => Err(Invalid::new("reason", "missing")),
        text if text.len() > MAX_REASON => Err(Invalid::new("reason", format!("at most {MAX_REASON} bytes are taken"))),
        text => Ok(text.to_owned()),
    }
}

/// Why the pack of the desk's own tags is neither imported nor withdrawn whole.
fn own_is_kept() -> String {
    format!("title: '{OWN_PACK}' are the desk's own tags, which its people state, change and remove one by one")
}

/// Why nothing was imported.
enum NotImported {
    /// It was ended before its end.
    Ended,
    Refused(ApiError),
}

impl From<ChangeError> for NotImported {
    fn from(e: ChangeError) -> Self {
        NotImported::Refused(e.into())
    }
}

/// Writes an entry of the audit log. It is durable when this returns, before the change that it is about is published: what cannot be recorded does
/// not happen.
fn record(
    screening: &Screening,
    actor: &str,
    entries: Vec<(&'static str, String, String)>,
) -> Result<(), ScreeningError> {
    let write = move |tx: &mut dyn Change| {
        entries.iter().for_each(|(action, subject, detail)| tx.audit(action, subject, detail));
        Ok(())
    };
    Store::change(screening, actor, write)
}

impl AppState {
    /// Reads the label of an import, once the file's name tells a format.
    ///
    /// # Errors
    /// 400 names the field.
    pub(crate) fn import_label(name: &str, label: Option<&str>) -> Result<Option<Tlp>, ApiError> {
        if !is_importable(name) {
            return Err(ApiError::bad(
                "name must end in .yaml, .yml or .csv, or be sanctioned_addresses_ASSET.txt, sdn_advanced*.xml or cons_advanced*.xml, or etherscan*.json, bscscan*.json or another explorer's labels",
            ));
        }
        let unknown = || ApiError::bad("tlp: TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED");
        label.map(|name| Tlp::from_name(name).ok_or_else(unknown)).transpose()
    }

    /// Imports a file of tags by its name, and brings all exposures up to it; tags without a label of their own get the one given.
    ///
    /// # Errors
    /// 400 for a name that tells no format, a label that there is not, and a file that is refused or has nothing; 503 when the chain is being changed.
    pub fn import_tags(
        &self,
        name: String,
        bytes: Vec<u8>,
        label: Option<&str>,
        actor: &str,
    ) -> Result<ImportReport, ApiError> {
        let label = Self::import_label(&name, label)?;
        let read = ReadFiles::read(vec![(name.clone(), bytes)]);
        let report = self.import_read(&name, read, label, actor, &mut |_| ControlFlow::Continue(()))?;
        report.map(|report| *report).ok_or_else(|| ApiError::internal("the import ended early"))
    }

    /// As [`AppState::import_tags`], of a file that was read before; `watch` is told how many tags are in, and none comes out where it ends the import: nothing
    /// is changed then.
    ///
    /// # Errors
    /// As [`AppState::import_tags`].
    pub(crate) fn import_read(
        &self,
        file: &str,
        read: ReadFiles,
        label: Option<Tlp>,
        actor: &str,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<Box<ImportReport>>, ApiError> {
        let chains = self.chains.families();
        let imported = self.change_tags(&format!("'{file}' was imported"), |w: &mut Workspace| {
            let mut report = w.add_read_tags(read, label, watch).ok_or(NotImported::Ended)?;
            report.count_chains(&chains);
            let nothing = || report.warnings.first().map_or("the file has no entry".into(), Clone::clone);
            let nothing = report.is_empty().then(|| format!("nothing was imported: {}", nothing()));
            let own = report.titles.iter().any(|title| title == OWN_PACK).then(own_is_kept);
            if let Some(refused) = own.or_else(|| report.refused.first().cloned()).or(nothing) {
                return Err(NotImported::Refused(ApiError::bad(refused)));
            }
            w.catch_up();
            let entry = |title: &String| {
                let mut detail =
                    json!({"file": file, "tags": report.tags, "new_tags": report.new_tags, "actors": report.actors});
                if let Some(licence) = report.licences.get(title) {
                    detail["licence"] = licence.as_str().into();
                }
                ("pack.imported", subject(title), detail.to_string())
            };
            let entries = report.titles.iter().map(entry).collect();
            record(&self.screening, actor, entries).map_err(|e| NotImported::Refused(e.into()))?;
            Ok(report)
        });
        match imported {
            Ok(report) => Ok(Some(Box::new(report))),
            Err(NotImported::Ended) => Ok(None),
            Err(NotImported::Refused(e)) => Err(e),
        }
    }

    /// Withdraws a pack: removes all its tags and their effect on exposures. Returns how many.
    ///
    /// # Errors
    /// 400 for the pack of the desk's own tags; 404 when no pack has the title; 503 when the chain is being changed.
    pub fn withdraw_pack(&self, title: &str, why: Option<&str>, actor: &str) -> Result<usize, ApiError> {
        if title == OWN_PACK {
            return Err(ApiError::bad(own_is_kept()));
        }
        self.change_tags(&format!("pack '{title}' was withdrawn"), |w: &mut Workspace| {
            let removed = w.remove_pack(title);
            if removed == 0 {
                return Err(ApiError::new(StatusCode::NOT_FOUND, format!("no pack is titled '{title}'")));
            }
            w.catch_up();
            let detail = json!({"tags": removed, "reason": why}).to_string();
            record(&self.screening, actor, vec![("pack.withdrawn", subject(title), detail)])?;
            Ok(removed)
        })
    }

    /// Adds, replaces or removes a tag of the desk's own, with a reason; returns it as it is now, or was. Only tags that a reader of labels up to
    /// `clearance` sees are there for it.
    ///
    /// # Errors
    /// 400 names the field; 404 where there is no such tag; 409 where the same is stated already, or there are too many; 503 when the chain is being
    /// changed.
    pub fn change_own_tag(&self, step: OwnStep, why: &str, clearance: Tlp, actor: &str) -> Result<Tag, ApiError> {
        let day = self.screening.now().rfc3339().chars().take(10).collect::<String>();
        let stated = |own: OwnTag| own.stated(actor, &day);
        let (action, change, id) = match step {
            OwnStep::Add(own) => ("tag.added", OwnChange::Add(stated(own)?), None),
            OwnStep::Replace { id, with } => {
                ("tag.changed", OwnChange::Replace { id: id.clone(), with: stated(with)? }, Some(id))
            }
            OwnStep::Remove { id } => ("tag.removed", OwnChange::Remove { id: id.clone() }, Some(id)),
        };
        if let Some(id) = &id {
            self.chain().snapshot().tags.own_tag(id, clearance)?;
        }
        let why = reason(why)?;
        self.change_tags("an own tag was changed", |w: &mut Workspace| {
            let changed = w.change_own_tags(change)?;
            w.catch_up();
            let Some(tag) = changed.after.as_ref().or(changed.before.as_ref()).cloned() else {
                return Err(ApiError::internal("an own tag was changed and is not there"));
            };
            let said = |tag: &Tag| json!(OwnTag::of(&tag.masked(LOG)));
            let mut detail = json!({"id": id_of(&tag), "tag": said(&tag), "reason": why});
            if let (Some(before), Some(_)) = (&changed.before, &changed.after) {
                detail["before"] = said(before);
            }
            record(&self.screening, actor, vec![(action, format!("tag:{}", tag.address), detail.to_string())])?;
            Ok(tag)
        })
    }

    /// Returns packs of which a reader of labels up to `clearance` may know tags, by title, behind a title, with when each was imported.
    ///
    /// # Errors
    /// 500 or 503 when the audit log cannot be read.
    pub fn packs(&self, clearance: Tlp, after: Option<&str>, limit: usize) -> Result<Vec<PackRow>, ApiError> {
        let packs = self.chain().snapshot().tags.packs(clearance, after, limit);
        let rows = self.screening.read(|db| {
            let mut rows = Vec::with_capacity(packs.len());
            for pack in packs {
                let filter = Filter {
                    action: Some("pack.imported".to_owned()),
                    subject: Some(subject(&pack.title)),
                    ..Filter::default()
                };
                let entry = find(db, &filter, 0, 1)?.into_iter().next();
                let detail: Option<Value> = entry.as_ref().and_then(|e| serde_json::from_str(&e.detail).ok());
                let licence = detail.and_then(|detail| Some(detail["licence"].as_str()?.to_owned()));
                rows.push(PackRow { pack, imported: entry.map(|e| (e.time, e.actor)), licence });
            }
            Ok::<_, DbError>(rows)
        })?;
        Ok(rows)
    }
}

/// Returns the number of the source of the sharing department whose pack this is; it alone changes it.
#[must_use]
pub fn source_of(title: &str) -> Option<&str> {
    title.strip_prefix("source ").filter(|_| is_source(title))?.split(':').next()
}
