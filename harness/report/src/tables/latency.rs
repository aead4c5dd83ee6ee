//! Latency between tokens, and the spread of the trials behind the means.

use crate::{words, model::{Measured, Model, Point}, table::{Field, Table}};
use slm_results::schema::Verdict;
use slm_stats::{mean, percentile, standard_deviation};

/// Time between output tokens of each cell.
pub(crate) fn latency(model: &Model) -> Table {
    let mut table = Table::new(&["Model", "Context", "#p50 (ms)", "#p90 (ms)", "#p99 (ms)"]);
    for measured in &model.cells {
        let Some(tpot) = measured.tpot_ms else { continue };
        let mut row = names(model, measured);
        row.extend(tpot.map(|value| Field::number(Some(value))));
        table.push(row);
    }
    table.notes.push("Time between output tokens, the first left out: percentiles within each completed trial, their means over the trials.".into());
    table
}

/// Median, deviation and outliers of each cell's trials.
pub(crate) fn spread(model: &Model) -> Table {
    let mut table = Table::new(&[
        "Model",
        "Context",
        "#Trials",
        "#OTPS median",
        "#OTPS SD",
        "#OTPS outliers",
        "#TTFT median (s)",
        "#TTFT SD (s)",
        "#TTFT outliers",
    ]);
    for measured in model.cells.iter().filter(|measured| !measured.trials.is_empty()) {
        // The trials that the cell's means are of.
        let all = measured.is_doubtful();
        let used = || measured.trials.iter().filter(move |point| all || point.verdict == Verdict::Valid);
        let mut row = names(model, measured);
        let n = used().count();
        row.push(Field::shown(n.to_string(), n as f64));
        for pick in [(|point: &Point| point.otps) as fn(&Point) -> f32, |point| point.ttft_s] {
            let mut values: Vec<f64> =
                used().map(|point| f64::from(pick(point))).filter(|v| v.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            let deviation = standard_deviation(&values);
            let mut sd = Field::number(deviation);
            if let Some((deviation, mean)) = deviation.zip(mean(&values)) {
                sd.aside = format!("{:.1} %", 100.0 * deviation / mean);
            }
            let outliers = outliers(&values);
            row.extend([
                Field::number(percentile(&values, 50.0)),
                sd,
                Field::shown(outliers.to_string(), outliers as f64),
            ]);
        }
        table.push(row);
    }
    table.notes.push(
        "Over the trials that the means are of, prompts of different length together. SD: sample standard deviation. \
         Outliers: beyond Tukey's fences (quartiles ± 1.5 times their distance); shown, never dropped."
            .into(),
    );
    table
}

fn names(model: &Model, measured: &Measured) -> Vec<Field> {
    vec![
        Field::text(&model.subjects[measured.subject].label),
        Field::text(words::context(measured.cell.key.context)),
    ]
}

/// Values beyond Tukey's fences (Tukey 1977, "Exploratory Data Analysis").
fn outliers(sorted: &[f64]) -> usize {
    match (percentile(sorted, 25.0), percentile(sorted, 75.0)) {
        (Some(low), Some(high)) => {
            let reach = 1.5 * (high - low);
            sorted.iter().filter(|&&value| value < low - reach || value > high + reach).count()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn outliers_lie_beyond_the_fences() {
        assert_eq!(super::outliers(&[1.0, 2.0, 3.0, 4.0, 5.0]), 0);
        assert_eq!(super::outliers(&[1.0, 2.0, 3.0, 4.0, 50.0]), 1);
        assert_eq!(super::outliers(&[]), 0);
    }
}
