//! SCIM: the directory makes, changes and suspends people, and its groups have roles.

use crate::sign_on::{back, provider};
use holdfast_testing_app::{Answer, Caller, TestApp, on_both_apps};
use serde_json::{Value, json};

on_both_apps!(
    a_user_is_made_found_changed_and_deleted,
    whoever_the_directory_deactivates_is_out_at_once,
    groups_of_the_directory_have_roles,
    people_who_are_known_are_not_taken_over,
    what_the_service_says_of_itself,
    refusals_have_scims_form,
);

const USERS: &str = "/scim/v2/Users";
const GROUPS: &str = "/scim/v2/Groups";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn directory(app: &TestApp) -> Caller<'_> {
    app.with_scopes("directory", vec!["provision".into()])
}

fn user(name: &str) -> Value {
    json!({"schemas": [USER], "userName": name})
}

fn group(name: &str, members: &[&Value]) -> Value {
    let members: Vec<Value> = members.iter().map(|m| json!({"value": m["id"]})).collect();
    json!({"schemas": [GROUP], "displayName": name, "members": members})
}

fn patch(caller: &Caller<'_>, resource: &Value, operations: Value) -> Answer {
    let kind = resource["meta"]["resourceType"].as_str().unwrap();
    let at = format!("/scim/v2/{kind}s/{}", resource["id"].as_str().unwrap());
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    caller.send("PATCH", &at, "application/scim+json", body.to_string())
}

fn at(resource: &Value) -> String {
    let place = resource["meta"]["location"].as_str().unwrap();
    place[place.find("/scim").unwrap()..].to_owned()
}

/// A refusal in SCIM's form, which has no code of the API's.
fn refused(answer: &Answer, status: u16, scim_type: &str, part: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/scim+json"), "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["status"], status.to_string());
    assert_eq!(body["scimType"].as_str().unwrap_or_default(), scim_type, "{body}");
    assert!(body["detail"].as_str().unwrap().contains(part), "{body}");
}

fn a_user_is_made_found_changed_and_deleted(app: &TestApp) {
    let directory = directory(app);
    let made = directory.post(
        USERS,
        json!({"schemas": [USER], "userName": "ana", "externalId": "X-1", "displayName": "Ana", "password": "x"}),
    );
    let ana = made.is(201);
    assert_eq!(made.header("location"), ana["meta"]["location"]);
    assert!(ana["active"] == true && ana.get("password").is_none() && ana.get("groups").is_none(), "{ana}");
    refused(&directory.post(USERS, user("ANA")), 409, "uniqueness", "in the directory already");
    let bo = directory.post(USERS, user("bo")).is(201);
    let found = |query: &str| directory.get(&format!("{USERS}?{query}")).ok();
    assert_eq!(found("filter=userName%20eq%20%22Ana%22")["Resources"][0]["id"], ana["id"]);
    assert_eq!(found("filter=externalId%20eq%20%22x-1%22")["totalResults"], 0);
    assert_eq!(
        found("startIndex=2&count=1&attributes=userName")["Resources"],
        json!([{"schemas": [USER], "id": bo["id"], "userName": "bo"}])
    );
    assert_eq!(directory.get(&at(&ana)).ok(), ana);
    let people = app.as_role("root").get("/api/v1/people").ok().to_string();
    assert!(people.contains("\"ana\"") && people.contains("\"bo\""), "{people}");
    let changed =
        directory.put(&at(&ana), json!({"schemas": [USER], "userName": "ana.berg", "displayName": "Ana Berg"})).ok();
    assert_eq!((changed["userName"].as_str(), changed["displayName"].as_str()), (Some("ana.berg"), Some("Ana Berg")));
    assert!(changed.get("externalId").is_none(), "what is left out is gone: {changed}");
    refused(&directory.put(&at(&ana), user("bo")), 409, "uniqueness", "another person's name");
    refused(
        &patch(&directory, &ana, json!([{"op": "replace", "path": "userName", "value": "bo"}])),
        409,
        "uniqueness",
        "another",
    );
    assert_eq!(
        patch(&directory, &ana, json!([{"op": "add", "value": {"externalId": "X-2"}}])).ok()["externalId"],
        "X-2"
    );
    assert_eq!(directory.delete(&at(&ana)).status, 204);
    refused(&directory.get(&at(&ana)), 404, "", "no user");
    refused(&directory.delete(&at(&ana)), 404, "", "directory");
    assert_eq!(found("")["totalResults"], 1);
    // She comes back as the person she was.
    let again = directory.post(USERS, user("ana.berg")).is(201);
    assert_ne!(again["id"], ana["id"]);
    let people = app.as_role("root").get("/api/v1/people").ok();
    let named: Vec<&Value> =
        people.as_array().unwrap().iter().filter(|p| p["name"].as_str().unwrap().starts_with("ana")).collect();
    assert!(named.len() == 1 && named[0]["state"] == "active", "{named:?}");
}

