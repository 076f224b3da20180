//! Holds: placed by a plan or a person, released, reduced, extended, expired; two postings each, so that they balance.

use super::{Core, text};
use crate::alerts;
use crate::holds::{self, Hold, HoldRequest};
use crate::service::ScreeningError;
use crate::warnings;
use holdfast_decision::flags::FLAG_BASIS;
use holdfast_decision::flags::State as FlagState;
use holdfast_decision::model::Event;
use holdfast_decision::rules::Scope;
use holdfast_decision::{ActiveHold, Decision, HoldPlan};
use holdfast_identity::same_person;
use holdfast_store::{DbError, Value, number};
use holdfast_types::SignedAmount;
use holdfast_types::{Amount, Invalid};
use holdfast_types::{Asset, asset};
use serde_json::json;

impl Core {
    pub(super) fn remember_hold(&mut self, hold: &Hold) {
        self.holds_mut().entry(hold.customer.clone()).or_default().push(ActiveHold {
            id: hold.id,
            scope: hold.scope,
            account: hold.account.clone(),
            asset: hold.asset.clone(),
            held: hold.held,
            transfer: hold.transfer.clone(),
            expires: hold.expires,
            flagged: hold.basis == FLAG_BASIS,
        });
    }

    pub(super) fn place_planned(
        &mut self,
        plan: HoldPlan,
        event: &Event,
        now: i64,
        decision: &mut Decision,
        writes: &mut HoldWrites,
    ) -> Result<(), ScreeningError> {
        if plan.flags.is_empty()
            && let Some(id) = self.flag_hold_on(&plan)
        {
            self.take_over(id, plan, now)?;
            decision.holds.push(id);
            return Ok(());
        }
        if plan.transfer.is_some() {
            for key in event.hold_keys() {
                let rows = self.db.query(
                    "SELECT id FROM holds WHERE dedupe = $1 AND customer = $2",
                    &[key.as_str().into(), plan.customer.as_str().into()],
                )?;
                if let Some(row) = rows.first() {
                    // It was held before and a person let it go: it is not held twice.
                    decision.holds.push(row.number(0)?);
                    return Ok(());
                }
            }
        }
        let id = self.place(plan, Some(decision.seq), "engine", now, writes);
        decision.holds.push(id);
        Ok(())
    }

    pub(super) fn place(
        &mut self,
        plan: HoldPlan,
        event: Option<u64>,
        actor: &str,
        now: i64,
        writes: &mut HoldWrites,
    ) -> u64 {
        let id = self.next.hold;
        self.next.hold += 1;
        let held = plan.amount.unwrap_or_default();
        let hold = Hold {
            id,
            scope: plan.scope,
            customer: plan.customer,
            account: plan.account,
            asset: plan.asset,
            amount: plan.amount,
            held,
            transfer: plan.transfer,
            event,
            state: "active".into(),
            basis: plan.basis,
            reason: plan.reason,
            placed_by: actor.to_owned(),
            placed: now,
            expires: plan.expires,
            review: plan.review,
            second_person: plan.second_person,
            asked_by: None,
            asked_amount: None,
            asked_reason: None,
            ended: None,
            ended_by: None,
            ended_reason: None,
        };
        let row = hold_row(&hold, Some(plan.dedupe));
        writes.holds.push(row);
        writes.flag_holds.extend(plan.flags.iter().map(|f| vec![number(id), f.as_str().into()]));
        if let Some(asset) = hold.asset.as_ref().filter(|_| !held.is_zero()) {
            self.post(&hold.customer, id, 1, asset, held.into(), writes);
        }
        self.audit(now, actor, "hold.placed", &format!("hold:{id}"), &text(&hold));
        self.remember_hold(&hold);
        id
    }

    /// Two lines that move an amount between what the customer can use and what is held.
    pub(super) fn post(
        &mut self,
        customer: &str,
        hold: u64,
        change: i64,
        asset: &str,
        amount: SignedAmount,
        writes: &mut HoldWrites,
    ) {
        for (account, amount) in
            [(format!("available:{customer}"), amount.negated()), (format!("held:{customer}"), amount)]
        {
            writes.postings.push(vec![
                number(self.next.posting),
                number(hold),
                change.into(),
                account.into(),
                asset.into(),
                amount.to_string().into(),
            ]);
            self.next.posting += 1;
        }
    }

