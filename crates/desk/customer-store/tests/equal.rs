//! A state on disk with next to no memory decides as one that has everything in memory, through sweeps, checkpoints and restarts; and damage is found.

use holdfast_customer_store::{Checkpoint, FORMAT, Folder, Place};
use holdfast_customers::entries::{Part, Store};
use holdfast_customers::model::{Action, Event, EventKind, Record, RecordKind};
use holdfast_customers::state::{CustomerKey, State, View, address_key, key};
use holdfast_decision::ChainFacts;
use holdfast_decision::fold::{Decided, Fold, PastHolds};
use holdfast_decision::rules::RuleBook;
use holdfast_types::{Amount, Seconds, Timestamp};
use proptest::prelude::*;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};

const START: Timestamp = Timestamp::from_unix(1_780_000_000);

struct NoHolds;

impl PastHolds for NoHolds {
    type Error = Infallible;

    fn hold_on(&mut self, _: &str, _: &[String]) -> Result<Option<u64>, Infallible> {
        Ok(None)
    }
}

/// One step of a history.
#[derive(Clone, Debug)]
enum Step {
    /// An event: customer, kind, counterparty, device, movement, hours before the latest time.
    Event(u8, u8, u8, u8, u8, u16),
    /// A record: customer, kind, what it names.
    Record(u8, u8, u8),
    /// So many hours pass.
    Wait(u16),
    /// A batch ends, and the changed entries are written with a checkpoint.
    Checkpoint,
    /// As before, and then the process ends and begins anew.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..6u8, 0..5u8, 0..6u8, 0..4u8, 0..12u8, 0..2_500u16).prop_map(|(c, k, p, d, t, h)| Step::Event(c, k, p, d, t, h)),
        2 => (0..6u8, 0..5u8, 0..6u8).prop_map(|(c, k, w)| Step::Record(c, k, w)),
        2 => (0..1_200u16).prop_map(Step::Wait),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::Restart),
    ]
}

fn customer(number: u8) -> String {
    format!("c{number}")
}

fn party(number: u8) -> String {
    // Some look alike: the same ends, another middle.
    format!("0x1234{}9876", format!("{:x}", number % 3).repeat(32))
}

fn event(seq: usize, step: &Step, now: Timestamp) -> Option<(Event, ChainFacts)> {
    let Step::Event(who, kind, with, device, movement, before) = step else { return None };
    let kinds =
        [EventKind::Deposit, EventKind::Withdrawal, EventKind::Withdrawal, EventKind::Payment, EventKind::Account];
    let kind = kinds[usize::from(*kind)];
    let mut event = Event::new(kind, format!("e{seq}"), now - Seconds::HOUR * i64::from(*before), customer(*who));
    let mut facts = ChainFacts::default();
    match kind {
        EventKind::Account => {
            event.action = Some(if seq.is_multiple_of(2) { Action::Login } else { Action::Signup });
            event.ip = Some(format!("10.0.0.{with}"));
            event.document = (*with == 0).then(|| "D1".to_owned());
        }
        EventKind::Payment => {
            event.instrument = Some(format!("card{with}"));
            (event.asset, event.amount, event.value) = (Some("EUR".into()), Some(Amount::new(5_000)), Some(5_000));
        }
        EventKind::Deposit | EventKind::Withdrawal => {
            event.asset = Some("ETH".into());
            (event.amount, event.value) = (Some(Amount::new(7)), Some(40_000 * u64::from(*movement)));
            event.counterparty = Some(party(*with));
            event.tx = (*movement > 3).then(|| format!("0x{movement:064x}"));
            event.output = event.tx.as_ref().map(|_| 0);
            facts.senders = (*with == 1).then(|| party(2)).into_iter().collect();
        }
    }
    event.device = (*device > 0).then(|| format!("dev{device}"));
    Some((event, facts))
}

