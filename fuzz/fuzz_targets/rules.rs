//! Any text is answered as a rule book, and as the expression of a rule; a book that is taken is evaluated without a panic.
#![no_main]

use holdfast_decision::fields::Input;
use holdfast_decision::state::State;
use holdfast_decision::{ChainFacts, Event, EventKind, RuleBook};
use libfuzzer_sys::fuzz_target;

fn try_out(book: &RuleBook) {
    let (state, facts) = (State::default(), ChainFacts::default());
    for kind in EventKind::ALL {
        let event = Event::new(kind, "e", 1_700_000_000_u32.into(), "c");
        let _ = book.matches(&Input::new(&state, &event, &facts, Some(5), &[]));
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(book) = RuleBook::parse(text, 1) {
        try_out(&book);
    }
    // The same text where a rule's expression stands: JSON strings are YAML.
    let when = format!("{text:?}").replace("\\u{", "\\\\u{");
    let book = format!(
        "title: t\nlists: {{a: [b]}}\nrules:\n  - id: r\n    version: 1\n    state: live\n    title: t\n    on: [deposit, withdrawal, payment, account]\n    when: {when}\n    decision: review\n    source: [s]\n"
    );
    if let Ok(book) = RuleBook::parse(&book, 1) {
        try_out(&book);
    }
});
