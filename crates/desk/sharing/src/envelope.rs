//! Taking large JSON apart without holding it as a tree: members of an object and elements of an array as slices of the text. What a partner
//! sends is bounded before it is parsed, and one bad element does not cost the others.

use serde::de::IgnoredAny;

/// Reads the value at a position; the position moves behind it.
fn value<'a>(text: &'a [u8], at: &mut usize) -> Result<&'a [u8], String> {
    let mut stream = serde_json::Deserializer::from_slice(&text[*at..]).into_iter::<IgnoredAny>();
    match stream.next() {
        Some(Ok(_)) => {
            let (from, to) = (*at, *at + stream.byte_offset());
            *at = to;
            Ok(text[from..to].trim_ascii())
        }
        Some(Err(e)) => Err(format!("is no JSON: {e}")),
        None => Err("is no JSON: it ends too early".into()),
    }
}

/// Reads a punctuation mark if it is next.
fn mark(text: &[u8], at: &mut usize, wanted: u8) -> bool {
    let next = text[*at..].iter().position(|b| !b.is_ascii_whitespace()).map(|i| *at + i);
    match next.filter(|i| text[*i] == wanted) {
        Some(i) => {
            *at = i + 1;
            true
        }
        None => false,
    }
}

/// Returns the values of some members of an object, in the order of `names`; the last counts where a name occurs twice.
///
/// # Errors
/// A description of the cause when the text is no JSON object.
pub(crate) fn members<'a, const N: usize>(text: &'a [u8], names: [&str; N]) -> Result<[Option<&'a [u8]>; N], String> {
    let mut found = [None; N];
    each_member(text, |name, value| {
        if let Some(i) = names.iter().position(|n| *n == name) {
            found[i] = Some(value);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Returns every member of an object, by name.
///
/// # Errors
/// A message, when the text is no JSON object; or the callback's error.
pub(crate) fn each_member<'a>(
    text: &'a [u8],
    mut take: impl FnMut(&str, &'a [u8]) -> Result<(), String>,
) -> Result<(), String> {
    let at = &mut 0;
    if !mark(text, at, b'{') {
        return Err("is no JSON object".into());
    }
    if mark(text, at, b'}') {
        return end(text, *at);
    }
    loop {
        let name: String = serde_json::from_slice(value(text, at)?).map_err(|_| "a member has no name".to_owned())?;
        if !mark(text, at, b':') {
            return Err(format!("no colon after '{}'", name.chars().take(60).collect::<String>()));
        }
        take(&name, value(text, at)?)?;
        if mark(text, at, b'}') {
            return end(text, *at);
        }
        if !mark(text, at, b',') {
            return Err("no comma between members".into());
        }
    }
}

/// Returns the elements of an array, at most so many; an absent or null array is empty.
///
/// # Errors
/// A description of the cause when the text is no JSON array, or has more elements.
pub(crate) fn elements(text: Option<&[u8]>, most: usize) -> Result<Vec<&[u8]>, String> {
    let Some(text) = text.filter(|t| *t != b"null") else { return Ok(Vec::new()) };
    let (at, mut found) = (&mut 0, Vec::new());
    if !mark(text, at, b'[') {
        return Err("is no JSON array".into());
    }
    if mark(text, at, b']') {
        return end(text, *at).map(|()| found);
    }
    loop {
        if found.len() >= most {
            return Err(format!("has more than {most} elements"));
        }
        found.push(value(text, at)?);
        if mark(text, at, b']') {
            return end(text, *at).map(|()| found);
        }
        if !mark(text, at, b',') {
            return Err("no comma between elements".into());
        }
    }
}

fn end(text: &[u8], at: usize) -> Result<(), String> {
    match text[at..].iter().all(u8::is_ascii_whitespace) {
        true => Ok(()),
        false => Err("something follows the JSON".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_elements_are_slices_of_the_text() {
        let text = br#" {"a": [1, {"b": "]}"}, "x,y"] , "c":null,"a\u0032":7, "more": true} "#;
        let [a, c, a2, more, none] = members(text, ["a", "c", "a2", "more", "none"]).unwrap();
        assert_eq!(elements(a, 9).unwrap(), [&b"1"[..], br#"{"b": "]}"}"#, br#""x,y""#]);
        assert_eq!((c, a2, more, none), (Some(&b"null"[..]), Some(&b"7"[..]), Some(&b"true"[..]), None));
        assert_eq!(elements(c, 9), Ok(Vec::new()));
        assert!(elements(a, 2).unwrap_err().contains("more than 2"));
        for bad in ["", "[]", "{", "{\"a\"}", "{\"a\":1 \"b\":2}", "{\"a\":1}x", "{1:2}", "{\"a\":}"] {
            assert!(members(bad.as_bytes(), ["a"]).is_err(), "{bad}");
        }
        for bad in ["", "{}", "[", "[1", "[1 2]", "[1,]", "[1]]"] {
            assert!(elements(Some(bad.as_bytes()), 9).is_err(), "{bad}");
        }
    }
}
