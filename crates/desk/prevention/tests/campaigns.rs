//! Campaigns: customers who paid or are about to pay receive a message in their language, some are held out, and the effect is measured.

use holdfast_attribution::Category;
use holdfast_decision::warnings::Scam;
use holdfast_decision::{ChainFacts, Event, EventKind, Record, RecordKind};
use holdfast_identity::KeyRing;
use holdfast_prevention::Prevention;
use holdfast_prevention::PreventionError;
use holdfast_prevention::campaigns::{NewCampaign, RiskRule, Template};
use holdfast_screening::Screening;
use holdfast_screening::webhooks;
use holdfast_types::ids::CampaignId;
use holdfast_types::{Amount, Seconds, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);
const DAY: Seconds = Seconds::DAY;

struct Fixture {
    _dir: tempfile::TempDir,
    screening: Screening,
    key_ring: KeyRing,
    clock: Arc<AtomicI64>,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(NOW.unix()));
    let at = clock.clone();
    let url = format!("sqlite:{}", dir.path().join("desk.sqlite").display());
    let screening = Screening::open(&url, Arc::new(move || Timestamp::from_unix(at.load(Ordering::Relaxed)))).unwrap();
    Fixture { _dir: dir, screening, key_ring: KeyRing::single([3; 32]), clock }
}

fn facts(category: &str) -> ChainFacts {
    ChainFacts { category: Category::from_name(category).unwrap(), found: true, ..ChainFacts::default() }
}

fn pay(fixture: &Fixture, id: &str, customer: &str, category: &str, value: u64) {
    let mut event =
        Event::new(EventKind::Withdrawal, id, Timestamp::from_unix(fixture.clock.load(Ordering::Relaxed)), customer);
    event.asset = Some("ETH".into());
    event.amount = Some(Amount::new(1_000));
    event.balance = Some(Amount::new(1_000_000));
    event.value = Some(value);
    event.counterparty = Some(format!("0x{:040x}", id.bytes().fold(7u128, |n, b| n * 257 + u128::from(b))));
    fixture.screening.decide(event, facts(category), "app").unwrap();
}

fn plan(holdout_ppm: u32) -> NewCampaign {
    NewCampaign {
        title: "Stop before you pay".into(),
        scam: Scam::Investment,
        partner: "Policía de Ejemplo".into(),
        rule: RiskRule {
            categories: vec!["ponzi_scheme".into()],
            days: 30,
            min_value: 10_000,
            paid: true,
            about_to_pay: true,
            pattern: false,
            countries: vec![],
        },
        holdout_ppm,
    }
}

/// Allows payments to scams, as before the exchange had rules.
const ALLOW_ALL: &str = "
title: lenient
rules:
  - id: held
    version: 1
    state: live
    title: Held
    on: [withdrawal]
    when: event.value == 77777
    decision: hold
    source: [trial]
";

