//! Sources of partners: reading them, and putting their present tags into the chain's workspace.

use crate::AppState;
use holdfast_attribution::Tag;
use holdfast_sharing::SharingError;
use holdfast_sharing::sources::{MAX_PAGES, Polled, Source, Withdrawn};
use holdfast_types::ids::SourceId;
use holdfast_workspace::ChangeError;
use serde::Serialize;

/// Result of withdrawing a source.
#[derive(Clone, Debug, Serialize)]
pub struct WithdrawnSource {
    /// In the database.
    #[serde(flatten)]
    pub undone: Withdrawn,
    /// Tags that went from the workspace.
    pub tags: usize,
}

impl AppState {
    /// Reads what is new at a source, page by page: new flags hold past deposits, changed tags go into the workspace, and past transfers are
    /// screened again.
    ///
    /// # Errors
    /// [`SharingError`].
    pub fn read_source(&self, id: SourceId) -> Result<Polled, SharingError> {
        self.read_pages(id, &|| false)
    }

    /// Reads a source as [`AppState::read_source`] does, until the server stops.
    pub(crate) fn read_pages(&self, id: SourceId, is_stopping: &dyn Fn() -> bool) -> Result<Polled, SharingError> {
        let mut all = Polled::default();
        let mut outcome = Ok(());
        for _ in 0..MAX_PAGES {
            if is_stopping() {
                break;
            }
            match self.sharing().poll(id, &self.partners) {
                Ok(page) => {
                    for flag in &page.flags {
                        self.screening.hold_flagged(flag)?;
                    }
                    all.taken += page.taken;
                    all.refused += page.refused;
                    all.tags_changed |= page.tags_changed;
                    all.flags.extend(page.flags);
                    all.more = page.more;
                    if !page.more {
                        break;
                    }
                }
                Err(e) => {
                    outcome = Err(e);
                    break;
                }
            }
        }
        // What came before a fault counts.
        if all.tags_changed {
            self.place_tags(&self.sharing().source(id)?)?;
        }
        outcome.map(|()| all)
    }

    /// Imports the present tags of a source into the workspace, and screens past transfers again.
    fn place_tags(&self, source: &Source) -> Result<(), SharingError> {
        let tags = self.sharing().tags_of(source)?;
        self.replace_pack(&source.pack(), tags, &format!("source '{}' changed", source.name)).map(|_| ())
    }

    /// Ends the effects of what is no longer valid, and begins those of what is valid from now on.
    ///
    /// # Errors
    /// [`SharingError`].
    pub fn apply_validity(&self) -> Result<(), SharingError> {
        for source in self.sharing().apply_validity()? {
            self.place_tags(&source)?;
        }
        Ok(())
    }

    fn replace_pack(&self, pack: &str, tags: Vec<Tag>, why: &str) -> Result<usize, SharingError> {
        let replace = |w: &mut holdfast_workspace::Workspace| -> Result<usize, ChangeError> {
            let removed = w.replace_pack(pack, tags);
            w.catch_up();
            Ok(removed)
        };
        let replaced = holdfast_jobs::background("background", || self.change_tags(why, replace))?;
        replaced.map_err(|e| SharingError::State(e.to_string()))
    }

    /// Withdraws a source with all its effects.
    ///
    /// # Errors
    /// [`SharingError`].
    pub fn withdraw_source(&self, id: SourceId, why: &str, actor: &str) -> Result<WithdrawnSource, SharingError> {
        let undone = self.sharing().withdraw_source(id, why, actor)?;
        let tags = self.replace_pack(&undone.pack, Vec::new(), &format!("{} was withdrawn", undone.pack))?;
        Ok(WithdrawnSource { undone, tags })
    }
}
