//! A model of accounts from a ledger: of addresses that somebody labelled, with the payments around each, which the histories of explorers have not.

use crate::ledger::Budget;
use crate::pass::{Beside, read};
use crate::service::{account_of, readable};
use crate::train::Gathered;
use crate::{AccountPlan, AccountTraining, Histories, NotLooked, StoredChain, SuggestError};
use holdfast_learned::Decided;
use holdfast_models::accounts::{Amounts, ledger_places, ledger_schema};
use holdfast_models::leaks::Explained;
use holdfast_models::{ModelHash, Schema, whole_chain};
use holdfast_types::{AccountId, Invalid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use utoipa::ToSchema;

/// Most labelled addresses of a training on a ledger.
pub const MAX_LABELLED: usize = 20_000;
/// Largest list of labels, bytes.
const MAX_LABELS: usize = 2 << 20;
/// Most postings that a training reads of all accounts together.
const MAX_POSTINGS_READ: usize = 50_000_000;

/// Which addresses of a ledger a model is trained on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AccountsTraining)]
#[serde(deny_unknown_fields)]
pub struct LedgerRequest {
    /// Name or CAIP-2 id of an account chain, such as ethereum.
    pub chain: String,
    /// CSV `address,label` with labels positive and negative, at most 20,000 lines. Both classes must be chosen in the same way.
    pub labels: String,
    /// Share of accounts that analysts can review, above 0 to 1.
    pub budget: f64,
    /// Whether the model learns from how large amounts are too.
    #[serde(default)]
    pub with_amounts: bool,
    /// Whether it learns from the counts over the whole chain too, which `holdfast-analytics features` gave and `install` brought back: looking needs them then.
    #[serde(default)]
    pub whole_chain: bool,
    /// Features that separate the classes alone, and why they are no leak.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub explained: Vec<Explained>,
    /// Kinds of crime that no account shows, for the model card.
    #[serde(default)]
    pub never_seen: Vec<String>,
    /// The model that this one is to replace.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent: Option<ModelHash>,
}

/// A model of a ledger's accounts and what it was trained on.
#[derive(Clone, Debug)]
pub struct LedgerTraining {
    /// The model, and counts.
    pub trained: AccountTraining,
    /// Labelled addresses that nothing was learned from, by reason.
    pub not_looked: BTreeMap<NotLooked, u64>,
    /// Height of the block that counts over the whole chain are as of; none where they were not asked for.
    pub figures_block: Option<u64>,
}

impl LedgerRequest {
    /// Returns the plan of a training.
    fn plan(&self) -> AccountPlan {
        AccountPlan {
            amounts: if self.with_amounts { Amounts::With } else { Amounts::Without },
            explained: self.explained.clone(),
            never_seen: self.never_seen.clone(),
            parent: self.parent,
            ..AccountPlan::of(self.budget)
        }
    }

    /// Returns the features that are learned from.
    fn schema(&self, amounts: Amounts) -> Result<Schema, SuggestError> {
        let (all, whole) = (ledger_schema(amounts)?, whole_chain::schema()?);
        let wanted = all.features().iter().filter(|f| self.whole_chain || whole.position(&f.name).is_none());
        Ok(Schema::new(wanted.cloned().collect())?)
    }

    /// Reads the labelled accounts, in the order of the list, and checks the rest.
    ///
    /// # Errors
    /// [`Invalid`] names the field and the line.
    pub fn accounts(&self) -> Result<Vec<(AccountId, bool)>, Invalid> {
        if !(self.budget > 0.0 && self.budget <= 1.0) {
            return Err(Invalid::new("budget", format!("is {}; above 0 to 1", self.budget)));
        }
        let wrong = |line: usize, what: String| Err(Invalid::new("labels", format!("line {line}: {what}")));
        if self.labels.len() > MAX_LABELS {
            return wrong(1, format!("the list is larger than {MAX_LABELS} bytes"));
        }
        let mut lines = self.labels.lines().enumerate();
        if lines.next().map(|l| l.1.trim()) != Some("address,label") {
            return wrong(1, "the header must be address,label".to_owned());
        }
        let (mut found, mut seen) = (Vec::new(), HashMap::new());
        for (n, line) in lines.filter(|l| !l.1.trim().is_empty()) {
            let Some((address, label)) = line.trim().split_once(',') else {
                return wrong(n + 1, "an address, a comma, then positive or negative".to_owned());
            };
            let is_positive = match label.trim() {
                "positive" => true,
                "negative" => false,
                _ => return wrong(n + 1, "the label must be positive or negative".to_owned()),
            };
            let account = account_of("labels", address);
            let account = account.map_err(|e| Invalid::new("labels", format!("line {}: {}", n + 1, e.problem)))?;
            match seen.insert(account, is_positive) {
                None => found.push((account, is_positive)),
                Some(before) if before == is_positive => {}
                Some(_) => return wrong(n + 1, "the address has the other label in a line before".to_owned()),
            }
            if found.len() > MAX_LABELLED {
                return wrong(n + 1, format!("more than {MAX_LABELLED} addresses; leave some out"));
            }
        }
        Ok(found)
    }
}

/// Trains a model of the purpose `account-phishing` on labelled addresses of a ledger and on what people decided of suggestions. An account's row has the features
/// of its payments up to the last final block, those of the payments around it in the week before its last one and, where it is asked for, those of its counts
/// over the whole chain. Its time is that of its first payment;
/// accounts that paid each other are never on both sides. `watch` is told how many addresses are done, and may end it: nothing is returned then.
///
/// # Errors
/// [`SuggestError::Invalid`] names a field; [`SuggestError::State`] for a chain that is no EVM chain, an empty ledger, or counts that are not installed; [`SuggestError::Learned`] when there are
/// too few accounts of a class or a feature gives the answer away.
pub fn train_on_ledger(
    at: StoredChain<'_>,
    request: &LedgerRequest,
    decided: &[Decided],
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Option<LedgerTraining>, SuggestError> {
    let (accounts, plan) = (request.accounts()?, request.plan());
    let (ledger, (_, until)) = (at.ledger, readable(at)?);
    let schema = request.schema(plan.amounts)?;
    let (places, beside) = (ledger_places(&schema)?, Beside::of(&schema, at)?);
    let (mut histories, mut rows) = (Histories::default(), Vec::new());
    let (mut not_looked, mut budget) = (BTreeMap::new(), Budget(MAX_POSTINGS_READ));
    for (n, (account, is_positive)) in accounts.into_iter().enumerate() {
        if watch(n).is_break() {
            return Ok(None);
        }
        let Some(number) = ledger.account_number(&account) else {
            *not_looked.entry(NotLooked::Unknown).or_default() += 1;
            continue;
        };
        match read(ledger, number, until.height, &beside, &mut budget)? {
            Ok((payments, all)) => {
                let values: Vec<f64> = places.iter().map(|p| all.get(*p).copied().unwrap_or(f64::NAN)).collect();
                rows.push((values, payments.first));
                histories.add_read(number.into(), is_positive, payments.events);
            }
            Err(why) => *not_looked.entry(why).or_default() += 1,
        }
    }
    let mut gathered = Gathered::of(schema, &histories);
    for ((account, group), (values, first)) in histories.accounts.iter().zip(histories.groups()).zip(&rows) {
        gathered.push(values, account.label, *first, group as u64);
    }
    let trained = gathered.fit(decided, &plan)?;
    Ok(Some(LedgerTraining { trained, not_looked, figures_block: beside.figures_block() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(labels: &str) -> LedgerRequest {
        LedgerRequest {
            chain: "ethereum".into(),
            labels: labels.into(),
            budget: 0.1,
            with_amounts: false,
            whole_chain: false,
            explained: Vec::new(),
            never_seen: Vec::new(),
            parent: None,
        }
    }

    #[test]
    fn labels_that_are_wrong_are_refused_with_their_line() {
        let (one, two) = (format!("0x{:040x}", 1), format!("0x{:040x}", 2));
        let good = format!("address,label\n{one},positive\n\n{two},negative\n{one},positive\n");
        let found = request(&good).accounts().unwrap();
        assert_eq!(found.iter().map(|a| a.1).collect::<Vec<_>>(), [true, false]);
        for (text, expected) in [
            (format!("{one},positive\n"), "labels: line 1: the header"),
            (format!("{good}{two},positive\n"), "line 6: the address has the other label"),
            (format!("{good}{two},maybe\n"), "line 6: the label must be"),
            (format!("{good}somebody,positive\n"), "line 6: 'somebody' is no address"),
            (format!("{good}{two}\n"), "line 6: an address, a comma"),
        ] {
            let refused = request(&text).accounts().unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
        let refused = LedgerRequest { budget: 0.0, ..request(&good) }.accounts().unwrap_err().to_string();
        assert!(refused.contains("budget"), "{refused}");
    }
}
