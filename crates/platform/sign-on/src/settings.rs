//! Settings of sign-on.

use crate::SignOnError;
use holdfast_identity::{ROLES, SCOPES, role};

/// Claim with the person's name, where none is set.
pub const DEFAULT_NAME_CLAIM: &str = "preferred_username";
/// Claim with the person's groups, where none is set.
pub const DEFAULT_GROUPS_CLAIM: &str = "groups";

/// What a provider and this desk agreed on.
#[derive(Clone)]
pub struct Settings {
    /// The provider's issuer, as its tokens name it.
    pub issuer: String,
    /// The name of this desk at the provider.
    pub client_id: String,
    /// The secret of this desk at the provider; none for a public client.
    pub client_secret: Option<String>,
    /// Claim with the person's name, as the audit log will have it.
    pub name_claim: String,
    /// Claim with the names of the person's groups.
    pub groups_claim: String,
    /// Further scopes that are requested besides `openid profile email`, such as `groups`.
    pub scopes: Vec<String>,
    /// Role of each group's members, by the group's name.
    pub roles: Vec<(String, String)>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.client_secret.as_ref().map(|_| "not shown");
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("client_secret", &secret)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// Reads `GROUP=ROLE`.
///
/// # Errors
/// [`SignOnError::Setting`] names what is wrong.
pub fn read_role(text: &str) -> Result<(String, String), SignOnError> {
    let wrong = |why: String| SignOnError::Setting(format!("sign_on.roles: '{text}' {why}"));
    // A group's name may have the sign.
    let (group, name) = text.rsplit_once('=').ok_or_else(|| wrong("should be GROUP=ROLE".to_owned()))?;
    if group.is_empty() {
        return Err(wrong("names no group".to_owned()));
    }
    match role(name) {
        Some(_) => Ok((group.to_owned(), name.to_owned())),
        None => {
            let all: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
            Err(wrong(format!("names no role; use one of {}", all.join(", "))))
        }
    }
}

/// Returns whether a URL is one that secrets may be sent to: by https, or on this machine.
pub(crate) fn is_safe(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.contains('@') {
        return false;
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    scheme == "https" || (scheme == "http" && ["localhost", "127.0.0.1", "[::1]"].contains(&name))
}

impl Settings {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`SignOnError::Setting`] names the setting and the fix.
    pub fn check(&self) -> Result<(), SignOnError> {
        let wrong = |text: &str| Err(SignOnError::Setting(text.to_owned()));
        if !is_safe(&self.issuer) || self.issuer.contains(['?', '#']) {
            return wrong(
                "sign_on.issuer: must be an https URL (http only on this machine) without query, as the provider's tokens name it",
            );
        }
        if self.client_id.is_empty() || self.client_id.len() > 255 {
            return wrong("sign_on.client_id: must be 1 to 255 bytes, as the provider gave it");
        }
        if self.roles.is_empty() {
            return wrong(
                "sign_on.roles: name the role of at least one group (\"GROUP=ROLE\"); nobody has a role without one",
            );
        }
        Ok(())
    }

    /// Returns the scopes of the roles that groups have here; none where no group has one.
    #[must_use]
    pub fn scopes_of<'a>(&self, groups: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut has = std::collections::HashSet::new();
        for group in groups {
            let roles = self.roles.iter().filter(|(g, _)| g == group);
            has.extend(roles.filter_map(|(_, name)| role(name)).flatten());
        }
        SCOPES.iter().filter(|scope| has.contains(**scope)).map(|scope| (*scope).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_and_unknown_ones_refused() {
        assert_eq!(read_role("cn=desk,ou=x=investigator").unwrap(), ("cn=desk,ou=x".into(), "investigator".into()));
        for (bad, expected) in [("x", "GROUP=ROLE"), ("=auditor", "no group"), ("x=king", "investigator, approver")] {
            let error = read_role(bad).unwrap_err().to_string();
            assert!(error.contains(expected) && error.starts_with("sign_on.roles"), "{error}");
        }
    }

    #[test]
    fn secrets_go_by_https_or_stay_on_the_machine() {
        for good in ["https://id.example/realms/x", "http://localhost:3000", "http://127.0.0.1:1/x", "http://[::1]:80"]
        {
            assert!(is_safe(good), "{good}");
        }
        for bad in [
            "http://id.example",
            "id.example",
            "ftp://localhost",
            "http://localhost@evil.example",
            "https://",
            "http://localhost.evil.example",
        ] {
            assert!(!is_safe(bad), "{bad}");
        }
    }
}
