//! The OpenAPI document as a list of operations.

use serde_json::Value;

/// An operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path with its parameters in braces.
    pub template: String,
    /// Its operation in the document.
    pub about: Value,
}

impl Operation {
    /// Returns the name that lists use.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// Returns the path with every parameter replaced.
    pub fn path(&self, id: &str) -> String {
        let part = |p: &str| if p.starts_with('{') { id.to_owned() } else { p.to_owned() };
        self.template.split('/').map(part).collect::<Vec<_>>().join("/")
    }

    /// Returns whether a path is one of this operation's.
    pub fn is_at(&self, path: &str) -> bool {
        let (parts, given): (Vec<_>, Vec<_>) = (self.template.split('/').collect(), path.split('/').collect());
        parts.len() == given.len()
            && parts.iter().zip(given).all(|(o, t)| *o == t || (o.starts_with('{') && !t.is_empty()))
    }

    /// Returns whether the document lists a status.
    pub fn answers(&self, status: &str) -> bool {
        self.about["responses"].get(status).is_some()
    }

    /// Returns the example and the required fields of its JSON body, if it has one.
    pub fn body(&self, document: &Value) -> Option<(Value, Vec<String>)> {
        let content = &self.about["requestBody"]["content"]["application/json"];
        let name = content["schema"]["$ref"].as_str()?.rsplit('/').next()?;
        let schema = &document["components"]["schemas"][name];
        let required =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        Some((content["example"].clone(), required))
    }
}

/// Returns all operations of a document, without probes and metrics.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    let all = paths.iter().flat_map(|(template, methods)| {
        let methods = methods.as_object().expect("operations").iter();
        let known = methods.filter(|(m, _)| ["get", "post", "put", "patch", "delete"].contains(&m.as_str()));
        known.map(|(method, about)| Operation {
            method: method.to_uppercase(),
            template: template.clone(),
            about: about.clone(),
        })
    });
    let mut all: Vec<Operation> = all.collect();
    // Literal parts first: `/rules/fields` is no rule.
    all.sort_by_key(|o| o.template.matches('{').count());
    all
}
