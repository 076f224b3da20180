//! Why a course, a lab or a certificate failed.

use holdfast_cases::CaseError;
use holdfast_screening::{department_error, department_error_from, department_error_from_documents};

department_error! {
    /// Why a course, a lab or a certificate failed.
    AcademyError {}
}
department_error_from!(CaseError for AcademyError);
department_error_from_documents!(AcademyError);
