//! Users and groups as SCIM writes them.

use super::{GROUP, ScimError, USER};
use holdfast_identity::{DirectoryGroup, DirectoryUser, GroupFields, GroupName, UserFields};
use holdfast_types::Timestamp;
use serde_json::{Map, Value, json};

/// Most resources in one answer.
pub const MAX_RESULTS: usize = 1_000;

fn meta(kind: &str, location: String, created: Timestamp, changed: Timestamp) -> Value {
    json!({"resourceType": kind, "created": created.rfc3339(), "lastModified": changed.rfc3339(), "location": location})
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().filter(|(_, v)| !v.is_null()).collect()),
        other => other,
    }
}

/// Returns a user as a resource, with the groups that they are in; `base` is the address of the service.
#[must_use]
pub fn user_resource(user: &DirectoryUser, groups: &[GroupName], base: &str) -> Value {
    let groups: Vec<Value> = groups
        .iter()
        .map(|g| json!({"value": g.id, "$ref": format!("{base}/Groups/{}", g.id), "display": g.display_name}))
        .collect();
    without_nulls(json!({
        "schemas": [USER],
        "id": user.id,
        "externalId": user.fields.external_id,
        "userName": user.fields.user_name,
        "displayName": user.fields.display_name,
        "active": user.fields.active,
        "groups": if groups.is_empty() { Value::Null } else { groups.into() },
        "meta": meta("User", format!("{base}/Users/{}", user.id), user.created, user.changed),
    }))
}

/// Returns a group as a resource; `base` is the address of the service.
#[must_use]
pub fn group_resource(group: &DirectoryGroup, base: &str) -> Value {
    let members: Vec<Value> =
        group.fields.members.iter().map(|id| json!({"value": id, "$ref": format!("{base}/Users/{id}")})).collect();
    without_nulls(json!({
        "schemas": [GROUP],
        "id": group.id,
        "externalId": group.fields.external_id,
        "displayName": group.fields.display_name,
        "members": if members.is_empty() { Value::Null } else { members.into() },
        "meta": meta("Group", format!("{base}/Groups/{}", group.id), group.created, group.changed),
    }))
}

/// Returns a list of resources, from the one of a number (from 1 on), at most so many.
#[must_use]
pub fn list(all: &[Value], start: Option<i64>, count: Option<i64>) -> Value {
    // Values below the least are the least (RFC 7644, section 3.4.2.4).
    let start = start.unwrap_or(1).max(1);
    let count = usize::try_from(count.unwrap_or(i64::MAX).max(0)).unwrap_or(MAX_RESULTS).min(MAX_RESULTS);
    let skip = usize::try_from(start - 1).unwrap_or(usize::MAX);
    let page: Vec<&Value> = all.iter().skip(skip).take(count).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": all.len(),
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    })
}

/// Returns a resource with the attributes that are asked for (`attributes`, or all but `excludedAttributes`), by their names at the top.
#[must_use]
pub fn chosen(resource: Value, attributes: Option<&str>, excluded: Option<&str>) -> Value {
    let Value::Object(fields) = resource else { return resource };
    let names = |list: &str, name: &str| {
        list.split(',').any(|n| {
            let n = n.trim();
            let n = n.rsplit(':').next().unwrap_or_default().split('.').next().unwrap_or_default();
            n.eq_ignore_ascii_case(name)
        })
    };
    let is_always = |name: &str| ["schemas", "id"].contains(&name);
    let keep = |name: &str| {
        is_always(name)
            || match (attributes, excluded) {
                (Some(wanted), _) => names(wanted, name),
                (None, Some(unwanted)) => !names(unwanted, name),
                (None, None) => true,
            }
    };
    Value::Object(fields.into_iter().filter(|(name, _)| keep(name)).collect())
}

struct Fields<'v>(&'v Map<String, Value>);