    pub(super) fn write_holds(&mut self, writes: &HoldWrites) -> Result<(), DbError> {
        self.db.insert("holds", &holds::COLUMNS, &writes.holds, "")?;
        self.db.insert("flag_holds", &["hold", "flag"], &writes.flag_holds, "")?;
        self.db.insert("warnings", &warnings::COLUMNS, &writes.warnings, "")?;
        let columns = ["id", "hold", "change", "ledger_account", "asset", "amount"];
        self.db.insert("postings", &columns, &writes.postings, "")?;
        self.db.insert("alerts", &alerts::COLUMNS, &writes.alerts, "")
    }

    /// The hold that stands for flags only on a plan's movement.
    pub(super) fn flag_hold_on(&self, plan: &HoldPlan) -> Option<u64> {
        let transfer = plan.transfer.as_deref()?;
        let held = self.holds.get(&plan.customer)?;
        held.iter().find(|h| h.flagged && h.transfer.as_deref() == Some(transfer)).map(|h| h.id)
    }

    /// A hold for flags becomes a rule's: it no longer ends with them.
    pub(super) fn take_over(&mut self, id: u64, plan: HoldPlan, now: i64) -> Result<(), ScreeningError> {
        let number: Value = number(id);
        self.db.execute("DELETE FROM flag_holds WHERE hold = $1", std::slice::from_ref(&number))?;
        let row = [plan.basis.as_str().into(), plan.reason.as_str().into(), plan.expires.into(), number];
        self.db.execute("UPDATE holds SET basis = $1, reason = $2, expires = $3 WHERE id = $4", &row)?;
        let detail = json!({"basis": plan.basis, "reason": plan.reason, "expires": plan.expires}).to_string();
        self.audit(now, "engine", "hold.taken_over", &format!("hold:{id}"), &detail);
        if let Some(active) = self.holds_mut().get_mut(&plan.customer).and_then(|l| l.iter_mut().find(|h| h.id == id)) {
            active.flagged = false;
            active.expires = plan.expires;
        }
        Ok(())
    }

    /// A hold placed by a person. Sent again, it gives the hold that it made.
    pub(crate) fn request_hold(&mut self, request: HoldRequest, actor: &str, now: i64) -> Result<u64, ScreeningError> {
        request.validate(now)?;
        let request = HoldRequest { asset: request.asset.map(|a| asset::canonical(&a)), ..request };
        let dedupe = match (&request.scope, &request.transfer) {
            (Scope::Deposit, Some(transfer)) => {
                let account = request.account.as_deref().unwrap_or_default();
                format!("transfer:{transfer}:{}:{account}", request.customer)
            }
            _ => format!("request:{}", request.id),
        };
        let sql = "SELECT id, customer, scope, COALESCE(asset, ''), COALESCE(account, '') FROM holds WHERE dedupe = $1";
        if let Some(row) = self.db.query(sql, &[dedupe.as_str().into()])?.first() {
            // One id for two owners, or for two things of one owner, is two requests: the second must not look as if it were carried out.
            let same = row.text(1)? == request.customer
                && row.text(2)? == request.scope.name()
                && Asset::same(row.text(3)?, request.asset.as_deref().unwrap_or_default())
                && row.text(4)? == request.account.as_deref().unwrap_or_default();
            return if same { Ok(row.number(0)?) } else { Err(ScreeningError::Conflict(request.id)) };
        }
        let policy = &self.book.file.policy;
        let plan = HoldPlan {
            dedupe,
            scope: request.scope,
            customer: request.customer,
            account: request.account,
            asset: request.asset,
            amount: request.amount,
            transfer: request.transfer.filter(|_| request.scope == Scope::Deposit),
            basis: request.basis,
            reason: request.reason,
            expires: request.expires,
            review: request.review.or(Some(now + i64::from(policy.review_hours) * 3_600)),
            second_person: request.second_person.unwrap_or(policy.second_person),
            flags: Vec::new(),
        };
        let mut writes = HoldWrites::default();
        let id = self.place(plan, None, actor, now, &mut writes);
        self.write_holds(&writes)?;
        Ok(id)
    }

