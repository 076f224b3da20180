//! Addresses that look like one that a customer deals with.

use holdfast_decision::lookalikes::{Counterparties, KnownBy, MAX_COUNTERPARTIES};
use holdfast_types::lookalike::looks_alike;
use holdfast_types::{Seconds, Timestamp};
use proptest::prelude::*;

const PAYEE: &str = "0x1234aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9876";
const IMITATION: &str = "0x123fbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9876";
const OTHER: &str = "0x777bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9876";

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix(1_700_000_000) + Seconds::MINUTE * minutes
}

#[test]
fn an_imitation_is_found_until_it_is_paid_unwarned() {
    let mut known = Counterparties::default();
    known.note(&PAYEE.to_uppercase().replace("0X", "0x"), at(1), true);
    assert_eq!(known.lookalike_of(PAYEE), None);
    assert_eq!(known.lookalike_of(OTHER), None);
    let found = known.lookalike_of(IMITATION).unwrap();
    assert_eq!((found.of.as_str(), found.known_by), (PAYEE, KnownBy::Paid));
    assert!(known.has_paid(PAYEE) && !known.has_paid(IMITATION) && !known.has_paid("x"));
    assert_eq!((found.same_start, found.same_end), (5, 4));
    assert_eq!(found.parts()[0], ["0x123", "fbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "9876"]);
    assert_eq!(found.parts()[1].concat(), PAYEE);
    // Dust from it, and a try to pay it, change nothing.
    known.note(IMITATION, at(2), false);
    known.note(IMITATION, at(3), true);
    assert_eq!(known.lookalike_of(IMITATION), Some(found));
    // Of one moment, what was paid is imitated.
    let mut known = Counterparties::default();
    known.note(PAYEE, at(1), true);
    known.note(IMITATION, at(1), false);
    assert_eq!(known.lookalike_of(IMITATION).unwrap().of, PAYEE);
    assert_eq!(known.lookalike_of(PAYEE), None);
    // What came first imitates nothing, also where it only paid in.
    let mut known = Counterparties::default();
    known.note(PAYEE, at(1), false);
    known.note(IMITATION, at(2), false);
    assert_eq!(known.lookalike_of(PAYEE), None);
    assert_eq!(known.lookalike_of(IMITATION).unwrap().known_by, KnownBy::Received);
    // Late news of an earlier payment is taken in.
    known.note(IMITATION, at(0), false);
    assert_eq!(known.lookalike_of(IMITATION), None);
}

#[test]
fn what_is_confirmed_imitates_nothing_any_more() {
    let mut known = Counterparties::default();
    known.note(PAYEE, at(1), true);
    assert!(known.lookalike_of(IMITATION).is_some());
    known.confirm(&IMITATION.to_uppercase().replace("0X", "0x"), at(2));
    assert!(known.has_paid(IMITATION) && known.lookalike_of(IMITATION).is_none());
    // Another address with these ends is none of both.
    let third = IMITATION.replace("bbb", "ccc");
    assert!(known.lookalike_of(&third).is_some());
    // Text that is no address changes nothing.
    known.confirm("x", at(3));
    assert_eq!(known.len(), 2);
}

#[test]
fn trons_two_forms_are_one_address() {
    let (tron, hex) = ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c");
    let mut known = Counterparties::default();
    known.note(hex, at(1), true);
    known.note(tron, at(2), true);
    assert_eq!(known.len(), 1);
    let found = known.lookalike_of("TR7Nzzzzzzzzzzzzzzzzzzzzzzzzzzzj6t").map(|l| l.of);
    assert_eq!(found, None, "three and three characters are not enough");
    let found = known.lookalike_of("TR7NzzzzzzzzzzzzzzzzzzzzzzzzzzLj6t").map(|l| l.of);
    assert_eq!(found.as_deref(), Some(tron));
}

#[test]
fn memory_is_bounded_and_what_was_paid_stays_longest() {
    let mut known = Counterparties::default();
    known.note(PAYEE, at(0), true);
    for n in 0..2 * MAX_COUNTERPARTIES {
        known.note(&format!("0x{n:040x}"), at(1 + n as i64), false);
    }
    assert_eq!(known.len(), MAX_COUNTERPARTIES);
    assert!(known.lookalike_of(IMITATION).is_some());
    // Also what is confirmed where all others were paid.
    let mut known = Counterparties::default();
    for n in 0..MAX_COUNTERPARTIES {
        known.note(&format!("0x{n:040x}"), at(n as i64), true);
    }
    known.confirm(IMITATION, at(10_000));
    assert!(known.has_paid(IMITATION) && known.len() == MAX_COUNTERPARTIES);
}

proptest! {
    #[test]
    fn the_index_finds_what_a_search_finds(addresses in prop::collection::vec("[0-9a-f]{3}[01]{30}[ab]{3}[0-9a-f]{4}", 1..60), paid in "[0-9a-f]{3}[01]{30}[ab]{3}[0-9a-f]{4}") {
        let mut known = Counterparties::default();
        for (n, address) in addresses.iter().enumerate() {
            known.note(&format!("0x{address}"), at(n as i64), false);
        }
        // An address with the ends of one of them, and a middle of its own.
        let of = &addresses[0];
        let imitation = format!("0x{}{}{}", &of[..3], &paid[3..36], &of[36..]);
        let alike: Vec<String> = addresses.iter().map(|a| format!("0x{a}")).filter(|a| looks_alike(a, &imitation)).collect();
        let found = known.lookalike_of(&imitation);
        prop_assert_eq!(found.is_some(), !alike.is_empty() && !addresses.contains(&imitation[2..].to_owned()));
        prop_assert!(found.is_none_or(|found| alike.contains(&found.of)));
    }

    #[test]
    fn any_text_is_answered(texts in prop::collection::vec(".{0,60}", 0..8)) {
        let mut known = Counterparties::default();
        for text in &texts {
            if let Some(found) = known.lookalike_of(text) {
                prop_assert_eq!(found.parts().map(|parts| parts.concat()), [found.address.clone(), found.of.clone()]);
            }
            known.note(text, at(0), text.len() % 2 == 0);
        }
    }
}
