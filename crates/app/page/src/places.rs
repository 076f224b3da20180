//! Where addresses and transactions have their pages: which chain of the store has them, and links there. What no page knows gets no link.

use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::Tlp;
use holdfast_chains::Chains;
use holdfast_types::{Asset, ChainId};
use holdfast_workspace::lookup::bare;
use holdfast_workspace::{ChainQueries, Subject};
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// A chain, as pages name it and link to what it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// Returns the place of an account chain.
    #[must_use]
    pub fn of(chain: &AccountSnapshot) -> Self {
        Place(chain.usual_name())
    }

    /// Returns the chain with a CAIP-2 id.
    #[must_use]
    pub fn named(id: &str) -> Self {
        let usual = ChainId::parse(id).ok().and_then(|id| id.usual_name());
        Place(usual.unwrap_or(id).to_owned())
    }

    /// Returns the path of something on the chain: of an `address`, `tx`, `block` or `asset`.
    #[must_use]
    pub fn path(&self, what: &str, id: &str) -> String {
        format!("/accounts/{}/{what}/{id}", self.0)
    }

    /// Returns the path of a page of the chain.
    #[must_use]
    pub fn root(&self, what: &str) -> String {
        format!("/accounts/{}/{what}", self.0)
    }

    /// Returns the name of the chain.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns a link to something on the chain, by a shortened id.
    #[must_use]
    pub fn link(&self, what: &str, id: &str) -> Markup {
        html! { a.hash href=(self.path(what, id)) { (short(id)) } }
    }
}

/// Returns a long id with its midst hidden; it is there for who copies or hears it.
#[must_use]
pub fn short(id: &str) -> Markup {
    /// Characters that are shown at each end, and the fewest that are worth hiding between them.
    const ENDS: (usize, usize, usize) = (8, 6, 8);
    let (begin, behind) = (ENDS.0, id.len().saturating_sub(ENDS.1));
    match (id.get(..begin), id.get(begin..behind), id.get(behind..)) {
        (Some(first), Some(midst), Some(last)) if midst.len() >= ENDS.2 => {
            html! { span title=(id) { (first) span.midst { (midst) } (last) } }
        }
        _ => html! { (id) },
    }
}

/// Returns a text as one segment of a path.
#[must_use]
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => {
                // A string takes whatever is written to it.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Returns the path of the explorer that begins at an address or a transaction.
#[must_use]
pub fn explorer(subject: &str, chain: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("subject", subject);
    if let Some(chain) = chain {
        query.append_pair("chain", chain);
    }
    format!("/desk/graph?{}", query.finish())
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Address,
    Tx,
}

/// Pages of the addresses and transactions that a page of the desk names, found before it is made: each look-up reads ledgers.
#[derive(Debug, Default)]
pub struct Pages(BTreeMap<(What, String), (String, Option<String>)>);

/// The chains on which pages are looked for, and what their reader may know.
#[derive(Clone, Copy, Debug)]
pub struct Finder<'a> {
    /// The chains of the desk.
    pub chains: &'a Chains,
    /// Labels up to which the reader sees tags: an address that tags alone name has a page for who may read them.
    pub clearance: Tlp,
}

/// A search for a text, which lists what several chains have under it.
fn search(text: &str) -> String {
    format!("/search?{}", form_urlencoded::Serializer::new(String::new()).append_pair("q", text).finish())
}

impl Finder<'_> {
    /// Returns the account chains that an asset can be on; all where it names none.
    fn of_asset(&self, asset: Option<&str>) -> Vec<Arc<AccountSnapshot>> {
        let all = self.chains.account_snapshots();
        let Some(asset) = asset.and_then(|text| Asset::parse(text).ok()) else { return all };
        let on: Vec<_> = all.iter().filter(|chain| !asset.ids_on(chain.chain()).is_empty()).map(Arc::clone).collect();
        // A ticker of no list can be on any chain.
        if on.is_empty() && asset.id().is_none() { all } else { on }
    }

    /// Returns the page of an address, with the name of its chain where it is an account chain. The asset that it moved tells the chain where several have
    /// addresses of its form.
    #[must_use]
    pub fn address(&self, asset: Option<&str>, text: &str) -> Option<(String, Option<String>)> {
        let text = bare(text);
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b":_-.".contains(&b)) {
            return None;
        }
        let outputs = || Some((format!("/address/{text}"), None));
        if self
            .chains
            .snapshots()
            .iter()
            .any(|chain| chain.subject(&text).is_ok_and(|s| matches!(s, Subject::Address(_))))
        {
            return outputs();
        }
        let chains = self.of_asset(asset);
        let fitting: Vec<_> = chains.iter().filter(|chain| chain.is_address(&text)).collect();
        let stored: Vec<_> = fitting.iter().copied().filter(|chain| chain.stores(&text)).collect();
        let page = |chain: &AccountSnapshot| {
            let place = Place::of(chain);
            Some((place.path("address", &text), Some(place.0)))
        };
        match (stored.as_slice(), fitting.as_slice()) {
            ([one], _) | ([], [one]) => return page(one),
            ([_, ..], _) => return Some((search(&text), None)),
            ([], _) => {}
        }
        let first = self.chains.first().snapshot();
        let is_tagged = first.tags.tags_of(&text).any(|tag| tag.is_for(self.clearance));
        let has_form = || self.chains.snapshots().iter().any(|chain| chain.is_address(&text));
        if is_tagged || has_form() { outputs() } else { None }
    }

    /// Returns the page of a transaction that a chain stores: by its hash, or by the id of a transfer or an output in it.
    #[must_use]
    pub fn tx(&self, asset: Option<&str>, text: &str) -> Option<(String, Option<String>)> {
        let hash = text.trim().split(':').next().unwrap_or_default();
        let digits = hash.strip_prefix("0x").unwrap_or(hash);
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        if self.chains.snapshots().iter().any(|chain| matches!(chain.subject(hash), Ok(Subject::Tx(_)))) {
            return Some((format!("/tx/{hash}"), None));
        }
        let stored: Vec<_> = self.of_asset(asset).into_iter().filter(|chain| chain.stores(hash)).collect();
        match stored.as_slice() {
            [] => None,
            [one] => Some((Place::of(one).path("tx", hash), Some(Place::of(one).0))),
            _ => Some((search(hash), None)),
        }
    }
}