#[test]
fn people_at_risk_are_chosen_informed_and_compared() {
    let fixture = fixture();
    let prevention = Prevention { screening: &fixture.screening, key_ring: &fixture.key_ring };
    fixture.screening.apply_rules(ALLOW_ALL, "t").unwrap();
    for i in 0..300 {
        let mut record = Record::new(RecordKind::Customer, format!("c{i:03}"), NOW - 100 * DAY);
        record.country = Some(["ES", "DE", "FR"][i % 3].into());
        record.created = Some(NOW - 100 * DAY);
        fixture.screening.ingest(vec![record], "t").unwrap();
    }
    for i in 0..200 {
        pay(&fixture, &format!("w{i}"), &format!("c{i:03}"), "ponzi_scheme", 20_000);
    }
    pay(&fixture, "little", "c250", "ponzi_scheme", 500);
    pay(&fixture, "clean", "c251", "exchange", 50_000);
    pay(&fixture, "held", "c252", "ponzi_scheme", 77_777);
    // Tagged since: the day's facts knew nothing.
    pay(&fixture, "later", "c253", "unattributed", 30_000);
    let ponzi = Category::from_name("ponzi_scheme");
    let today = |e: &Event| if e.id == "later" { ponzi } else { None };
    let people = prevention.at_risk(&plan(0), &today).unwrap();
    let ids: Vec<&str> = people.iter().map(|p| p.customer.as_str()).collect();
    assert_eq!(people.len(), 202);
    assert!(ids.contains(&"c252") && ids.contains(&"c253") && !ids.contains(&"c250") && !ids.contains(&"c251"));
    let held = people.iter().find(|p| p.customer == "c252").unwrap();
    assert_eq!((held.because.paid, held.because.about_to_pay, held.because.value), (0, 1, 77_777));
    assert_eq!(people.iter().map(|p| p.lang.as_str()).take(3).collect::<Vec<_>>(), ["es", "de", "en"]);
    let only = NewCampaign {
        rule: RiskRule { countries: vec!["DE".into()], paid: true, about_to_pay: false, ..plan(0).rule },
        ..plan(0)
    };
    assert!(prevention.at_risk(&only, &today).unwrap().iter().all(|p| p.lang == "de" && p.because.paid > 0));

    // Messages: the shipped ones, a new version, no links.
    let mut template = prevention.template(Scam::Investment, "es").unwrap();
    assert!(template.version == 0 && template.body.contains("{partner}"));
    template.body = "Visite https://example.org".into();
    assert!(prevention.set_template(template.clone(), "a").is_err());
    template.body = "Pare. {partner} y nosotros le avisamos.".into();
    assert_eq!(prevention.set_template(template, "a").unwrap().version, 1);
    assert!(prevention.template(Scam::Investment, "xx1").is_err());
    let english: Template = prevention.template(Scam::Investment, "fr").unwrap();
    assert_eq!(english.subject, "This may be an investment scam");

    // Two people, once.
    let drafted = prevention.draft_campaign(plan(250_000), "ana").unwrap();
    for own in ["ana", "Ana ", "ＡＮＡ"] {
        let refused = prevention.start_campaign(drafted.id, &today, own);
        assert!(matches!(refused, Err(PreventionError::State(_))), "{own:?} is who drafted it");
    }
    let webhook = fixture.screening.add_webhook("https://example.org/hook", &["campaigns".into()], "t").unwrap();
    let running = prevention.start_campaign(drafted.id, &today, "luis").unwrap();
    assert!(matches!(prevention.start_campaign(drafted.id, &today, "luis"), Err(PreventionError::State(_))));
    assert_eq!(running.told + running.held_out, 202);
    assert!((30..=75).contains(&running.held_out), "{}", running.held_out);
    // Each recipient gets one message, in order, in however many batches; the held out none.
    let hook = fixture.screening.webhooks().unwrap().into_iter().find(|w| w.id == webhook).unwrap();
    let (mut hook, mut delivered) = (hook, Vec::new());
    loop {
        let pending = fixture.screening.read(|db| webhooks::pending(db, &hook, 50)).unwrap();
        if pending.messages.is_empty() && pending.then == hook.progress {
            break;
        }
        for message in pending.messages {
            delivered.push(serde_json::from_str::<serde_json::Value>(&message.body).unwrap());
        }
        hook.progress = pending.then;
    }
    assert_eq!(delivered.len() as i64, running.told);
    let first = delivered.iter().find(|m| m["data"]["lang"] == "es").unwrap();
    assert_eq!(first["type"], "campaign.message");
    assert_eq!(first["data"]["body"], "Pare. Policía de Ejemplo y nosotros le avisamos.");
    let all = prevention.campaign_people(drafted.id, "").unwrap();
    assert!(
        all.iter()
            .filter(|p| p.arm == "held_out")
            .all(|p| delivered.iter().all(|m| m["data"]["customer"] != p.customer.as_str()))
    );

    // Recipients pay less often: 1 in 10 against 5 in 10.
    fixture.clock.fetch_add(DAY.count(), Ordering::Relaxed);
    for (i, person) in all.iter().enumerate() {
        let pays = if person.arm == "told" { i % 10 == 0 } else { i % 2 == 0 };
        if pays && person.customer != "c252" {
            pay(&fixture, &format!("again{i}"), &person.customer, "ponzi_scheme", 40_000);
        }
    }
    let effect = prevention.campaign_effect(drafted.id, &today).unwrap();
    assert_eq!(effect.told.people as i64, running.told);
    let fewer = effect.fewer_payers.unwrap();
    assert!(fewer.low > 10.0 && fewer.high < 70.0, "{effect:?}");
    let saved = effect.value_kept.unwrap();
    assert!(saved.low > 0.0 && saved.value > 1_000_000.0, "{effect:?}");
    assert!(effect.words.contains("kept people from paying"), "{}", effect.words);
    // After the end nothing counts any more.
    let before = prevention.campaign_effect(drafted.id, &today).unwrap();
    prevention.end_campaign(drafted.id, "luis").unwrap();
    fixture.clock.fetch_add(DAY.count(), Ordering::Relaxed);
    pay(&fixture, "after", &all[1].customer, "ponzi_scheme", 40_000);
    assert_eq!(prevention.campaign_effect(drafted.id, &today).unwrap(), before);
    assert!(prevention.end_campaign(drafted.id, "luis").is_err());
    assert!(fixture.screening.verify_audit(None).unwrap().problems.is_empty());
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let fixture = fixture();
    let prevention = Prevention { screening: &fixture.screening, key_ring: &fixture.key_ring };
    let wrong = |change: fn(&mut NewCampaign)| {
        let mut new = plan(0);
        change(&mut new);
        prevention.draft_campaign(new, "a").unwrap_err().to_string()
    };
    assert!(wrong(|c| c.rule.categories = vec!["nonsense".into()]).contains("nonsense"));
    assert!(wrong(|c| c.rule.days = 0).contains("days"));
    assert!(wrong(|c| c.holdout_ppm = 600_000).contains("half"));
    assert!(wrong(|c| (c.rule.paid, c.rule.about_to_pay) = (false, false)).contains("about to pay"));
    assert!(matches!(prevention.campaign_effect(CampaignId::new(9), &|_| None), Err(PreventionError::NotFound(_))));
}

