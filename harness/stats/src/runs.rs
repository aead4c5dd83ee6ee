//! A mean and its interval over two levels: runs (fresh processes) and, within each, the same
//! prompts, perhaps repeated.
//!
//! Every prompt counts once, however many of its values there are: the mean is that of the
//! prompts' means. What varies is the run. Its effect is the mean over its prompts of the
//! deviation from the prompt's level, on the scale of logarithms, since noise grows with the
//! figure and prompts differ in length; a prompt that a run lacks does not shift it. The
//! interval is Student's t on the run effects with R - 1 degrees of freedom. It is about *these*
//! prompts, and always holds its own mean. (Kalibera and Jones 2013, "Rigorous benchmarking in
//! reasonable time", section 5: the means of the highest level carry the variance of all levels
//! below.)

use crate::{
    describe::{mean, standard_deviation},
    interval::Interval,
    student::student_quantile_95,
};
use std::collections::BTreeMap;

/// A value above 0 and where it is from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation<'a> {
    /// The run.
    pub run: u32,
    /// The prompt.
    pub prompt: &'a str,
    /// The value.
    pub value: f64,
}

/// A mean over prompts with what is known of its uncertainty. Deviations are on the scale of
/// logarithms: 0.03 is about 3 %.
#[derive(Clone, Debug, PartialEq)]
pub struct RunMean {
    /// Mean of the prompts' means.
    pub mean: f64,
    /// Mean of the prompts' mean logarithms.
    pub log_mean: f64,
    /// Effect of each run.
    pub effects: BTreeMap<u32, f64>,
    /// Standard deviation between prompts; `None` below two.
    pub between_prompts: Option<f64>,
    /// Standard deviation of a trial within its run, its prompt's level taken out; `None` where
    /// runs and prompts explain everything.
    pub within_runs: Option<f64>,
    /// Trials of a run, on average.
    trials_per_run: f64,
}

