//! PATCH (RFC 7644, section 3.5.2) on a resource as SCIM writes it.

use super::ScimError;
use serde_json::{Map, Value, json};

/// Most operations of one request.
const MAX_OPERATIONS: usize = 1_000;
/// Schema of the body.
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// What only the service sets.
const READ_ONLY: [&str; 4] = ["id", "meta", "groups", "schemas"];

fn field<'v>(value: &'v Value, name: &str) -> &'v Value {
    let found = value.as_object().into_iter().flatten().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map_or(&Value::Null, |(_, value)| value)
}

/// An attribute, or one of its values.
struct Target<'p> {
    attribute: &'static str,
    /// Value of the member that is meant.
    member: Option<&'p str>,
}

/// Reads a path: an attribute, with or without its schema, or `members[value eq "ID"]`.
fn target<'p>(path: &'p str, attributes: &'static [&'static str]) -> Result<Target<'p>, ScimError> {
    let wrong =
        || ScimError::of("invalidPath", format!("path: '{}' is none of {}", short(path), attributes.join(", ")));
    let (whole, filter) = match path.split_once('[') {
        Some((attribute, rest)) => (attribute, Some(rest)),
        None => (path, None),
    };
    let name = whole.rsplit(':').next().unwrap_or_default().trim();
    if READ_ONLY.iter().any(|read_only| read_only.eq_ignore_ascii_case(name)) {
        return Err(ScimError::of("mutability", format!("path: {name} is set by the service alone")));
    }
    let attribute = attributes.iter().find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(wrong)?;
    let Some(filter) = filter else { return Ok(Target { attribute, member: None }) };
    let inside = filter.strip_suffix(']').filter(|_| *attribute == "members").ok_or_else(wrong)?;
    let mut words = inside.splitn(3, ' ');
    let (sub, operator, value) = (words.next(), words.next(), words.next().unwrap_or_default().trim());
    let is_eq = sub == Some("value") && operator.is_some_and(|o| o.eq_ignore_ascii_case("eq"));
    let member = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).filter(|_| is_eq).ok_or_else(wrong)?;
    Ok(Target { attribute, member: Some(member) })
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

fn as_list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all,
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// Does one operation to one attribute.
fn apply(fields: &mut Map<String, Value>, op: &str, target: &Target<'_>, value: Value) -> Result<(), ScimError> {
    let has = |list: &[Value], id: &Value| list.iter().any(|m| m["value"] == *id);
    let old = fields.remove(target.attribute).unwrap_or_default();
    let new = match (op, target.attribute, target.member) {
        ("add", "members", None) => {
            let mut list = as_list(old);
            for member in as_list(value) {
                if !has(&list, &member["value"]) {
                    list.push(member);
                }
            }
            list.into()
        }
        ("replace", "members", None) => as_list(value).into(),
        // Some directories name the members that go in the value.
        ("remove", "members", None) if !value.is_null() => {
            let gone = as_list(value);
            as_list(old).into_iter().filter(|m| !has(&gone, &m["value"])).collect::<Vec<_>>().into()
        }
        ("remove", "members", Some(id)) => {
            let list = as_list(old);
            list.into_iter().filter(|m| m["value"] != *id).collect::<Vec<_>>().into()
        }
        (_, "members", Some(_)) => {
            return Err(ScimError::of("mutability", "path: a member is added or removed, not changed"));
        }
        ("remove", ..) => Value::Null,
        _ if value.is_null() => return Err(ScimError::value(format!("{}: has no value", target.attribute))),
        _ => value,
    };
    fields.insert(target.attribute.to_owned(), new);
    Ok(())
}

