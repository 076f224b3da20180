//! Languages of people and texts, as BCP 47 names them (`en`, `zh-Hans`, `pt-BR`), and which text fits which person (RFC 4647, lookup).

/// Returns a language tag in its usual case: `zh-hans-cn` becomes `zh-Hans-CN`.
///
/// # Errors
/// What is wrong with it.
pub fn normal(tag: &str) -> Result<String, String> {
    let refused = || format!("'{}' is no language tag such as en, pt-BR or zh-Hans (BCP 47)", crate::excerpt(tag));
    let mut out = Vec::new();
    if tag.len() > 35 {
        return Err(refused());
    }
    for (i, part) in tag.split('-').enumerate() {
        let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
        if part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(refused());
        }
        let lower = part.to_ascii_lowercase();
        out.push(match (i, part.len()) {
            (0, 2..=3) if letters => lower,
            (0, _) => return Err(refused()),
            (_, 2) if letters => part.to_ascii_uppercase(),
            (_, 4) if letters => lower[..1].to_ascii_uppercase() + &lower[1..],
            _ => lower,
        });
    }
    Ok(out.join("-"))
}

/// Returns the language among those that there are that fits a person best: the same, else one that is less exact (`zh-Hans` for
/// `zh-Hans-SG`), else one of the same language that is written alike (`zh-CN` for `zh`).
#[must_use]
pub fn best<'a>(wanted: &str, there: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut there: Vec<&str> = there.into_iter().collect();
    there.sort_unstable();
    let wanted = wanted.to_ascii_lowercase();
    let mut range = wanted.as_str();
    loop {
        let fits = |t: &&&str| t.eq_ignore_ascii_case(range) && alike(&wanted, t);
        if let Some(found) = there.iter().find(fits) {
            return Some(found);
        }
        match range.rsplit_once('-') {
            Some((shorter, _)) => range = shorter,
            None => break,
        }
    }
    let primary = |t: &str| t.split('-').next().unwrap_or_default().to_ascii_lowercase();
    there.into_iter().find(|t| primary(t) == range && alike(&wanted, t))
}

/// Whether who reads one can read the other: not where they are known to be written differently.
fn alike(a: &str, b: &str) -> bool {
    match (script(a), script(b)) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}

/// The script of a tag, named or by its region; lower case.
fn script(tag: &str) -> Option<String> {
    let tag = tag.to_ascii_lowercase();
    let mut parts = tag.split('-');
    let primary = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    if let Some(named) = rest.iter().find(|p| p.len() == 4 && p.bytes().all(|b| b.is_ascii_alphabetic())) {
        return Some((*named).to_owned());
    }
    let region = |of: &[&str]| rest.iter().any(|p| of.contains(p));
    match primary {
        "zh" if region(&["tw", "hk", "mo"]) => Some("hant".into()),
        "zh" if region(&["cn", "sg", "my"]) => Some("hans".into()),
        _ => None,
    }
}

/// Returns the language that most people of a country read (ISO 3166-1 alpha-2); `en` where none is known. After Unicode CLDR's territory data.
#[must_use]
pub fn of_country(country: &str) -> &'static str {
    match country {
        "ES" | "MX" | "AR" | "CO" | "CL" | "PE" | "VE" | "EC" | "GT" | "CU" | "BO" | "DO" | "HN" | "PY" | "SV"
        | "NI" | "CR" | "PA" | "UY" | "GQ" | "PR" => "es",
        "DE" | "AT" | "CH" | "LI" => "de",
        "FR" | "BE" | "LU" | "MC" | "SN" | "CI" | "ML" | "BF" | "NE" | "TG" | "BJ" | "GA" | "CG" | "CD" | "CM"
        | "GN" | "HT" | "MG" => "fr",
        "PT" | "AO" | "MZ" | "CV" | "GW" | "ST" => "pt",
        "BR" => "pt-BR",
        "IT" | "SM" | "VA" => "it",
        "NL" | "SR" => "nl",
        "CN" => "zh-Hans",
        "TW" | "HK" | "MO" => "zh-Hant",
        "JP" => "ja",
        "KR" | "KP" => "ko",
        "VN" => "vi",
        "TH" => "th",
        "ID" => "id",
        "MY" => "ms",
        "IN" => "hi",
        "BD" => "bn",
        "PK" => "ur",
        "NP" => "ne",
        "LK" => "si",
        "KH" => "km",
        "LA" => "lo",
        "MM" => "my",
        "MN" => "mn",
        "IR" => "fa",
        "AF" => "fa",
        "IL" => "he",
        "SA" | "AE" | "EG" | "IQ" | "JO" | "KW" | "LB" | "LY" | "MA" | "DZ" | "TN" | "OM" | "QA" | "BH" | "SD"
        | "SY" | "YE" | "PS" => "ar",
        "TR" => "tr",
        "AZ" => "az",
        "GE" => "ka",
        "AM" => "hy",
        "KZ" | "KG" | "RU" | "BY" => "ru",
        "UA" => "uk",
        "UZ" => "uz",
        "PL" => "pl",
        "CZ" => "cs",
        "SK" => "sk",
        "HU" => "hu",
        "RO" | "MD" => "ro",
        "BG" => "bg",
        "RS" => "sr",
        "HR" => "hr",
        "BA" => "bs",
        "SI" => "sl",
        "MK" => "mk",
        "AL" | "XK" => "sq",
        "GR" | "CY" => "el",
        "SE" => "sv",
        "NO" => "nb",
        "DK" | "GL" => "da",
        "FI" => "fi",
        "IS" => "is",
        "EE" => "et",
        "LV" => "lv",
        "LT" => "lt",
        "ET" => "am",
        _ => "en",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_checked_and_written_as_usual() {
        for (text, tag) in
            [("EN", "en"), ("zh-hans-cn", "zh-Hans-CN"), ("pt-br", "pt-BR"), ("es-419", "es-419"), ("yue", "yue")]
        {
            assert_eq!(normal(text).as_deref(), Ok(tag));
        }
        for bad in [
            "",
            "e",
            "english",
            "en_US",
            "en-",
            "en--US",
            "12",
            "en-waytoolong",
            "zh-Hans-CN-x-private-use-far-too-long",
            "é",
        ] {
            assert!(normal(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_is_found_for_every_variety_of_its_language() {
        let there = ["en", "zh", "pt-BR", "sr-Latn"];
        for (wanted, found) in [
            ("zh", Some("zh")),
            ("zh-CN", Some("zh")),
            ("zh-Hans", Some("zh")),
            ("ZH-hant-TW", Some("zh")),
            ("pt", Some("pt-BR")),
            ("pt-PT", Some("pt-BR")),
            ("sr-Cyrl", None),
            ("sr", Some("sr-Latn")),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(best(wanted, there), found, "{wanted}");
        }
        let both = ["zh-Hant", "zh-Hans"];
        assert_eq!(best("zh-CN", both), Some("zh-Hans"));
        assert_eq!(best("zh-TW", both), Some("zh-Hant"));
        assert_eq!(best("zh-TW", ["zh-Hans"]), None);
        assert_eq!(best("zh-CN", ["zh-CN", "zh"]), Some("zh-CN"));
        assert_eq!(of_country("CN"), "zh-Hans");
    }
}
