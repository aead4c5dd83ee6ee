//! The spread of the trials behind the means.

use super::{section::Section, variance};
use crate::{
    data::{Point, ReportData},
    names, plots,
    table::{Field, Table},
};
use slm_results::schema::Verdict;
use slm_stats::{mean, median, outliers, standard_deviation};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("spread", "Spread")
        .plots(plots::spread::plots(data))
        .table("", table(data))
        .table("What figures vary with", variance::table(data))
}

/// Median, deviation and outliers of each cell's trials.
fn table(data: &ReportData) -> Table {
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
    for measured in data.cells.iter().filter(|measured| !measured.trials.is_empty()) {
        // The trials that the cell's means are of.
        let used = || measured.trials.iter().filter(|point| point.verdict == Verdict::Valid);
        let mut row = vec![
            Field::text(&data.subjects[measured.subject].label),
            Field::text(names::context(measured.cell.key.context)),
        ];
        let n = used().count();
        row.push(Field::shown(n.to_string(), n as f64));
        for pick in [(|point: &Point| point.otps) as fn(&Point) -> f32, |point| point.ttft_s] {
            let values: Vec<f64> =
                used().map(|point| f64::from(pick(point))).filter(|v| v.is_finite()).collect();
            let deviation = standard_deviation(&values);
            let mut sd = Field::number(deviation);
            if let Some((deviation, mean)) = deviation.zip(mean(&values)) {
                sd.aside = format!("{:.1} %", 100.0 * deviation / mean);
            }
            let outliers = outliers(&values).len();
            row.extend([
                Field::number(median(&values)),
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
