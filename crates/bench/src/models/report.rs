//! Figures beside their goals.

use holdfast_console::output;
use serde::Serialize;

/// What a figure must reach, in its unit.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    Above(f64),
    Below(f64),
}

impl Goal {
    /// Whether a value reaches it; what is no number does not.
    fn holds(self, value: f64) -> bool {
        match self {
            Goal::AtMost(goal) => value <= goal,
            Goal::AtLeast(goal) => value >= goal,
            Goal::Above(goal) => value > goal,
            Goal::Below(goal) => value < goal,
        }
    }

    fn words(self) -> String {
        match self {
            Goal::AtMost(goal) => format!("at most {goal}"),
            Goal::AtLeast(goal) => format!("at least {goal}"),
            Goal::Above(goal) => format!("above {goal}"),
            Goal::Below(goal) => format!("below {goal}"),
        }
    }
}

/// A figure beside its goal.
#[derive(Serialize)]
struct Figure {
    what: String,
    value: f64,
    unit: &'static str,
    /// None where it is for another size, or only for comparison.
    #[serde(flatten)]
    goal: Option<Goal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<bool>,
    /// What it is held against.
    #[serde(skip_serializing_if = "String::is_empty")]
    beside: String,
}

/// Whether something is refused or told.
#[derive(Serialize)]
struct Check {
    what: String,
    holds: bool,
}

/// What was not measured, and why.
#[derive(Serialize)]
struct Missing {
    what: String,
    why: String,
}

/// All that was measured. As text it is printed while it is measured.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(skip)]
    as_json: bool,
    threads: usize,
    figures: Vec<Figure>,
    checks: Vec<Check>,
    not_measured: Vec<Missing>,
    left_out: Vec<String>,
}

impl Report {
    pub(super) fn new(as_json: bool) -> Self {
        let threads = rayon::current_num_threads();
        if !as_json {
            println!("{threads} threads where nothing else is said");
        }
        let (figures, checks) = (Vec::new(), Vec::new());
        Report { as_json, threads, figures, checks, not_measured: Vec::new(), left_out: Vec::new() }
    }

    pub(super) fn figure(&mut self, what: impl Into<String>, value: f64, unit: &'static str, goal: Option<Goal>) {
        self.figure_beside(what, value, unit, goal, String::new());
    }

    /// A figure with what it is held against.
    pub(super) fn figure_beside(
        &mut self,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
        goal: Option<Goal>,
        beside: String,
    ) {
        let (what, holds) = (what.into(), goal.map(|g| g.holds(value)));
        if !self.as_json {
            let goal = match (goal, holds) {
                (Some(goal), Some(true)) => format!("; goal {}", goal.words()),
                (Some(goal), _) => format!("; goal {}: MISSED", goal.words()),
                (None, _) => String::new(),
            };
            let beside = if beside.is_empty() { String::new() } else { format!("; {beside}") };
            println!("{what}: {value:.4} {unit}{goal}{beside}");
        }
        self.figures.push(Figure { what, value, unit, goal, holds, beside });
    }

    pub(super) fn check(&mut self, what: impl Into<String>, holds: bool) {
        let what = what.into();
        if !self.as_json {
            println!("{what}: {}", if holds { "yes" } else { "NO" });
        }
        self.checks.push(Check { what, holds });
    }

    /// Says on standard error too that a goal was not measured.
    pub(super) fn not_measured(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let (what, why) = (what.into(), why.into());
        output::warn(&format!("NOT MEASURED: {what}: {why}"));
        if !self.as_json {
            println!("{what}: not measured ({why})");
        }
        self.not_measured.push(Missing { what, why });
    }

    /// A part that the caller did not ask for.
    pub(super) fn left_out(&mut self, part: &str) {
        if !self.as_json {
            println!("{part}: left out by --only");
        }
        self.left_out.push(part.to_owned());
    }

    /// Prints the end; returns how many goals are missed or not measured.
    pub(super) fn finish(&self) -> anyhow::Result<usize> {
        let figures = self.figures.iter().filter(|f| f.holds == Some(false)).count();
        let missed = figures + self.checks.iter().filter(|c| !c.holds).count();
        if self.as_json {
            output::json(self)?;
        } else {
            println!("{missed} goals missed, {} not measured", self.not_measured.len());
        }
        Ok(missed + self.not_measured.len())
    }
}
