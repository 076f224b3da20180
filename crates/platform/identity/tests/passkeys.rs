//! Passkeys of people with an authenticator in software, on both databases: ceremonies, who may add and remove one, and what each way round a
//! second factor is worth.

use holdfast_identity::passkey::{Assertion, CEREMONY_SECONDS, MAX_PASSKEYS, NewCredential, Site};
use holdfast_identity::{
    AddedPasskey, Assurance, BLOCKED_SECONDS, CodeAnswer, IdentityError, KeyRing, MAX_WRONG_CODES, Person, add_passkey,
    begin_passkey, challenge_passkey, enrol, ensure_person, give_code, give_passkey, passkeys_of, person_named,
    remove_passkey, rename_passkey, renew_recovery_codes, reset_factor,
};
use holdfast_screening::Screening;
use holdfast_store::{Change, Store};
use holdfast_testing::{Authenticator, START, TestClock, TestDb, on_both};
use holdfast_types::Seconds;
use serde_json::Value;

use Assurance::{OneFactor, TwoFactors};

on_both!(
    a_passkey_proves_its_holder_once_a_challenge,
    answers_that_are_not_the_ones_requested_are_refused,
    nobody_adds_a_factor_past_a_passkey_with_a_key_alone,
    an_app_that_was_never_confirmed_opens_nothing_that_a_passkey_guards,
    the_last_factor_stays_until_somebody_resets_it,
    recovery_codes_come_with_the_first_factor,
    wrong_answers_are_counted_with_wrong_codes,
    passkeys_are_few_and_ceremonies_short,
    whatever_somebody_is_called_a_passkey_can_be_added,
);

const ORIGIN: &str = "https://desk.example";

struct World {
    screening: Screening,
    clock: TestClock,
    ring: KeyRing,
    site: Site,
}

impl World {
    fn new(db: &TestDb) -> Self {
        let clock = TestClock::new();
        let screening = Screening::open(&db.url, clock.clock()).unwrap();
        let world = World { screening, clock, ring: KeyRing::single([7; 32]), site: Site::new(ORIGIN).unwrap() };
        for name in ["ana", "bo"] {
            world.change("root", move |tx| ensure_person(tx, name)).unwrap();
        }
        world
    }

