//! Watch lists: what is new is told once, to whom it belongs, but in a quiet time.

use holdfast_identity::{ensure_person, set_language};
use holdfast_monitor::Monitor;
use holdfast_monitor::notifications::Notification;
use holdfast_monitor::watch::{Conditions, Holding, NewWatchItem, Quiet, Seen, Settings, WatchKind};
use holdfast_notify::outbox;
use holdfast_screening::Screening;
use holdfast_screening::webhooks::pending;
use holdfast_store::Store;
use holdfast_testing::{START, TestClock, TestDb, on_both};
use holdfast_types::{Amount, Seconds, Timestamp};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

on_both!(
    what_is_new_is_told_once,
    mail_is_in_the_language_of_its_owner,
    quiet_times_delay_and_lose_nothing,
    lists_belong_to_their_owners,
    nothing_is_told_without_a_key,
    a_first_check_that_failed_is_none
);

fn settings(name: &str) -> Settings {
    let conditions = Conditions { moves: true, new_tag: true, ..Conditions::default() };
    Settings { name: name.into(), conditions, quiet: None, mail: None }
}

fn item(value: &str) -> NewWatchItem {
    NewWatchItem { kind: WatchKind::Address, value: value.into(), note: String::new() }
}

/// A world of one address, whose mark a test moves.
struct World(RefCell<Seen>);

impl World {
    fn new() -> Self {
        let world = World(RefCell::default());
        world.moved(1);
        world
    }

    fn moved(&self, to: u64) {
        let holding = Holding { mark: to.to_string(), amount: Some(Amount::from(to)) };
        self.0.borrow_mut().holdings = BTreeMap::from([("bitcoin BTC".to_owned(), holding)]);
    }

    fn check(&self, monitor: Monitor<'_>) -> u64 {
        let look = |_: WatchKind, _: &str| self.0.borrow().clone();
        monitor.check_watched(&look, &mut |_| ControlFlow::Continue(())).unwrap().notifications
    }
}

fn told(screening: &Screening, person: &str) -> Vec<Notification> {
    let mut told = Monitor { screening }.notifications(person, 0, 200).unwrap().list;
    told.reverse();
    told
}

