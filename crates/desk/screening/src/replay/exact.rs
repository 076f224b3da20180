//! Folds the log of inputs into an empty memory and compares what comes out with what is stored, byte for byte.

use crate::holds::{self, HoldFilter};
use crate::service::{Screening, ScreeningError};
use holdfast_decision::fold::Decided;
use holdfast_decision::inputs::ENGINE;
use holdfast_decision::{ActiveHold, Event, Models};
use holdfast_event_log::LogReader;
use holdfast_event_log::log::{Log, Progress};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

pub use holdfast_event_log::{MAX_PROBLEMS, OtherEngine, Replay};

/// Folds the log from its beginning and compares every decision with the stored one. It reads beside the writer, up to where results are stored when it
/// starts. `progress` gets the number of inputs so far, and may end it.
///
/// # Errors
/// [`ScreeningError::Store`] when the database fails, or an input cannot be read by this version.
pub fn replay_log(
    screening: &Screening,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Replay, ScreeningError> {
    replay(screening, Models::default(), progress, &mut |_, _| ())
}

/// Does what [`replay_log`] does and gives every event with its decision and its row of features, as it was known when the event was decided. Decisions of
/// other engines and from before the log are not given; the report counts them.
///
/// # Errors
/// As [`replay_log`].
pub fn replay_rows(
    screening: &Screening,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    each: &mut dyn FnMut(&Event, &Decided),
) -> Result<Replay, ScreeningError> {
    replay(screening, Models::default().keeping_rows(), progress, each)
}

fn replay(
    screening: &Screening,
    models: Models,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    each: &mut dyn FnMut(&Event, &Decided),
) -> Result<Replay, ScreeningError> {
    let Some(end) = screening.read(Log::progress)? else { return Ok(Replay { engine: ENGINE, ..Replay::default() }) };
    let mut reader = LogReader::new(models);
    let mut is_more = reader.position() < end.position;
    while is_more {
        is_more = screening.read(|db| reader.step(db, end.position, each))?;
        if progress(reader.position()).is_break() {
            return Ok(Replay { stopped: true, ..reader.into_report() });
        }
    }
    if reader.position() == end.position && reader.is_covered() {
        compare_end(screening, &mut reader, end)?;
    }
    Ok(reader.into_report())
}

/// Holds with their customers, by number.
type Holds = BTreeMap<u64, (String, ActiveHold)>;

/// Returns active holds; nothing when results go beyond a position.
fn active_holds(screening: &Screening, end: Progress) -> Result<Option<Holds>, ScreeningError> {
    screening.read(|db| {
        db.snapshot(|db| {
            if Log::progress(db)?.is_none_or(|now| now.position != end.position) {
                return Ok(None);
            }
            let mut filter = HoldFilter { state: Some("active".into()), limit: 1_000, ..HoldFilter::default() };
            let mut active = Holds::new();
            loop {
                let page = holds::list(db, &filter)?;
                let Some(last) = page.last() else { return Ok(Some(active)) };
                filter.after = last.id;
                active.extend(page.into_iter().map(|h| (h.id, (h.customer.clone(), h.active()))));
            }
        })
    })
}

/// Compares active holds, when nothing changed since the replay began.
fn compare_end(screening: &Screening, reader: &mut LogReader, end: Progress) -> Result<(), ScreeningError> {
    let Some(mut stored) = active_holds(screening, end)? else { return Ok(()) };
    let (mut count, mut problems) = (0, Vec::new());
    if reader.fold().next != end.next {
        problems.push(format!("the next numbers are {:?}, the log gives {:?}", end.next, reader.fold().next));
    }
    for (customer, held) in &reader.fold().holds {
        for hold in held {
            count += 1;
            match stored.remove(&hold.id) {
                Some((owner, same)) if owner == *customer && same == *hold => {}
                _ => problems.push(format!("hold {} is not as the log gives it", hold.id)),
            }
        }
    }
    problems.extend(stored.keys().map(|id| format!("hold {id} is active, and the log does not give it")));
    let report = reader.report_mut();
    report.holds = count;
    problems.into_iter().for_each(|p| report.problem(p));
    Ok(())
}