    fn change<T: Send + 'static>(
        &self,
        actor: &str,
        run: impl FnOnce(&mut dyn Change) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        Store::change(&self.screening, actor, run)
    }

    fn person(&self, name: &str) -> Person {
        self.screening.read(|db| person_named(db, name)).unwrap().unwrap()
    }

    /// Makes a change of ana's.
    fn own<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut dyn Change, &Person) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let ana = self.person("ana");
        self.change("ana", move |tx| run(tx, &ana))
    }

    fn begin(&self, assurance: Assurance) -> Result<Value, IdentityError> {
        let (ring, site) = (self.ring.clone(), self.site.clone());
        self.own(move |tx, ana| begin_passkey(tx, &ring, ana, assurance, &site))
    }

    fn finish(&self, assurance: Assurance, name: &str, credential: &Value) -> Result<AddedPasskey, IdentityError> {
        let (site, name, made) = (self.site.clone(), name.to_owned(), NewCredential::read(credential)?);
        self.own(move |tx, ana| add_passkey(tx, ana, assurance, &site, (&name, &made), &[9; 32]))
    }

    fn add(&self, assurance: Assurance, device: &mut Authenticator) -> Result<AddedPasskey, IdentityError> {
        let options = self.begin(assurance)?;
        self.finish(assurance, "laptop", &device.create(&options))
    }

    fn challenge(&self) -> Result<Value, IdentityError> {
        let site = self.site.clone();
        self.own(move |tx, ana| challenge_passkey(tx, ana, &site))
    }

    fn give(&self, answer: &Value) -> Result<CodeAnswer, IdentityError> {
        let (ring, site, assertion) = (self.ring.clone(), self.site.clone(), Assertion::read(answer)?);
        self.own(move |tx, ana| give_passkey(tx, &ring, ana, &site, &assertion))
    }

    fn enter(&self, device: &mut Authenticator) -> CodeAnswer {
        let options = self.challenge().unwrap();
        self.give(&device.get(&options)).unwrap()
    }

    /// Sets an app up; returns its URI and the recovery codes.
    fn enrol(&self, assurance: Assurance) -> Result<(String, Vec<String>), IdentityError> {
        let ring = self.ring.clone();
        let made = self.own(move |tx, ana| enrol(tx, &ring, ana, assurance, &[8; 32]))?;
        Ok((made.uri, made.recovery_codes))
    }

    fn code(&self, assurance: Assurance, code: &str) -> Result<CodeAnswer, IdentityError> {
        let (ring, code) = (self.ring.clone(), code.to_owned());
        self.own(move |tx, ana| give_code(tx, &ring, ana, assurance, &code))
    }

    /// The code that an app shows now.
    fn totp(&self, uri: &str) -> String {
        totp_rs::Totp::from_url(uri).unwrap().generate(self.screening.now().unix().unsigned_abs()).to_string()
    }

    fn ids(&self) -> Vec<String> {
        let ana = self.person("ana");
        let list = self.screening.read(|db| passkeys_of(db, &ana)).unwrap();
        list.into_iter().map(|p| p.id).collect()
    }

    fn remove(&self, assurance: Assurance, id: &str) -> Result<(), IdentityError> {
        let id = id.to_owned();
        self.own(move |tx, ana| remove_passkey(tx, ana, assurance, &id))
    }

    fn log(&self) -> Vec<String> {
        self.screening.audit(0, None, 1000).unwrap().into_iter().map(|e| e.action).collect()
    }
}

fn why<T: std::fmt::Debug>(answer: Result<T, IdentityError>) -> String {
    answer.unwrap_err().to_string()
}

fn a_passkey_proves_its_holder_once_a_challenge(db: &TestDb) {
    let world = World::new(db);
    let mut device = Authenticator::new(1, ORIGIN);
    assert!(why(world.challenge()).contains("no passkey"));
    let added = world.add(OneFactor, &mut device).unwrap();
    assert_eq!((added.id, world.ids()), (device.id(), vec![device.id()]));
    assert!(world.person("ana").second_factor && !world.person("bo").second_factor);
    assert_eq!(world.enter(&mut device), CodeAnswer::Accepted);
    let options = world.challenge().unwrap();
    let answer = device.get(&options);
    assert_eq!(world.give(&answer).unwrap(), CodeAnswer::Accepted);
    assert!(why(world.give(&answer)).contains("begin again"), "an answer is good once");
    // The old answer to a new challenge is none.
    world.challenge().unwrap();
    assert_eq!(world.give(&answer).unwrap(), CodeAnswer::Refused);
    // Names.
    let rename = |assurance, name: &str| {
        let (id, name) = (device.id(), name.to_owned());
        world.own(move |tx, ana| rename_passkey(tx, ana, assurance, &id, &name))
    };
    assert!(why(rename(OneFactor, "blue")).contains("sign in with it first"));
    for bad in ["", " ", "a\u{7}", &"x".repeat(121)] {
        assert!(why(rename(TwoFactors, bad)).contains("name"), "{bad:?}");
    }
    rename(TwoFactors, " blue ").unwrap();
    let ana = world.person("ana");
    let listed = world.screening.read(|db| passkeys_of(db, &ana)).unwrap();
    assert_eq!((listed[0].name.as_str(), listed[0].created, listed[0].used), ("blue", START, Some(START)));
    let log = world.log();
    for action in ["passkey_added", "factor_given", "factor_refused", "passkey_renamed"] {
        assert!(log.contains(&format!("person.{action}")), "{action}: {log:?}");
    }
}