#[test]
fn messages_go_out_in_the_customers_own_language() {
    let fixture = fixture();
    let prevention = Prevention { screening: &fixture.screening, key_ring: &fixture.key_ring };
    fixture.screening.apply_rules(ALLOW_ALL, "t").unwrap();
    for lang in ["zh", "pt-BR"] {
        let own = Template {
            scam: Scam::Investment,
            lang: lang.into(),
            version: 0,
            subject: format!("subject {lang}"),
            body: "{partner}".into(),
        };
        prevention.set_template(own, "a").unwrap();
    }
    let customers = [
        ("a", Some("zh-Hans"), "DE", "zh"),
        ("b", Some("zh-CN"), "US", "zh"),
        ("c", None, "CN", "zh"),
        ("d", Some("pt"), "CH", "pt-BR"),
        ("e", Some("de-AT"), "ES", "de"),
        ("f", Some("fr"), "ES", "es"),
        ("g", None, "FR", "en"),
    ];
    for (id, language, country, _) in customers {
        let mut record = Record::new(RecordKind::Customer, id, NOW - 100 * DAY);
        (record.country, record.language) = (Some(country.into()), language.map(str::to_owned));
        fixture.screening.ingest(vec![record], "t").unwrap();
        pay(&fixture, &format!("w-{id}"), id, "ponzi_scheme", 20_000);
    }
    let people = prevention.at_risk(&plan(0), &|_| None).unwrap();
    let found: Vec<(&str, &str)> = people.iter().map(|p| (p.customer.as_str(), p.lang.as_str())).collect();
    assert_eq!(found, customers.map(|c| (c.0, c.3)));
    // The message is the one of that language, and states it.
    let template = prevention.template(Scam::Investment, "zh-Hans-CN").unwrap();
    assert_eq!((template.lang.as_str(), template.subject.as_str()), ("zh", "subject zh"));
    assert_eq!(prevention.template(Scam::Investment, "fr").unwrap().lang, "en");
    let drafted = prevention.draft_campaign(plan(0), "ana").unwrap();
    assert_eq!(prevention.start_campaign(drafted.id, &|_| None, "luis").unwrap().told, 7);
    let mut wrong = Record::new(RecordKind::Customer, "h", NOW);
    wrong.language = Some("german".into());
    assert!(fixture.screening.ingest(vec![wrong], "t").unwrap_err().to_string().contains("language"));
}
