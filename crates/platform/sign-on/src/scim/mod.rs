//! SCIM 2.0 (RFC 7643, RFC 7644): users and groups as resources, filters, PATCH, and what the service says of itself.

mod about;
mod filter;
mod patch;
mod resource;

pub use about::{resource_types, schemas, service_provider_config};
pub use filter::Filter;
pub use patch::patched;
pub use resource::{MAX_RESULTS, chosen, group_resource, list, read_group, read_user, user_resource};

/// Media type of SCIM.
pub const MEDIA_TYPE: &str = "application/scim+json";
/// Schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// Schema of errors.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Why a request is refused (RFC 7644, section 3.12): always with status 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// SCIM's own word for it.
    pub scim_type: &'static str,
    /// What is wrong and how to correct it.
    pub detail: String,
}

impl ScimError {
    pub(crate) fn value(detail: impl Into<String>) -> Self {
        ScimError { scim_type: "invalidValue", detail: detail.into() }
    }

    pub(crate) fn of(scim_type: &'static str, detail: impl Into<String>) -> Self {
        ScimError { scim_type, detail: detail.into() }
    }
}