    pub(super) fn hold(&mut self, id: u64) -> Result<Hold, ScreeningError> {
        holds::get(&mut self.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("hold {id}")))
    }

    /// Releases a hold or a part of it. Where a second person is needed, the first call asks and another person's confirms.
    pub(crate) fn release(
        &mut self,
        id: u64,
        amount: Option<Amount>,
        reason: &str,
        actor: &str,
        now: i64,
    ) -> Result<Hold, ScreeningError> {
        let hold = self.hold(id)?;
        if hold.state != "active" {
            return Err(ScreeningError::State(format!("hold {id} is {} already", hold.state)));
        }
        if reason.trim().is_empty() || reason.len() > 1024 {
            return Err(Invalid::new("reason", "must be 1 to 1024 bytes").into());
        }
        if let Some(amount) = amount {
            if hold.amount.is_none() {
                return Err(Invalid::new("amount", format!("hold {id} covers no amount; release it whole")).into());
            }
            if amount.is_zero() || amount > hold.held {
                return Err(Invalid::new("amount", format!("hold {id} still holds {}", hold.held)).into());
            }
        }
        if hold.second_person {
            match &hold.asked_by {
                None => {
                    self.db.execute(
                        "UPDATE holds SET asked_by = $1, asked = $2, asked_amount = $3, asked_reason = $4 WHERE id = $5",
                        &[
                            actor.into(),
                            now.into(),
                            amount.map(|a| a.to_string()).into(),
                            reason.into(),
                            number(id),
                        ],
                    )?;
                    let detail = json!({"amount": amount, "reason": reason}).to_string();
                    self.audit(now, actor, "hold.release_asked", &format!("hold:{id}"), &detail);
                    return self.hold(id);
                }
                Some(asked_by) if same_person(asked_by, actor) => {
                    return Err(ScreeningError::SecondPerson(id, asked_by.clone()));
                }
                Some(_) if amount.is_some() && amount != hold.asked_amount => {
                    let asked = hold.asked_amount.map_or("all".to_owned(), |a| a.to_string());
                    return Err(Invalid::new("amount", format!("the release of {asked} was asked for")).into());
                }
                Some(_) => {}
            }
        }
        let amount = if hold.second_person { hold.asked_amount } else { amount };
        self.end(&hold, amount, "released", reason, actor, now)?;
        self.hold(id)
    }

    pub(crate) fn end(
        &mut self,
        hold: &Hold,
        amount: Option<Amount>,
        state: &str,
        reason: &str,
        actor: &str,
        now: i64,
    ) -> Result<(), ScreeningError> {
        let freed = amount.unwrap_or(hold.held);
        let rest = hold.held.excess_over(freed);
        let over = rest.is_zero();
        let id = hold.id;
        let mut writes = HoldWrites::default();
        if let Some(asset) = hold.asset.as_ref().filter(|_| !freed.is_zero()) {
            let rows = self.db.query("SELECT COALESCE(MAX(change), 0) FROM postings WHERE hold = $1", &[number(id)])?;
            let change = rows.first().map_or(Ok(0), |r| r.int(0))? + 1;
            self.post(&hold.customer, id, change, asset, SignedAmount::minus(freed), &mut writes);
        }
        self.write_holds(&writes)?;
        if over {
            self.db.execute(
                "UPDATE holds SET held = '0', state = $1, ended = $2, ended_by = $3, ended_reason = $4 WHERE id = $5",
                &[state.into(), now.into(), actor.into(), reason.into(), number(id)],
            )?;
        } else {
            self.db.execute(
                "UPDATE holds SET held = $1, asked_by = NULL, asked = NULL, asked_amount = NULL, asked_reason = NULL WHERE id = $2",
                &[rest.to_string().into(), number(id)],
            )?;
        }
        if over {
            warnings::hold_ended(&mut self.db, id, now)?;
        }
        let action = if over { format!("hold.{state}") } else { "hold.reduced".to_owned() };
        let detail = json!({"freed": freed, "held": rest, "reason": reason, "asked_by": hold.asked_by}).to_string();
        self.audit(now, actor, &action, &format!("hold:{id}"), &detail);
        if let Some(active) = self.holds_mut().get_mut(&hold.customer) {
            if over {
                active.retain(|h| h.id != id);
            } else if let Some(h) = active.iter_mut().find(|h| h.id == id) {
                h.held = rest;
            }
            if active.is_empty() {
                self.holds.remove(&hold.customer);
            }
        }
        Ok(())
    }

    /// Lets an active hold with an end last so many seconds longer.
    pub(crate) fn extend(&mut self, id: u64, seconds: i64, actor: &str, now: i64) -> Result<(), ScreeningError> {
        let hold = self.hold(id)?;
        let (Some(expires), "active") = (hold.expires, hold.state.as_str()) else {
            return Err(ScreeningError::State(format!("hold {id} is {} or has no end", hold.state)));
        };
        let until = expires + seconds;
        self.db.execute("UPDATE holds SET expires = $1 WHERE id = $2", &[until.into(), number(id)])?;
        if let Some(active) = self.holds_mut().get_mut(&hold.customer).and_then(|l| l.iter_mut().find(|h| h.id == id)) {
            active.expires = Some(until);
        }
        let detail = json!({"from": expires, "until": until}).to_string();
        self.audit(now, actor, "hold.extended", &format!("hold:{id}"), &detail);
        Ok(())
    }

    /// Gives an active hold an end.
    pub(crate) fn let_lapse(&mut self, hold: &Hold, until: i64, actor: &str, now: i64) -> Result<(), ScreeningError> {
        self.db.execute("UPDATE holds SET expires = $1 WHERE id = $2", &[until.into(), number(hold.id)])?;
        if let Some(active) =
            self.holds_mut().get_mut(&hold.customer).and_then(|l| l.iter_mut().find(|h| h.id == hold.id))
        {
            active.expires = Some(until);
        }
        let detail = json!({ "until": until }).to_string();
        self.audit(now, actor, "hold.will_lapse", &format!("hold:{}", hold.id), &detail);
        Ok(())
    }

    /// Whether a hold's time is over.
    pub(crate) fn has_expired(&self, now: i64) -> bool {
        self.time_is_sound && self.is_over(now)
    }

    pub(super) fn is_over(&self, now: i64) -> bool {
        self.flags.any_over(now) || self.holds.values().flatten().any(|h| h.expires.is_some_and(|e| e <= now))
    }

    /// Ends the holds whose time is over; none while the clock is doubted.
    pub(crate) fn expire(&mut self, now: i64) -> Result<(), ScreeningError> {
        if !self.time_is_sound {
            return Ok(());
        }
        for id in self.flags.over(now) {
            self.end_flag(&id, FlagState::Lapsed, "nobody confirmed it in time", "engine", now)?;
        }
        let over: Vec<u64> =
            self.holds.values().flatten().filter(|h| h.expires.is_some_and(|e| e <= now)).map(|h| h.id).collect();
        for id in over {
            let hold = self.hold(id)?;
            self.end(&hold, None, "expired", "its time is over", "engine", now)?;
        }
        Ok(())
    }
}

/// Rows that wait to be written.
#[derive(Debug, Default)]
pub(super) struct HoldWrites {
    pub(super) holds: Vec<Vec<Value>>,
    pub(super) postings: Vec<Vec<Value>>,
    pub(super) alerts: Vec<Vec<Value>>,
    pub(super) flag_holds: Vec<Vec<Value>>,
    pub(super) warnings: Vec<Vec<Value>>,
}

fn hold_row(h: &Hold, dedupe: Option<String>) -> Vec<Value> {
    vec![
        number(h.id),
        dedupe.into(),
        h.scope.name().into(),
        h.customer.as_str().into(),
        h.account.clone().into(),
        h.asset.clone().into(),
        h.amount.map(|a| a.to_string()).into(),
        h.held.to_string().into(),
        h.transfer.clone().into(),
        h.event.map_or(Value::Null, number),
        h.state.as_str().into(),
        h.basis.as_str().into(),
        h.reason.as_str().into(),
        h.placed_by.as_str().into(),
        h.placed.into(),
        h.expires.into(),
        h.review.into(),
        i64::from(h.second_person).into(),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Null,
    ]
}