fn what_is_new_is_told_once(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    let hook = screening.add_webhook("https://example.org/hook", &["watches".to_owned()], "x").unwrap();
    let mail = Settings { mail: Some("ana@example.org".into()), ..settings("Ransom\nBcc: x") };
    let list = monitor.make_watch_list(mail, "Ana").unwrap();
    assert_eq!(
        monitor
            .watch(
                list,
                vec![item("13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48"), item("13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48")],
                "Ana"
            )
            .unwrap(),
        1
    );
    let world = World::new();
    assert_eq!(
        (world.check(monitor), world.check(monitor)),
        (0, 0),
        "the first check tells nothing, the second nothing new"
    );
    world.moved(2);
    world.0.borrow_mut().tags.insert("Locky (pack p)".into());
    assert_eq!((world.check(monitor), world.check(monitor)), (2, 0));
    let all = told(&screening, " ANA ");
    assert_eq!(all.iter().map(|n| n.kind.as_str()).collect::<Vec<_>>(), ["watch.moves", "watch.tagged"]);
    assert_eq!(all[0].link, "/address/13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48");
    assert!(told(&screening, "Bo").is_empty());
    // What cannot be looked up is told by the item, and is not new afterwards.
    let before = world.0.replace(Seen { gaps: vec!["bitcoin does not answer".into()], ..Seen::default() });
    assert_eq!(world.check(monitor), 0);
    let problem = monitor.watch_list(list, "Ana").unwrap().1[0].problem.clone();
    assert_eq!(problem.as_deref(), Some("bitcoin does not answer"));
    world.0.replace(before);
    assert_eq!(world.check(monitor), 0);
    assert_eq!(monitor.watch_list(list, "Ana").unwrap().1[0].problem, None);

    let unseen = || monitor.notifications("Ana", 0, 10).unwrap();
    assert_eq!((unseen().unseen, unseen().list.len()), (2, 2));
    monitor.notifications_seen("Ana", all[0].id).unwrap();
    assert_eq!(unseen().unseen, 1);
    monitor.notifications_seen("Ana", u64::MAX).unwrap();
    monitor.notifications_seen("Ana", 0).unwrap();
    assert_eq!((unseen().unseen, unseen().seen), (0, all[1].id), "it never goes back, nor beyond the last");

    // Mail: not before an hour, then once.
    assert_eq!(monitor.mail_digests("https://desk.example").unwrap(), 0);
    clock.set(START + Seconds::HOUR);
    assert_eq!(
        (monitor.mail_digests("https://desk.example").unwrap(), monitor.mail_digests("https://desk.example").unwrap()),
        (1, 0)
    );
    let due = screening.read(|db| outbox::due(db, START + Seconds::HOUR)).unwrap();
    assert!(due.len() == 1 && due[0].to == "ana@example.org" && !due[0].subject.contains('\n'), "{due:?}");
    assert!(!due[0].body.contains("Locky"), "labels are read after signing in: {}", due[0].body);
    assert!(
        due[0].body.contains("has 2 new notifications")
            && due[0].body.contains("https://desk.example/desk/notifications"),
        "{}",
        due[0].body
    );

    let webhook = screening.webhooks().unwrap().into_iter().find(|w| w.id == hook).unwrap();
    let messages = screening.read(|db| pending(db, &webhook, 1_000)).unwrap().messages;
    assert_eq!(messages.iter().filter(|m| m.body.contains("watch.")).count(), 2, "{messages:?}");
    // Live events find the person in the entry.
    let entries = screening.audit(0, None, 1_000).unwrap();
    let entries: Vec<_> =
        entries.iter().filter(|e| ["watch.moves", "watch.tagged"].contains(&e.action.as_str())).collect();
    assert!(
        entries.len() == 2 && entries.iter().all(|e| e.detail.to_lowercase().contains("\"person\":\"ana\"")),
        "{entries:?}"
    );
    assert!(screening.verify_audit(None).unwrap().problems.is_empty());
}

fn quiet_times_delay_and_lose_nothing(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    let day = Seconds::DAY.count();
    let midnight = Timestamp::from_unix((START.unix() / day + 1) * day);
    let quiet = Settings { quiet: Some(Quiet { from: 1_320, to: 360 }), ..settings("Night") };
    let list = monitor.make_watch_list(quiet, "Ana").unwrap();
    monitor.watch(list, vec![item("0xaa")], "Ana").unwrap();
    let world = World::new();
    clock.set(midnight + Seconds::hours(12));
    world.check(monitor);
    clock.set(midnight + Seconds::hours(23));
    world.moved(2);
    assert_eq!(world.check(monitor), 0, "it is quiet");
    clock.set(midnight + Seconds::hours(31));
    assert_eq!(world.check(monitor), 1, "told at the end");
}

fn lists_belong_to_their_owners(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    let list = monitor.make_watch_list(settings("Mine"), "Ana").unwrap();
    monitor.watch(list, vec![item("0xaa")], "Ana").unwrap();
    assert!(monitor.watch_list(list, "Bo").is_err() && monitor.watch(list, vec![item("0xbb")], "Bo").is_err());
    assert!(
        monitor.set_watch_list(list, settings("Bo's"), "Bo").is_err() && monitor.remove_watch_list(list, "Bo").is_err()
    );
    assert!(monitor.watch_lists("Bo").unwrap().is_empty());
    let wrong = monitor.watch(list, vec![item("0xbb"), item(" ")], "Ana").unwrap_err();
    assert!(wrong.to_string().contains("items[1].value"), "{wrong}");
    let (found, items) = monitor.watch_list(list, "ana").unwrap();
    assert_eq!((found.items, items.len()), (1, 1), "nothing of a refused change is stored");
    monitor.unwatch(list, items[0].id, "Ana").unwrap();
    assert!(monitor.unwatch(list, items[0].id, "Ana").is_err());
    monitor.remove_watch_list(list, "Ana").unwrap();
    assert!(monitor.watch_list(list, "Ana").is_err());
}