fn answers_that_are_not_the_ones_requested_are_refused(db: &TestDb) {
    let world = World::new(db);
    // Another site's page, a user who was not verified, a ceremony of another person.
    let options = world.begin(OneFactor).unwrap();
    let made = Authenticator::new(1, "https://evil.example").create(&options);
    assert!(why(world.finish(OneFactor, "laptop", &made)).contains("passkey"));
    let options = world.begin(OneFactor).unwrap();
    let mut careless = Authenticator::new(1, ORIGIN);
    careless.verifies = false;
    assert!(why(world.finish(OneFactor, "laptop", &careless.create(&options))).contains("passkey"));
    let mut device = Authenticator::new(1, ORIGIN);
    let good = device.create(&options);
    assert!(why(world.finish(OneFactor, "laptop", &good)).contains("begin again"), "a refused answer ends a ceremony");
    assert!(matches!(world.finish(OneFactor, "laptop", &serde_json::json!({})), Err(IdentityError::Invalid(_))));
    assert_eq!(world.ids(), Vec::<String>::new());
    world.add(OneFactor, &mut device).unwrap();
    let mut elsewhere = Authenticator::new(1, "https://evil.example");
    let mut other = Authenticator::new(2, ORIGIN);
    let options = world.begin(TwoFactors).unwrap();
    elsewhere.create(&options);
    other.create(&options);
    let options = world.challenge().unwrap();
    assert_eq!(world.give(&elsewhere.get(&options)).unwrap(), CodeAnswer::Refused);
    device.verifies = false;
    assert_eq!(world.enter(&mut device), CodeAnswer::Refused);
    let options = world.challenge().unwrap();
    assert!(why(world.give(&other.answer(&options))).contains("none of yours"));
    // Bo cannot use ana's.
    let (site, ring, bo) = (world.site.clone(), world.ring.clone(), world.person("bo"));
    device.verifies = true;
    let answer = Assertion::read(&device.answer(&world.challenge().unwrap())).unwrap();
    let given = world.change("bo", move |tx| give_passkey(tx, &ring, &bo, &site, &answer));
    assert!(why(given).contains("begin again"));
}

fn nobody_adds_a_factor_past_a_passkey_with_a_key_alone(db: &TestDb) {
    let world = World::new(db);
    let (mut device, mut second) = (Authenticator::new(1, ORIGIN), Authenticator::new(2, ORIGIN));
    // Begun while there was no factor, ended when there is one.
    let early = world.begin(OneFactor).unwrap();
    let early = second.create(&early);
    world.add(OneFactor, &mut device).unwrap();
    assert!(why(world.finish(OneFactor, "thief", &early)).contains("sign in with it first"));
    assert!(why(world.begin(OneFactor)).contains("sign in with it first"));
    assert!(why(world.enrol(OneFactor)).contains("sign in with it first"));
    assert_eq!(world.ids(), [device.id()]);
    // Nor with a passkey past an app.
    world.add(TwoFactors, &mut second).unwrap();
    let (uri, codes) = world.enrol(TwoFactors).unwrap();
    assert!(codes.is_empty(), "the recovery codes stay");
    assert_eq!(world.code(TwoFactors, &world.totp(&uri)).unwrap(), CodeAnswer::Accepted);
    world.remove(TwoFactors, &device.id()).unwrap();
    world.remove(TwoFactors, &second.id()).unwrap();
    assert!(why(world.begin(OneFactor)).contains("sign in with it first"));
    world.add(TwoFactors, &mut device).unwrap();
}

