//! `holdfast.toml`: read with the line of every value; whatever is wrong is named with line, key and fix.

use super::{Kind, SETTINGS, Setting};
use anyhow::Context;
use std::path::Path;
use toml_edit::{Document, Item, TableLike, Value};

/// Largest file.
const MAX_FILE: usize = 1 << 20;
/// The version of the file's form.
const VERSION: i64 = 1;

/// A value of a file.
#[derive(Debug)]
pub struct FileValue {
    /// The setting.
    pub setting: &'static Setting,
    /// Line of the file, from 1 on.
    pub line: usize,
    /// One for each element of a list.
    pub texts: Vec<String>,
}

/// Something wrong in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line of the file, from 1 on.
    pub line: usize,
    /// Key, what is wrong, and the fix.
    pub message: String,
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, is larger than 1 MiB or no UTF-8, and all its faults, each with file and line.
pub fn read(path: &Path) -> anyhow::Result<Vec<FileValue>> {
    let bytes = crate::output::read_bounded(path, MAX_FILE)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{}: no UTF-8", path.display()))?;
    parse(&text).map_err(|faults| {
        let lines: Vec<String> =
            faults.iter().map(|f| format!("{}:{}: {}", path.display(), f.line, f.message)).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

/// Parses a file's text.
///
/// # Errors
/// All faults.
pub fn parse(text: &str) -> Result<Vec<FileValue>, Vec<Fault>> {
    let line_at = |byte: usize| text.as_bytes()[..byte.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1;
    let document = Document::parse(text).map_err(|e| {
        let line = line_at(e.span().map_or(0, |s| s.start));
        vec![Fault { line, message: format!("no TOML: {}", e.message().trim()) }]
    })?;
    let mut reader = Reader { line_at: &line_at, values: Vec::new(), faults: Vec::new() };
    reader.version(document.as_table().get("version"));
    reader.table("", document.as_table());
    match reader.faults.is_empty() {
        true => Ok(reader.values),
        false => {
            reader.faults.sort_by_key(|f| f.line);
            Err(reader.faults)
        }
    }
}

struct Reader<'a> {
    line_at: &'a dyn Fn(usize) -> usize,
    values: Vec<FileValue>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, line: usize, message: String) {
        self.faults.push(Fault { line, message });
    }

    fn version(&mut self, item: Option<&Item>) {
        let line = item.and_then(Item::span).map_or(1, |s| (self.line_at)(s.start));
        match item.map(Item::as_integer) {
            Some(Some(VERSION)) => {}
            None => self.fault(line, format!("version: is missing; begin the file with 'version = {VERSION}'")),
            Some(_) => self.fault(line, format!("version: this program reads version {VERSION}; write {VERSION}")),
        }
    }

    fn table(&mut self, above: &str, table: &dyn TableLike) {
        for (name, item) in table.iter() {
            if above.is_empty() && name == "version" {
                continue;
            }
            let key = if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") };
            let place = table.key(name).and_then(|k| k.span()).or_else(|| item.span());
            let line = (self.line_at)(place.map_or(0, |s| s.start));
            let is_table = SETTINGS.iter().any(|s| s.key.starts_with(&format!("{key}.")));
            match (SETTINGS.iter().find(|s| s.key == key), item.as_table_like()) {
                (Some(setting), None) => self.value(setting, line, item),
                (None, Some(inner)) if is_table => self.table(&key, inner),
                (None, None) if is_table => self.fault(line, format!("{key}: is a table; write [{key}]")),
                (Some(setting), Some(_)) => {
                    self.fault(line, format!("{key}: is a table and should be a {}", setting.kind.name()));
                }
                (None, _) => {
                    let message = format!("{key}: is no setting; the nearest is {}", nearest(&key));
                    self.fault(line, message);
                }
            }
        }
    }

    fn value(&mut self, setting: &'static Setting, line: usize, item: &Item) {
        let texts: Option<Vec<String>> = match (item.as_value(), setting.kind.is_list()) {
            (Some(Value::Array(list)), true) => list.iter().map(|v| text_of(v, setting.kind)).collect(),
            (Some(value), false) => text_of(value, setting.kind).map(|t| vec![t]),
            _ => None,
        };
        let Some(texts) = texts else {
            let example = match setting.kind {
                Kind::Integer => "6",
                Kind::Number => "2.5",
                kind if kind.is_list() => "[\"...\"]",
                _ => "\"...\"",
            };
            let name = setting.key.rsplit('.').next().unwrap_or_default();
            let message = format!("{}: should be a {}; write {name} = {example}", setting.key, setting.kind.name());
            return self.fault(line, message);
        };
        let other = self.values.iter().find(|v| Some(v.setting.flag) == setting.instead_of);
        if let Some(other) = other {
            let message = format!(
                "{}: {} on line {} is the same setting; leave one out",
                setting.key, other.setting.key, other.line
            );
            return self.fault(line, message);
        }
        for text in &texts {
            if let Err(why) = setting.kind.check(text, setting) {
                return self.fault(line, format!("{}: {why}", setting.key));
            }
        }
        self.values.push(FileValue { setting, line, texts });
    }
}

/// Returns a value as a flag's text, when it has the type of the kind.
fn text_of(value: &Value, kind: Kind) -> Option<String> {
    match (kind, value) {
        (Kind::Integer | Kind::Number, Value::Integer(n)) => Some(n.value().to_string()),
        (Kind::Number, Value::Float(n)) => Some(n.value().to_string()),
        (Kind::Integer | Kind::Number, _) => None,
        (_, Value::String(text)) => Some(text.value().clone()),
        _ => None,
    }
}

/// Returns the setting whose key is most like a key that is none.
pub fn nearest(key: &str) -> &'static str {
    let distance = |other: &str| {
        // The name itself counts more than its table.
        let name = |k: &str| k.rsplit('.').next().unwrap_or_default().to_owned();
        edits(key, other) + 2 * edits(&name(key), &name(other))
    };
    SETTINGS.iter().map(|s| s.key).min_by_key(|k| distance(k)).unwrap_or_default()
}

/// Returns Levenshtein's distance between two texts.
pub fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        parse(text).unwrap_err().into_iter().map(|f| format!("{}: {}", f.line, f.message)).collect()
    }

    #[test]
    fn good_files_are_read() {
        for good in [
            "version = 1\n",
            "version = 1\n[server]\nlisten = \"0.0.0.0:8650\"\nhosts = [\"a.example\", \"b.example\"]\ntrusted_proxies = [\"10.0.0.1\", \"fd00::/8\"]\n",
            "version = 1\nnode.rpc = \"http://127.0.0.1:8332\"\nnode.cookie = \"/c\"\nnode.poll_seconds = 2\n",
            "version = 1\nnode = { rest = \"http://127.0.0.1:8332\", poll_seconds = 0.5, network = \"litecoin\" }\n",
            "version = 1\n[database]\nurl_file = \"/etc/holdfast/database\"\n[log]\nfilter = \"warn,holdfast=debug\"\nformat = \"json\"\n",
            "version = 1\n[database]\nurl = \"postgres://holdfast@db/desk\"\n",
        ] {
            assert!(parse(good).is_ok(), "{good}: {:?}", parse(good).unwrap_err());
        }
        let values = parse("version = 1\n\n[mail]\nstaff = [\"a@x.example\",\n  \"b@x.example\"]\n").unwrap();
        assert_eq!((values[0].setting.key, values[0].line), ("mail.staff", 4));
        assert_eq!(values[0].texts, ["a@x.example", "b@x.example"]);
    }

    #[test]
    fn bad_files_are_refused_with_line_key_and_fix() {
        for (bad, expected) in [
            ("", "1: version: is missing; begin the file with 'version = 1'"),
            ("version = 2\n", "1: version: this program reads version 1; write 1"),
            (
                "version = 1\n[server]\nlissten = \"a\"\n",
                "3: server.lissten: is no setting; the nearest is server.listen",
            ),
            ("version = 1\nlisten = \"a\"\n", "2: listen: is no setting; the nearest is server.listen"),
            ("version = 1\n[servr]\nlisten = \"a\"\n", "2: servr: is no setting; the nearest is"),
            ("version = 1\n\nnode = 3\n", "3: node: is a table; write [node]"),
            ("version = 1\n[node]\nnetwork = \"bitcoln\"\n", "3: node.network: "),
            (
                "version = 1\n[node]\nfrom_height = \"7\"\n",
                "3: node.from_height: should be a whole number; write from_height = 6",
            ),
            ("version = 1\n[node]\nfrom_height = -1\n", "3: node.from_height: '-1' is no whole number"),
            ("version = 1\n[node]\npoll_seconds = nan\n", "3: node.poll_seconds: "),
            (
                "version = 1\n[server]\nhosts = \"a\"\n",
                "3: server.hosts: should be a list of texts; write hosts = [\"...\"]",
            ),
            (
                "version = 1\n[server]\ntrusted_proxies = [\"proxy\"]\n",
                "3: server.trusted_proxies: 'proxy' is no IP address or network",
            ),
            ("version = 1\n[server]\nsite = \"\"\n", "3: server.site: is empty; leave the key out instead"),
            ("version = 1\n[log]\nfilter = \"loud\"\n", "3: log.filter: log filter 'loud'"),
            ("version = 1\n[log]\nformat = \"xml\"\n", "3: log.format: log format 'xml': use text or json"),
            (
                "version = 1\n[node]\nrpc = \"http://a\"\nrest = \"http://b\"\n",
                "4: node.rest: node.rpc on line 3 is the same setting; leave one out",
            ),
            ("version = 1\n[server]\nlisten = \"a\"\nlisten = \"b\"\n", "4: no TOML: "),
            ("version = 1\n[server\n", "2: no TOML: "),
        ] {
            let found = faults(bad);
            assert!(found.iter().any(|f| f.starts_with(expected)), "{bad}: {found:?}");
        }
        let secret = "version = 1\n[database]\nurl = \"postgres://a:hunter2@db/desk\"\n[mail]\nsmtp = \"smtps://a:hunter2@mail\"\n";
        let found = faults(secret);
        assert!(
            found[0].starts_with("3: database.url: holds a password") && found[0].ends_with("in database.url_file")
        );
        assert!(
            found[1].starts_with("5: mail.smtp: holds a password") && !found.concat().contains("hunter2"),
            "{found:?}"
        );
        assert_eq!(faults("[a]\nb = 1\n[c]\nd = 1\n").len(), 3, "all faults at once");
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(
            (edits("", "abc"), edits("abc", "abc"), edits("kitten", "sitting"), edits("ab", "ba")),
            (3, 0, 3, 2)
        );
    }
}