impl Pages {
    /// Looks for the page of an address.
    pub fn add_address(&mut self, finder: Finder<'_>, asset: Option<&str>, text: &str) {
        if let Some(page) = finder.address(asset, text) {
            self.0.insert((What::Address, text.to_owned()), page);
        }
    }

    /// Looks for the page of a transaction.
    pub fn add_tx(&mut self, finder: Finder<'_>, asset: Option<&str>, text: &str) {
        if let Some(page) = finder.tx(asset, text) {
            self.0.insert((What::Tx, text.to_owned()), page);
        }
    }

    fn shown(&self, what: What, text: &str) -> Markup {
        match self.0.get(&(what, text.to_owned())) {
            Some((to, chain)) => {
                html! { a.hash href=(to) { (text) } @if let Some(chain) = chain { " " span.note { (chain) } } }
            }
            None => html! { span.hash { (text) } },
        }
    }

    /// Returns an address, which leads to its page where it has one.
    #[must_use]
    pub fn address(&self, text: &str) -> Markup {
        self.shown(What::Address, text)
    }

    /// Returns the path of the explorer at an address or a transaction that has a page; none where several chains have it.
    #[must_use]
    pub fn explorer(&self, text: &str) -> Option<String> {
        let page = |what| self.0.get(&(what, text.to_owned()));
        let (to, chain) = page(What::Address).or_else(|| page(What::Tx))?;
        // A page ends with what it is of: a transfer's page is that of its transaction.
        let (_, subject) = to.rsplit_once('/').filter(|_| !to.starts_with("/search?"))?;
        Some(explorer(subject, chain.as_deref()))
    }

    /// Returns a transaction, which leads to its page where a chain stores it.
    #[must_use]
    pub fn tx(&self, text: &str) -> Markup {
        self.shown(What::Tx, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_midst_of_long_ids_is_hidden_and_there() {
        let id = format!("0x{}", "ab".repeat(32));
        let shown = short(&id).into_string();
        assert!(shown.contains(&format!("title=\"{id}\"")) && shown.contains("class=\"midst\""), "{shown}");
        let text: String = shown.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
        assert_eq!(text, id, "what is copied is whole");
        for whole in ["0x1234", "slip44:60", "ééééééééééééééééééééééé"] {
            assert_eq!(short(whole).into_string().contains("midst"), whole.len() > 40, "{whole}");
        }
    }

    #[test]
    fn the_explorer_begins_where_a_page_is() {
        let mut pages = Pages::default();
        for (what, text, to, chain) in [
            (What::Address, "0xab", "/accounts/ethereum/address/0xab", Some("ethereum")),
            (What::Tx, "0xcd:log:3", "/accounts/tron/tx/0xcd", Some("tron")),
            (What::Address, "bc1q", "/address/bc1q", None),
            (What::Address, "0xef", "/search?q=0xef", None),
        ] {
            pages.0.insert((what, text.into()), (to.into(), chain.map(str::to_owned)));
        }
        let of = |text| pages.explorer(text);
        assert_eq!(of("0xab").as_deref(), Some("/desk/graph?subject=0xab&chain=ethereum"));
        assert_eq!(of("0xcd:log:3").as_deref(), Some("/desk/graph?subject=0xcd&chain=tron"));
        assert_eq!(of("bc1q").as_deref(), Some("/desk/graph?subject=bc1q"));
        assert_eq!((of("0xef"), of("unknown")), (None, None));
    }

    #[test]
    fn any_text_is_one_segment() {
        assert_eq!(segment("c-1_2.3~"), "c-1_2.3~");
        assert_eq!(segment("a/b?c #%"), "a%2Fb%3Fc%20%23%25");
        assert_eq!(segment("ö"), "%C3%B6");
    }
}
