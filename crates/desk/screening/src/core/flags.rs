//! Flags of partner exchanges: past deposits that they touch are held, and what a flag did is undone when it ends.

use super::alerts::NewAlert;
use super::{Core, text};
use crate::alerts::{self, AlertAction};
use crate::flags;
use crate::flags::{MAX_FLAGS, MAX_FLAGS_OF_MEMBER};
use crate::service::ScreeningError;
use holdfast_decision::ChainFacts;
use holdfast_decision::HoldPlan;
use holdfast_decision::flags::State as FlagState;
use holdfast_decision::flags::{FLAG_BASIS, FLAGGED, Flag, keys_of};
use holdfast_decision::inputs::Input;
use holdfast_decision::model::Event;
use holdfast_decision::rules::Scope;
use holdfast_store::{number, parse};
use holdfast_types::ids::FlagId;
use holdfast_types::{Seconds, Timestamp};
use serde_json::json;

impl Core {
    /// Stores a flag, which is part of every decision from now on; returns whether it was new. The same flag again changes nothing.
    pub(crate) fn raise_flag(&mut self, flag: Flag, actor: &str, now: Timestamp) -> Result<bool, ScreeningError> {
        if let Some(known) = flags::get(&mut self.db, &flag.id)? {
            let same = (known.subject, &known.asset, &known.value, &known.member)
                == (flag.subject, &flag.asset, &flag.value, &flag.member);
            return if same { Ok(false) } else { Err(ScreeningError::Conflict(format!("flag {}", flag.id))) };
        }
        if flag.state.counts() && self.fold.flags.of_member(&flag.member) >= MAX_FLAGS_OF_MEMBER {
            let text =
                format!("{MAX_FLAGS_OF_MEMBER} flags of {} are in force; it must withdraw some first", flag.member);
            return Err(ScreeningError::State(text));
        }
        if flag.state.counts() && self.fold.flags.len() >= MAX_FLAGS {
            return Err(ScreeningError::State(format!("{MAX_FLAGS} flags are in force; withdraw some")));
        }
        let row = [
            flag.id.as_str().into(),
            flag.member.as_str().into(),
            flag.community.as_str().into(),
            flag.subject.name().into(),
            flag.asset.as_str().into(),
            flag.value.as_str().into(),
            flag.reason.as_str().into(),
            flag.raised.into(),
            flag.until.into(),
            flag.state.name().into(),
            flag.source.map(number).into(),
            flag.tlp.as_str().into(),
        ];
        self.db.execute(
            "INSERT INTO flags (id, member, community, subject, asset, value, reason, raised, until, state, source, tlp)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &row,
        )?;
        self.audit(now, actor, "flag.raised", &format!("flag:{}", flag.id), &text(&flag));
        self.put_flag(flag, now);
        Ok(true)
    }

    /// Holds past deposits that a flag touches and that are not held yet; returns the holds.
    pub(crate) fn hold_flagged(
        &mut self,
        id: &FlagId,
        seqs: &[u64],
        now: Timestamp,
    ) -> Result<Vec<u64>, ScreeningError> {
        let Some(flag) = flags::get(&mut self.db, id)?.filter(|f| f.state.counts()) else { return Ok(Vec::new()) };
        let mut placed = Vec::new();
        for seq in seqs {
            let rows = self.db.query("SELECT body, facts FROM events WHERE seq = $1", &[number(*seq)])?;
            let Some(row) = rows.first() else { continue };
            let (event, mut facts): (Event, ChainFacts) =
                (parse("event", row.text(0)?)?, parse("facts", row.text(1)?)?);
            self.add_later_behind(*seq, &mut facts)?;
            placed.extend(self.hold_for_flag(&flag, *seq, &event, &facts, now)?);
        }
        Ok(placed)
    }

    /// Puts what a deposit's money came through, as it was found later, into its facts.
    fn add_later_behind(&mut self, seq: u64, facts: &mut ChainFacts) -> Result<(), ScreeningError> {
        let rows = self.db.query("SELECT behind FROM later_behind WHERE seq = $1", &[number(seq)])?;
        if let Some(row) = rows.first() {
            facts.behind = parse("behind", row.text(0)?)?;
        }
        Ok(())
    }