/// Returns a resource with the operations of a body done to it, whole or not at all; these attributes may be changed.
///
/// # Errors
/// [`ScimError`] names the operation and what is wrong.
pub fn patched(resource: Value, body: &Value, attributes: &'static [&'static str]) -> Result<Value, ScimError> {
    let syntax = |text: &str| ScimError::of("invalidSyntax", text);
    let schemas = field(body, "schemas").as_array().into_iter().flatten();
    if !schemas.filter_map(Value::as_str).any(|s| s.eq_ignore_ascii_case(PATCH)) {
        return Err(ScimError::value(format!("schemas: should list '{PATCH}'")));
    }
    let operations = field(body, "Operations").as_array().ok_or_else(|| syntax("Operations: should be a list"))?;
    if operations.is_empty() || operations.len() > MAX_OPERATIONS {
        return Err(syntax("Operations: should be 1 to 1,000"));
    }
    let Value::Object(mut fields) = resource else { return Err(syntax("the resource is no object")) };
    for operation in operations {
        let op = field(operation, "op").as_str().unwrap_or_default().to_ascii_lowercase();
        if !["add", "replace", "remove"].contains(&op.as_str()) {
            return Err(syntax("op: should be add, replace or remove"));
        }
        let value = field(operation, "value").clone();
        match (field(operation, "path"), &value) {
            (Value::String(path), _) => apply(&mut fields, &op, &target(path, attributes)?, value)?,
            (Value::Null, Value::Object(all)) if op != "remove" => {
                for (name, value) in all {
                    apply(&mut fields, &op, &target(name, attributes)?, value.clone())?;
                }
            }
            (Value::Null, _) if op == "remove" => {
                return Err(ScimError::of("noTarget", "path: is missing; name what is removed"));
            }
            _ => return Err(syntax("path: should be a text; without one the value should be an object")),
        }
    }
    Ok(json!(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &["userName", "active", "members"];

    fn done(operations: Value) -> Result<Value, ScimError> {
        let resource = json!({"userName": "ana", "active": true, "members": [{"value": "1"}, {"value": "2"}]});
        patched(resource, &json!({"schemas": [PATCH], "Operations": operations}), ALL)
    }

    #[test]
    fn operations_change_what_they_name() {
        let one = |operation: Value| done(json!([operation])).unwrap();
        assert_eq!(one(json!({"op": "Replace", "path": "active", "value": "False"}))["active"], "False");
        assert_eq!(one(json!({"op": "replace", "value": {"ACTIVE": false}}))["active"], false);
        assert_eq!(one(json!({"op": "remove", "path": "userName"}))["userName"], Value::Null);
        let members = |operation: Value| one(operation)["members"].clone();
        assert_eq!(
            members(json!({"op": "add", "path": "members", "value": [{"value": "3"}, {"value": "1"}]}))
                .as_array()
                .unwrap()
                .len(),
            3
        );
        assert_eq!(members(json!({"op": "remove", "path": "members[value eq \"1\"]"})), json!([{"value": "2"}]));
        assert_eq!(
            members(json!({"op": "remove", "path": "members", "value": [{"value": "2"}]})),
            json!([{"value": "1"}])
        );
        assert_eq!(members(json!({"op": "remove", "path": "members"})), Value::Null);
        assert_eq!(members(json!({"op": "replace", "path": "urn:x:Group:members", "value": []})), json!([]));
    }

    #[test]
    fn wrong_operations_are_refused() {
        for (bad, scim_type) in [
            (json!([]), "invalidSyntax"),
            (json!([{"op": "move", "path": "active"}]), "invalidSyntax"),
            (json!([{"op": "remove"}]), "noTarget"),
            (json!([{"op": "add", "value": 1}]), "invalidSyntax"),
            (json!([{"op": "add", "path": "password", "value": "x"}]), "invalidPath"),
            (json!([{"op": "replace", "path": "id", "value": "x"}]), "mutability"),
            (json!([{"op": "replace", "path": "members[value eq \"1\"]", "value": "x"}]), "mutability"),
            (json!([{"op": "remove", "path": "members[display eq \"1\"]"}]), "invalidPath"),
            (json!([{"op": "replace", "path": "active"}]), "invalidValue"),
        ] {
            assert_eq!(done(bad.clone()).unwrap_err().scim_type, scim_type, "{bad}");
        }
        assert!(patched(json!({}), &json!({"Operations": [{"op": "remove", "path": "active"}]}), ALL).is_err());
    }
}
