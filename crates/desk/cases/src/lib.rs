//! Cases: what belongs to them and who works on them ([`case`](mod@case)), seized material ([`seized`]), what is recommended to other teams
//! ([`recommend`]), reports to authorities ([`reports`], [`report_xml`]) and the transparency report ([`transparency`]).
//!
//! Cases build on requests: targets, matching, disclosed records and files are those of `holdfast-requests`, which knows nothing of cases.

pub mod case;
pub mod recommend;
pub mod report_xml;
pub mod reports;
pub mod seized;
pub mod transparency;

use holdfast_documents::Vault;
use holdfast_identity::Master;
use holdfast_requests::Desk;
use holdfast_screening::Screening;

/// Cases, over the screening service's database and audit log.
#[derive(Clone, Copy, Debug)]
pub struct Cases<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
    /// Secret that cases' sealing keys and the signing key are derived from.
    pub master: &'a Master,
    /// Files.
    pub vault: &'a Vault,
}

impl<'a> From<Desk<'a>> for Cases<'a> {
    fn from(desk: Desk<'a>) -> Self {
        Cases { screening: desk.screening, master: desk.master, vault: desk.vault }
    }
}

impl Cases<'_> {
    /// Writes to the audit log that somebody read something.
    fn note_look(
        &self,
        action: &'static str,
        subject: &str,
        actor: &str,
    ) -> Result<(), holdfast_screening::ScreeningError> {
        self.screening.note_look(action, subject, "{}".into(), actor)
    }
}
