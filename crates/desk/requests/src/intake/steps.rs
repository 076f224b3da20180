//! Steps of a request: the officer is called back, matches are judged, and an answer that one person prepares is approved by another.

use super::seizures::{SeizureState, SeizureTransfer, seizures_of, store_transfer};
use super::{Opened, RequestState, Stored, by_id, history, known};
use crate::carry_out::{accepted, accounts_of, freeze, hold_for_seizure, outside_accounts, preserve, someone_accepted};
use crate::forgery::CallBack;
use crate::letters::{self, Letter};
use crate::policy::Policy;
use crate::request::{Kind, MAX_TARGETS, free_text_ok};
use crate::{Desk, Inquiry, RequestError, clocks, review};
use holdfast_decision::model::text_ok;
use holdfast_documents::Vault;
use holdfast_screening::ScreeningError;
use holdfast_screening::identifiers::is_customer;
use holdfast_screening::service::Transaction;
use holdfast_store::{Value, number};
use holdfast_types::ids::SeizureId;
use holdfast_types::named;
use holdfast_types::{Invalid, Seconds};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Longest reason, in bytes.
const MAX_REASON: usize = 10_000;
/// Least weight of a sign of forgery that stops a grant.
const STOPPING_WEIGHT: u8 = 3;
/// Least time between an answer and the notice to the customer.
const NOTICE_AFTER: Seconds = Seconds::DAY;

named! {
    /// How a request was answered.
    #[schema(as = RequestOutcome)]
    pub enum Outcome {
        /// All that was requested.
        Granted,
        /// Part of it.
        Partly,
        /// Nothing.
        Refused,
        /// It was no request of an agency.
        Forged,
    }
}

/// A step of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// The officer was called back.
    CallBack {
        /// Where the number was found.
        number_from: String,
        /// Whether the officer confirmed the request.
        confirmed: bool,
    },
    /// A match of a target to a customer is accepted or rejected.
    Match {
        /// The customer.
        customer: String,
        /// Whether the request is about that customer.
        accept: bool,
        /// Reason.
        reason: String,
    },
    /// An answer is prepared, for another person to approve.
    Prepare {
        /// Which.
        outcome: Outcome,
        /// Reason.
        reason: String,
        /// What a seizure moves, and where to; for seizures only.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        transfers: Vec<SeizureTransfer>,
    },
    /// Approves the prepared answer; for a seizure, two people approve.
    Approve {},
    /// Returns the prepared answer to be prepared again.
    Return {
        /// Reason.
        reason: String,
    },
    /// An approved transfer of a seizure was carried out.
    Moved {
        /// Number of the transfer.
        #[schema(value_type = u64)]
        transfer: SeizureId,
        /// Transaction id or payment reference.
        reference: String,
    },
    /// A granted freeze or preservation is extended, as far as its process allows.
    Extend {
        /// Why: the authority's further order.
        reason: String,
    },
}

impl Step {
    /// Checks the step's own fields.
    fn check(&self) -> Result<(), Invalid> {
        let reason_ok = |reason: &str| free_text_ok("reason", reason, MAX_REASON);
        match self {
            Step::CallBack { number_from, .. } => text_ok("number_from", number_from),
            Step::Match { customer, reason, .. } => text_ok("customer", customer).and_then(|()| reason_ok(reason)),
            Step::Prepare { reason, transfers, .. } => reason_ok(reason).and_then(|()| check_transfers(transfers)),
            Step::Approve {} => Ok(()),
            Step::Return { reason } | Step::Extend { reason } => reason_ok(reason),
            Step::Moved { reference, .. } => text_ok("reference", reference),
        }
    }
}

fn check_transfers(transfers: &[SeizureTransfer]) -> Result<(), Invalid> {
    if transfers.len() > MAX_TARGETS {
        return Err(Invalid::new("transfers", "more than a request has targets"));
    }
    for (i, t) in transfers.iter().enumerate() {
        let at = |field: &str| format!("transfers[{i}].{field}");
        text_ok(&at("customer"), &t.customer)?;
        text_ok(&at("asset"), &t.asset)?;
        text_ok(&at("destination"), &t.destination)?;
        if t.amount.is_zero() {
            return Err(Invalid::new(&at("amount"), "must be above 0"));
        }
    }
    Ok(())
}

/// What a step wrote to the database is, in the audit log: an action and its detail.
type Entry = (&'static str, String);

/// The request that a step changes, and what its answer needs.
struct Context<'a> {
    at: &'a Stored,
    policy: &'a Policy,
    vault: &'a Vault,
}

