//! Suggestions of a desk: made by a pass over addresses of a ledger, decided by people.

use crate::pass::{candidates, look, values_of};
use crate::{AccountPlan, AccountTraining, Histories, MAX_PASS, NotLooked, StoredChain, SuggestError, train};
use holdfast_account_ledger::{BlockInfo, Ledger};
use holdfast_attribution::own::OwnTag;
use holdfast_attribution::tags::Confidence;
use holdfast_decision::Purpose;
use holdfast_learned::{
    Decided, LearnedError, ModelState, NewSuggestion, Stored, Suggestion, SuggestionState, decided, settle, suggest,
    suggestion, suggestions,
};
use holdfast_models::reasons::{Phrases, Reason, reasons};
use holdfast_models::{Model, ModelHash};
use holdfast_screening::Screening;
use holdfast_store::Store;
use holdfast_types::{AccountId, Address, AssetId, ChainId, Invalid, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use utoipa::ToSchema;

/// Category of the taxonomy that models of the purpose `account-phishing` suggest.
pub const CATEGORY: &str = "phishing";
/// Most suggestions of a pass, by default.
const MOST: u64 = 100;
/// Newest blocks that are looked through, by default: a day of Ethereum.
const BLOCKS: u64 = 7_200;
/// Most blocks that are looked through.
pub const MAX_PASS_BLOCKS: u64 = 100_000;

/// Which addresses are looked at.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = SuggestionPass)]
#[serde(deny_unknown_fields)]
pub struct Pass {
    /// SHA-256 of a model that is champion or in shadow; by default the champion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub model: Option<ModelHash>,
    /// Addresses; by default those that received coin in the newest blocks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// How many of the newest blocks, where no addresses are given: by default 7,200, a day of Ethereum; at most 100,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<u64>,
    /// Least probability, above 0 and below 1; by default the threshold that training chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// Most suggestions that are stored, the most probable ones: by default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
}

/// What a pass did.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = SuggestionPassReport)]
pub struct PassReport {
    /// CAIP-2 id of the chain.
    pub chain: String,
    /// SHA-256 of the model's file.
    #[schema(value_type = String)]
    pub model: ModelHash,
    /// Height of the last block that was looked at.
    pub block: u64,
    /// Height of the first block that the ledger has.
    pub from_block: u64,
    /// Height of the block that counts over the whole chain are as of; none where the model has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures_block: Option<u64>,
    /// Addresses that were scored.
    pub scored: u64,
    /// Addresses that were not, by reason: nothing is known of them.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub not_looked: BTreeMap<NotLooked, u64>,
    /// Whether more addresses received coin in those blocks than are looked at.
    pub is_cut: bool,
    /// Addresses at or above the threshold.
    pub found: u64,
    /// What was stored of them.
    pub stored: Stored,
}

/// A suggestion with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// The suggestion.
    #[serde(flatten)]
    pub suggestion: Suggestion,
    /// The families of features that moved its score most, strongest first.
    pub reasons: Vec<Reason>,
}

/// Suggestions, over the screening service's database.
#[derive(Clone, Copy, Debug)]
pub struct Suggestions<'a> {
    /// The database's one writer.
    pub screening: &'a Screening,
}