fn record(step: &Step, now: Timestamp) -> Option<Record> {
    let Step::Record(who, kind, what) = step else { return None };
    let kinds = [
        RecordKind::Customer,
        RecordKind::DepositAddress,
        RecordKind::Kyc,
        RecordKind::Card,
        RecordKind::ConfirmedAddress,
    ];
    let kind = kinds[usize::from(*kind)];
    let id = match kind {
        RecordKind::Customer => customer(*who),
        RecordKind::DepositAddress => party(*what),
        _ => format!("r{who}-{what}"),
    };
    let mut record = Record::new(kind, id, now);
    record.customer = (kind != RecordKind::Customer).then(|| customer(*who));
    record.country = Some("DE".into());
    record.fingerprint = Some(format!("card{what}"));
    record.document = Some(format!("D{what}"));
    record.address = Some(party(*what));
    (record.result, record.level) = (Some("passed".into()), Some(2));
    Some(record)
}

fn fold(state: State) -> Fold {
    Fold { state, ..Fold::new(Arc::new(RuleBook::standard())) }
}

fn decide(fold: &mut Fold, event: &Event, facts: &ChainFacts, now: Timestamp) -> Decided {
    let Ok(decided) = fold.event(event, facts, None, now, &mut NoHolds);
    decided
}

fn put(folder: &Folder, fold: &mut Fold) {
    let changes = fold.state.take_changes();
    let place = Place { position: 1, watermark: fold.watermark, next_event: fold.next.event, rebuilt: None };
    let checkpoint = Checkpoint { format: FORMAT, engine: 0, input: "x".into(), swept: fold.state.swept(), place };
    folder.write(&folder.take(changes, Some(checkpoint))).unwrap();
}

fn opened(path: &Path, memory: usize) -> (Arc<Folder>, State) {
    let folder = Arc::new(Folder::open(path).unwrap());
    let place = folder.checkpoint().unwrap().map(|c| (c.place.watermark, c.swept));
    let (watermark, swept) = place.unwrap_or((START, START));
    let state = State::stored(folder.clone(), memory, watermark, swept);
    (folder, state)
}

