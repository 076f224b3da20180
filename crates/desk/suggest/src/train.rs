//! A model of accounts from histories, and from what people said of earlier suggestions.

use crate::{Histories, SuggestError};
use holdfast_decision::Purpose;
use holdfast_learned::Decided;
use holdfast_models::accounts::{AccountEvent, Amounts, payments_features, payments_schema};
use holdfast_models::fit::{Plan, fit};
use holdfast_models::leaks::Explained;
use holdfast_models::split::TimeSplit;
use holdfast_models::{GroupId, Label, Model, ModelError, ModelHash, Params, Rows, Schema, Table, graph, whole_chain};
use holdfast_types::Timestamp;
use serde::Serialize;

/// Decimals of the coin of an EVM chain.
pub(crate) const DECIMALS: u8 = 18;

/// How a model of accounts is trained.
#[derive(Clone, Debug)]
pub struct AccountPlan {
    /// Share of accounts that analysts can review, above 0 to 1.
    pub budget: f64,
    /// Whether features may depend on how large amounts are.
    pub amounts: Amounts,
    /// How accounts are split, by the time of their first payment.
    pub split: TimeSplit,
    /// Parameters of the learner.
    pub params: Params,
    /// Features that separate the classes alone, and why they are no leak.
    pub explained: Vec<Explained>,
    /// Kinds of crime that no account shows, for the model card.
    pub never_seen: Vec<String>,
    /// The model that this one is to replace.
    pub parent: Option<ModelHash>,
}

impl AccountPlan {
    /// Returns the usual plan for a budget. Amounts are left out: those of accounts collected as ordinary ones often give the collector away.
    #[must_use]
    pub fn of(budget: f64) -> Self {
        AccountPlan {
            budget,
            amounts: Amounts::Without,
            split: TimeSplit::default(),
            params: Params::default(),
            explained: Vec::new(),
            never_seen: Vec::new(),
            parent: None,
        }
    }
}

/// A trained model and what it was trained on.
#[derive(Clone, Debug)]
pub struct AccountTraining {
    /// The model.
    pub model: Model,
    /// Counts.
    pub counts: Counts,
}

/// Which accounts a training used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Accounts read.
    pub accounts: u64,
    /// Those of the crime.
    pub positives: u64,
    /// Accounts left out: they have no payment, so that a ledger has nothing of them.
    pub without_payments: u64,
    /// Groups of accounts that paid each other.
    pub groups: u64,
    /// Further rows: suggestions that a person accepted or rejected.
    pub decided: u64,
    /// Decided suggestions left out: their rows have other features, or nobody looked at what is learned from.
    pub decided_unused: u64,
}

/// Trains a model of the purpose `account-phishing`. An account's row has the features of all its payments; its time is that of the first one, so that
/// what is measured are accounts that began later than all that was learned from. Accounts that paid each other are never on both sides.
///
/// # Errors
/// [`SuggestError::Learned`] when there are too few accounts of a class or a feature gives the answer away.
pub fn train(histories: &Histories, decided: &[Decided], plan: &AccountPlan) -> Result<AccountTraining, SuggestError> {
    let mut gathered = Gathered::of(payments_schema(plan.amounts)?, histories);
    for (account, group) in histories.accounts.iter().zip(histories.groups()) {
        let Some(first) = account.events.iter().filter(|e| e.is_payment()).map(|e: &AccountEvent| e.at).min() else {
            gathered.counts.without_payments += 1;
            continue;
        };
        let row = payments_features(&account.events, Timestamp::MAX, DECIMALS, plan.amounts);
        gathered.push(&row, account.label, first, group as u64);
    }
    gathered.fit(decided, plan)
}

/// Rows of accounts, before they are fitted.
pub(crate) struct Gathered {
    schema: Schema,
    columns: Vec<Vec<f64>>,
    labels: Vec<Label>,
    times: Vec<Timestamp>,
    groups: Vec<GroupId>,
    pub(crate) counts: Counts,
}

impl Gathered {
    /// No row yet, of these accounts.
    pub(crate) fn of(schema: Schema, accounts: &Histories) -> Self {
        let all = &accounts.accounts;
        let counts = Counts {
            accounts: all.len() as u64,
            positives: all.iter().filter(|a| a.label == Label::Positive).count() as u64,
            groups: accounts.groups().iter().enumerate().filter(|(n, group)| n == *group).count() as u64,
            ..Counts::default()
        };
        let columns = vec![Vec::new(); schema.len()];
        Gathered { schema, columns, labels: Vec::new(), times: Vec::new(), groups: Vec::new(), counts }
    }

    pub(crate) fn push(&mut self, values: &[f64], label: Label, at: Timestamp, group: u64) {
        self.columns.iter_mut().zip(values).for_each(|(column, value)| column.push(*value));
        self.labels.push(label);
        self.times.push(at);
        self.groups.push(GroupId(group));
    }

