//! Events as stored, read many at a time: a log of single events would need a query for each.

use holdfast_store::{Database, DbError, Row, number};
use std::collections::VecDeque;

/// Rows of a query.
const ROWS: u64 = 1_000;

/// Rows of events, by number. A row never changes while it is kept here, which is as long as a page of the log takes.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead(VecDeque<(u64, Row)>);

impl ReadAhead {
    /// Forgets what was read: it may be retained no longer.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Reads on where the rows up to `last` are not here, and forgets those before `first`.
    pub(crate) fn reach(&mut self, db: &mut Database, first: u64, last: u64) -> Result<(), DbError> {
        while self.0.front().is_some_and(|(seq, _)| *seq < first) {
            self.0.pop_front();
        }
        let next = self.0.back().map_or(first, |(seq, _)| (seq + 1).max(first));
        if next > last {
            return Ok(());
        }
        let sql = "SELECT seq, body, facts, result FROM events WHERE seq >= $1 ORDER BY seq LIMIT $2";
        let rows = db.query(sql, &[number(next), number(ROWS.max(last - next + 1))])?;
        for row in rows {
            self.0.push_back((row.number(0)?, row));
        }
        Ok(())
    }

    /// Takes the row of a number, which [`ReadAhead::reach`] reached; numbers are asked for in order. `None` where there is none.
    pub(crate) fn take(&mut self, seq: u64) -> Option<Row> {
        while self.0.front().is_some_and(|(first, _)| *first < seq) {
            self.0.pop_front();
        }
        let is_it = self.0.front().is_some_and(|(first, _)| *first == seq);
        if is_it { self.0.pop_front().map(|(_, row)| row) } else { None }
    }
}
