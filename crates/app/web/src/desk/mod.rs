//! The desk's pages: requests, officers, cases, alerts, holds, recommendations, the graph. Everything works by forms and by keyboard; only the
//! graph needs a script. A form's fields are the step's fields, so that pages can do what the API can, and no more.

pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod case;
pub(crate) mod cases;
pub(crate) mod evidence;
pub(crate) mod graph;
pub(crate) mod holds;
pub(crate) mod home;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod recommendations;
pub(crate) mod request;
pub(crate) mod requests;
pub(crate) mod second_factor;
pub(crate) mod sign_in;