fn an_app_that_was_never_confirmed_opens_nothing_that_a_passkey_guards(db: &TestDb) {
    let world = World::new(db);
    // Somebody with the key set an app up, and knows its secret and codes; then its owner adds a passkey.
    let (uri, codes) = world.enrol(OneFactor).unwrap();
    let mut device = Authenticator::new(1, ORIGIN);
    let added = world.add(OneFactor, &mut device).unwrap();
    assert_eq!(world.code(OneFactor, &world.totp(&uri)).unwrap(), CodeAnswer::Refused);
    assert_eq!(world.code(TwoFactors, &world.totp(&uri)).unwrap(), CodeAnswer::Refused, "it is void");
    assert_eq!(world.code(OneFactor, &codes[0]).unwrap(), CodeAnswer::Refused);
    // An app that was set up beside the passkey is confirmed in a session that a factor opened.
    let (uri, _) = world.enrol(TwoFactors).unwrap();
    assert_eq!(world.code(OneFactor, &world.totp(&uri)).unwrap(), CodeAnswer::Refused);
    assert_eq!(world.code(TwoFactors, &world.totp(&uri)).unwrap(), CodeAnswer::Accepted);
    world.clock.set(START + Seconds::new(30));
    assert_eq!(world.code(OneFactor, &world.totp(&uri)).unwrap(), CodeAnswer::Accepted, "it signs in from now on");
    assert_eq!(world.code(OneFactor, &added.recovery_codes[0]).unwrap(), CodeAnswer::Accepted);
}

fn the_last_factor_stays_until_somebody_resets_it(db: &TestDb) {
    let world = World::new(db);
    let (mut device, mut second) = (Authenticator::new(1, ORIGIN), Authenticator::new(2, ORIGIN));
    world.add(OneFactor, &mut device).unwrap();
    assert!(why(world.remove(TwoFactors, &device.id())).contains("only second factor"));
    assert_eq!(world.ids(), [device.id()]);
    world.add(TwoFactors, &mut second).unwrap();
    assert!(why(world.remove(OneFactor, &device.id())).contains("sign in with it first"));
    assert!(matches!(world.remove(TwoFactors, "00"), Err(IdentityError::NotFound(_))));
    world.remove(TwoFactors, &device.id()).unwrap();
    assert_eq!(world.ids(), [second.id()]);
    let options = world.challenge().unwrap();
    assert!(why(world.give(&device.answer(&options))).contains("none of yours"), "it opens nothing any more");
    let id = world.person("ana").id;
    assert!(why(world.change("ana", move |tx| reset_factor(tx, id, "lost"))).contains("another person"));
    let options = world.begin(TwoFactors).unwrap();
    assert!(!world.change("bo", move |tx| reset_factor(tx, id, "lost")).unwrap().second_factor);
    assert_eq!(world.ids(), Vec::<String>::new());
    assert!(why(world.finish(OneFactor, "x", &device.create(&options))).contains("begin again"), "it ended as well");
    assert!(why(world.change("bo", move |tx| reset_factor(tx, id, "lost"))).contains("no second factor"));
    world.add(OneFactor, &mut device).unwrap();
}

fn recovery_codes_come_with_the_first_factor(db: &TestDb) {
    let world = World::new(db);
    let (mut device, mut second) = (Authenticator::new(1, ORIGIN), Authenticator::new(2, ORIGIN));
    let codes = world.add(OneFactor, &mut device).unwrap().recovery_codes;
    assert_eq!(codes.len(), holdfast_identity::RECOVERY_CODES);
    assert!(world.add(TwoFactors, &mut second).unwrap().recovery_codes.is_empty());
    assert_eq!(world.code(OneFactor, &codes[0]).unwrap(), CodeAnswer::Accepted);
    assert_eq!(world.code(OneFactor, &codes[0]).unwrap(), CodeAnswer::Refused, "once");
    let renew = |assurance, code: Option<&str>| {
        let (ring, code) = (world.ring.clone(), code.map(str::to_owned));
        world.own(move |tx, ana| renew_recovery_codes(tx, &ring, ana, assurance, code.as_deref(), &[1; 32]))
    };
    assert!(matches!(renew(OneFactor, None), Err(IdentityError::Invalid(_))));
    assert_eq!(renew(OneFactor, Some("000000")).unwrap().0, CodeAnswer::Refused);
    let (answer, new) = renew(TwoFactors, None).unwrap();
    assert_eq!((answer, new.len()), (CodeAnswer::Accepted, codes.len()));
    assert_eq!(world.code(OneFactor, &codes[1]).unwrap(), CodeAnswer::Refused);
    assert_eq!(renew(OneFactor, Some(&new[0])).unwrap().0, CodeAnswer::Accepted);
    // Whoever has an app gives a code.
    let (uri, _) = world.enrol(TwoFactors).unwrap();
    assert_eq!(world.code(TwoFactors, &world.totp(&uri)).unwrap(), CodeAnswer::Accepted);
    assert!(matches!(renew(TwoFactors, None), Err(IdentityError::Invalid(_))));
}