impl Suggestions<'_> {
    /// Trains a model of accounts on histories and on what people decided of suggestions.
    ///
    /// # Errors
    /// As [`train`].
    pub fn train(&self, histories: &Histories, plan: &AccountPlan) -> Result<AccountTraining, SuggestError> {
        train(histories, &self.decided()?, plan)
    }

    /// Returns what people decided, as labels for a training.
    ///
    /// # Errors
    /// [`SuggestError::Learned`] when the database fails.
    pub fn decided(&self) -> Result<Vec<Decided>, SuggestError> {
        let mut found = Ok(Vec::new());
        Store::read(self.screening, |db| {
            found = decided(db);
            Ok(())
        })?;
        Ok(found?)
    }

    /// Looks at addresses of a chain with a model and stores what it suggests. `is_tagged` says whether an address has a tag: those are left out. `watch` is told
    /// how many addresses are done, and may end it: nothing is stored then.
    ///
    /// # Errors
    /// [`SuggestError::State`] when no model may be used, the chain is no EVM chain or its ledger is empty; [`SuggestError::Invalid`] names a field.
    pub fn pass(
        &self,
        at: StoredChain<'_>,
        pass: &Pass,
        is_tagged: &dyn Fn(&str) -> bool,
        actor: &str,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Option<PassReport>, SuggestError> {
        let blocks = pass.blocks.unwrap_or(BLOCKS);
        if blocks == 0 || blocks > MAX_PASS_BLOCKS {
            return Err(Invalid::new("blocks", format!("is {blocks}; 1 to {MAX_PASS_BLOCKS}")).into());
        }
        let model = self.usable(pass.model)?;
        let (StoredChain { chain, ledger, .. }, (first, until)) = (at, readable(at)?);
        let mut not_looked: BTreeMap<NotLooked, u64> = BTreeMap::new();
        let (mut accounts, is_cut) = if pass.addresses.is_empty() {
            candidates(ledger, until.height, blocks, MAX_PASS)?
        } else {
            (named(ledger, &pass.addresses, &mut not_looked)?, false)
        };
        let address = |account: u32| -> Result<String, SuggestError> {
            Ok(ledger.account(account)?.to_address(chain).to_string())
        };
        let mut untagged = Vec::with_capacity(accounts.len());
        for account in accounts.drain(..) {
            if is_tagged(&address(account)?) {
                *not_looked.entry(NotLooked::Tagged).or_default() += 1;
            } else {
                untagged.push(account);
            }
        }
        let Some(looked) = look(&model, at, &untagged, until.height, pass.least, watch)? else { return Ok(None) };
        looked.not_looked.iter().for_each(|(why, n)| *not_looked.entry(*why).or_default() += n);
        let block_time = Timestamp::from_unix(i64::try_from(until.time).unwrap_or(i64::MAX));
        let most = usize::try_from(pass.most.unwrap_or(MOST)).unwrap_or(usize::MAX);
        let mut new = Vec::new();
        for found in looked.found.iter().take(most) {
            new.push(NewSuggestion {
                chain: chain.clone(),
                address: address(found.account)?,
                category: CATEGORY,
                model: model.hash(),
                score: found.score,
                probability_ppm: found.probability_ppm,
                block: until.height,
                block_time,
                from_block: first.height,
                payments: found.payments,
                first_payment: found.first,
                features: found.features.clone(),
            });
        }
        let mut report = PassReport {
            chain: chain.to_string(),
            model: model.hash(),
            block: until.height,
            from_block: first.height,
            figures_block: looked.figures_block,
            scored: looked.scored,
            not_looked,
            is_cut,
            found: looked.found.len() as u64,
            stored: Stored::default(),
        };
        let detail = json!({
            "chain": report.chain, "model": report.model, "block": report.block, "scored": report.scored, "found": report.found,
            "not_looked": report.not_looked,
        });
        report.stored = self.screening.transact(actor, move |tx| {
            let tx: &mut dyn holdfast_store::Change = tx;
            let stored = suggest(tx, &new)?;
            tx.audit("suggestion.pass", "suggestions", &detail.to_string());
            Ok::<_, SuggestError>(stored)
        })?;
        Ok(Some(report))
    }

    /// Returns the model that suggests: the one named, or the champion.
    fn usable(&self, named: Option<ModelHash>) -> Result<Arc<Model>, SuggestError> {
        let purpose = Purpose::AccountPhishing;
        let hash = match named {
            Some(hash) => hash,
            None => {
                let all = Store::read(self.screening, |db| {
                    holdfast_learned::list(db, Some(purpose), Some(ModelState::Champion))
                })?;
                all.first().map(|entry| entry.model).ok_or_else(|| {
                    SuggestError::State(format!(
                        "no model of {purpose} is champion; name one in shadow, or promote one"
                    ))
                })?
            }
        };
        let unknown = || LearnedError::NotFound(format!("model {hash}"));
        let entry = Store::read(self.screening, |db| holdfast_learned::entry(db, hash))?.ok_or_else(unknown)?;
        if entry.purpose != purpose || !matches!(entry.state, ModelState::Shadow | ModelState::Champion) {
            return Err(SuggestError::State(format!(
                "model {hash} is a {} of {}; a model of {purpose} in shadow, or the champion, suggests tags",
                entry.state, entry.purpose
            )));
        }
        Ok(Store::read(self.screening, |db| holdfast_learned::model(db, hash))?.ok_or_else(unknown)?)
    }

    /// Returns suggestions, in one state where it is given, the most probable first.
    ///
    /// # Errors
    /// [`SuggestError::Learned`] when the database fails.
    pub fn list(&self, state: Option<SuggestionState>, skip: u64, limit: u64) -> Result<Vec<Suggestion>, SuggestError> {
        Ok(Store::read(self.screening, |db| suggestions(db, state, skip, limit))?)
    }

    /// Returns a suggestion.
    ///
    /// # Errors
    /// [`SuggestError::Learned`] for one that there is not.
    pub fn get(&self, id: u64) -> Result<Suggestion, SuggestError> {
        let found = Store::read(self.screening, |db| suggestion(db, id))?;
        Ok(found.ok_or_else(|| LearnedError::NotFound(format!("suggestion {id}")))?)
    }

    /// Returns a suggestion with its reasons in a language (`en`, `es`, `de`; others are answered in English), computed from the stored row and the model's file.
    ///
    /// # Errors
    /// As [`Suggestions::get`]; [`SuggestError::State`] when the stored score does not follow from the row.
    pub fn explain(&self, id: u64, language: &str) -> Result<Explained, SuggestError> {
        let suggestion = self.get(id)?;
        let model = Store::read(self.screening, |db| holdfast_learned::model(db, suggestion.model))?;
        let model = model.ok_or_else(|| LearnedError::NotFound(format!("model {}", suggestion.model)))?;
        let values = values_of(&model, &suggestion.features)?;
        let score = model.score(&values).to_string();
        if score != suggestion.score {
            return Err(SuggestError::State(format!(
                "the score of suggestion {id} is {} as stored and {score} by its row of features; restore it from a backup",
                suggestion.score
            )));
        }
        let phrases = Phrases::of(language).or_else(|_| Phrases::of("en"))?;
        Ok(Explained { reasons: reasons(&model, &values, &phrases), suggestion })
    }

    /// Notes what a person decided. The tag of an accepted suggestion is stated by the caller, before this.
    ///
    /// # Errors
    /// As [`settle`].
    pub fn settle(&self, id: u64, accepted: bool, note: &str, actor: &str) -> Result<Suggestion, SuggestError> {
        let note = note.to_owned();
        self.screening.transact(actor, move |tx| Ok(settle(tx, id, accepted, &note)?))
    }
}

