//! Budgets, and whether a point stays within them.

use super::grid::{Origin, Point, Value};

/// What an answer may take; `None`: no matter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budgets {
    /// Time to first token, seconds.
    pub max_ttft: Option<f64>,
    /// Request to last token, seconds.
    pub max_runtime: Option<f64>,
    /// Output tokens per second.
    pub min_otps: Option<f64>,
    /// Peak resident set, MiB.
    pub max_memory: Option<f64>,
    /// Joules per output token.
    pub max_energy: Option<f64>,
}

/// Whether a point stays within budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// It does.
    Within,
    /// It is predicted, and its interval reaches over a budget.
    Perhaps,
    /// It does not, or its cell failed.
    Beyond,
    /// A figure that has a budget is not known.
    Unknown,
}

impl Fitness {
    /// The name used in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Perhaps => "perhaps",
            Self::Beyond => "beyond",
            Self::Unknown => "unknown",
        }
    }
}

/// One budget: its name, the figure it is about, its limit, and its direction.
pub(super) struct Budget {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) limit: f64,
    pub(super) is_most: bool,
    pub(super) pick: fn(&Point) -> Option<Value>,
}

impl Budgets {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Those that are set.
    pub(super) fn set(&self) -> Vec<Budget> {
        let budget = |name, unit, limit: Option<f64>, is_most, pick: fn(&Point) -> Option<Value>| {
            limit.map(|limit| Budget { name, unit, limit, is_most, pick })
        };
        [
            budget("TTFT", "s", self.max_ttft, true, |point| point.ttft),
            budget("runtime", "s", self.max_runtime, true, |point| point.runtime),
            budget("OTPS", "t/s", self.min_otps, false, |point| point.otps),
            budget("memory", "MiB", self.max_memory, true, |point| point.memory),
            budget("energy", "J per token", self.max_energy, true, |point| point.energy),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Judges a point.
    pub fn judge(&self, point: &Point) -> Fitness {
        if matches!(point.origin, Origin::Failed(_)) {
            return Fitness::Beyond;
        }
        let verdicts: Vec<Fitness> =
            self.set().iter().map(|budget| budget.judge((budget.pick)(point))).collect();
        for worst in [Fitness::Beyond, Fitness::Unknown, Fitness::Perhaps] {
            if verdicts.contains(&worst) {
                return worst;
            }
        }
        Fitness::Within
    }
}

impl Budget {
    /// Measured figures are judged by their mean; predicted ones must stay within
    /// with their whole interval.
    fn judge(&self, value: Option<Value>) -> Fitness {
        let Some(value) = value else { return Fitness::Unknown };
        let within = |figure: f64| if self.is_most { figure <= self.limit } else { figure >= self.limit };
        match (within(value.figure), value.interval) {
            (met, None) => {
                if met {
                    Fitness::Within
                } else {
                    Fitness::Beyond
                }
            }
            (_, Some(interval)) => match (within(interval.low), within(interval.high)) {
                (true, true) => Fitness::Within,
                (false, false) => Fitness::Beyond,
                _ => Fitness::Perhaps,
            },
        }
    }
}
