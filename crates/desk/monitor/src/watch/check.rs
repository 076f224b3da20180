//! Checking what is watched.

use super::{LISTS, Seen, WatchKind, WatchList, list};
use crate::notifications::{self, Notification};
use crate::{Monitor, MonitorError};
use holdfast_identity::{ApiKey, canonical_name};
use holdfast_store::{Database, DbError, Row, Value, number, parse};
use holdfast_types::{Amount, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Items that one change stores.
const AT_ONCE: i64 = 200;
/// Most news of one item that become notifications of their own.
const MAX_NEWS: usize = 10;
/// Scopes of which the owner of a list needs one.
const SCOPES: [&str; 3] = ["desk", "approve", "audit"];
/// Why items of others are not looked at.
const NO_KEY: &str = "not checked: the owner of the list has no key in force with the scope desk, approve or audit";
const NO_READ: &str =
    "not checked: the owner of the list has no key in force with the scope read, which customers need";

/// Who may have lists now, and whether with customers: by the keys in force. None while there are no keys: an open desk, where all may.
pub(crate) struct Watchers(Option<BTreeMap<String, (bool, bool)>>);

impl Watchers {
    pub(crate) fn of(keys: &[ApiKey]) -> Self {
        if keys.is_empty() {
            return Watchers(None);
        }
        let mut people = BTreeMap::new();
        for key in keys.iter().filter(|key| key.is_in_force()) {
            let (watches, reads) = people.entry(canonical_name(key.person())).or_insert((false, false));
            *watches |= SCOPES.iter().any(|scope| key.may(scope));
            *reads |= key.may("read");
        }
        Watchers(Some(people))
    }

    /// Returns whether a list of this owner is checked, and mailed.
    pub(crate) fn has(&self, owner: &str) -> bool {
        self.refusal(owner, None).is_none()
    }

    /// Returns why an item of this owner is not looked at.
    fn refusal(&self, owner: &str, kind: Option<WatchKind>) -> Option<&'static str> {
        let people = self.0.as_ref()?;
        let (watches, reads) = people.get(&canonical_name(owner)).copied().unwrap_or_default();
        match (watches, reads) {
            (false, _) => Some(NO_KEY),
            (true, false) if kind == Some(WatchKind::Customer) => Some(NO_READ),
            (true, _) => None,
        }
    }
}

/// Gives what is known of something.
pub type Look<'a> = &'a dyn Fn(WatchKind, &str) -> Seen;

/// What a check did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Items looked up.
    pub items: u64,
    /// Notifications made.
    pub notifications: u64,
}

/// An item with what was known of it.
struct Item {
    id: u64,
    list: u64,
    kind: WatchKind,
    value: String,
    known: Option<Seen>,
    problem: Option<String>,
}

fn items(db: &mut Database, after: u64) -> Result<Vec<Item>, DbError> {
    let sql = "SELECT id, list, kind, value, known, problem FROM watch_items WHERE id > $1 ORDER BY id LIMIT $2";
    let item = |row: &Row| {
        Ok(Item {
            id: row.number(0)?,
            list: row.number(1)?,
            kind: row.named(2)?,
            value: row.text(3)?.to_owned(),
            known: row.text_or_null(4).map(|text| parse("what is known of a watched item", text)).transpose()?,
            problem: row.text_or_null(5).map(str::to_owned),
        })
    };
    db.query(sql, &[number(after), AT_ONCE.into()])?.iter().map(item).collect()
}

/// The page of something that is watched.
fn page(kind: WatchKind, value: &str) -> String {
    let encoded: String = value
        .bytes()
        .map(|b| match b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            true => char::from(b).to_string(),
            false => format!("%{b:02X}"),
        })
        .collect();
    match kind {
        WatchKind::Address | WatchKind::Entity => format!("/address/{encoded}"),
        WatchKind::Customer => format!("/desk/customers/{encoded}"),
        WatchKind::Name => format!("/search?q={encoded}"),
    }
}

/// An item that differs from what was known, with what it tells.
struct Outcome {
    item: u64,
    /// None where it stays as it was.
    known: Option<String>,
    problem: Option<String>,
    told: Vec<Notification>,
}

/// An item that was not looked at, or in vain: only the problem is stored.
fn unchecked(item: &Item, problem: Option<String>) -> Option<Outcome> {
    (item.problem != problem).then(|| Outcome { item: item.id, known: None, problem, told: Vec::new() })
}

