//! Bodies of requests and answers.

use crate::error::ApiError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use strum::VariantArray;

/// An answer as JSON.
pub type Answer<T> = Result<Json<T>, ApiError>;

/// Reads JSON; an error names the field.
///
/// # Errors
/// 400 for what is no JSON, lacks a field, or has a wrong one.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut read = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut read).map_err(|e| {
        let (path, problem) = (e.path().to_string(), e.into_inner());
        let field = if path == "." { field_of(body, &problem.to_string()) } else { Some(path) };
        match field {
            Some(field) => ApiError::bad(format!("body: {field}: {problem}")),
            None => ApiError::bad(format!("body: {problem}")),
        }
    })?;
    read.end().map_err(|e| ApiError::bad(format!("body: {e}")))?;
    Ok(value)
}

/// Returns the field of an object whose value an error shows. Of what is one of several kinds (`{"step": ...}`), serde reads the whole object
/// before it looks at a field, and so loses the field's name.
fn field_of(body: &[u8], problem: &str) -> Option<String> {
    let (_, shown) = problem.split_once("unknown variant ").or_else(|| problem.split_once("invalid type: "))?;
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return None };
    let is_shown = |value: &Value| match value {
        Value::String(text) => shown.starts_with(&format!("`{text}`")) || shown.starts_with(&format!("string {value}")),
        Value::Number(number) => {
            shown.starts_with(&format!("integer `{number}`"))
                || shown.starts_with(&format!("floating point `{number}`"))
        }
        Value::Bool(truth) => shown.starts_with(&format!("boolean `{truth}`")),
        Value::Null => shown.starts_with("null") || shown.starts_with("unit"),
        Value::Array(_) => shown.starts_with("sequence"),
        Value::Object(_) => shown.starts_with("map"),
    };
    let mut found = fields.iter().filter(|(_, value)| is_shown(value)).map(|(name, _)| name);
    // Two fields with that value: neither is named wrongly.
    found.next().filter(|_| found.next().is_none()).cloned()
}

/// Reads the state that a list is filtered by; `None`, for all, where the text is empty.
///
/// # Errors
/// 400 for a state that there is not, with those that there are.
pub fn state_filter<T: Copy + AsRef<str> + VariantArray>(text: Option<&str>) -> Result<Option<T>, ApiError> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(None) };
    let found = T::VARIANTS.iter().find(|state| state.as_ref() == text).copied();
    let known = || T::VARIANTS.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    found.map(Some).ok_or_else(|| ApiError::bad(format!("state: '{text}' is none of {}", known())))
}

/// Returns bytes for saving, never for showing: what officers send is not trusted.
pub fn download(name: &str, media_type: &str, bytes: Vec<u8>) -> Response {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\;".contains(c) { c } else { '_' }).collect();
    let headers = [
        ("content-type", media_type.to_owned()),
        ("content-disposition", format!("attachment; filename=\"{plain}\"")),
        ("x-content-type-options", "nosniff".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code)]
    enum State {
        Open,
        Closed,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Item {
        state: State,
        items: Vec<u32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "step", rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Step {
        Close { reason: String },
    }

    fn refusal<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> String {
        json::<T>(body.as_bytes()).unwrap_err().message
    }

    #[test]
    fn errors_name_the_field() {
        let state = refusal::<Item>(r#"{"state": "shut", "items": []}"#);
        assert!(state.starts_with("body: state: unknown variant `shut`, expected `open` or `closed`"), "{state}");
        let item = refusal::<Item>(r#"{"state": "open", "items": [1, "x"]}"#);
        assert!(item.starts_with("body: items[1]: invalid type: string \"x\", expected u32"), "{item}");
        let step = refusal::<Step>(r#"{"step": "shut", "reason": "r"}"#);
        assert!(step.starts_with("body: step: unknown variant `shut`"), "{step}");
        let reason = refusal::<Step>(r#"{"step": "close", "reason": 5}"#);
        assert!(reason.starts_with("body: reason: invalid type: integer `5`"), "{reason}");
        assert!(refusal::<Item>("{}").starts_with("body: missing field `state`"));
        assert!(refusal::<Vec<u32>>("[1] 2").contains("trailing characters"));
    }
}
