//! Lists of pasted items: each is one thing, may be several, or is not known here.

use crate::choose::{outputs_named, unknown};
use crate::error::ExploreError;
use crate::reports::{Choice, Found, LookedUp, LookupReport};
use holdfast_account_workspace::AccountSnapshot;
use holdfast_attribution::{TagStore, Tlp};
use holdfast_chains::{OpenChains, pick_accounts};
use holdfast_types::{Address, Invalid};
use holdfast_workspace::Snapshot;
use holdfast_workspace::lookup::{Hit, Lookup, bare};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::ToSchema;

/// Most items of one list.
pub const MAX_ITEMS: usize = 1_000;
/// Most bytes of an item.
const MAX_ITEM: usize = 200;
/// Most choices of an item.
const MAX_CHOICES: usize = 10;
/// Most items of a list that are searched for by name or by the beginning of an id: each of them goes over all tags or transactions.
const MAX_SEARCHED: usize = 50;

/// A list of pasted items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GraphLookupQuery)]
pub struct LookupQuery {
    /// Addresses, transaction ids, names: at most 1,000 of up to 200 bytes.
    pub items: Vec<String>,
    /// Only this chain: the network's name, usual name, ticker or CAIP-2 id.
    #[serde(default)]
    pub chain: Option<String>,
}

/// Chains that are searched.
struct Searched {
    outputs: Vec<Arc<Snapshot>>,
    accounts: Vec<Arc<AccountSnapshot>>,
    /// Tags of the store.
    tags: Option<Arc<TagStore>>,
    /// Names and beginnings that were searched for.
    searched: usize,
}

/// Returns whether an item is a whole address or hash, of which the look-up by its form says all.
fn is_whole(text: &str) -> bool {
    let hash = text.strip_prefix("0x").unwrap_or(text).split(':').next().unwrap_or_default();
    // What has the form of no address known here may be a name.
    let is_address = || Address::check(text).is_ok_and(|address| !matches!(address, Address::Other(_)));
    (hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit())) || is_address()
}

impl Searched {
    fn new(chains: &OpenChains, name: Option<&str>) -> Result<Self, ExploreError> {
        let of_outputs = chains.first.first().map(|chain| chain.tags.clone());
        let tags = of_outputs.or_else(|| chains.accounts.first().map(|chain| chain.tags.clone()));
        let (outputs, accounts) = match name.map(str::trim).filter(|name| !name.is_empty()) {
            None => (chains.first.clone(), chains.accounts.clone()),
            Some(name) => match outputs_named(chains, name) {
                Some(chain) => (vec![chain.clone()], Vec::new()),
                None => (
                    Vec::new(),
                    vec![pick_accounts(&chains.accounts, "", Some(name)).map_err(|_| unknown(chains, name))?],
                ),
            },
        };
        Ok(Searched { outputs, accounts, tags, searched: 0 })
    }

    /// Searches for an item; none where nothing is known, with the reason.
    fn find(&mut self, item: &str, clearance: Tlp) -> Result<Lookup, String> {
        let text = bare(item);
        let outputs: Vec<_> = self.outputs.iter().filter(|chain| chain.subject(&text).is_ok()).cloned().collect();
        let accounts: Vec<_> = self.accounts.iter().filter(|chain| chain.stores(&text)).cloned().collect();
        if !outputs.is_empty() || !accounts.is_empty() {
            return Ok(OpenChains { first: outputs, accounts }.lookup(&text, clearance));
        }
        let is_tagged = self.tags.as_ref().is_some_and(|tags| tags.tags_of(&text).any(|tag| tag.is_for(clearance)));
        if is_tagged {
            // Tags are the store's: one chain tells them.
            let first: Vec<_> = self.outputs.iter().take(1).cloned().collect();
            let accounts = if first.is_empty() { self.accounts.clone() } else { Vec::new() };
            return Ok(OpenChains { first, accounts }.lookup(&text, clearance));
        }
        if is_whole(&text) {
            return Err("well formed, but no stored block mentions it and no tag names it".into());
        }
        if self.searched >= MAX_SEARCHED {
            return Err(format!(
                "not searched for: a list has at most {MAX_SEARCHED} names and beginnings of ids; send the others in a list of their own"
            ));
        }
        self.searched += 1;
        let all = OpenChains { first: self.outputs.clone(), accounts: self.accounts.clone() };
        let found = all.lookup(item, clearance);
        if found.hits.is_empty() {
            Err("no address, id, tag or actor here is or begins like it".into())
        } else {
            Ok(found)
        }
    }

