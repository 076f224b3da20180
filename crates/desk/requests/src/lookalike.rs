//! Mail domains that look like others: letters of other scripts (Unicode Technical Standard 39), internationalized domains in their ASCII form
//! (punycode), letters that look like others, one name within another.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection};

/// A domain as it is resolved, as it is displayed, and in the form that compares look-alikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// As it was written, in lower case.
    given: String,
    /// In ASCII, as it is resolved.
    ascii: String,
    /// In its own letters.
    letters: String,
    /// Form in which look-alikes are equal.
    skeleton: String,
    /// Whether it is a domain at all (UTS 46).
    valid: bool,
}

/// Returns the letters in a form in which look-alikes are equal.
fn skeleton(letters: &str) -> String {
    // Accents first: readers overlook them. Then letters of other scripts (UTS 39), then what looks alike within ASCII.
    let plain: String = letters.nfkd().filter(|c| !is_combining_mark(*c)).collect();
    let alike: String = unicode_security::skeleton(&plain).collect::<String>().to_lowercase();
    let mut out = String::with_capacity(alike.len());
    for c in alike.chars() {
        out.push(match c {
            '0' => 'o',
            '1' | 'i' | '|' => 'l',
            '3' | 'ε' => 'e',
            '5' => 's',
            '-' => continue,
            other => other,
        });
    }
    out.replace("rn", "m").replace("vv", "w").replace("cl", "d")
}

impl Written {
    /// Reads a domain in its own letters or in punycode.
    pub fn new(domain: &str) -> Self {
        let given = domain.trim().trim_end_matches('.').to_lowercase();
        let (letters, read) = idna::domain_to_unicode(&given);
        let ascii = idna::domain_to_ascii(&given);
        let valid = read.is_ok() && ascii.is_ok();
        let letters = letters.to_lowercase();
        Written { skeleton: skeleton(&letters), ascii: ascii.unwrap_or_else(|_| given.clone()), letters, given, valid }
    }

    /// Returns it in its own letters and as it is resolved.
    pub fn forms(&self) -> [&str; 2] {
        [&self.letters, &self.ascii]
    }

    /// Returns whether it is another domain or below it.
    pub fn is_within(&self, real: &Written) -> bool {
        below(&self.ascii, &real.ascii)
    }

    /// Returns whether it reads like another domain, or like one below it, without being it.
    pub fn reads_like(&self, real: &Written) -> bool {
        !self.is_within(real) && below(&self.skeleton, &real.skeleton)
    }

    /// Describes the domain, with its displayed letters where they differ from the written form.
    fn shown(&self) -> String {
        match self.letters == self.given {
            true => self.given.clone(),
            false => format!("{} (in letters {})", self.given, self.letters),
        }
    }

    /// Returns how much it weighs that a domain has other letters than ASCII, and why: 2; 3 where it is no domain at all, or where a label
    /// mixes scripts as no name of a place or office does.
    pub fn foreign(&self) -> Option<(u8, String)> {
        let shown = self.shown();
        if !self.valid && (self.given.contains("xn--") || !self.given.is_ascii()) {
            return Some((3, format!("{shown} is no valid internationalized domain")));
        }
        let mixed = |label: &str| {
            let level = label.detect_restriction_level();
            !label.is_ascii() && level > RestrictionLevel::HighlyRestrictive
        };
        if self.letters.split('.').any(mixed) {
            return Some((3, format!("{shown} mixes scripts within a name")));
        }
        let foreign = !self.letters.is_ascii() || self.given.split('.').any(|l| l.starts_with("xn--"));
        foreign.then(|| (2, format!("{shown} is written with characters that may look like others")))
    }
}

fn below(domain: &str, real: &str) -> bool {
    domain == real || domain.strip_suffix(real).is_some_and(|rest| rest.ends_with('.'))
}