/// Returns the own tag that a person states by accepting a suggestion.
///
/// # Errors
/// [`SuggestError::State`] when the chain as stored is none.
pub fn tag_of(suggestion: &Suggestion) -> Result<OwnTag, SuggestError> {
    let unread = |_| {
        SuggestError::State(format!("suggestion {} is of '{}', which is no chain", suggestion.id, suggestion.chain))
    };
    let chain: ChainId = suggestion.chain.parse().map_err(unread)?;
    Ok(OwnTag {
        address: suggestion.address.clone(),
        asset: AssetId::native_of(&chain).to_string(),
        label: format!("{}, suggested by a model", suggestion.category),
        source: format!("model {}", suggestion.model),
        category: suggestion.category.clone(),
        confidence: Some(Confidence::Heuristic),
        ..OwnTag::default()
    })
}

/// Reads an address of an EVM chain.
pub(crate) fn account_of(field: &str, text: &str) -> Result<AccountId, Invalid> {
    let wrong = || {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
        Invalid::new(field, format!("'{shown}' is no address of an EVM chain"))
    };
    match Address::read(text.trim()) {
        address @ Address::Evm(_) => AccountId::try_from(&address).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// Returns the first block of a ledger and the last one that is looked at: what is not final may be undone; a ledger that has nothing final is looked at whole.
///
/// # Errors
/// [`SuggestError::State`] for a chain that is no EVM chain, and for an empty ledger.
pub(crate) fn readable(at: StoredChain<'_>) -> Result<(BlockInfo, BlockInfo), SuggestError> {
    let StoredChain { chain, ledger, .. } = at;
    if chain.namespace() != "eip155" {
        return Err(SuggestError::State(format!("{chain} is no EVM chain: models of accounts are made on those")));
    }
    let (Some(first), Some(tip)) = (ledger.first()?, ledger.tip()?) else {
        return Err(SuggestError::State(format!("the ledger of {chain} has no block")));
    };
    let last = ledger.final_height().and_then(|height| ledger.block_at(height).transpose()).transpose()?;
    Ok((first, last.unwrap_or(tip)))
}

/// Returns the accounts of addresses; those that the ledger has nothing of are counted.
fn named(
    ledger: &Ledger,
    addresses: &[String],
    not_looked: &mut BTreeMap<NotLooked, u64>,
) -> Result<Vec<u32>, SuggestError> {
    if addresses.len() > MAX_PASS {
        return Err(Invalid::new("addresses", format!("{} of them; at most {MAX_PASS}", addresses.len())).into());
    }
    let mut accounts = Vec::with_capacity(addresses.len());
    for text in addresses {
        match ledger.account_number(&account_of("addresses", text)?) {
            Some(account) if !accounts.contains(&account) => accounts.push(account),
            Some(_) => {}
            None => *not_looked.entry(NotLooked::Unknown).or_default() += 1,
        }
    }
    Ok(accounts)
}