    /// Adds what people decided of suggestions, each a group of its own, and fits.
    pub(crate) fn fit(mut self, decided: &[Decided], plan: &AccountPlan) -> Result<AccountTraining, SuggestError> {
        let names: Vec<String> = self.schema.features().iter().map(|f| f.name.clone()).collect();
        // What is missing only because an earlier model had no use for it would tell the classes apart.
        let looked_at = [graph::LOOKED_AT, whole_chain::LOOKED_AT].map(|name| self.schema.position(name));
        for (suggestion, group) in decided.iter().zip(self.counts.accounts..) {
            let places: Option<Vec<usize>> =
                names.iter().map(|name| suggestion.names.iter().position(|known| known == name)).collect();
            let row: Option<Vec<f64>> = places.and_then(|places| {
                places.iter().map(|p| suggestion.values.get(*p).map(|v| v.unwrap_or(f64::NAN))).collect()
            });
            let was_looked_at = |row: &Vec<f64>| looked_at.iter().flatten().all(|place| !row[*place].is_nan());
            let Some(row) = row.filter(was_looked_at) else {
                self.counts.decided_unused += 1;
                continue;
            };
            self.counts.decided += 1;
            let label = if suggestion.is_accepted { Label::Positive } else { Label::Negative };
            self.push(&row, label, suggestion.first, group);
        }
        if self.labels.is_empty() {
            let none = "no account has a payment that can be learned from; give accounts of both classes";
            return Err(ModelError::TooFew(none.to_owned()).into());
        }
        let rows = Rows::new(Table::new(self.schema, self.columns)?, self.labels, self.times, self.groups)?;
        let plan = Plan {
            purpose: Purpose::AccountPhishing.name().to_owned(),
            params: plan.params.clone(),
            split: plan.split,
            budget: plan.budget,
            explained: plan.explained.clone(),
            never_seen: plan.never_seen.clone(),
            code: env!("CARGO_PKG_VERSION").to_owned(),
            parent: plan.parent,
            unlabelled: 0,
        };
        Ok(AccountTraining { model: fit(&rows, &plan)?, counts: self.counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AmountUnit;
    use std::fmt::Write;

    /// Accounts that receive from many and empty themselves soon, and others that keep what they get, in a mixed order of time.
    fn histories(accounts: u32) -> Histories {
        let mut all = Histories::default();
        for n in 0..accounts {
            let is_positive = n % 3 == 0;
            // One in ten behaves as the other class does.
            let collects = is_positive != (n % 10 == 7);
            let own = format!("0x{n:040x}");
            let mut text = "TimeStamp,From,To,Value,isError\n".to_owned();
            let start = i64::from(n) * 86_400;
            for k in 0..6 + n % 5 {
                let (at, from) = (start + i64::from(k * (600 + n % 97)), 1_000_000 + n * 100 + k);
                writeln!(text, "{at},0x{from:040x},{own},0.{},0", 1 + (n + k) % 9).unwrap();
                if collects && k % 2 == 1 {
                    writeln!(text, "{},{own},0x{:040x},0.3,0", at + 60, 9_000_000 + n).unwrap();
                }
            }
            all.add(&own, is_positive, &text, AmountUnit::Coin).unwrap();
        }
        all
    }

    fn plan() -> AccountPlan {
        AccountPlan { params: Params { trees: 20, ..Params::default() }, ..AccountPlan::of(0.1) }
    }

    #[test]
    fn a_model_has_features_of_payments_only_and_is_the_same_twice() {
        let all = histories(600);
        let trained = train(&all, &[], &plan()).unwrap();
        assert_eq!((trained.counts.accounts, trained.counts.positives, trained.counts.without_payments), (600, 200, 0));
        let content = trained.model.content();
        assert_eq!(content.purpose, "account-phishing");
        assert!(content.schema.features().iter().all(|f| f.name.starts_with("payments_") && f.family != "amounts"));
        let measured = content.training.as_ref().unwrap().measured;
        assert!(measured.average_precision.value > 0.6, "{:?}", measured.average_precision);
        assert_eq!(train(&all, &[], &plan()).unwrap().model.hash(), trained.model.hash());
    }

    #[test]
    fn a_model_is_measured_on_accounts_that_it_never_saw() {
        let trained = train(&histories(600), &[], &plan()).unwrap();
        let scored = crate::score_histories(&trained.model, &histories(90), 0.1).unwrap();
        assert_eq!((scored.accounts.len(), scored.without_payments), (90, 0));
        assert!(scored.accounts[0].is_positive && scored.accounts[0].address.ends_with("00"));
        let measured = scored.measured.unwrap();
        assert!(measured.rows == 90 && measured.average_precision.value > 0.6, "{measured:?}");
        let refused = crate::score_histories(&trained.model, &histories(9), 0.0).unwrap_err().to_string();
        assert!(refused.contains("budget"), "{refused}");
        let of_events = holdfast_testing::value_model("event-risk", 5_000);
        let refused = crate::score_histories(&of_events, &histories(9), 0.1).unwrap_err().to_string();
        assert!(refused.contains("event_value"), "{refused}");
    }

    #[test]
    fn what_a_person_decided_is_a_label() {
        let all = histories(600);
        let before = train(&all, &[], &plan()).unwrap();
        let schema = payments_schema(Amounts::Without).unwrap();
        let names: Vec<String> = schema.features().iter().map(|f| f.name.clone()).collect();
        let decided = Decided {
            values: vec![Some(1.0); names.len()],
            names,
            is_accepted: false,
            first: Timestamp::from_unix(86_400 * 100),
        };
        let other = Decided { names: vec!["payments_balance_kept".into()], values: vec![Some(1.0)], ..decided.clone() };
        let after = train(&all, &[decided, other], &plan()).unwrap();
        assert_eq!((after.counts.decided, after.counts.decided_unused), (1, 1));
        let rows = |t: &AccountTraining| {
            let training = t.model.content().training.as_ref().unwrap();
            training.training.rows + training.validation.rows + training.test.rows + training.in_gap
        };
        assert_eq!(rows(&after), rows(&before) + 1);
    }

    #[test]
    fn accounts_without_payments_are_left_out_and_none_is_too_few() {
        let mut all = Histories::default();
        let own = format!("0x{:040x}", 5);
        let text = format!("TimeStamp,From,To,Value,isError\n1,0x{:040x},{own},1,1\n", 6);
        all.add(&own, true, &text, AmountUnit::Coin).unwrap();
        let refused = train(&all, &[], &plan()).unwrap_err().to_string();
        assert!(refused.contains("no account has a payment that"), "{refused}");
    }
}
