//! Filters: one comparison by `eq`, which is what directories send to find whom they provisioned (RFC 7644, section 3.4.2.2).

use super::ScimError;
use serde_json::Value;

/// Longest filter, in bytes.
const MAX_FILTER: usize = 1_024;

/// `ATTRIBUTE eq VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    attribute: String,
    value: Value,
}

/// Attributes that are compared exactly; others without regard to case.
const EXACT: [&str; 2] = ["id", "externalid"];

impl Filter {
    /// Reads a filter on one of these attributes.
    ///
    /// # Errors
    /// [`ScimError`] `invalidFilter` for anything else.
    pub fn read(text: &str, attributes: &[&str]) -> Result<Self, ScimError> {
        let wrong = || {
            let known = attributes.join(", ");
            ScimError::of(
                "invalidFilter",
                format!("filter: only 'ATTRIBUTE eq VALUE' is supported, with one of {known}"),
            )
        };
        if text.len() > MAX_FILTER {
            return Err(wrong());
        }
        let (attribute, rest) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let (operator, value) = rest.trim_start().split_once(' ').ok_or_else(wrong)?;
        let attribute = attribute.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
        let is_known = attributes.iter().any(|known| known.eq_ignore_ascii_case(&attribute));
        if !is_known || !operator.eq_ignore_ascii_case("eq") {
            return Err(wrong());
        }
        let value: Value = serde_json::from_str(value.trim()).map_err(|_| wrong())?;
        match value {
            Value::String(_) | Value::Bool(_) => Ok(Filter { attribute, value }),
            _ => Err(wrong()),
        }
    }

    /// Returns whether a resource is one of those that are wanted.
    #[must_use]
    pub fn matches(&self, resource: &Value) -> bool {
        let fields = resource.as_object().into_iter().flatten();
        let mut found = fields.filter(|(name, _)| name.eq_ignore_ascii_case(&self.attribute)).map(|(_, value)| value);
        match (found.next(), &self.value) {
            (Some(Value::String(has)), Value::String(wanted)) if !EXACT.contains(&self.attribute.as_str()) => {
                has.to_lowercase() == wanted.to_lowercase()
            }
            (has, wanted) => has == Some(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filters_are_read_and_others_refused() {
        let user = json!({"userName": "Ana", "externalId": "X", "active": true});
        let matches = |text: &str| Filter::read(text, &["userName", "externalId", "active"]).unwrap().matches(&user);
        assert!(matches("userName eq \"ana\"") && matches("username EQ \"ANA\"") && matches("externalId eq \"X\""));
        assert!(matches("urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ana\"") && matches("active eq true"));
        assert!(!matches("externalId eq \"x\"") && !matches("userName eq \"a\"") && !matches("active eq false"));
        for bad in [
            "",
            "userName",
            "userName eq",
            "userName co \"a\"",
            "password eq \"a\"",
            "userName eq ana",
            "userName eq 1",
            "userName eq \"a\" and active eq true",
        ] {
            let error = Filter::read(bad, &["userName"]).unwrap_err();
            assert_eq!(error.scim_type, "invalidFilter", "{bad}");
        }
    }
}
