//! Holds: placed by a plan or a person, released, reduced, extended, expired; two postings each, so that they balance.

use super::{Core, text};
use crate::alerts;
use crate::holds::{self, Hold, HoldRequest, Release};
use crate::service::ScreeningError;
use crate::warnings;
use holdfast_decision::flags::State as FlagState;
use holdfast_decision::fold::{HoldResult, NewHold};
use holdfast_decision::inputs::{HoldChanged, HoldPlaced, Input};
use holdfast_decision::rules::Scope;
use holdfast_decision::{Decision, Event, HoldPlan};
use holdfast_event_log::writes::Write;
use holdfast_identity::same_person;
use holdfast_store::{DbError, Value, number, parse};
use holdfast_types::{Amount, Asset, Invalid, Seconds, SignedAmount, Timestamp, asset};
use serde_json::json;

impl Core {
    /// Adds the rows of what a decision does with a hold.
    pub(super) fn write_result(&mut self, result: &HoldResult, event: u64, now: Timestamp, writes: &mut HoldWrites) {
        match result {
            HoldResult::Placed(hold) => self.write_placed(hold, Some(event), "engine", now, writes),
            HoldResult::TakenOver(id, plan) => {
                let terms = json!({"basis": plan.basis, "reason": plan.reason, "expires": plan.expires}).to_string();
                self.audit(now, "engine", "hold.taken_over", &format!("hold:{id}"), &terms);
                writes.taken_over.push((*id, plan.clone()));
            }
        }
    }

    /// Adds the rows of a new hold.
    fn write_placed(
        &mut self,
        new: &NewHold,
        event: Option<u64>,
        actor: &str,
        now: Timestamp,
        writes: &mut HoldWrites,
    ) {
        let NewHold { id, posting, plan } = new;
        let hold = Hold {
            id: *id,
            scope: plan.scope,
            customer: plan.customer.clone(),
            account: plan.account.clone(),
            asset: plan.asset.clone(),
            amount: plan.amount,
            held: plan.amount.unwrap_or_default(),
            transfer: plan.transfer.clone(),
            event,
            state: "active".into(),
            basis: plan.basis.clone(),
            reason: plan.reason.clone(),
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
        writes.holds.push(hold_row(&hold, Some(plan.dedupe.clone())));
        writes.flag_holds.extend(plan.flags.iter().map(|f| vec![number(*id), f.as_str().into()]));
        if let Some(posting) = posting {
            writes.post(*posting, &hold, 1, hold.held.into());
        }
        self.audit(now, actor, "hold.placed", &format!("hold:{id}"), &text(&hold));
    }

    /// Places a hold outside a decision; returns its number.
    pub(super) fn place(
        &mut self,
        plan: HoldPlan,
        event: Option<u64>,
        actor: &str,
        now: Timestamp,
    ) -> Result<u64, ScreeningError> {
        let input = HoldPlaced { plan, event, actor: actor.to_owned() };
        self.append(&Input::HoldPlaced(Box::new(input.clone())), now);
        let new = self.lists_mut().place(input.plan);
        let mut writes = HoldWrites::default();
        self.write_placed(&new, event, actor, now, &mut writes);
        self.write_holds(writes)?;
        Ok(new.id)
    }

    /// Changes what decisions know of a hold; returns the number of its first posting, if the change is posted.
    fn change_hold(&mut self, change: HoldChanged, now: Timestamp) -> Option<u64> {
        let input = Input::HoldChanged(change);
        self.append(&input, now);
        match &input {
            Input::HoldChanged(change) => self.lists_mut().change_hold(change),
            _ => None,
        }
    }

    /// Lets an active hold lapse at a time, or never.
    pub(super) fn set_expiry(
        &mut self,
        hold: &Hold,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        self.db.execute("UPDATE holds SET expires = $1 WHERE id = $2", &[expires.into(), number(hold.id)])?;
        let change = HoldChanged {
            hold: hold.id,
            customer: hold.customer.clone(),
            is_active: hold.state == "active",
            held: hold.held,
            expires,
            is_posted: false,
        };
        self.change_hold(change, now);
        Ok(())
    }

    pub(super) fn write_holds(&mut self, writes: HoldWrites) -> Result<(), DbError> {
        writes.statements().iter().try_for_each(|write| write.apply(&mut self.db))
    }

    /// Places a hold for a person; returns its number. Sent again, it returns the hold that it placed.
    pub(crate) fn request_hold(
        &mut self,
        request: HoldRequest,
        actor: &str,
        now: Timestamp,
    ) -> Result<u64, ScreeningError> {
        request.validate(now)?;
        let request = HoldRequest { asset: request.asset.map(|a| asset::canonical(&a)), ..request };
        let dedupe = match (&request.scope, &request.transfer) {
            (Scope::Deposit, Some(transfer)) => {
                let account = request.account.as_deref().unwrap_or_default();
                format!("transfer:{transfer}:{}:{account}", request.customer)
            }
            _ => format!("request:{}", request.id),
        };
        let sql = "SELECT id, customer, scope, COALESCE(asset, ''), COALESCE(account, ''), COALESCE(amount, '')
            FROM holds WHERE dedupe = $1";
        if let Some(row) = self.db.query(sql, &[dedupe.as_str().into()])?.first() {
            // One id for two owners, or for two things of one owner, is two requests: the second must not look as if it were carried out.
            let stored = row.text(5)?;
            let same = row.text(1)? == request.customer
                && row.text(2)? == request.scope.name()
                && Asset::same(row.text(3)?, request.asset.as_deref().unwrap_or_default())
                && row.text(4)? == request.account.as_deref().unwrap_or_default()
                && request.amount.is_none_or(|amount| stored == amount.to_string());
            return if same { Ok(row.number(0)?) } else { Err(ScreeningError::Conflict(request.id)) };
        }
        let policy = &self.fold.book.file.policy;
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
            review: request.review.or(Some(now + Seconds::hours(policy.review_hours.into()))),
            second_person: request.second_person.unwrap_or(policy.second_person),
            flags: Vec::new(),
        };
        self.place(plan, None, actor, now)
    }

