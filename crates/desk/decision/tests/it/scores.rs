//! Scores of learned models as decisions state them.

use holdfast_decision::scores::{LogOdds, ModelScore, NO_SCORE, Purpose, Role, Scored};
use holdfast_models::ModelHash;

#[test]
fn scores_are_read_back_to_the_bit() {
    for score in [0.1 + 0.2, -3.25, 1e-300, 12.000_000_000_000_002] {
        let text = serde_json::to_string(&LogOdds(score)).unwrap();
        assert_eq!(serde_json::from_str::<LogOdds>(&text).unwrap(), LogOdds(score), "{text}");
    }
    assert!(serde_json::from_str::<LogOdds>("\"x\"").is_err());
}

#[test]
fn triage_and_shadows_count_for_no_champion() {
    let score = |purpose, role, ppm| ModelScore {
        model: ModelHash::of(b"m"),
        purpose,
        role,
        score: LogOdds(0.0),
        probability_ppm: ppm,
    };
    let mut scored = Scored {
        features: String::new(),
        scores: vec![score(Purpose::AlertTriage, Role::Champion, 900_000), score(Purpose::Mule, Role::Shadow, 800_000)],
    };
    assert_eq!((scored.highest(), scored.of(Purpose::Mule, Role::Champion)), (NO_SCORE, NO_SCORE));
    assert_eq!(scored.of(Purpose::Mule, Role::Shadow), 800_000);
    scored.scores.push(score(Purpose::Mule, Role::Champion, 300_000));
    scored.scores.push(score(Purpose::WithdrawalScam, Role::Champion, 500_000));
    assert_eq!((scored.highest(), scored.of(Purpose::Mule, Role::Champion)), (500_000, 300_000));
}
