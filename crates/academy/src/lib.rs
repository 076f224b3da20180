//! Training investigators and warning victims: courses, labs that are graded against ground truth ([`labs`], [`grade`]), certificates, and
//! campaigns.

pub mod grade;
pub mod labs;