impl Context<'_> {
    fn id(&self) -> &str {
        &self.at.request.id
    }

    /// The request's id as a parameter of a statement.
    fn key(&self) -> Value {
        self.id().into()
    }

    fn refused(&self, why: impl std::fmt::Display) -> RequestError {
        RequestError::State(format!("request {}: {why}", self.id()))
    }

    fn must_be(&self, state: RequestState, why: impl FnOnce(&str) -> String) -> Result<(), RequestError> {
        match self.at.state == state {
            true => Ok(()),
            false => Err(self.refused(why(self.at.state.as_ref()))),
        }
    }

    fn is_granted(&self) -> bool {
        matches!(self.at.outcome.as_deref(), Some("granted" | "partly"))
    }

    /// Refuses what policy or a sign of forgery forbids. It must hold now: when an answer is prepared and again when it is approved.
    fn may_give(&self, tx: &mut Transaction<'_>, outcome: &str) -> Result<(), RequestError> {
        if !["granted", "partly"].contains(&outcome) {
            return Ok(());
        }
        let history = history(tx.db(), &self.at.request, self.at.call_back.clone())?;
        let review = review(self.policy, &Inquiry { request: self.at.request.clone(), history })?;
        let signs = review.suspicion.signs.iter().filter(|s| s.weight >= STOPPING_WEIGHT).map(|s| s.because.clone());
        let mut against: Vec<String> = review.judgement.missing.iter().cloned().chain(signs).collect();
        if outcome == "granted" && !review.judgement.refused.is_empty() {
            against.push("the process does not open all requested classes; grant it partly".into());
        }
        match against.is_empty() {
            true => Ok(()),
            false => Err(self.refused(against.join("; "))),
        }
    }

    fn call_back(&self, tx: &mut Transaction<'_>, number_from: &str, confirmed: bool) -> Result<(), RequestError> {
        if self.at.state == RequestState::Answered {
            return Err(self.refused("it is answered"));
        }
        let by = tx.actor().to_owned();
        let call = CallBack { by, at: tx.now(), number_from: number_from.to_owned(), confirmed };
        let row = [json!(call).to_string().into(), self.key()];
        tx.db().execute("UPDATE requests SET call_back = $1 WHERE id = $2", &row)?;
        Ok(())
    }

    fn judge_match(
        &self,
        tx: &mut Transaction<'_>,
        customer: &str,
        accept: bool,
        reason: &str,
    ) -> Result<(), RequestError> {
        self.must_be(RequestState::Open, |state| {
            format!("it is {state}; matches are judged before an answer is prepared")
        })?;
        if !is_customer(tx.db(), customer)? {
            return Err(RequestError::NotFound(format!("customer '{customer}'")));
        }
        let scope = &self.at.request.scope;
        if accept && !scope.accounts.is_empty() && accounts_of(tx.db(), customer, scope)?.is_empty() {
            return Err(outside_accounts(&self.at.request, customer));
        }
        let verdict = if accept { "accepted" } else { "rejected" };
        let (actor, now) = (tx.actor().to_owned(), tx.now());
        let row = [self.key(), customer.into(), verdict.into(), reason.into(), actor.into(), now.into()];
        tx.db().execute(
            "INSERT INTO request_matches (request, customer, verdict, reason, decided_by, decided) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (request, customer) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,
             decided_by = excluded.decided_by, decided = excluded.decided",
            &row,
        )?;
        Ok(())
    }

    fn prepare(
        &self,
        tx: &mut Transaction<'_>,
        outcome: Outcome,
        reason: &str,
        transfers: &[SeizureTransfer],
    ) -> Result<(), RequestError> {
        self.must_be(RequestState::Open, |state| format!("it is {state}"))?;
        self.may_give(tx, outcome.name())?;
        let seizes = self.at.request.kind == Kind::Seizure && matches!(outcome, Outcome::Granted | Outcome::Partly);
        if seizes == transfers.is_empty() {
            let what = if seizes { "name what moves where" } else { "only a granted seizure moves something" };
            return Err(Invalid::new("transfers", what).into());
        }
        if seizes {
            self.store_transfers(tx, transfers)?;
        }
        let row = [outcome.name().into(), reason.into(), tx.actor().into(), self.key()];
        tx.db().execute(
            "UPDATE requests SET state = 'prepared', outcome = $1, reason = $2, prepared_by = $3 WHERE id = $4",
            &row,
        )?;
        Ok(())
    }

    fn store_transfers(&self, tx: &mut Transaction<'_>, transfers: &[SeizureTransfer]) -> Result<(), RequestError> {
        let known = someone_accepted(tx, self.id())?;
        if let Some(t) = transfers.iter().find(|t| !known.contains(&t.customer)) {
            return Err(self.refused(format!("the match of customer {} is not accepted", t.customer)));
        }
        if let Some(t) = transfers.iter().find(|t| !self.at.request.scope.covers_asset(Some(&t.asset))) {
            return Err(self.refused(format!("the order does not name the asset {}", t.asset)));
        }
        transfers.iter().try_for_each(|t| store_transfer(tx, self.id(), t))
    }

    /// Sends the prepared answer. The first of two approvals of a seizure sends nothing yet; it holds what will move.
    fn approve(&self, tx: &mut Transaction<'_>, detail: String) -> Result<Entry, RequestError> {
        self.must_be(RequestState::Prepared, |state| format!("it is {state}, not prepared"))?;
        if self.at.prepared_by.as_deref() == Some(tx.actor()) {
            return Err(self.refused(format!("{} prepared the answer; another person must approve it", tx.actor())));
        }
        self.may_give(tx, self.at.outcome.as_deref().unwrap_or_default())?;
        if self.is_granted() && self.at.request.kind == Kind::Seizure && self.at.first_approval.is_none() {
            let holds = hold_for_seizure(tx, &self.at.request, self.policy)?;
            let row = [tx.actor().into(), json!(holds).to_string().into(), self.key()];
            tx.db().execute("UPDATE requests SET first_approval = $1, holds = $2 WHERE id = $3", &row)?;
            return Ok(("request.first_approval", "{}".into()));
        }
        if self.at.first_approval.as_deref() == Some(tx.actor()) {
            return Err(
                self.refused(format!("{} approved it first; a second person must approve a seizure", tx.actor()))
            );
        }
        let holds = match self.is_granted() {
            true => self.carry_out(tx)?,
            false => Vec::new(),
        };
        self.store_answer(tx, &holds)?;
        let about = format!("request:{}", self.id());
        let request = &self.at.request;
        letters::write(tx, &request.officer.email, Letter::Answered(&request.reference), &about)?;
        Ok(("request.answered", detail))
    }

    /// Executes a granted answer; returns the holds that it placed.
    fn carry_out(&self, tx: &mut Transaction<'_>) -> Result<Vec<u64>, RequestError> {
        let holds = match self.at.request.kind {
            Kind::Freeze => freeze(tx, &self.at.request, self.policy)?,
            Kind::Preservation => {
                preserve(tx, self.vault, &self.at.request, self.policy)?;
                return Ok(Vec::new());
            }
            Kind::Seizure => {
                let sql = "UPDATE seizures SET state = 'approved' WHERE request = $1 AND state = 'prepared'";
                tx.db().execute(sql, &[self.key()])?;
                self.at.holds.clone()
            }
            Kind::Information | Kind::EmergencyDisclosure => Vec::new(),
        };
        // The customer learns of it once the gag is over, and not before a day has passed.
        let due = self.at.request.gag_until.unwrap_or_default().max(tx.now() + NOTICE_AFTER);
        for customer in accepted(tx.db(), self.id())? {
            let sql = "INSERT INTO notices (request, customer, due) VALUES ($1, $2, $3) ON CONFLICT (request, customer) DO NOTHING";
            tx.db().execute(sql, &[self.key(), customer.into(), due.into()])?;
        }
        Ok(holds)
    }

    fn store_answer(&self, tx: &mut Transaction<'_>, holds: &[u64]) -> Result<(), RequestError> {
        let classes = match self.is_granted() {
            true => self.policy.judge(&self.at.request)?.granted,
            false => Vec::new(),
        };
        let row = [
            tx.actor().into(),
            tx.now().into(),
            json!(holds).to_string().into(),
            json!(classes).to_string().into(),
            self.key(),
        ];
        tx.db().execute(
            "UPDATE requests SET state = 'answered', approved_by = $1, answered = $2, holds = $3, granted = $4 WHERE id = $5",
            &row,
        )?;
        Ok(())
    }

    fn send_back(&self, tx: &mut Transaction<'_>) -> Result<(), RequestError> {
        self.must_be(RequestState::Prepared, |state| format!("it is {state}, not prepared"))?;
        for hold in &self.at.holds {
            tx.end_hold(*hold, "the answer went back before a second person approved it")?;
        }
        // Not deleted: a hold's id is made of the transfer's number, which must not come again.
        let sql = "UPDATE seizures SET state = 'returned' WHERE request = $1 AND state = 'prepared'";
        tx.db().execute(sql, &[self.key()])?;
        tx.db().execute(
            "UPDATE requests SET state = 'open', outcome = NULL, reason = NULL, prepared_by = NULL, first_approval = NULL,
             holds = NULL WHERE id = $1",
            &[self.key()],
        )?;
        Ok(())
    }

    fn moved(&self, tx: &mut Transaction<'_>, transfer: SeizureId, reference: &str) -> Result<(), RequestError> {
        let found = seizures_of(tx.db(), self.id())?.into_iter().find(|s| s.id == transfer);
        let found =
            found.ok_or_else(|| RequestError::NotFound(format!("transfer {transfer} of request '{}'", self.id())))?;
        if found.state != SeizureState::Approved {
            return Err(self.refused(format!("transfer {transfer} is {}, not approved", found.state)));
        }
        if let Some(hold) = found.hold {
            tx.end_hold(hold, &format!("moved to {}: {reference}", found.transfer.destination))?;
        }
        let row = [reference.into(), tx.now().into(), tx.actor().into(), number(found.id)];
        let sql = "UPDATE seizures SET state = 'moved', reference = $1, moved = $2, moved_by = $3 WHERE id = $4";
        tx.db().execute(sql, &row)?;
        Ok(())
    }

    fn extend(&self, tx: &mut Transaction<'_>) -> Result<(), RequestError> {
        let judgement = self.policy.judge(&self.at.request)?;
        let (Some(until), Some(from)) = (judgement.extendable_until, judgement.holds_until) else {
            return Err(self.refused(format!("{} knows no extension", self.at.request.process)));
        };
        if self.at.state != RequestState::Answered || !self.is_granted() {
            return Err(self.refused("it is not granted"));
        }
        match self.at.request.kind {
            Kind::Preservation => self.extend_preservation(tx, until - from),
            _ => self.extend_holds(tx, until - from),
        }
    }

    fn extend_preservation(&self, tx: &mut Transaction<'_>, longer: Seconds) -> Result<(), RequestError> {
        let sql = "UPDATE preservations SET until = until + $1, extended = $2 WHERE request = $3 AND state = 'kept' AND extended IS NULL";
        let row = [longer.into(), tx.now().into(), self.key()];
        match tx.db().execute(sql, &row)? {
            0 => Err(self.refused("it lapsed or was extended before")),
            _ => Ok(()),
        }
    }

    fn extend_holds(&self, tx: &mut Transaction<'_>, longer: Seconds) -> Result<(), RequestError> {
        let mark = format!("extended:{}", self.id());
        if clocks::is_marked(tx, &mark)? {
            return Err(self.refused("it was extended before"));
        }
        let mut extended = 0;
        for hold in &self.at.holds {
            match tx.extend_hold(*hold, longer) {
                Ok(()) => extended += 1,
                // Holds that were released meanwhile stay released.
                Err(ScreeningError::State(_)) => {}
                Err(e) => return Err(e.into()),
            }
        }
        if extended == 0 {
            return Err(self.refused("none of its holds is active"));
        }
        clocks::mark(tx, &mark)?;
        Ok(())
    }

    /// Performs a step; returns its entry in the audit log.
    fn step(&self, tx: &mut Transaction<'_>, step: &Step) -> Result<Entry, RequestError> {
        let detail = json!(step).to_string();
        let (action, ()) = match step {
            Step::CallBack { number_from, confirmed } => {
                ("request.called_back", self.call_back(tx, number_from, *confirmed)?)
            }
            Step::Match { customer, accept, reason } => {
                ("request.match_judged", self.judge_match(tx, customer, *accept, reason)?)
            }
            Step::Prepare { outcome, reason, transfers } => {
                ("request.prepared", self.prepare(tx, *outcome, reason, transfers)?)
            }
            Step::Approve {} => return self.approve(tx, detail),
            Step::Return { .. } => ("request.returned", self.send_back(tx)?),
            Step::Moved { transfer, reference } => ("seizure.moved", self.moved(tx, *transfer, reference)?),
            Step::Extend { .. } => ("request.extended", self.extend(tx)?),
        };
        Ok((action, detail))
    }
}

impl Desk<'_> {
    /// Performs a step of a request. Nothing is granted against policy or while a sign of forgery stops it, and who prepares an answer does not
    /// approve it.
    ///
    /// # Errors
    /// [`RequestError::Invalid`] names a field of the step, [`RequestError::NotFound`] the request, customer or transfer that is not there,
    /// [`RequestError::State`] what stands against the step.
    pub fn step(&self, id: &str, step: Step, actor: &str) -> Result<Opened, RequestError> {
        step.check()?;
        let (policy, vault, request) = (self.policy.clone(), self.vault.clone(), id.to_owned());
        self.transact(actor, move |tx| {
            let now = tx.now();
            let at = known(by_id(tx.db(), &request, now)?, &request)?;
            let (action, detail) = Context { at: &at, policy: &policy, vault: &vault }.step(tx, &step)?;
            tx.audit(action, &format!("request:{request}"), &detail);
            Ok(())
        })?;
        self.opened(id)
    }
}
