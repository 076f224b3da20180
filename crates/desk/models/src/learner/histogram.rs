//! Histograms of gradients over bins, in integers: the order of rows and threads never changes a sum.

use crate::learner::Params;
use crate::numeric::float;
use crate::schema::Monotone;

/// Fixed-point unit of gradients and hessians.
pub(crate) const UNIT: f64 = 1_073_741_824.0;

/// First and second derivative of the loss of a row, in units of 1 / [`UNIT`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gradient {
    pub(crate) g: i32,
    pub(crate) h: i32,
}

/// Sums over rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) g: i64,
    pub(crate) h: i64,
    pub(crate) rows: u32,
}

impl Sums {
    pub(crate) fn add(&mut self, row: Gradient) {
        self.g += i64::from(row.g);
        self.h += i64::from(row.h);
        self.rows += 1;
    }

    pub(crate) fn plus(self, other: Sums) -> Sums {
        Sums { g: self.g + other.g, h: self.h + other.h, rows: self.rows + other.rows }
    }

    pub(crate) fn minus(self, other: Sums) -> Sums {
        Sums { g: self.g - other.g, h: self.h - other.h, rows: self.rows.saturating_sub(other.rows) }
    }

    /// Returns the value that lowers the loss most, within bounds.
    pub(crate) fn weight(self, l2: f64, range: Range) -> f64 {
        let below = float(self.h) / UNIT + l2;
        if below <= 0.0 {
            return range.clamp(0.0);
        }
        range.clamp(-(float(self.g) / UNIT) / below)
    }

    /// Returns by how much a value lowers the loss, times two.
    fn reduction(self, l2: f64, weight: f64) -> f64 {
        -(2.0 * (float(self.g) / UNIT) * weight + (float(self.h) / UNIT + l2) * weight * weight)
    }
}

/// What values a node may have, by the constraints of the splits above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Range {
    pub(crate) const ALL: Range = Range { low: f64::NEG_INFINITY, high: f64::INFINITY };

    pub(crate) fn clamp(self, value: f64) -> f64 {
        value.max(self.low).min(self.high)
    }
}

/// Fills a histogram, one entry a bin and the last for missing values.
pub(crate) fn fill(histogram: &mut [Sums], bins: &[u8], rows: &[u32], gradients: &[Gradient]) {
    for (row, gradient) in rows.iter().zip(gradients) {
        histogram[usize::from(bins[*row as usize])].add(*gradient);
    }
}

/// Makes the histogram of the other child out of its parent's.
pub(crate) fn subtract(parent: &mut [Sums], child: &[Sums]) {
    for (sums, less) in parent.iter_mut().zip(child) {
        *sums = sums.minus(*less);
    }
}

/// The best split of a node by one feature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Split {
    pub(crate) gain: f64,
    pub(crate) feature: usize,
    /// Last bin that goes left.
    pub(crate) bin: u8,
    pub(crate) missing_left: bool,
    pub(crate) left: Sums,
    pub(crate) right: Sums,
}

/// Returns the best split of a node by a feature, if one lowers the loss.
pub(crate) fn best(
    histogram: &[Sums],
    total: Sums,
    range: Range,
    (feature, monotone): (usize, Monotone),
    params: &Params,
) -> Option<Split> {
    let (missing, values) = histogram.split_last()?;
    let whole = total.reduction(params.l2, total.weight(params.l2, range));
    let mut best: Option<Split> = None;
    let mut known = Sums::default();
    // The last bin cannot be the last on the left, unless only missing values go right.
    for (bin, sums) in values.iter().enumerate() {
        if sums.rows == 0 {
            continue;
        }
        known = known.plus(*sums);
        let sides: &[bool] = if missing.rows == 0 { &[false] } else { &[false, true] };
        for missing_left in sides {
            let left = if *missing_left { known.plus(*missing) } else { known };
            let right = total.minus(left);
            if !is_allowed(left, params) || !is_allowed(right, params) {
                continue;
            }
            let (l, r) = (left.weight(params.l2, range), right.weight(params.l2, range));
            let breaks = match monotone {
                Monotone::Free => false,
                Monotone::Rising => l > r,
                Monotone::Falling => l < r,
            };
            if breaks {
                continue;
            }
            let gain = left.reduction(params.l2, l) + right.reduction(params.l2, r) - whole;
            if gain > params.min_gain && best.is_none_or(|b| gain > b.gain) {
                // Where training saw no missing value, one goes with the larger part.
                let missing_left = if missing.rows == 0 { left.rows >= right.rows } else { *missing_left };
                let bin = u8::try_from(bin).ok()?;
                best = Some(Split { gain, feature, bin, missing_left, left, right });
            }
        }
    }
    best
}

fn is_allowed(side: Sums, params: &Params) -> bool {
    side.rows >= params.min_leaf_rows && float(side.h) / UNIT >= params.min_leaf_hessian
}
