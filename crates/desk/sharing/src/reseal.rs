//! Sealed keys of partners after a rotation of the desk's key: sealed again under the key in use, so that an older key opens nothing that is stored.

use crate::{Sharing, SharingError};
use holdfast_store::number;
use holdfast_types::ids::SourceId;
use serde_json::json;
use std::ops::ControlFlow;

/// What a pass over sealed keys did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Keys of partners that are sealed again.
    pub sealed: u64,
    /// Those that the key in use opened already.
    pub current: u64,
    /// Those that no key of the ring opens, by source, with the reason: add the source again.
    pub unread: Vec<(SourceId, String)>,
    /// Whether it was stopped; the next pass goes on where it ended.
    pub stopped: bool,
}

impl Sharing<'_> {
    /// Seals every stored key of a partner under the desk's key in use, each in a change of its own with an entry in the audit log, so that a pass that was
    /// killed loses nothing and the next one finds what is left. `progress` gets the number of keys looked at and of all, and may end the pass.
    ///
    /// # Errors
    /// [`SharingError`] when the database fails.
    pub fn reseal(
        &self,
        actor: &str,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Resealed, SharingError> {
        let mut done = Resealed::default();
        let sealed: Vec<_> = self.sources()?.into_iter().filter(|source| !source.secret.is_empty()).collect();
        for (at, source) in (1..).zip(&sealed) {
            match self.resealed(&source.secret) {
                Ok(None) => done.current += 1,
                Ok(Some(again)) => {
                    let (id, old) = (source.id, source.secret.clone());
                    let is_stored = self.transact(actor, move |tx| {
                        // A source that was changed meanwhile has a new key, under the key in use.
                        let sql = "UPDATE sources SET secret = $1 WHERE id = $2 AND secret = $3";
                        let rows = tx.db().execute(sql, &[again.into(), number(id), old.into()])?;
                        if rows > 0 {
                            tx.audit("source.resealed", &format!("source:{id}"), &json!({}).to_string());
                        }
                        Ok::<_, SharingError>(rows > 0)
                    })?;
                    done.sealed += u64::from(is_stored);
                }
                Err(why) => done.unread.push((source.id, why.to_string())),
            }
            if progress(at, sealed.len() as u64).is_break() {
                done.stopped = true;
                break;
            }
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Kind, NewSource};
    use holdfast_identity::KeyRing;
    use holdfast_screening::Screening;
    use holdfast_testing::{TestDb, on_both};

    fn a_pass_that_was_stopped_goes_on(db: &TestDb) {
        let screening = Screening::open(&db.url, holdfast_screening::service::system_clock()).unwrap();
        let old = KeyRing::single([7; 32]);
        let before = Sharing { screening: &screening, key_ring: &old };
        for name in ["a", "b", "c"] {
            let (kind, key) = (Kind::Misp, format!("secret of {name}"));
            let url = format!("https://{name}.example.org/feed");
            before
                .add_source(
                    NewSource { kind, name: name.into(), url, username: String::new(), key, every: None },
                    "ana",
                )
                .unwrap();
        }
        let ring = old.with([8; 32]).unwrap();
        let sharing = Sharing { screening: &screening, key_ring: &ring };
        let first = sharing.reseal("engine", &mut |_, _| ControlFlow::Break(())).unwrap();
        assert_eq!((first.sealed, first.stopped), (1, true));
        let mut seen = Vec::new();
        let rest = sharing.reseal("engine", &mut |at, all| {
            seen.push((at, all));
            ControlFlow::Continue(())
        });
        assert_eq!(rest.unwrap(), Resealed { sealed: 2, current: 1, ..Resealed::default() });
        assert_eq!(seen, [(1, 3), (2, 3), (3, 3)]);
        // The new key alone opens all; the old one opens none.
        let new = KeyRing::single([8; 32]);
        let after = Sharing { screening: &screening, key_ring: &new };
        for source in after.sources().unwrap() {
            assert_eq!(after.unseal(&source.secret).unwrap(), format!("secret of {}", source.name));
            assert!(before.unseal(&source.secret).is_err());
        }
        let none = Sharing { screening: &screening, key_ring: &KeyRing::single([9; 32]) };
        let unread = none.reseal("engine", &mut |_, _| ControlFlow::Continue(())).unwrap().unread;
        assert_eq!(unread.len(), 3, "{unread:?}");
        let log = screening.audit(0, None, 1_000).unwrap();
        assert_eq!(log.iter().filter(|e| e.action == "source.resealed").count(), 3);
        assert_eq!(screening.verify_audit(None).unwrap().problems, [""; 0]);
    }

    on_both!(a_pass_that_was_stopped_goes_on);
}
