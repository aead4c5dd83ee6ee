//! Budgets, and whether a point stays within them.

use super::{Origin, Point, Value};
use strum::IntoStaticStr;

/// Limits of an answer; `None`: no limit.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Fitness {
    /// It does.
    Within,
    /// It is predicted, and its interval includes values beyond a budget, or it has none.
    Perhaps,
    /// It does not, or its cell failed.
    Beyond,
    /// A figure that has a budget is unknown.
    Unknown,
}

/// One budget.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The figure it is about.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The limit.
    pub limit: f64,
    /// Whether the limit is the most that is allowed, not the least.
    pub is_most: bool,
    /// The figure of a point.
    pub figure: fn(&Point) -> Option<Value>,
}

impl Budgets {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Those that are given.
    pub fn given(&self) -> Vec<Budget> {
        let budget = |name, unit, limit: Option<f64>, is_most, figure: fn(&Point) -> Option<Value>| {
            limit.map(|limit| Budget { name, unit, limit, is_most, figure })
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
        let is_measured = point.origin == Origin::Measured;
        let verdicts: Vec<Fitness> =
            self.given().iter().map(|budget| budget.judge((budget.figure)(point), is_measured)).collect();
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
    /// with their whole interval, and may be anywhere without one.
    fn judge(&self, value: Option<Value>, is_measured: bool) -> Fitness {
        let Some(value) = value else { return Fitness::Unknown };
        let within = |figure: f64| if self.is_most { figure <= self.limit } else { figure >= self.limit };
        let ends = match value.interval {
            Some(interval) => [within(interval.low), within(interval.high)],
            None if is_measured => [within(value.figure); 2],
            None => return Fitness::Perhaps,
        };
        match ends {
            [true, true] => Fitness::Within,
            [false, false] => Fitness::Beyond,
            _ => Fitness::Perhaps,
        }
    }
}
