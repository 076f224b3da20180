//! Labs: the same seed gives the same task, different seeds different ones; the truth grades as right, other answers do not.

use holdfast_academy::grade::Check;
use holdfast_academy::labs::{LABS, make};
use std::collections::HashSet;

#[test]
fn every_lab_can_be_made_of_many_seeds_and_differs() {
    for lab in &LABS {
        let mut tasks = HashSet::new();
        for seed in 0..4 {
            let made = make(lab, seed).unwrap_or_else(|e| panic!("{}: {e}", lab.id));
            assert_eq!(made.points(), 100, "{}", lab.id);
            let ids: HashSet<&str> = made.steps.iter().map(|s| s.id).collect();
            assert_eq!(ids.len(), made.steps.len(), "{}", lab.id);
            for step in &made.steps {
                let graded = step.check.grade(&step.check.solution());
                assert!(graded.right && graded.credit == 1_000, "{} {}: {:?}", lab.id, step.id, graded);
                assert!(!step.check.grade("nonsense").right, "{} {}", lab.id, step.id);
                assert!(!step.why.is_empty() && !step.question.is_empty());
                if let Check::Choice { right, options } = &step.check {
                    assert!(options.contains(right), "{} {}", lab.id, step.id);
                }
                if let Check::Choices { right, options } = &step.check {
                    assert!(!right.is_empty() && right.len() < options.len(), "{} {}", lab.id, step.id);
                    assert!(right.iter().all(|r| options.contains(r)), "{} {}", lab.id, step.id);
                }
            }
            let answers: String = made.steps.iter().map(|s| s.check.solution()).collect();
            assert!(tasks.insert(answers), "{}: seed {seed} gives another's answers", lab.id);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_task() {
    for lab in &LABS {
        let (one, again) = (lab.made(7).unwrap(), lab.made(7).unwrap());
        assert!(one.steps == again.steps && one.pack(lab.title) == again.pack(lab.title), "{}", lab.id);
    }
}

/// Whatever the seed, a scan finds what the lab planted: nothing else looks like a phrase.
#[test]
fn disks_hold_one_phrase() {
    let lab = LABS.iter().find(|l| l.id == "seed-on-a-disk").unwrap();
    for seed in 0..64 {
        let made = lab.made(seed).unwrap();
        let found = holdfast_academy::tools::scan_files(&made).unwrap();
        let phrases: Vec<_> = found.findings.iter().filter(|f| f.kind.name().starts_with("bip39")).collect();
        assert_eq!(phrases.len(), 1, "seed {seed}: {phrases:?}");
        assert_eq!(found.findings.iter().filter(|f| f.kind.name() == "address").count(), 1, "seed {seed}");
    }
}

/// The model of the lab about models is a whole file, and its reasons are those of the event in the task.
#[test]
fn the_lab_about_models_explains_its_event_by_the_model_that_it_brings() {
    let lab = LABS.iter().find(|l| l.id == "why-did-the-model-say-so").unwrap();
    for seed in 0..6 {
        let made = lab.made(seed).unwrap();
        let file = |name: &str| made.files.iter().find(|f| f.0 == name).unwrap().1.clone();
        let model = holdfast_models::Model::from_bytes(&file("model.hfm")).unwrap();
        let told: serde_json::Value = serde_json::from_slice(&file("explanation.json")).unwrap();
        assert_eq!(told["model"], model.hash().to_string());
        let strongest = &told["reasons"][0]["features"][0]["name"];
        let feature = model.schema().features().iter().find(|f| *strongest == f.name).unwrap();
        assert_eq!(made.steps[0].check.solution(), feature.label, "seed {seed}");
        assert!(told["log_odds"].as_f64().unwrap() > 0.0);
    }
}
