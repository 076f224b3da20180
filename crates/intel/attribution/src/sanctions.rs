//! Telling sanctions lists from what packs, sources and actors are called: public packs often give sanctioned addresses a plain category.

/// Words that name sanctions lists and programs.
const WORDS: [&str; 7] = ["ofac", "sdn", "sdnlist", "sanction", "sanctions", "sanctioned", "sanctionslist"];
/// Words that mean the opposite.
const NOT: [&str; 7] = ["not", "non", "no", "delisted", "removed", "lifted", "unsanctioned"];
/// Hosts whose pages on sanctions are the lists themselves: others only write about them.
const AUTHORITIES: [&str; 9] =
    [".gov", ".gov.uk", ".gc.ca", ".gov.au", ".europa.eu", ".un.org", ".admin.ch", ".go.jp", ".gov.il"];

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

fn names_a_list(text: &str) -> bool {
    // Most of some hundred thousand tags go here.
    let lower = text.to_lowercase();
    if !["ofac", "sdn", "sanction"].iter().any(|w| lower.contains(w)) {
        return false;
    }
    words(text).any(|w| WORDS.contains(&w.as_str())) && !words(text).any(|w| NOT.contains(&w.as_str()))
}

/// Returns whether a tag is of a sanctions list: by its pack's title, its source (an authority's page or a list named without a link), or its actor's
/// id.
pub(crate) fn is_listed(pack: &str, source: &str, actor: Option<&str>) -> bool {
    names_a_list(pack) || actor.is_some_and(names_a_list) || is_authority(source)
}

fn is_authority(source: &str) -> bool {
    if !names_a_list(source) {
        return false;
    }
    let Some((_, rest)) = source.split_once("://") else { return true };
    let host = rest.split(['/', ':', '?', '#', ' ']).next().unwrap_or_default().to_lowercase();
    AUTHORITIES.iter().any(|a| host.ends_with(a) || host == a[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_from_talk_about_them() {
        assert!(is_listed("OFAC Tagpack", "", None));
        assert!(is_listed("US Treasury OFAC Sanctions List", "", None));
        assert!(is_listed(
            "x",
            "https://home.treasury.gov/policy-issues/financial-sanctions/recent-actions/20220506",
            None
        ));
        assert!(is_listed("x", "https://www.treasury.gov/ofac/downloads/sdnlist.txt", None));
        assert!(is_listed("x", "https://sanctionslist.ofac.treas.gov/ (Specially Designated Nationals list)", None));
        assert!(is_listed("x", "OFAC SDN list of 2026-11-01", None));
        assert!(is_listed("x", "", Some("ofac_sdn")));
        assert!(!is_listed("Exchanges", "https://www.treasury.gov/press", Some("binance")));
        assert!(!is_listed("x", "https://news.example/ofac-sanctions-explained", None));
        assert!(!is_listed("Not sanctioned services", "", None));
        assert!(!is_listed("Delisted by OFAC", "", None));
        assert!(!is_listed("x", "https://treasury.gov.example.org/ofac", None));
    }
}