    /// A deposit was screened again: stores what its money came through, as far as that was not known, so that later flags find it, and holds it for the
    /// flags in force that touch it by that. `old` is what it was decided by.
    pub(super) fn follow_behind(
        &mut self,
        seq: u64,
        event: &Event,
        (mut old, new): (ChainFacts, &ChainFacts),
        now: Timestamp,
    ) -> Result<(), ScreeningError> {
        self.add_later_behind(seq, &mut old)?;
        let before = keys_of(event, &old);
        if keys_of(event, new).iter().all(|key| before.contains(key)) {
            return Ok(());
        }
        let rows = flags::key_rows(event, new, seq);
        self.db.insert("event_keys", &flags::KEY_COLUMNS, &rows, "ON CONFLICT (key, seq) DO NOTHING")?;
        self.db.execute(
            "INSERT INTO later_behind (seq, behind) VALUES ($1, $2) ON CONFLICT (seq) DO UPDATE SET behind = excluded.behind",
            &[number(seq), text(&new.behind).into()],
        )?;
        let policy = &self.fold.book.file.policy;
        let known: Vec<FlagId> = self.fold.flags.of(event, &old, policy).iter().map(|t| t.flag.id.clone()).collect();
        let touches = self.fold.flags.of(event, new, policy);
        let found: Vec<Flag> = touches.iter().filter(|t| !known.contains(&t.flag.id)).map(|t| t.flag.clone()).collect();
        for flag in found {
            self.hold_for_flag(&flag, seq, event, new, now)?;
        }
        Ok(())
    }

    /// Holds a past deposit that a flag touches by its facts, unless it is held; returns the hold.
    fn hold_for_flag(
        &mut self,
        flag: &Flag,
        seq: u64,
        event: &Event,
        facts: &ChainFacts,
        now: Timestamp,
    ) -> Result<Option<u64>, ScreeningError> {
        let touches = self.fold.flags.of(event, facts, &self.fold.book.file.policy);
        let Some(touch) = touches.iter().find(|t| t.flag.id == flag.id) else { return Ok(None) };
        let way = touch.way.as_ref().map(|way| format!("; {way}")).unwrap_or_default();
        let Some(transfer) = event.transfer() else { return Ok(None) };
        let held = self
            .fold
            .holds
            .get(&event.customer)
            .and_then(|l| l.iter().find(|h| h.transfer.as_deref() == Some(&transfer)));
        match held.map(|h| (h.flagged, h.id)) {
            // Held for another flag: it ends with the last of them.
            Some((true, hold)) => {
                let row = [number(hold), flag.id.as_str().into()];
                let sql = "INSERT INTO flag_holds (hold, flag) VALUES ($1, $2) ON CONFLICT (hold, flag) DO NOTHING";
                self.db.execute(sql, &row)?;
                self.last_as_flags(hold, now)?;
                return Ok(None);
            }
            Some((false, _)) => return Ok(None),
            None => {}
        }
        let policy = &self.fold.book.file.policy;
        let title = "a partner reports these funds, received earlier, as stolen";
        let plan = HoldPlan {
            dedupe: format!("flag:{}:{transfer}:{}", flag.id, event.id),
            scope: Scope::Deposit,
            customer: event.customer.clone(),
            account: event.account.clone(),
            asset: event.asset.clone(),
            amount: event.amount,
            transfer: Some(transfer),
            basis: FLAG_BASIS.to_owned(),
            reason: format!("{title}: {}: {} (flag {}){way}", flag.member, flag.reason, flag.id),
            expires: Some(flag.until).filter(|_| flag.state == FlagState::Open),
            review: Some(now + Seconds::hours(policy.review_hours.into())),
            second_person: policy.second_person,
            flags: vec![flag.id.clone()],
        };
        if !self.db.query("SELECT id FROM holds WHERE dedupe = $1", &[plan.dedupe.as_str().into()])?.is_empty() {
            return Ok(None);
        }
        let placed = self.place(plan, Some(seq), "engine", now)?;
        let alert = NewAlert {
            event: seq,
            customer: &event.customer,
            kind: "flag",
            decision: "hold",
            reason: title,
            rules: &[FLAGGED],
        };
        let alert = self.raise_alert(&alert, now)?;
        let detail = json!({"event": seq, "reason": title, "flag": flag.id}).to_string();
        self.audit(now, "engine", "alert.late", &format!("alert:{alert}"), &detail);
        Ok(Some(placed))
    }