fn whoever_the_directory_deactivates_is_out_at_once(app: &TestApp) {
    let fake = provider(app);
    let directory = directory(app);
    for (name, out) in [("ana", json!(false)), ("bo", json!("False"))] {
        let made = directory.post(USERS, user(name)).is(201);
        let browser = app.browser();
        assert_eq!(back(app, &fake, &browser, name, &json!({})).status, 200);
        browser.page("/desk").ok();
        assert_eq!(
            patch(&directory, &made, json!([{"op": "Replace", "path": "active", "value": out}])).ok()["active"],
            false
        );
        assert_eq!(browser.page("/desk").answer.status, 303);
        let refused = back(app, &fake, &app.browser(), name, &json!({}));
        assert!(refused.status == 409 && refused.text().contains("is suspended"));
        patch(&directory, &made, json!([{"op": "replace", "path": "active", "value": true}])).ok();
        assert_eq!(back(app, &fake, &browser, name, &json!({})).status, 200);
        // Whom an administrator suspends here stays so when the directory repeats itself.
        let people = app.as_role("root").get("/api/v1/people").ok();
        let id = people.as_array().unwrap().iter().find(|p| p["name"] == name).unwrap()["id"].clone();
        app.as_role("root")
            .post(&format!("/api/v1/people/{id}"), json!({"state": "suspended", "reason": "doubt"}))
            .ok();
        directory
            .put(&at(&made), json!({"schemas": [USER], "userName": name, "active": true, "displayName": "x"}))
            .ok();
        assert_eq!(back(app, &fake, &app.browser(), name, &json!({})).status, 409);
        assert_eq!(directory.delete(&at(&made)).status, 204);
    }
}

fn groups_of_the_directory_have_roles(app: &TestApp) {
    let fake = provider(app);
    let directory = directory(app);
    let (ana, bo) = (directory.post(USERS, user("ana")).is(201), directory.post(USERS, user("bo")).is(201));
    let seniors = directory.post(GROUPS, group("seniors", &[&ana])).is(201);
    refused(&directory.post(GROUPS, group("seniors", &[])), 409, "uniqueness", "already");
    refused(
        &directory.post(GROUPS, group("x", &[&json!({"id": "y"})])),
        400,
        "invalidValue",
        "no user of the directory",
    );
    assert_eq!(directory.get(&at(&ana)).ok()["groups"][0]["display"], "seniors");
    assert_eq!(directory.get(&format!("{GROUPS}?filter=displayName%20eq%20%22Seniors%22")).ok()["totalResults"], 1);
    assert_eq!(directory.get(&at(&seniors)).ok()["members"][0]["value"], ana["id"]);
    // The directory's groups count, not those of the token.
    let browser = app.browser();
    back(app, &fake, &browser, "ana", &json!({"groups": ["desk"]}));
    let scopes = || {
        let keys = app.as_role("root").get("/api/v1/keys").ok();
        keys.as_array().unwrap().iter().find(|k| k["person"] == "ana").unwrap()["scopes"].clone()
    };
    assert_eq!(scopes(), json!(["read", "holds", "alerts", "desk", "approve"]));
    // Another member changes nothing for her; leaving ends her sessions.
    patch(&directory, &seniors, json!([{"op": "add", "path": "members", "value": [{"value": bo["id"]}]}])).ok();
    browser.page("/desk").ok();
    let gone = format!("members[value eq {}]", ana["id"]);
    let left = patch(&directory, &seniors, json!([{"op": "remove", "path": gone}])).ok();
    assert_eq!(left["members"].as_array().unwrap().len(), 1, "{left}");
    assert_eq!(browser.page("/desk").answer.status, 303);
    back(app, &fake, &browser, "ana", &json!({"groups": ["desk"]}));
    assert_eq!(
        scopes(),
        json!(["read", "holds", "alerts", "desk"]),
        "in no group of the directory, those of the token count"
    );
    let others = directory.post(GROUPS, group("others", &[])).is(201);
    refused(&directory.put(&at(&others), group("seniors", &[])), 409, "uniqueness", "already");
    refused(
        &patch(&directory, &others, json!([{"op": "replace", "path": "displayName", "value": "seniors"}])),
        409,
        "uniqueness",
        "already",
    );
    assert_eq!(
        directory.put(&at(&others), group("juniors", &[&ana, &bo])).ok()["members"].as_array().unwrap().len(),
        2
    );
    // A group without a role: she is in the directory's groups, and none lets her in.
    assert_eq!(back(app, &fake, &app.browser(), "ana", &json!({"groups": ["desk"]})).status, 401);
    assert_eq!(directory.delete(&at(&others)).status, 204);
    refused(&directory.get(&at(&others)), 404, "", "no group");
    assert_eq!(directory.get(GROUPS).ok()["totalResults"], 1);
    let found = directory
        .post("/scim/v2/.search", json!({"filter": "displayName eq \"seniors\"", "attributes": ["displayName"]}))
        .ok();
    assert_eq!(found["Resources"], json!([{"schemas": [GROUP], "id": seniors["id"], "displayName": "seniors"}]));
}