/// What either state has of everything that the histories name.
fn is_equal(left: &State, right: &State) {
    for number in 0..6 {
        let id = customer(number);
        assert_eq!(left.customer(&id), right.customer(&id));
        assert_eq!(left.by_key(CustomerKey::of(&id)), right.customer(&id));
        let any = Event::new(EventKind::Account, "x", START, id.as_str());
        let owner = |state| View::of(state, &any).owner_of(&party(number)).map(str::to_owned);
        assert_eq!(owner(left), owner(right));
        let texts = [("instrument", format!("card{number}")), ("device", format!("dev{number}"))];
        let more = [
            ("ip", format!("10.0.0.{number}")),
            ("signup-ip", format!("10.0.0.{number}")),
            ("document", format!("D{number}")),
        ];
        let keys = texts.iter().chain(&more).map(|(namespace, text)| key(namespace, text));
        for key in keys.chain([address_key(&party(number))]) {
            let uses = |state: &State| state.party(key).map(|uses| uses.iter().copied().collect::<Vec<_>>());
            assert_eq!(uses(left), uses(right));
        }
    }
    for movement in 0..12 {
        for kind in [0, 1] {
            let step = Step::Event(250, kind, 0, 0, movement, 0);
            let (event, _) = event(0, &step, START).unwrap();
            let by = |state| View::of(state, &event).claimed_by_other().map(str::to_owned);
            assert_eq!(by(left), by(right));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_state_on_disk_decides_as_one_in_memory(steps in prop::collection::vec(step(), 1..120), memory in prop_oneof![Just(0usize), Just(60_000)]) {
        let dir = tempfile::tempdir().unwrap();
        let (mut folder, state) = opened(dir.path(), memory);
        let (mut on_disk, mut in_memory) = (fold(state), fold(State::at(START)));
        (on_disk.watermark, in_memory.watermark) = (START, START);
        let mut now = START;
        for (seq, step) in steps.iter().enumerate() {
            if let Some((event, facts)) = event(seq, step, now) {
                prop_assert_eq!(decide(&mut on_disk, &event, &facts, now), decide(&mut in_memory, &event, &facts, now));
            }
            if let Some(record) = record(step, now) {
                on_disk.record(&record);
                in_memory.record(&record);
            }
            if let Step::Wait(hours) = step {
                now += Seconds::HOUR * i64::from(*hours);
                for fold in [&mut on_disk, &mut in_memory] {
                    fold.begin_events(fold.watermark);
                }
            }
            if matches!(step, Step::Checkpoint | Step::Restart) {
                put(&folder, &mut on_disk);
                is_equal(&on_disk.state, &in_memory.state);
            }
            if matches!(step, Step::Restart) {
                let (next, watermark) = (on_disk.next, on_disk.watermark);
                drop(on_disk);
                drop(folder);
                let (again, state) = opened(dir.path(), memory);
                folder = again;
                on_disk = Fold { next, watermark, ..fold(state) };
                on_disk.holds.clone_from(&in_memory.holds);
            }
        }
        is_equal(&on_disk.state, &in_memory.state);
        prop_assert_eq!(on_disk.state.fault(), None);
    }
}

/// Entries of a history, changed on their way to the state.
#[derive(Debug)]
struct Damaged {
    folder: Folder,
    change: Mutex<Option<(usize, u8)>>,
}

impl Store for Damaged {
    fn read(&self, part: Part, key: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut value = self.folder.read(part, key)?;
        if let (Some((at, bits)), Some(value)) = (*self.change.lock().unwrap(), &mut value) {
            let at = at % (value.len() + 1);
            match value.get_mut(at) {
                Some(byte) => *byte ^= bits,
                None => value.truncate(value.len() / 2),
            }
        }
        Ok(value)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_an_error_that_names_the_entry(at in any::<usize>(), bits in 1..=255u8) {
        let dir = tempfile::tempdir().unwrap();
        let (folder, state) = opened(dir.path(), 0);
        let mut before = fold(state);
        let steps = (0..20).map(|i| Step::Event(i % 2, i % 5, i % 6, i % 4, i % 12, 0));
        for (seq, step) in steps.enumerate() {
            let (event, facts) = event(seq, &step, START).unwrap();
            decide(&mut before, &event, &facts, START);
        }
        put(&folder, &mut before);
        let whole = before.state.customer("c1").unwrap().clone();
        drop(before);
        let store = Arc::new(Damaged { folder: Arc::try_unwrap(folder).unwrap(), change: Mutex::new(None) });
        let again = State::stored(store.clone(), 0, START, START);
        prop_assert_eq!(again.customer("c1"), Some(&whole));
        *store.change.lock().unwrap() = Some((at, bits));
        let state = State::stored(store, 0, START, START);
        prop_assert_eq!(state.customer("c1"), None);
        let why = state.fault().unwrap();
        let key: String = CustomerKey::of("c1").to_bytes().iter().map(|b| format!("{b:02x}")).collect();
        prop_assert!(why.contains(&key) && why.contains("customers"), "{}", why);
    }
}

#[test]
fn a_folder_has_one_process_and_is_open_to_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let folder = Folder::open(&path).unwrap();
    assert!(Folder::open(&path).unwrap_err().to_string().contains("in use by another process"));
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777,
        0o700
    );
    drop(folder);
    Folder::open(&path).unwrap();
}

#[test]
fn a_cleared_folder_has_no_checkpoint_and_no_entries() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, state) = opened(dir.path(), 0);
    let mut fold = fold(state);
    let (event, facts) = event(1, &Step::Event(1, 1, 1, 1, 9, 0), START).unwrap();
    decide(&mut fold, &event, &facts, START);
    put(&folder, &mut fold);
    let count = |folder: &Folder| {
        let mut count = 0;
        folder.each(Part::Customers, &mut |_, _| count += 1).unwrap();
        count
    };
    assert_eq!((count(&folder), folder.checkpoint().unwrap().is_some()), (1, true));
    drop(fold);
    folder.clear().unwrap();
    drop(folder);
    let folder = Folder::open(dir.path()).unwrap();
    assert_eq!((count(&folder), folder.checkpoint().unwrap()), (0, None));
}