    /// Lets a hold for flags last as long as the last of them: for ever when one is confirmed.
    pub(super) fn last_as_flags(&mut self, hold: u64, now: Timestamp) -> Result<(), ScreeningError> {
        let rows = self.db.query(
            "SELECT MAX(CASE WHEN f.state = 'confirmed' THEN 1 ELSE 0 END), MAX(f.until) FROM flag_holds h JOIN flags f ON f.id = h.flag
             WHERE h.hold = $1 AND f.state IN ('open', 'confirmed')",
            &[number(hold)],
        )?;
        let Some(row) = rows.first() else { return Ok(()) };
        let expires = if row.int_or_null(0) == Some(1) { None } else { row.time_or_null(1) };
        let hold = self.hold(hold)?;
        self.set_expiry(&hold, expires, now)
    }

    /// Puts a flag as it stands into decisions.
    fn put_flag(&mut self, flag: Flag, now: Timestamp) {
        self.append(&Input::Flag(Box::new(flag.clone())), now);
        self.lists_mut().flag(flag);
    }

    /// Confirms, withdraws or lapses a flag. When it no longer counts, what it did is undone: holds that stand for no other flag end, open
    /// alerts that rest on flags alone close. Returns whether anything changed.
    pub(crate) fn end_flag(
        &mut self,
        id: &FlagId,
        state: FlagState,
        why: &str,
        actor: &str,
        now: Timestamp,
    ) -> Result<bool, ScreeningError> {
        let flag = flags::get(&mut self.db, id)?.ok_or_else(|| ScreeningError::NotFound(format!("flag '{id}'")))?;
        if flag.state == state {
            return Ok(false);
        }
        if !flag.state.counts() || (flag.state == FlagState::Confirmed && state == FlagState::Lapsed) {
            return Err(ScreeningError::State(format!("flag {id} is {} already", flag.state.name())));
        }
        self.db.execute("UPDATE flags SET state = $1 WHERE id = $2", &[state.name().into(), id.as_str().into()])?;
        let detail = json!({"why": why, "member": flag.member}).to_string();
        self.audit(now, actor, &format!("flag.{}", state.name()), &format!("flag:{id}"), &detail);
        let counts = state.counts();
        self.put_flag(Flag { state, ..flag }, now);
        let rows = self.db.query("SELECT hold FROM flag_holds WHERE flag = $1 ORDER BY hold", &[id.as_str().into()])?;
        for row in &rows {
            let held = row.number(0)?;
            let others = self.db.query(
                "SELECT f.id FROM flag_holds h JOIN flags f ON f.id = h.flag WHERE h.hold = $1 AND f.state IN ('open', 'confirmed') LIMIT 1",
                &[number(held)],
            )?;
            if counts || !others.is_empty() {
                self.last_as_flags(held, now)?;
                continue;
            }
            let hold = self.hold(held)?;
            if hold.state == "active" {
                let reason = format!("flag {id} {}: {why}", state.name());
                self.end(&hold, None, "released", &reason, actor, now)?;
            }
            let Some(event) = hold.event else { continue };
            let alerts = self.db.query(
                "SELECT id FROM alerts WHERE event = $1 AND state = 'open' AND rules = $2",
                &[number(event), FLAGGED.into()],
            )?;
            for alert in &alerts {
                let text = format!("flag {id} {}: {why}", state.name());
                let close = AlertAction::Close { outcome: alerts::Outcome::FalsePositive, text };
                self.act(alert.number(0)?, &close, actor, now)?;
            }
        }
        Ok(true)
    }
}
