//! Names of people, as they are compared.

/// Returns a person's name as it is compared: without case, width, accents' encodings and spaces around it.
pub fn canonical_name(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let folded: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let visible = folded.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_invisible(*c));
    visible.collect::<String>().split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Characters that leave no mark, with which one name could be written as two.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether two names are one person's.
pub fn same_person(a: &str, b: &str) -> bool {
    a == b || canonical_name(a) == canonical_name(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_name() {
        for other in ["Ana Berg", " ana  berg ", "ＡＮＡ BERG", "ana\u{200b} berg", "ana\u{a0}berg"] {
            assert!(same_person("ana berg", other), "{other:?}");
        }
        assert!(same_person("Jose\u{301}", "josé") && !same_person("ana", "anna"));
    }
}