    pub(super) fn hold(&mut self, id: u64) -> Result<Hold, ScreeningError> {
        holds::get(&mut self.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("hold {id}")))
    }

    /// Releases a hold or a part of it. Where a second person is needed, the first call requests it and another person's confirms it.
    pub(crate) fn release(
        &mut self,
        id: u64,
        release: &Release,
        actor: &str,
        now: Timestamp,
    ) -> Result<Hold, ScreeningError> {
        let (amount, reason) = (release.amount, release.reason.as_str());
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
        let confirmed = if release.address_confirmed { Some(self.imitation_of(&hold)?) } else { None };
        if hold.second_person {
            match &hold.asked_by {
                None => {
                    // The second person reads what the first one stated, and states it too or not.
                    let asked_reason = match &confirmed {
                        Some((address, _)) => {
                            format!("{reason}; stated too: {address} is the right address (address_confirmed)")
                        }
                        None => reason.to_owned(),
                    };
                    self.db.execute(
                        "UPDATE holds SET asked_by = $1, asked = $2, asked_amount = $3, asked_reason = $4 WHERE id = $5",
                        &[
                            actor.into(),
                            now.into(),
                            amount.map(|a| a.to_string()).into(),
                            asked_reason.into(),
                            number(id),
                        ],
                    )?;
                    let mut detail = json!({"amount": amount, "reason": reason});
                    if release.address_confirmed {
                        detail["address_confirmed"] = true.into();
                    }
                    let detail = detail.to_string();
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
        let released = self.hold(id)?;
        if let Some((address, event)) = confirmed.filter(|_| released.state == "released") {
            self.confirm_address(&hold.customer, &address, &event, actor, now)?;
        }
        Ok(released)
    }

    /// Returns the address of the withdrawal that is held because it imitates another one, and the event's id.
    fn imitation_of(&mut self, hold: &Hold) -> Result<(String, String), ScreeningError> {
        let about_none = || {
            let why = format!("hold {} is about no address that imitates another one; leave it out", hold.id);
            ScreeningError::from(Invalid::new("address_confirmed", why))
        };
        let seq = hold.event.ok_or_else(about_none)?;
        let rows = self.db.query("SELECT body, result FROM events WHERE seq = $1", &[number(seq)])?;
        let row = rows.first().ok_or_else(about_none)?;
        let (event, decision): (Event, Decision) = (parse("event", row.text(0)?)?, parse("decision", row.text(1)?)?);
        let found = decision.imitation().filter(|_| decision.holds.contains(&hold.id)).ok_or_else(about_none)?;
        Ok((found.address.clone(), event.id))
    }

    pub(crate) fn end(
        &mut self,
        hold: &Hold,
        amount: Option<Amount>,
        state: &str,
        reason: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        let freed = amount.unwrap_or(hold.held);
        let rest = hold.held.excess_over(freed);
        let over = rest.is_zero();
        let id = hold.id;
        let change = HoldChanged {
            hold: id,
            customer: hold.customer.clone(),
            is_active: !over,
            held: rest,
            expires: hold.expires,
            is_posted: hold.asset.is_some() && !freed.is_zero(),
        };
        if let Some(posting) = self.change_hold(change, now) {
            let rows = self.db.query("SELECT COALESCE(MAX(change), 0) FROM postings WHERE hold = $1", &[number(id)])?;
            let change = rows.first().map_or(Ok(0), |r| r.int(0))? + 1;
            let mut writes = HoldWrites::default();
            writes.post(posting, hold, change, SignedAmount::minus(freed));
            self.write_holds(writes)?;
        }
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
        Ok(())
    }

    /// Lets an active hold with an end last longer.
    pub(crate) fn extend(
        &mut self,
        id: u64,
        longer: Seconds,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        let hold = self.hold(id)?;
        let (Some(expires), "active") = (hold.expires, hold.state.as_str()) else {
            return Err(ScreeningError::State(format!("hold {id} is {} or has no end", hold.state)));
        };
        let until = expires + longer;
        self.set_expiry(&hold, Some(until), now)?;
        let detail = json!({"from": expires, "until": until}).to_string();
        self.audit(now, actor, "hold.extended", &format!("hold:{id}"), &detail);
        Ok(())
    }

    /// Sets the end of an active hold.
    pub(crate) fn let_lapse(
        &mut self,
        hold: &Hold,
        until: Timestamp,
        actor: &str,
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        self.set_expiry(hold, Some(until), now)?;
        let detail = json!({ "until": until }).to_string();
        self.audit(now, actor, "hold.will_lapse", &format!("hold:{}", hold.id), &detail);
        Ok(())
    }

    /// Returns whether a hold's time is over.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.time_is_sound && self.is_over(now)
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.fold.flags.any_over(now) || self.fold.holds.values().flatten().any(|h| h.expires.is_some_and(|e| e <= now))
    }

    /// Ends the holds whose time is over; none while the clock is doubted.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Result<(), ScreeningError> {
        if !self.time_is_sound {
            return Ok(());
        }
        for id in self.fold.flags.over(now) {
            self.end_flag(&id, FlagState::Lapsed, "not confirmed in time", "engine", now)?;
        }
        let active = self.fold.holds.values().flatten();
        let mut over: Vec<u64> = active.filter(|h| h.expires.is_some_and(|e| e <= now)).map(|h| h.id).collect();
        over.sort_unstable();
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
    /// Holds that stood for flags, and the rule's terms that they are on now.
    taken_over: Vec<(u64, HoldPlan)>,
}

impl HoldWrites {
    /// Returns the statements that write the rows.
    pub(super) fn statements(self) -> Vec<Write> {
        let columns = ["id", "hold", "change", "ledger_account", "asset", "amount"];
        let mut all = vec![
            Write::insert("holds", &holds::COLUMNS, self.holds, ""),
            Write::insert("flag_holds", &["hold", "flag"], self.flag_holds, ""),
            Write::insert("warnings", &warnings::COLUMNS, self.warnings, ""),
            Write::insert("postings", &columns, self.postings, ""),
            Write::insert("alerts", &alerts::COLUMNS, self.alerts, ""),
        ];
        for (id, plan) in self.taken_over {
            let number: Value = number(id);
            all.push(Write::execute("DELETE FROM flag_holds WHERE hold = $1", vec![number.clone()]));
            let row = vec![plan.basis.into(), plan.reason.into(), plan.expires.into(), number];
            all.push(Write::execute("UPDATE holds SET basis = $1, reason = $2, expires = $3 WHERE id = $4", row));
        }
        all.retain(|write| !matches!(write, Write::Insert { rows, .. } if rows.is_empty()));
        all
    }

    /// Adds the two lines that move an amount between what the customer can use and what is held.
    fn post(&mut self, first: u64, hold: &Hold, change: i64, amount: SignedAmount) {
        let customer = &hold.customer;
        let lines = [(format!("available:{customer}"), amount.negated()), (format!("held:{customer}"), amount)];
        for (id, (account, amount)) in (first..).zip(lines) {
            self.postings.push(vec![
                number(id),
                number(hold.id),
                change.into(),
                account.into(),
                hold.asset.clone().into(),
                amount.to_string().into(),
            ]);
        }
    }
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
