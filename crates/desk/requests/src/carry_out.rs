//! What a granted answer does: data is preserved, funds are frozen, what a seizure moves is held; all within the order's scope.

use crate::RequestError;
use crate::intake::{SeizureState, basis, seizures_of};
use crate::matching::MAX_MATCHES;
use crate::policy::Policy;
use crate::request::Request;
use crate::scope::OrderScope;
use holdfast_decision::Scope;
use holdfast_documents::Vault;
use holdfast_screening::holds::HoldRequest;
use holdfast_screening::identifiers::find;
use holdfast_screening::service::Transaction;
use holdfast_store::{Database, DbError, number};
use holdfast_types::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Preserves the present data of the customers that the reviewer accepted.
pub(crate) fn preserve(
    tx: &mut Transaction<'_>,
    vault: &Vault,
    request: &Request,
    policy: &Policy,
) -> Result<(), RequestError> {
    let customers = someone_accepted(tx, &request.id)?;
    let judgement = policy.judge(request)?;
    let now = tx.now();
    let until = judgement.holds_until.map_or(Timestamp::MAX, |u| now + (u - request.received));
    for customer in customers {
        let data = crate::disclose::data(tx.db(), &customer, &request.classes, &request.scope)?;
        let sha256 = vault.store(&serde_json::to_vec(&data).unwrap_or_default())?;
        let row =
            [request.id.as_str().into(), customer.as_str().into(), sha256.as_str().into(), now.into(), until.into()];
        tx.db().execute(
            "INSERT INTO preservations (request, customer, sha256, kept, until, state) VALUES ($1, $2, $3, $4, $5, 'kept')
             ON CONFLICT (request, customer) DO NOTHING",
            &row,
        )?;
        let detail = json!({ "customer": customer, "sha256": sha256, "until": until }).to_string();
        tx.audit("preservation.kept", &format!("request:{}", request.id), &detail);
    }
    Ok(())
}

/// Holds the funds that a seizure will move, from the first approval on.
pub(crate) fn hold_for_seizure(
    tx: &mut Transaction<'_>,
    request: &Request,
    policy: &Policy,
) -> Result<Vec<u64>, RequestError> {
    let judgement = policy.judge(request)?;
    let mut holds = Vec::new();
    for s in seizures_of(tx.db(), &request.id)?.into_iter().filter(|s| s.state == SeizureState::Prepared) {
        // Where one account is meant, the amount is held there.
        let mut accounts = accounts_of(tx.db(), &s.transfer.customer, &request.scope)?;
        let account = accounts.pop().filter(|_| accounts.is_empty());
        let hold = tx.place_hold(HoldRequest {
            id: format!("seizure:{}", s.id),
            scope: Scope::Amount,
            customer: s.transfer.customer,
            account,
            asset: Some(s.transfer.asset),
            amount: Some(s.transfer.amount),
            transfer: None,
            basis: basis(&judgement, request),
            reason: format!("request {}: seizure to {}", request.id, s.transfer.destination),
            expires: None,
            review: None,
            second_person: Some(true),
        })?;
        tx.db().execute("UPDATE seizures SET hold = $1 WHERE id = $2", &[number(hold), number(s.id)])?;
        holds.push(hold);
    }
    Ok(holds)
}

/// Returns customers whom the reviewer accepted.
pub(crate) fn accepted(db: &mut Database, request: &str) -> Result<Vec<String>, DbError> {
    let sql = "SELECT customer FROM request_matches WHERE request = $1 AND verdict = 'accepted' ORDER BY customer";
    db.query(sql, &[request.into()])?.iter().map(|r| r.text(0).map(str::to_owned)).collect()
}

pub(crate) fn someone_accepted(tx: &mut Transaction<'_>, request: &str) -> Result<Vec<String>, RequestError> {
    let customers = accepted(tx.db(), request)?;
    match customers.is_empty() {
        true => Err(RequestError::State(format!(
            "request {request}: accept the match of a customer first; otherwise no account is identified"
        ))),
        false => Ok(customers),
    }
}

/// What a freeze covers of a customer: everything, or the accounts and assets that the order names.
fn frozen(scope: &OrderScope, accounts: &[String]) -> Vec<(Scope, Option<String>, Option<String>)> {
    let some = |list: &[String]| match list.is_empty() {
        true => vec![None],
        false => list.iter().map(|t| Some(t.clone())).collect::<Vec<_>>(),
    };
    let mut out = Vec::new();
    for account in some(accounts) {
        for asset in some(&scope.assets) {
            let kind = if asset.is_some() { Scope::Asset } else { Scope::Account };
            out.push((kind, account.clone(), asset));
        }
    }
    out
}

/// Returns those of an order's accounts that are a customer's.
pub(crate) fn accounts_of(db: &mut Database, customer: &str, scope: &OrderScope) -> Result<Vec<String>, DbError> {
    let mut own = Vec::new();
    for account in &scope.accounts {
        if find(db, "account", account, MAX_MATCHES)?.iter().any(|(owner, _)| owner == customer) {
            own.push(account.clone());
        }
    }
    Ok(own)
}

/// Freezes what the order names of the customers whom the reviewer accepted, for as long as the process holds from now on.
pub(crate) fn freeze(tx: &mut Transaction<'_>, request: &Request, policy: &Policy) -> Result<Vec<u64>, RequestError> {
    let customers = someone_accepted(tx, &request.id)?;
    let judgement = policy.judge(request)?;
    let expires = judgement.holds_until.map(|until| tx.now() + (until - request.received));
    let mut holds = Vec::new();
    for customer in customers {
        let accounts = accounts_of(tx.db(), &customer, &request.scope)?;
        if accounts.is_empty() && !request.scope.accounts.is_empty() {
            return Err(outside_accounts(request, &customer));
        }
        for (scope, account, asset) in frozen(&request.scope, &accounts) {
            // Without accounts and assets the id is what it was before orders could name them.
            let id = match (&account, &asset) {
                (None, None) => json!([request.id, customer]),
                _ => json!([request.id, customer, account, asset]),
            };
            let id = hex::encode(&Sha256::digest(id.to_string())[..16]);
            holds.push(tx.place_hold(HoldRequest {
                id: format!("desk:{id}"),
                scope,
                customer: customer.clone(),
                account,
                asset,
                amount: None,
                transfer: None,
                basis: basis(&judgement, request),
                reason: format!("request {} of {}", request.id, request.officer.agency),
                expires,
                review: None,
                second_person: Some(true),
            })?);
        }
    }
    Ok(holds)
}

pub(crate) fn outside_accounts(request: &Request, customer: &str) -> RequestError {
    let accounts = request.scope.accounts.join(", ");
    RequestError::State(format!(
        "request {}: customer {customer} has none of the accounts that the order names ({accounts})",
        request.id
    ))
}