/// Returns why a domain looks like a verified one without being it.
pub fn looks_like(domain: &Written, real: &Written) -> Option<String> {
    if domain.is_within(real) {
        return None;
    }
    let (shown, truth) = (domain.shown(), &real.letters);
    if domain.reads_like(real) {
        return Some(format!("{shown} reads like {truth}"));
    }
    // The skeleton has no dashes, so that a label of the real domain's letters is found with and without them.
    // Joined first: letters that meet where a dot was look alike too (`cyber.northland`: rn as m).
    let joined = skeleton(&real.letters.replace('.', ""));
    let (within, whole) = (format!(".{}.", domain.skeleton), format!(".{}.", real.skeleton));
    if within.contains(&whole) || domain.skeleton.split('.').any(|l| l == joined) {
        return Some(format!("{shown} carries {truth} in it"));
    }
    let (name, rest) = domain.skeleton.split_once('.')?;
    let (real_name, real_rest) = real.skeleton.split_once('.')?;
    if name == real_name && rest != real_rest && real_name.chars().count() >= 3 {
        return Some(format!("{shown} is {truth} under another ending"));
    }
    let near = match real.letters.len() {
        0..=7 => 1,
        _ => 2,
    };
    let distance = strsim::damerau_levenshtein(&domain.letters, &real.letters);
    (distance <= near && real.letters.len() >= 5).then(|| format!("{shown} is {distance} letters from {truth}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(domain: &str, real: &str) -> Option<String> {
        looks_like(&Written::new(domain), &Written::new(real))
    }

    #[test]
    fn domains_that_look_alike() {
        for (domain, real) in [
            ("fbl.gov", "fbi.gov"),
            ("fbi.gov.example.com", "fbi.gov"),
            ("fbi-gov.com", "fbi.gov"),
            ("cyber-northland-example.com", "cyber.northland.example"),
            ("fbi.com", "fbi.gov"),
            ("po1ice.uk", "police.uk"),
            ("роlісе.uk", "police.uk"),
            ("bka.burnd.de", "bka.bumd.de"),
            ("polizei-bund.de", "polizeibund.de"),
            ("interpo.int", "interpol.int"),
            ("intrepol.int", "interpol.int"),
        ] {
            assert!(why(domain, real).is_some(), "{domain} {real}");
        }
        for (domain, real) in [
            ("fbi.gov", "fbi.gov"),
            ("newyork.fbi.gov", "fbi.gov"),
            ("dea.gov", "fbi.gov"),
            ("met.police.uk", "police.uk"),
            ("gendarmerie.fr", "police.uk"),
        ] {
            assert_eq!(why(domain, real), None, "{domain} {real}");
        }
        assert!(!Written::new("notfbi.gov").is_within(&Written::new("fbi.gov")));
    }

    #[test]
    fn look_alikes_in_other_scripts_and_in_punycode_are_seen() {
        // Letters of Cyrillic, Greek, Armenian, Cherokee, mathematics and full width; one and all of a name.
        for (letters, real) in [
            ("роliсе.uk", "police.uk"),
            ("ｐｏｌｉｃｅ.uk", "police.uk"),
            ("𝐩𝐨𝐥𝐢𝐜𝐞.uk", "police.uk"),
            ("pοlice.uk", "police.uk"),
            ("fbі.gov", "fbi.gov"),
            ("ƒbi.gov", "fbi.gov"),
            ("bkа.bund.de", "bka.bund.de"),
            ("mail.bkа.bund.de", "bka.bund.de"),
            ("pólice.uk", "police.uk"),
            ("intеrpol.int", "interpol.int"),
        ] {
            // Letters of another width or weight are the real domain's own when they are resolved.
            let ascii = idna::domain_to_ascii(letters).unwrap();
            assert_eq!(why(letters, real).is_some(), ascii != real, "{letters}");
            assert_eq!(why(&ascii, real).is_some(), ascii != real, "{ascii} {letters}");
        }
        assert!(why("xn--fb-ioc.gov", "fbi.gov").unwrap().contains("in letters fbі.gov"));
    }

    #[test]
    fn an_agency_with_letters_of_its_own_is_itself_in_both_forms() {
        let real = Written::new("полиция.рф");
        assert!(Written::new(&real.ascii.clone()).is_within(&real));
        assert_eq!(looks_like(&Written::new(&format!("mail.{}", real.ascii)), &real), None);
        assert_eq!(Written::new("полиция.рф").foreign().map(|f| f.0), Some(2));
        assert_eq!(Written::new("pоlice.uk").foreign().map(|f| f.0), Some(3), "Latin and Cyrillic in one name");
        assert_eq!(Written::new("xn--a.gov").foreign().map(|f| f.0), Some(3), "no punycode");
        assert_eq!(Written::new("police.uk").foreign(), None);
    }
}