impl Fields<'_> {
    /// Names of attributes are compared without regard to case (RFC 7643, section 2.1).
    fn get(&self, name: &str) -> Option<&Value> {
        let mut found = self.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        found.next().filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<String>, ScimError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ScimError::value(format!("{name}: should be a text"))),
        }
    }

    fn needed(&self, name: &str) -> Result<String, ScimError> {
        self.text(name)?.ok_or_else(|| ScimError::value(format!("{name}: is missing")))
    }

    fn truth(&self, name: &str) -> Result<Option<bool>, ScimError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            // As Microsoft Entra ID writes it.
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(ScimError::value(format!("{name}: should be true or false"))),
        }
    }
}

fn fields<'v>(value: &'v Value, schema: &str) -> Result<Fields<'v>, ScimError> {
    let fields =
        value.as_object().map(Fields).ok_or_else(|| ScimError::of("invalidSyntax", "the body should be an object"))?;
    let schemas = fields.get("schemas").and_then(Value::as_array).into_iter().flatten();
    match schemas.filter_map(Value::as_str).any(|s| s.eq_ignore_ascii_case(schema)) {
        true => Ok(fields),
        false => Err(ScimError::value(format!("schemas: should list '{schema}'"))),
    }
}

/// Reads a user; what only the service sets is left out.
///
/// # Errors
/// [`ScimError`] names the attribute.
pub fn read_user(value: &Value) -> Result<UserFields, ScimError> {
    let fields = fields(value, USER)?;
    Ok(UserFields {
        user_name: fields.needed("userName")?,
        external_id: fields.text("externalId")?,
        display_name: fields.text("displayName")?,
        active: fields.truth("active")?,
    })
}

/// Reads a group; what only the service sets is left out.
///
/// # Errors
/// [`ScimError`] names the attribute.
pub fn read_group(value: &Value) -> Result<GroupFields, ScimError> {
    let fields = fields(value, GROUP)?;
    let members = match fields.get("members") {
        None => Vec::new(),
        Some(Value::Array(all)) => {
            let id = |member: &Value| member["value"].as_str().map(str::to_owned);
            let ids: Option<Vec<String>> = all.iter().map(id).collect();
            ids.ok_or_else(|| ScimError::value("members: each should have a 'value', the id of a user"))?
        }
        Some(_) => return Err(ScimError::value("members: should be a list")),
    };
    Ok(GroupFields { display_name: fields.needed("displayName")?, external_id: fields.text("externalId")?, members })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_list_begin_at_one() {
        let all: Vec<Value> = (0..5).map(Value::from).collect();
        let page = |start, count| list(&all, start, count);
        assert_eq!(page(None, None)["Resources"], json!([0, 1, 2, 3, 4]));
        assert_eq!(page(Some(2), Some(2))["Resources"], json!([1, 2]));
        assert_eq!(
            (page(Some(-3), Some(-1))["itemsPerPage"].clone(), page(Some(9), None)["totalResults"].clone()),
            (json!(0), json!(5))
        );
        let user = json!({"schemas": [USER], "id": "u", "userName": "ana", "active": true});
        assert_eq!(
            chosen(user.clone(), Some("username"), None),
            json!({"schemas": [USER], "id": "u", "userName": "ana"})
        );
        assert_eq!(chosen(user, None, Some("id,active")), json!({"schemas": [USER], "id": "u", "userName": "ana"}));
    }

    #[test]
    fn wrong_resources_are_refused_by_their_attribute() {
        for (bad, part) in [
            (json!([]), "object"),
            (json!({"userName": "ana"}), "schemas"),
            (json!({"schemas": [USER]}), "userName: is missing"),
            (json!({"schemas": [USER], "userName": 1}), "userName: should be a text"),
            (json!({"schemas": [USER], "userName": "ana", "active": 1}), "active"),
        ] {
            assert!(read_user(&bad).unwrap_err().detail.contains(part), "{bad}");
        }
        let user = read_user(&json!({"SCHEMAS": [USER], "USERNAME": "ana", "active": "False"})).unwrap();
        assert_eq!((user.user_name.as_str(), user.active), ("ana", Some(false)));
        for (bad, part) in [(json!("x"), "members: should be a list"), (json!([{}]), "members: each")] {
            let error = read_group(&json!({"schemas": [GROUP], "displayName": "g", "members": bad})).unwrap_err();
            assert!(error.detail.contains(part), "{error}");
        }
    }
}