fn look_at(
    item: Item,
    list: &WatchList,
    look: Look<'_>,
    value: &dyn Fn(&str, Amount) -> Option<u64>,
) -> Option<Outcome> {
    let seen = look(item.kind, &item.value).or(item.known.clone());
    let problem: Option<String> = (!seen.gaps.is_empty()).then(|| seen.gaps.join("; ").chars().take(500).collect());
    // What a first check did not find, because it failed, would be new at the next one.
    if seen.failed && item.known.is_none() {
        return unchecked(&item, problem);
    }
    let seen = Seen { gaps: Vec::new(), failed: false, ..seen };
    // Most have not changed: nothing is written for them.
    if item.known.as_ref() == Some(&seen) && item.problem == problem {
        return None;
    }
    let news = item.known.as_ref().map_or_else(Vec::new, |before| seen.news(before, &list.settings.conditions, value));
    let more = news.len().saturating_sub(MAX_NEWS);
    let told = news.into_iter().take(MAX_NEWS).enumerate().map(|(n, (kind, text))| Notification {
        id: 0,
        time: Timestamp::EPOCH,
        kind: kind.to_owned(),
        subject: format!("{}:{}", item.kind, item.value),
        text: if more > 0 && n + 1 == MAX_NEWS { format!("{text}; and {more} further changes") } else { text },
        link: page(item.kind, &item.value),
        list: Some(item.list),
    });
    Some(Outcome { item: item.id, known: Some(json!(seen).to_string()), problem, told: told.collect() })
}

impl Monitor<'_> {
    /// Checks what is watched, but for lists in their quiet time; items whose owner may not see them any more are only marked so. `go_on` gets the number of items and may stop it: what was checked is stored.
    ///
    /// # Errors
    /// [`MonitorError::Store`] when the database fails.
    pub fn check_watched(
        &self,
        look: Look<'_>,
        go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Checked, MonitorError> {
        let now = self.screening.now();
        let watchers = Watchers::of(&self.screening.keys()?);
        let all = self.read(|db| {
            db.query(&format!("{LISTS} ORDER BY l.id LIMIT 100000"), &[])?
                .iter()
                .map(list)
                .collect::<Result<Vec<_>, _>>()
        })?;
        let lists: BTreeMap<u64, WatchList> =
            all.into_iter().filter(|l| !l.settings.quiet.is_some_and(|q| q.has(now))).map(|l| (l.id, l)).collect();
        let value = |asset: &str, amount: Amount| {
            let price = self.screening.price(asset).ok().flatten()?;
            u64::try_from(amount.mul_div(price.value.into(), price.base_units)?).ok()
        };
        let (mut checked, mut after) = (Checked::default(), 0);
        while !lists.is_empty() {
            let part = self.read(|db| items(db, after))?;
            let Some(last) = part.last() else { break };
            after = last.id;
            let mut found = Vec::new();
            for item in part {
                let Some(list) = lists.get(&item.list) else { continue };
                checked.items += 1;
                let outcome = match watchers.refusal(&list.owner, Some(item.kind)) {
                    Some(why) => unchecked(&item, Some(why.to_owned())),
                    None => look_at(item, list, look, &value),
                };
                found.extend(outcome.map(|outcome| (list.owner.clone(), outcome)));
                if go_on(checked.items).is_break() {
                    checked.notifications += self.store_checked(found)?;
                    return Ok(checked);
                }
            }
            checked.notifications += self.store_checked(found)?;
        }
        Ok(checked)
    }

    /// Stores what was found; returns the number of notifications.
    fn store_checked(&self, found: Vec<(String, Outcome)>) -> Result<u64, MonitorError> {
        if found.is_empty() {
            return Ok(0);
        }
        self.transact("engine", move |tx| {
            let mut told = 0;
            for (owner, one) in found {
                let changed = match one.known {
                    Some(known) => {
                        let row: [Value; 4] = [known.into(), tx.now().into(), one.problem.into(), number(one.item)];
                        let sql = "UPDATE watch_items SET known = $1, checked = $2, problem = $3 WHERE id = $4";
                        tx.db().execute(sql, &row)?
                    }
                    None => {
                        let row: [Value; 2] = [one.problem.into(), number(one.item)];
                        tx.db().execute("UPDATE watch_items SET problem = $1 WHERE id = $2", &row)?
                    }
                };
                // Taken off the list meanwhile: nothing is told.
                if changed == 0 {
                    continue;
                }
                for notification in one.told {
                    let subject = notification.subject.clone();
                    // Live events are told to the person.
                    let detail = json!({
                        "list": notification.list,
                        "person": owner,
                        "text": notification.text,
                        "link": notification.link
                    });
                    let kind = notification.kind.clone();
                    notifications::add(tx, &owner, notification)?;
                    // Webhooks are told from the audit log.
                    tx.audit(&kind, &subject, &detail.to_string());
                    told += 1;
                }
            }
            Ok(told)
        })
    }
}