    fn choice(&self, hit: Hit) -> Choice {
        let of_outputs = || {
            let chain = self.outputs.iter().find(|chain| chain.subject(&hit.id).is_ok());
            chain.filter(|_| hit.in_ledger).map(|chain| chain.ledger.network().to_string())
        };
        Choice {
            chain: hit.chain.clone().or_else(of_outputs),
            kind: hit.kind,
            name: hit.name,
            category: hit.category,
            risk: hit.risk,
            in_ledger: hit.in_ledger,
            examples: if hit.addresses > 1 { hit.examples } else { Vec::new() },
            id: hit.id,
        }
    }

    fn look_up(&mut self, item: &str, clearance: Tlp) -> LookedUp {
        let unknown = |reason: String| LookedUp {
            item: item.chars().take(MAX_ITEM).collect(),
            state: Found::Unknown,
            choices: Vec::new(),
            more: 0,
            reason: Some(reason),
        };
        if item.len() > MAX_ITEM {
            return unknown(format!("longer than {MAX_ITEM} bytes"));
        }
        let found = match self.find(item, clearance) {
            Ok(found) if !found.hits.is_empty() => found,
            Ok(_) => return unknown("nothing is known of it here".into()),
            Err(reason) => return unknown(reason),
        };
        let more = found.hits.len().saturating_sub(MAX_CHOICES) as u64 + found.more;
        let is_one = found.hits.len() == 1 && found.more == 0;
        let kinds = found.hits.len();
        let choices: Vec<Choice> = found.hits.into_iter().take(MAX_CHOICES).map(|hit| self.choice(hit)).collect();
        let several = || format!("{} things are called so; choose one", kinds as u64 + found.more);
        LookedUp {
            item: item.to_owned(),
            state: if is_one { Found::Resolved } else { Found::Ambiguous },
            choices,
            more,
            reason: if is_one { None } else { Some(found.notes.first().cloned().unwrap_or_else(several)) },
        }
    }
}

/// Looks up a list of items, for a reader of labels up to `clearance`.
///
/// # Errors
/// [`ExploreError`] for an empty or too long list, and a chain that is not there.
pub fn lookup(chains: &OpenChains, query: &LookupQuery, clearance: Tlp) -> Result<LookupReport, ExploreError> {
    if query.items.is_empty() || query.items.len() > MAX_ITEMS {
        let wrong = format!("{} items; give 1 to {MAX_ITEMS}, more in several lists", query.items.len());
        return Err(Invalid::new("items", wrong).into());
    }
    let mut searched = Searched::new(chains, query.chain.as_deref())?;
    let (mut seen, mut items, mut repeated) = (HashSet::new(), Vec::new(), 0);
    for item in query.items.iter().map(|item| item.trim()).filter(|item| !item.is_empty()) {
        if seen.insert(item) {
            items.push(searched.look_up(item, clearance));
        } else {
            repeated += 1;
        }
    }
    let count = |state: Found| items.iter().filter(|item| item.state == state).count() as u64;
    let (resolved, ambiguous, unknown) = (count(Found::Resolved), count(Found::Ambiguous), count(Found::Unknown));
    Ok(LookupReport { items, resolved, ambiguous, unknown, repeated })
}