fn nothing_is_told_without_a_key(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    let key = |id: &str, name: &str, scopes: &[&str]| {
        screening.add_key(id, name, scopes.iter().map(|s| (*s).to_owned()).collect(), 0, "x").unwrap();
    };
    key("aaaaaaaaaaaa", "root", &["admin"]);
    key("bbbbbbbbbbbb", "Ana", &["desk"]);
    let mail = Settings { mail: Some("ana@example.org".into()), ..settings("Mine") };
    let list = monitor.make_watch_list(mail, "Ana").unwrap();
    let customer = NewWatchItem { kind: WatchKind::Customer, value: "c-1".into(), note: String::new() };
    monitor.watch(list, vec![item("0xaa"), customer], "Ana").unwrap();
    let world = World::new();
    let problems = || {
        let items = monitor.watch_list(list, "Ana").unwrap().1;
        items.into_iter().map(|i| (i.problem.unwrap_or_default(), i.checked.is_some())).collect::<Vec<_>>()
    };
    world.check(monitor);
    let found = problems();
    assert_eq!(found[0], (String::new(), true));
    assert!(found[1].0.contains("scope read") && !found[1].1, "{found:?}");
    world.moved(2);
    assert_eq!(world.check(monitor), 1, "of the address, not of the customer");
    screening.revoke_key("bbbbbbbbbbbb", "root").unwrap();
    world.moved(3);
    clock.set(START + Seconds::hours(2));
    assert_eq!((world.check(monitor), monitor.mail_digests("https://desk.example").unwrap()), (0, 0));
    assert!(problems().iter().all(|(problem, _)| problem.contains("no key in force")), "{:?}", problems());
    key("cccccccccccc", "Ana again", &["read", "desk"]);
    assert_eq!(world.check(monitor), 0, "another's key");
}

fn a_first_check_that_failed_is_none(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    let list = monitor.make_watch_list(settings("Mine"), "Ana").unwrap();
    monitor.watch(list, vec![item("0xaa")], "Ana").unwrap();
    let world = World::new();
    let there = world.0.replace(Seen::default());
    world.0.borrow_mut().fail("bitcoin does not answer".into());
    assert_eq!(world.check(monitor), 0);
    let found = monitor.watch_list(list, "Ana").unwrap().1.remove(0);
    assert_eq!((found.problem.as_deref(), found.checked), (Some("bitcoin does not answer"), None));
    world.0.replace(there);
    assert_eq!(world.check(monitor), 0, "what was there already did not move");
    world.moved(2);
    assert_eq!(world.check(monitor), 1);
}

fn mail_is_in_the_language_of_its_owner(place: &TestDb) {
    let clock = TestClock::new();
    let screening = Screening::open(&place.url, clock.clock()).unwrap();
    let monitor = Monitor { screening: &screening };
    screening.add_webhook("https://example.org/hook", &["watches".to_owned()], "x").unwrap();
    Store::change(&screening, "Dora", |tx| {
        let dora = ensure_person(tx, "Dora")?;
        set_language(tx, dora.id, "de")
    })
    .unwrap();
    let world = World::new();
    for owner in ["Dora", "Ana"] {
        let mail = Settings { mail: Some(format!("{owner}@example.org")), ..settings("Locky") };
        let list = monitor.make_watch_list(mail, owner).unwrap();
        monitor.watch(list, vec![item("13NrgYhtjgMtPpGdtPpxV4WX3S7azfeD48")], owner).unwrap();
    }
    world.check(monitor);
    world.moved(2);
    assert_eq!(world.check(monitor), 2);
    clock.set(START + Seconds::HOUR);
    assert_eq!(monitor.mail_digests("https://desk.example").unwrap(), 2);
    let due = screening.read(|db| outbox::due(db, START + Seconds::HOUR)).unwrap();
    let to = |who: &str| due.iter().find(|m| m.to.starts_with(who)).unwrap();
    assert_eq!(to("Dora").subject, "Beobachtungsliste: Locky");
    assert!(to("Dora").body.contains("hat 1 neue Meldung."), "{}", to("Dora").body);
    assert_eq!(to("Ana").subject, "Watch list: Locky");
}
