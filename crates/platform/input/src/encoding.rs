//! Which characters the bytes of a text file are.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// A decoded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
    /// Name of the encoding, such as UTF-8.
    pub encoding: &'static str,
    /// Whether the encoding was assumed: the bytes are no UTF-8 and name none.
    pub assumed: bool,
}

/// Returns the encoding of a name such as `windows-1250` or `shift_jis`.
///
/// # Errors
/// A message that names the text.
pub fn named(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        format!(
            "'{}' is no known encoding; give utf-8, utf-16le, windows-1252, windows-1250, shift_jis ...",
            crate::excerpt(name)
        )
    })
}

/// Decodes a text: by its byte order mark, else as `wanted`, else as UTF-16 where every other byte is zero, as UTF-8 where it is valid, or as
/// Windows-1252, what spreadsheets in Western Europe and America save.
///
/// # Errors
/// A message with what the bytes are instead, and the fix.
pub fn decode<'a>(bytes: &'a [u8], wanted: Option<&'static Encoding>) -> Result<Text<'a>, String> {
    const SAVE: &str = "save it as \"CSV UTF-8\"";
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(format!("this is a workbook or ZIP file, no text; {SAVE}"));
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(format!("this is a workbook of an old Excel, no text; {SAVE}"));
    }
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return Err(format!("UTF-32 is not read; {SAVE}"));
    }
    let (encoding, mark, assumed) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length, false),
        None => match wanted {
            Some(encoding) => (encoding, 0, false),
            None => guess(bytes).map_or((WINDOWS_1252, 0, true), |e| (e, 0, false)),
        },
    };
    let bytes = &bytes[mark..];
    if assumed && let Some(at) = bytes.iter().position(|b| matches!(b, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)) {
        let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
        return Err(format!(
            "line {line}: the bytes are neither UTF-8 nor Windows-1252; {SAVE}, or name the encoding of the file"
        ));
    }
    let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) else {
        return Err(format!("the bytes are not valid {}{}; {SAVE}", encoding.name(), place(bytes, encoding)));
    };
    if text.contains('\0') {
        return Err(format!("it holds zero bytes, so it is no text; {SAVE}"));
    }
    Ok(Text { text, encoding: encoding.name(), assumed })
}

/// UTF-16 or UTF-8, where the bytes can be nothing else.
fn guess(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    if bytes.len().is_multiple_of(2) && pairs >= 2 && odd * 2 > pairs && even == 0 {
        return Some(UTF_16LE);
    }
    if bytes.len().is_multiple_of(2) && pairs >= 2 && even * 2 > pairs && odd == 0 {
        return Some(UTF_16BE);
    }
    std::str::from_utf8(bytes).is_ok().then_some(UTF_8)
}

fn place(bytes: &[u8], encoding: &'static Encoding) -> String {
    match std::str::from_utf8(bytes) {
        Err(e) if encoding == UTF_8 => {
            format!(" at line {}", bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1)
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn encodings_that_spreadsheets_write_are_read() {
        let text = "id;name\n1;Müller €\n";
        let with = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
        let cp1252 = b"id;name\n1;M\xfcller \x80\n".to_vec();
        for (bytes, name) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (with(b"\xef\xbb\xbf", text.as_bytes().to_vec()), "UTF-8"),
            (with(b"\xff\xfe", utf16(text, false)), "UTF-16LE"),
            (with(b"\xfe\xff", utf16(text, true)), "UTF-16BE"),
            (utf16(text, false), "UTF-16LE"),
            (utf16(text, true), "UTF-16BE"),
            (cp1252, "windows-1252"),
        ] {
            let read = decode(&bytes, None).unwrap();
            assert_eq!((read.text.as_ref(), read.encoding), (text, name));
            assert_eq!(read.assumed, name == "windows-1252");
        }
        let polish = decode(b"\xa3\xf3d\x9f", Some(named("cp1250").unwrap())).unwrap();
        assert_eq!(polish.text, "Łódź");
        assert!(named("klingon").is_err());
    }

    #[test]
    fn what_is_no_text_is_refused_with_the_fix() {
        for bad in [
            &b"PK\x03\x04rest"[..],
            b"\xd0\xcf\x11\xe0\xa1",
            b"\xff\xfe\x00\x00a",
            b"a,b\n\x81,2\n",
            b"\xef\xbb\xbfa,\xff\n",
            b"a,b\n1,\x002\n",
            b"\xff\xfea\x00b",
        ] {
            let error = decode(bad, None).unwrap_err();
            assert!(error.contains("CSV UTF-8"), "{error}");
        }
    }
}
