//! Any bytes are answered as tables and JSON Lines of records and events; what comes out is valid, and every fault names a line.
#![no_main]

use holdfast_input::time::{self, DateOrder};
use holdfast_decision::tables::{self, Imported, LineError, ReadOptions};
use libfuzzer_sys::fuzz_target;

fn check<T>(read: Result<Imported<T>, LineError>, valid: impl Fn(&T) -> bool) {
    match read {
        Ok(read) => {
            assert!(read.items.iter().all(valid));
            assert_eq!(read.refused == 0, read.faults.is_empty());
            assert!(read.faults.iter().all(|f| f.line > 0 && !f.problem.is_empty()));
        }
        Err(fault) => assert!(fault.line > 0 && !fault.problem.is_empty()),
    }
}

fuzz_target!(|data: &[u8]| {
    let dates = [DateOrder::Unambiguous, DateOrder::DayFirst, DateOrder::MonthFirst];
    let encoding = [None, Some("windows-1250"), Some("shift_jis"), Some("utf-16be")];
    let pick = data.first().copied().unwrap_or(0);
    let options = ReadOptions { dates: dates[usize::from(pick % 3)], encoding: encoding[usize::from(pick / 3 % 4)] };
    check(tables::read_records(data, &options), |r| r.validate().is_ok());
    check(tables::read_events(data, &options), |e| e.validate().is_ok());
    check(tables::read_json_records(data, &options), |r| r.validate().is_ok());
    check(tables::read_json_events(data, &options), |e| e.validate().is_ok());
    if let Ok(text) = std::str::from_utf8(data) {
        for time in [time::parse(text), time::parse_local(text, options.dates)].into_iter().flatten() {
            assert_eq!(time::parse(&time.rfc3339()), Ok(time));
        }
    }
});
