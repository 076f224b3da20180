//! What the service says of itself (RFC 7643, sections 5 to 7).

use super::{GROUP, MAX_RESULTS, USER};
use serde_json::{Value, json};

/// Returns the service provider configuration.
#[must_use]
pub fn service_provider_config(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": MAX_RESULTS},
        "changePassword": {"supported": false},
        "sort": {"supported": false},
        "etag": {"supported": false},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Key of the desk",
            "description": "A key with the scope provision, as a bearer token",
            "primary": true
        }],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")}
    })
}

/// Returns the types of resources.
#[must_use]
pub fn resource_types(base: &str) -> Vec<Value> {
    let of = |name: &str, endpoint: &str, schema: &str, about: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "description": about,
            "endpoint": endpoint,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}")}
        })
    };
    vec![
        of("User", "/Users", USER, "A person who acts at the desk"),
        of("Group", "/Groups", GROUP, "A group, which may have a role"),
    ]
}

fn attribute(name: &str, kind: &str, about: &str, others: Value) -> Value {
    let mut attribute = json!({"name": name, "type": kind, "description": about, "multiValued": false, "required": false, "caseExact": false,
        "mutability": "readWrite", "returned": "default", "uniqueness": "none"});
    if let (Some(all), Some(others)) = (attribute.as_object_mut(), others.as_object()) {
        // What has parts, and what is no text, has no case.
        if kind != "string" && kind != "reference" {
            all.remove("caseExact");
        }
        all.extend(others.clone());
    }
    attribute
}

/// Returns the schemas.
#[must_use]
pub fn schemas(base: &str) -> Vec<Value> {
    let of = |id: &str, name: &str, about: &str, attributes: Vec<Value>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "description": about,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{id}")}
        })
    };
    let read_only = json!({"mutability": "readOnly"});
    let groups = vec![
        attribute("value", "string", "Id of the group", read_only.clone()),
        attribute(
            "$ref",
            "reference",
            "Address of the group",
            json!({"mutability": "readOnly", "referenceTypes": ["Group"]}),
        ),
        attribute("display", "string", "Name of the group", read_only),
    ];
    let immutable = json!({"mutability": "immutable"});
    let members = vec![
        attribute("value", "string", "Id of the user", immutable.clone()),
        attribute(
            "$ref",
            "reference",
            "Address of the user",
            json!({"mutability": "immutable", "referenceTypes": ["User"]}),
        ),
    ];
    vec![
        of(
            USER,
            "User",
            "A person who acts at the desk",
            vec![
                attribute(
                    "userName",
                    "string",
                    "Name of the person, 1 to 64 bytes",
                    json!({"required": true, "uniqueness": "server"}),
                ),
                attribute("displayName", "string", "Name for people", json!({})),
                attribute("active", "boolean", "Whether the person may act", json!({})),
                attribute(
                    "groups",
                    "complex",
                    "Groups of the person",
                    json!({"multiValued": true, "mutability": "readOnly", "subAttributes": groups}),
                ),
            ],
        ),
        of(
            GROUP,
            "Group",
            "A group, which may have a role",
            vec![
                attribute(
                    "displayName",
                    "string",
                    "Name of the group",
                    json!({"required": true, "uniqueness": "server"}),
                ),
                attribute(
                    "members",
                    "complex",
                    "Users in the group",
                    json!({"multiValued": true, "subAttributes": members}),
                ),
            ],
        ),
    ]
}