fn people_who_are_known_are_not_taken_over(app: &TestApp) {
    let _fake = provider(app);
    let (directory, root) = (directory(app), app.as_role("root"));
    app.as_role("approver");
    refused(&directory.post(USERS, user("approver")), 409, "uniqueness", "known here and not the directory's");
    refused(&directory.post(USERS, user("engine")), 400, "invalidValue", "userName");
    let people = root.get("/api/v1/people").ok();
    let id = people.as_array().unwrap().iter().find(|p| p["name"] == "root").unwrap()["id"].clone();
    root.put(&format!("/api/v1/people/{id}/sign-on"), json!({"subject": "u-9"})).ok();
    let made = directory.post(USERS, user("root")).is(201);
    // The last administrator stays.
    refused(&directory.delete(&at(&made)), 409, "uniqueness", "last administrator");
    refused(
        &patch(&directory, &made, json!([{"op": "replace", "path": "active", "value": false}])),
        409,
        "uniqueness",
        "last administrator",
    );
    root.get("/api/v1/people").ok();
    // Whoever makes a key for a directory needs a second person.
    let asked = root.post("/api/v1/keys", json!({"name": "a directory", "scopes": ["provision"]})).success().json();
    assert!(!asked["change"].is_null(), "{asked}");
}

fn what_the_service_says_of_itself(app: &TestApp) {
    let directory = directory(app);
    let config = directory.get("/scim/v2/ServiceProviderConfig").ok();
    assert!(config["patch"]["supported"] == true && config["bulk"]["supported"] == false, "{config}");
    for list in ["Schemas", "ResourceTypes"] {
        let all = directory.get(&format!("/scim/v2/{list}")).ok();
        assert_eq!(all["totalResults"], 2);
        for resource in all["Resources"].as_array().unwrap() {
            assert_eq!(&directory.get(&at(resource)).ok(), resource);
        }
        refused(&directory.get(&format!("/scim/v2/{list}/x")), 404, "", "no ");
    }
}

fn refusals_have_scims_form(app: &TestApp) {
    let directory = directory(app);
    refused(&app.as_nobody().get(USERS), 401, "", "key");
    refused(&directory.get("/scim/v2/nothing"), 404, "", "nothing at");
    refused(&directory.delete("/scim/v2/Schemas"), 405, "", "");
    refused(&directory.send("POST", "/scim/v2/.search", "application/json", "{"), 400, "invalidSyntax", "body");
    refused(&app.as_role("administrator").get(USERS), 403, "", "provision");
    refused(&directory.post(USERS, json!({"schemas": [USER]})), 400, "invalidValue", "userName: is missing");
    refused(&directory.send("POST", USERS, "application/scim+json", "{"), 400, "invalidSyntax", "body");
    refused(&directory.send("POST", USERS, "text/plain", "{}"), 415, "", "application/json");
    refused(&directory.get(&format!("{USERS}?filter=userName%20co%20%22a%22")), 400, "invalidFilter", "eq");
    refused(&directory.get(&format!("{GROUPS}?filter=x")), 400, "invalidFilter", "eq");
    let ana = directory.post(USERS, user("ana")).is(201);
    refused(&patch(&directory, &ana, json!([{"op": "replace", "path": "id", "value": "x"}])), 400, "mutability", "id");
    refused(&directory.put(&at(&ana), json!({"userName": "x"})), 400, "invalidValue", "schemas");
    let none = json!({"id": "x", "meta": {"resourceType": "Group"}});
    refused(&patch(&directory, &none, json!([])), 404, "", "no group");
    refused(&directory.put(&format!("{GROUPS}/x"), group("g", &[])), 404, "", "no group");
    refused(&directory.delete(&format!("{GROUPS}/x")), 404, "", "group");
}
