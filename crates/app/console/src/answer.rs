//! Answers of commands: the same form from this process and from a server.

use anyhow::Context;
use holdfast_types::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// An answer, as JSON with its fields in their order.
pub struct Answer {
    text: String,
    value: Value,
}

impl Answer {
    /// Returns the answer of this process.
    ///
    /// # Errors
    /// When the value has no form in JSON.
    pub fn of(value: &impl Serialize) -> anyhow::Result<Self> {
        let text = serde_json::to_string(value)?;
        let value = serde_json::from_str(&text)?;
        Ok(Answer { text, value })
    }

    /// Returns the answer of a server.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn of_bytes(bytes: Vec<u8>) -> anyhow::Result<Self> {
        let text = String::from_utf8(bytes).context("the server's answer is not UTF-8")?;
        let text = if text.is_empty() { "null".to_owned() } else { text };
        let value = serde_json::from_str(&text).context("the server's answer is not JSON")?;
        Ok(Answer { text, value })
    }

    /// Returns a list of this answer alone.
    pub fn in_list(self) -> Self {
        Answer { text: format!("[{}]", self.text), value: Value::Array(vec![self.value]) }
    }

    /// Prints it as JSON.
    ///
    /// # Errors
    /// Never, so that it can end a command.
    pub fn print(&self) -> anyhow::Result<()> {
        println!("{}", pretty(&self.text));
        Ok(())
    }
}

impl std::ops::Deref for Answer {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

/// Fields of an answer for people.
pub trait Fields {
    /// A field's text; empty when it has none.
    fn word(&self, name: &str) -> &str;
    /// A field's whole number; 0 when it has none.
    fn int(&self, name: &str) -> i64;
    /// A field's time, Unix seconds; the epoch when it has none.
    fn time(&self, name: &str) -> Timestamp;
    /// A field's whole number of 0 or more; 0 when it has none.
    fn count(&self, name: &str) -> u64;
    /// A field's list; empty when it has none.
    fn list(&self, name: &str) -> &[Value];
    /// The texts of a field's list.
    fn words(&self, name: &str) -> Vec<&str>;
    /// Whether a field is true.
    fn is(&self, name: &str) -> bool;
    /// The elements of a list.
    fn items(&self) -> &[Value];
    /// The elements of a list, to be printed one a line. Where there are none, that is printed on standard error, with `what` they are.
    fn rows(&self, what: &str) -> &[Value];
}

impl Fields for Value {
    fn word(&self, name: &str) -> &str {
        self[name].as_str().unwrap_or_default()
    }

    fn int(&self, name: &str) -> i64 {
        self[name].as_i64().unwrap_or(0)
    }

    fn time(&self, name: &str) -> Timestamp {
        Timestamp::from_unix(self.int(name))
    }

    fn count(&self, name: &str) -> u64 {
        self[name].as_u64().unwrap_or(0)
    }

    fn list(&self, name: &str) -> &[Value] {
        self[name].items()
    }

    fn words(&self, name: &str) -> Vec<&str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }

    fn is(&self, name: &str) -> bool {
        self[name].as_bool().unwrap_or(false)
    }

    fn items(&self) -> &[Value] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    fn rows(&self, what: &str) -> &[Value] {
        if self.items().is_empty() {
            eprintln!("no {what}");
        }
        self.items()
    }
}

/// JSON text with line breaks and two spaces a level, its fields in their order.
fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut depth = 0usize;
    let mut chars = text.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push(c);
                let mut escaped = false;
                for c in chars.by_ref() {
                    out.push(c);
                    match c {
                        '"' if !escaped => break,
                        c => escaped = c == '\\' && !escaped,
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_text_is_what_serde_writes_in_the_same_order() {
        for text in [
            r#"{"b":1,"a":[],"c":{},"d":[1,{"x":"a\"b,{}[]: \\"},null,true,-1.5e3],"e":"\\"}"#,
            "[]",
            "null",
            r#"["ü\u00e9",[[1],[]]]"#,
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            let compact = serde_json::to_string(&value).unwrap();
            assert_eq!(pretty(&compact), serde_json::to_string_pretty(&value).unwrap());
            assert_eq!(pretty(&pretty(&compact)), pretty(&compact));
        }
        let answer = Answer::of_bytes(br#"{"b":1,"a":2}"#.to_vec()).unwrap();
        assert_eq!(pretty(&answer.text), "{\n  \"b\": 1,\n  \"a\": 2\n}");
        assert!(Answer::of_bytes(b"{".to_vec()).is_err() && Answer::of_bytes(Vec::new()).unwrap().is_null());
    }
}
