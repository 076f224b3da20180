//! Finding the parts of JSON texts without reading them: values of an object, elements of a list.

/// Returns the place behind the value that begins at a place; `None` where none ends.
fn value_end(json: &[u8], start: usize) -> Option<usize> {
    let (mut depth, mut at) = (0u32, start);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = string_end(json, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                // The end of what is around the value.
                if depth == 0 {
                    return (at > start).then_some(at);
                }
                depth -= 1;
                at += 1;
            }
            b',' if depth == 0 => return (at > start).then_some(at),
            _ => at += 1,
        }
        if depth == 0 && matches!(json.get(start), Some(b'{' | b'[' | b'"')) {
            return Some(at);
        }
    }
    (depth == 0 && at > start).then_some(at)
}

/// Returns the place behind the string that begins at a place.
fn string_end(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match json.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn skip_white(json: &[u8], at: usize) -> usize {
    json.get(at..).unwrap_or_default().iter().position(|b| !b.is_ascii_whitespace()).map_or(json.len(), |n| at + n)
}

/// Returns names and values of an object; `None` for text that is none.
pub(crate) fn fields(json: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut at = skip_white(json, 0);
    (json.get(at) == Some(&b'{')).then_some(())?;
    at = skip_white(json, at + 1);
    let mut fields = Vec::new();
    while json.get(at) != Some(&b'}') {
        (json.get(at) == Some(&b'"')).then_some(())?;
        let name_end = string_end(json, at)?;
        let name = json.get(at + 1..name_end - 1)?;
        at = skip_white(json, name_end);
        (json.get(at) == Some(&b':')).then_some(())?;
        at = skip_white(json, at + 1);
        let end = value_end(json, at)?;
        fields.push((name, json.get(at..end)?.trim_ascii_end()));
        at = skip_white(json, end);
        if json.get(at) == Some(&b',') {
            at = skip_white(json, at + 1);
        }
    }
    Some(fields)
}

/// Returns the objects of a text: one, several behind each other, or those of a list; `None` where something else stands there.
pub(crate) fn objects(json: &[u8]) -> Option<Vec<&[u8]>> {
    let mut at = skip_white(json, 0);
    let is_list = json.get(at) == Some(&b'[');
    if is_list {
        at = skip_white(json, at + 1);
    }
    let mut objects = Vec::new();
    while at < json.len() {
        match json.get(at) {
            Some(b'{') => {
                let end = value_end(json, at)?;
                objects.push(json.get(at..end)?);
                at = skip_white(json, end);
            }
            Some(b',') if is_list => at = skip_white(json, at + 1),
            Some(b']') if is_list => {
                at = skip_white(json, at + 1);
                return (at == json.len()).then_some(objects);
            }
            _ => return None,
        }
    }
    (!is_list).then_some(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_whatever_they_hold() {
        let json = br#" {"a" : {"x":"}\"]"}, "b":[1,{"c":2}],"d": 5 ,"e":"\\","f":null} "#;
        let parts = fields(json).unwrap();
        let texts: Vec<(&str, &str)> =
            parts.iter().map(|(n, v)| (std::str::from_utf8(n).unwrap(), std::str::from_utf8(v).unwrap())).collect();
        let expected = [("a", r#"{"x":"}\"]"}"#), ("b", r#"[1,{"c":2}]"#), ("d", "5"), ("e", r#""\\""#), ("f", "null")];
        assert_eq!(texts, expected);
        assert_eq!(fields(b"{}"), Some(vec![]));
        for bad in ["", "[", "{", r#"{"a"#, r#"{"a":"#, r#"{"a":{}"#, r#"{"a":"\"#, r#"{a:1}"#, "5"] {
            assert_eq!(fields(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn objects_stand_alone_behind_each_other_or_in_a_list() {
        for (json, count) in [("{}", 1), (" {\"a\":1}\n{\"b\":[{}]} ", 2), ("[{},{\"a\":{}} ]", 2), ("", 0), ("[]", 0)]
        {
            assert_eq!(objects(json.as_bytes()).map(|o| o.len()), Some(count), "{json}");
        }
        for bad in ["5", "{", "[{}", "{}]", "[{}]x", "[5]"] {
            assert_eq!(objects(bad.as_bytes()), None, "{bad}");
        }
    }
}
