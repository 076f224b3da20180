//! What is decided and not in the tables yet, as far as later decisions must know it.

use std::collections::{HashMap, VecDeque};

/// What one call decided.
#[derive(Debug)]
struct Part {
    /// Position of its input.
    position: u64,
    ids: Vec<Box<str>>,
    holds: Vec<String>,
}

/// Events and holds that are not in the tables yet.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    /// Body and result by id.
    events: HashMap<Box<str>, (String, String)>,
    /// Customer and number by the key of the movement.
    holds: HashMap<String, (String, u64)>,
    parts: VecDeque<Part>,
}

impl Unwritten {
    /// Adds decided events (id, body, result) and the holds placed with them, by the position of their input.
    pub(super) fn add(
        &mut self,
        position: u64,
        events: impl Iterator<Item = (Box<str>, String, String)>,
        holds: HashMap<String, (String, u64)>,
    ) {
        let mut part = Part { position, ids: Vec::new(), holds: holds.keys().cloned().collect() };
        for (id, body, result) in events {
            part.ids.push(id.clone());
            self.events.insert(id, (body, result));
        }
        self.parts.push_back(part);
        self.holds.extend(holds);
    }

    /// Returns body and result of an event that is decided and not in the tables yet.
    pub(super) fn event(&self, id: &str) -> Option<&(String, String)> {
        self.events.get(id)
    }

    /// Returns customer and number of a hold that is not in the tables yet.
    pub(super) fn hold(&self, key: &str) -> Option<&(String, u64)> {
        self.holds.get(key)
    }

    /// Removes what is in the tables now, up to a position.
    pub(super) fn written(&mut self, position: u64) {
        while self.parts.front().is_some_and(|part| part.position <= position) {
            self.drop_part(VecDeque::pop_front);
        }
    }

    /// Removes what was undone: everything after a position.
    pub(super) fn undone(&mut self, position: u64) {
        while self.parts.back().is_some_and(|part| part.position > position) {
            self.drop_part(VecDeque::pop_back);
        }
    }

    fn drop_part(&mut self, pop: fn(&mut VecDeque<Part>) -> Option<Part>) {
        let Some(part) = pop(&mut self.parts) else { return };
        for id in &part.ids {
            self.events.remove(id);
        }
        for key in &part.holds {
            self.holds.remove(key);
        }
    }
}
