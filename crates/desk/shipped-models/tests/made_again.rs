//! The files that ship follow from the code: the simulation, the features, the learner. Who changes one of these makes the files again, by
//! `HOLDFAST_WRITE_MODELS=1 cargo nextest run -p holdfast-shipped-models --release --run-ignored all made_again`.

use holdfast_decision::Purpose;
use holdfast_shipped_models::{Simulated, SimulatedDesk, shipped};
use std::ops::ControlFlow;
use std::path::Path;

const SHIPPED: [Purpose; 5] =
    [Purpose::WithdrawalScam, Purpose::AccountTakeover, Purpose::Mule, Purpose::CardCashOut, Purpose::AlertTriage];

fn desk(of: Simulated, dir: &Path) -> SimulatedDesk {
    SimulatedDesk::make(of, dir, &mut |_| ControlFlow::Continue(())).unwrap().unwrap()
}

fn file(desk: &SimulatedDesk, purpose: Purpose) -> Vec<u8> {
    let trained = desk.train(purpose, &mut |_| ControlFlow::Continue(())).unwrap().unwrap();
    let measured = trained.model.content().training.as_ref().unwrap().measured;
    let ap = measured.average_precision;
    eprintln!("{purpose}: AP {:.3} ({:.3} to {:.3}), {:?}", ap.value, ap.low, ap.high, trained.counts);
    trained.model.to_bytes().to_vec()
}

/// One of them; the other test makes all.
#[test]
fn one_that_ships_is_made_again_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let shipped = shipped().unwrap();
    let of_purpose = shipped.iter().find(|m| m.content().purpose == Purpose::AccountTakeover.name()).unwrap();
    assert!(
        file(&desk(Simulated::default(), dir.path()), Purpose::AccountTakeover) == of_purpose.to_bytes(),
        "the files that ship are to be made again"
    );
}

#[test]
#[ignore = "trains six models: minutes"]
fn all_that_ship_and_the_demos_challenger_are_made_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let writes = std::env::var_os("HOLDFAST_WRITE_MODELS").is_some();
    let check = |made: Vec<u8>, path: &Path| {
        if writes {
            std::fs::write(path, made).unwrap();
        } else {
            assert!(made == std::fs::read(path).unwrap(), "{} is to be made again", path.display());
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let made = desk(Simulated::default(), dir.path());
    for purpose in SHIPPED {
        check(file(&made, purpose), &root.join(format!("models/{}.hfm", purpose.name())));
    }
    let dir = tempfile::tempdir().unwrap();
    let other = desk(Simulated { seed: 7, ..Simulated::default() }, dir.path());
    check(file(&other, Purpose::WithdrawalScam), &root.join("../../demo/models/challenger.hfm"));
}
