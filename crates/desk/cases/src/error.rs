//! Why a case or a report failed.

use holdfast_decision::rules::RuleError;
use holdfast_forensics::scan::ScanError;
use holdfast_requests::RequestError;
use holdfast_screening::{department_error, department_error_from, department_error_from_documents};

department_error! {
    /// Why a case or a report failed.
    CaseError {}
}
department_error_from!(RequestError for CaseError);
department_error_from_documents!(CaseError);

impl From<RuleError> for CaseError {
    fn from(e: RuleError) -> Self {
        CaseError::Screening(e.into())
    }
}

impl From<ScanError> for CaseError {
    fn from(e: ScanError) -> Self {
        CaseError::State(e.to_string())
    }
}
