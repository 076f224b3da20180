//! Movements of an address over time.

use crate::chain::{Budget, Chain, Moved};
use crate::error::ExploreError;
use crate::flows::Assets;
use crate::reports::{ActivityPoint, ActivityReport, AssetActivity, Period, Side};
use holdfast_attribution::Tlp;
use holdfast_types::{Amount, Timestamp};
use jiff::tz::Offset;
use std::collections::BTreeMap;

/// Most parts of time of an asset.
const MAX_POINTS: usize = 4_000;
/// Most assets.
const MAX_ASSETS: usize = 50;

const DAY: u64 = 86_400;

/// Returns the first second of the part of time that a time lies in, UTC.
fn start(time: u64, period: Period) -> u64 {
    let day = time / DAY * DAY;
    // 1970-01-01 was a Thursday.
    let monday = || day.saturating_sub((day / DAY + 3) % 7 * DAY);
    let first = || -> Option<u64> {
        let date = Timestamp::from_unix(i64::try_from(day).ok()?).utc().date().first_of_month();
        u64::try_from(Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second()).ok()
    };
    match period {
        Period::Day => day,
        Period::Week => monday(),
        Period::Month => first().unwrap_or(day),
    }
}

fn empty(start: u64) -> ActivityPoint {
    ActivityPoint { start, received: Amount::ZERO, received_count: 0, sent: Amount::ZERO, sent_count: 0 }
}

/// Adds a movement to a point; false where the sum does not fit into 256 bits, or the amount is not known.
fn add(point: &mut ActivityPoint, side: Side, amount: Option<Amount>, count: u64) -> bool {
    let (sum, n) = match side {
        Side::In => (&mut point.received, &mut point.received_count),
        Side::Out => (&mut point.sent, &mut point.sent_count),
    };
    *n += count;
    let Some(added) = amount.and_then(|amount| sum.checked_add(amount)) else { return false };
    *sum = added;
    true
}

#[derive(Default)]
struct Points {
    points: BTreeMap<u64, ActivityPoint>,
    before: Option<ActivityPoint>,
    movements: u64,
}

impl Points {
    fn take(&mut self, moved: &Moved, period: Period) -> bool {
        self.movements += 1;
        let point = match moved.time {
            Some(time) => {
                let start = start(time, period);
                self.points.entry(start).or_insert_with(|| empty(start))
            }
            None => self.before.get_or_insert_with(|| empty(0)),
        };
        add(point, moved.side, moved.amount, 1)
    }

    /// Returns the newest points and what was before them, and whether all sums fit.
    fn end(mut self) -> (Vec<ActivityPoint>, ActivityPoint, bool) {
        let (mut before, mut fits) = (self.before.take().unwrap_or_else(|| empty(0)), true);
        while self.points.len() > MAX_POINTS
            && let Some((_, old)) = self.points.pop_first()
        {
            fits &= add(&mut before, Side::In, Some(old.received), old.received_count);
            fits &= add(&mut before, Side::Out, Some(old.sent), old.sent_count);
        }
        (self.points.into_values().collect(), before, fits)
    }
}

impl Chain {
    /// Returns the movements of an address by parts of time, of one asset or of all.
    ///
    /// # Errors
    /// [`ExploreError`] for text that is no address here, or no asset of the chain.
    pub fn activity(
        &self,
        address: &str,
        asset: Option<&str>,
        period: Period,
        clearance: Tlp,
    ) -> Result<ActivityReport, ExploreError> {
        let view = &*self.view(clearance);
        let number = view.address(address)?;
        let asset = asset.filter(|a| !a.is_empty()).map(|a| view.asset_number(a)).transpose()?;
        let (mut of_assets, mut budget, mut unknown) = (BTreeMap::<u32, Points>::new(), Budget::default(), 0u64);
        view.moved(number, asset, &mut budget, &mut |moved| {
            if !of_assets.entry(moved.asset).or_default().take(&moved, period) {
                unknown += 1;
            }
        })?;
        let views = Assets::of(view, of_assets.keys().copied())?;
        let mut all: Vec<(u32, Points)> = of_assets.into_iter().collect();
        all.sort_by_key(|(asset, points)| {
            (views.view(*asset).ticker.is_none(), std::cmp::Reverse(points.movements), *asset)
        });
        let more_assets = all.len().saturating_sub(MAX_ASSETS) as u64;
        let mut fits = true;
        let assets = all.into_iter().take(MAX_ASSETS).map(|(asset, points)| {
            let (points, before, fit) = points.end();
            fits &= fit;
            AssetActivity { asset: views.view(asset), points, before }
        });
        let assets = assets.collect();
        let mut notes: Vec<String> = budget.note().into_iter().chain(self.gaps()).collect();
        if unknown > 0 {
            notes.push(format!(
                "{unknown} movements are of unknown amount, or do not fit: they are counted, not summed"
            ));
        }
        if !fits {
            notes.push("sums of earlier times do not fit into 256 bits".into());
        }
        let complete = !budget.exceeded;
        let address = view.address_text(number)?;
        Ok(ActivityReport { chain: view.name(), address, period, assets, more_assets, complete, notes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2015-09-18 17:02:47 UTC was a Friday.
    const FRIDAY: u64 = 1_442_595_767;

    #[test]
    fn parts_begin_at_midnight_on_mondays_and_on_the_first() {
        assert_eq!(start(FRIDAY, Period::Day), 1_442_534_400);
        assert_eq!(start(FRIDAY, Period::Week), 1_442_188_800);
        assert_eq!(start(FRIDAY, Period::Month), 1_441_065_600);
        assert_eq!(start(0, Period::Week), 0, "the week of 1970-01-01 begins before the epoch");
        assert_eq!(start(u64::MAX, Period::Month) % DAY, 0, "no time panics");
    }

    #[test]
    fn what_is_older_than_the_points_is_in_before() {
        let mut points = Points::default();
        let days = MAX_POINTS as u64 + 3;
        for day in 0..days {
            let moved = Moved { side: Side::In, asset: 0, amount: Some(Amount::from(day + 1)), time: Some(day * DAY) };
            assert!(points.take(&moved, Period::Day));
        }
        let unknown = Moved { side: Side::Out, asset: 0, amount: None, time: None };
        assert!(!points.take(&unknown, Period::Day));
        let (points, before, fits) = points.end();
        assert!(fits);
        assert_eq!(points.len(), MAX_POINTS);
        assert_eq!((before.received, before.received_count, before.sent_count), (Amount::from(1u64 + 2 + 3), 3, 1));
    }
}