fn wrong_answers_are_counted_with_wrong_codes(db: &TestDb) {
    let world = World::new(db);
    let mut device = Authenticator::new(1, ORIGIN);
    world.add(OneFactor, &mut device).unwrap();
    device.verifies = false;
    for _ in 0..MAX_WRONG_CODES - 2 {
        assert_eq!(world.enter(&mut device), CodeAnswer::Refused);
    }
    assert_eq!(world.code(OneFactor, "000000").unwrap(), CodeAnswer::Refused);
    assert_eq!(world.enter(&mut device), CodeAnswer::Refused);
    device.verifies = true;
    let until = START + BLOCKED_SECONDS;
    assert_eq!(world.enter(&mut device), CodeAnswer::Blocked(until), "the right one neither");
    assert_eq!(world.code(OneFactor, "000000").unwrap(), CodeAnswer::Blocked(until));
    world.clock.set(until);
    assert_eq!(world.enter(&mut device), CodeAnswer::Accepted);
}

fn passkeys_are_few_and_ceremonies_short(db: &TestDb) {
    let world = World::new(db);
    let seeds = 1..=u8::try_from(MAX_PASSKEYS).unwrap();
    let mut devices: Vec<Authenticator> = seeds.map(|seed| Authenticator::new(seed, ORIGIN)).collect();
    for device in &mut devices {
        world.add(TwoFactors, device).unwrap();
    }
    assert!(why(world.begin(TwoFactors)).contains("eight"));
    world.remove(TwoFactors, &devices[0].id()).unwrap();
    // One that is registered is not registered again, by whomever.
    let options = world.begin(TwoFactors).unwrap();
    assert!(why(world.finish(TwoFactors, "x", &devices[1].create(&options))).contains("already"));
    // A newer ceremony ends an older one, and one that waits for too long ends.
    let older = world.begin(TwoFactors).unwrap();
    let newer = world.begin(TwoFactors).unwrap();
    assert!(why(world.finish(TwoFactors, "x", &devices[0].create(&older))).contains("passkey"));
    assert!(why(world.finish(TwoFactors, "x", &devices[0].create(&newer))).contains("begin again"));
    let options = world.challenge().unwrap();
    world.clock.set(START + CEREMONY_SECONDS + Seconds::new(1));
    assert!(why(world.give(&devices[1].get(&options))).contains("begin again"));
    assert_eq!(world.enter(&mut devices[1]), CodeAnswer::Accepted);
}

fn whatever_somebody_is_called_a_passkey_can_be_added(db: &TestDb) {
    let world = World::new(db);
    for (name, user) in
        [("Ana Berg", "Ana.Berg"), ("Żaneta Öz", "Żaneta.Öz"), ("ops ☎", ""), ("bo@example.com", "bo@example.com")]
    {
        let (ring, site) = (world.ring.clone(), world.site.clone());
        let person = world.change("root", move |tx| ensure_person(tx, name)).unwrap();
        let numbered = format!("person-{}", person.id);
        let begin = move |tx: &mut dyn Change| begin_passkey(tx, &ring, &person, OneFactor, &site);
        let options = world.change("root", begin).unwrap();
        let shown = options["publicKey"]["user"]["name"].as_str().unwrap().to_owned();
        assert!(shown == user || (user.is_empty() && shown == numbered), "{name}: {shown}");
    }
}