impl RunMean {
    /// Estimates the mean of observations; values that are not above 0 are left out. `None`
    /// without any.
    pub fn of(observations: &[Observation<'_>]) -> Option<Self> {
        let positive: Vec<&Observation<'_>> =
            observations.iter().filter(|observation| observation.value > 0.0).collect();
        let levels = grouped(positive.iter().map(|one| (one.prompt, one.value)));
        let logs = grouped(positive.iter().map(|one| (one.prompt, one.value.ln())));
        let total = mean(&levels.values().copied().collect::<Vec<_>>())?;
        let log_levels: Vec<f64> = logs.values().copied().collect();
        let off = |one: &Observation<'_>| one.value.ln() - logs[one.prompt];
        // Repetitions of a prompt count as one value of its run.
        let by_prompt = grouped(positive.iter().map(|one| ((one.run, one.prompt), off(one))));
        let effects = grouped(by_prompt.iter().map(|((run, _), deviation)| (*run, *deviation)));
        let freedom = (positive.len() + 1).saturating_sub(effects.len() + logs.len());
        let left = positive.iter().map(|one| (off(one) - effects[&one.run]).powi(2)).sum::<f64>();
        Some(Self {
            mean: total,
            log_mean: mean(&log_levels)?,
            between_prompts: standard_deviation(&log_levels),
            within_runs: (freedom > 0).then(|| (left / freedom as f64).sqrt()),
            trials_per_run: positive.len() as f64 / effects.len() as f64,
            effects,
        })
    }

    /// Runs that have any value.
    pub fn runs(&self) -> usize {
        self.effects.len()
    }

    /// Half of the 95 % interval; `None` below two runs.
    pub fn half_width(&self) -> Option<f64> {
        let runs = self.runs() as f64;
        Some(student_quantile_95(runs - 1.0) * self.deviation()? / runs.sqrt())
    }

    /// The 95 % interval of the mean; `None` below two runs.
    pub fn interval(&self) -> Option<Interval> {
        let factor = self.half_width()?.exp();
        Some(Interval { low: self.mean / factor, high: self.mean * factor })
    }

    /// Standard deviation between runs beyond what their trials explain; `None` below two runs.
    pub fn between_runs(&self) -> Option<f64> {
        let within = self.within_runs.unwrap_or(0.0).powi(2) / self.trials_per_run;
        Some((self.deviation()?.powi(2) - within).max(0.0).sqrt())
    }

    /// Runs with which the interval would be half as wide, if they vary as these did; `None`
    /// where there is no interval.
    pub fn runs_to_halve(&self) -> Option<usize> {
        let width = |runs: usize| student_quantile_95(runs as f64 - 1.0) / (runs as f64).sqrt();
        self.half_width()?;
        let wanted = 0.5 * width(self.runs());
        (self.runs()..=16 * self.runs()).find(|&runs| width(runs) <= wanted)
    }

    /// Standard deviation of the run effects.
    fn deviation(&self) -> Option<f64> {
        standard_deviation(&self.effects.values().copied().collect::<Vec<_>>())
    }
}

/// Means by key.
fn grouped<K: Ord>(values: impl Iterator<Item = (K, f64)>) -> BTreeMap<K, f64> {
    let mut groups: BTreeMap<K, (f64, f64)> = BTreeMap::new();
    for (key, value) in values {
        let (sum, count) = groups.entry(key).or_default();
        (*sum, *count) = (*sum + value, *count + 1.0);
    }
    groups.into_iter().map(|(key, (sum, count))| (key, sum / count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;
    use proptest::prelude::*;

    fn observations(table: &[&[f64]]) -> Vec<Observation<'static>> {
        let prompts = ["a", "b", "c"];
        let row = |(run, values): (usize, &&[f64])| {
            let run = u32::try_from(run).unwrap();
            let one = move |(prompt, value): (usize, &f64)| Observation {
                run,
                prompt: prompts[prompt],
                value: *value,
            };
            values.iter().enumerate().map(one).collect::<Vec<_>>()
        };
        table.iter().enumerate().flat_map(row).collect()
    }

    #[test]
    fn a_balanced_design_is_scipys_t_interval_of_the_run_means() {
        let known = reference::runs();
        let table: Vec<&[f64]> = known.table.iter().map(Vec::as_slice).collect();
        let found = RunMean::of(&observations(&table)).unwrap();
        assert!((found.mean - 12.0).abs() < 1e-12 && found.runs() == 4);
        assert!((found.log_mean - known.log_mean).abs() < 1e-12);
        assert!((found.half_width().unwrap() - known.half_width).abs() < 1e-9, "{found:?}");
        assert!(
            found.between_runs() < standard_deviation(&found.effects.values().copied().collect::<Vec<_>>())
        );
    }

    #[test]
    fn a_prompt_that_is_missing_in_a_run_shifts_nothing() {
        let mut all = observations(&[&[10.0, 100.0], &[10.0, 100.0], &[10.0, 100.0]]);
        all.pop();
        let found = RunMean::of(&all).unwrap();
        assert!((found.mean - 55.0).abs() < 1e-12 && found.half_width().unwrap() < 1e-9, "{found:?}");
    }

    #[test]
    fn one_run_tells_nothing_of_runs() {
        let found = RunMean::of(&observations(&[&[1.0, 2.0]])).unwrap();
        assert_eq!((found.mean, found.runs(), found.interval(), found.runs_to_halve()), (1.5, 1, None, None));
        assert_eq!(RunMean::of(&[]), None);
    }

    #[test]
    fn repetitions_of_a_prompt_count_as_one_value_of_its_run() {
        let once = RunMean::of(&observations(&[&[10.0, 20.0], &[12.0, 22.0]])).unwrap();
        let mut twice = observations(&[&[10.0, 20.0], &[12.0, 22.0]]);
        twice.push(Observation { run: 0, prompt: "a", value: 10.0 });
        twice.push(Observation { run: 1, prompt: "a", value: 12.0 });
        let twice = RunMean::of(&twice).unwrap();
        assert!((once.mean - twice.mean).abs() < 1e-12 && once.effects == twice.effects, "{twice:?}");
    }

    /// t(3) / sqrt(4) = 1.5912; t(8) / sqrt(9) = 0.7687; t(9) / sqrt(10) = 0.7154.
    #[test]
    fn runs_that_would_halve_the_interval() {
        let all = observations(&[&[10.0], &[11.0], &[12.0], &[13.0]]);
        assert_eq!(RunMean::of(&all).unwrap().runs_to_halve(), Some(9));
    }

    proptest! {
        #[test]
        fn the_interval_holds_its_mean(values in proptest::collection::vec(0.001f64..1e6, 4..30)) {
            let one = |(at, value): (usize, &f64)| Observation {
                run: u32::try_from(at % 3).unwrap(),
                prompt: ["a", "b"][at % 2],
                value: *value,
            };
            let found = RunMean::of(&values.iter().enumerate().map(one).collect::<Vec<_>>()).unwrap();
            let interval = found.interval().unwrap();
            prop_assert!(interval.low > 0.0 && interval.low <= found.mean && found.mean <= interval.high);
        }
    }
}
