//! Events as stored, read many at a time: a log of single events would need a query for each.

use holdfast_store::{Database, DbError, Row, number};
use std::collections::VecDeque;

/// Most rows of a query.
const ROWS: u64 = 1_000;

/// Rows of the events of a page of the log, by number. A row never changes while it is kept here.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    rows: VecDeque<(u64, Row)>,
    /// Events of the page that were not read.
    left: u64,
}

impl ReadAhead {
    /// Begins a page with so many events.
    pub(crate) fn of(events: u64) -> Self {
        ReadAhead { rows: VecDeque::new(), left: events }
    }

    /// Reads on where the rows from `first` to `last` are not here.
    pub(crate) fn reach(&mut self, db: &mut Database, first: u64, last: u64) -> Result<(), DbError> {
        let next = self.rows.back().map_or(first, |(seq, _)| (seq + 1).max(first));
        if next > last {
            return Ok(());
        }
        let wanted = self.left.min(ROWS).max(last - next + 1);
        let sql = "SELECT seq, body, facts, result FROM events WHERE seq >= $1 ORDER BY seq LIMIT $2";
        for row in db.query(sql, &[number(next), number(wanted)])? {
            self.rows.push_back((row.number(0)?, row));
        }
        self.left = self.left.saturating_sub(wanted);
        Ok(())
    }

    /// Takes the row of a number, which [`ReadAhead::reach`] reached; numbers are asked for in order. `None` where there is none.
    pub(crate) fn take(&mut self, seq: u64) -> Option<Row> {
        while self.rows.front().is_some_and(|(first, _)| *first < seq) {
            self.rows.pop_front();
        }
        let is_it = self.rows.front().is_some_and(|(first, _)| *first == seq);
        if is_it { self.rows.pop_front().map(|(_, row)| row) } else { None }
    }
}
