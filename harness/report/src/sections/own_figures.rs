//! What only one engine or one study reports.

use super::section::Section;
use crate::{
    data::ReportData,
    names,
    table::{Field, Table},
};

/// The section; empty where no engine reports any.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("own-figures", "What engines report themselves").table("", table(data))
}

fn table(data: &ReportData) -> Table {
    let mut table = Table::new(&["Figure", "Covers", "Unit", "#Mean", "#Trials"]);
    for measured in data.cells.iter().filter(|measured| !measured.own_figures.is_empty()) {
        let label = &data.subjects[measured.subject].label;
        table.group(format!("{label}, {}", names::context(measured.cell.key.context)));
        for (figure, own) in &measured.own_figures {
            let (mean, count) = own.mean();
            table.push(vec![
                Field::text(&figure.name),
                Field::text(figure.scope.into_str()),
                Field::text(&figure.unit),
                Field::number(Some(mean)),
                Field::shown(count.to_string(), f64::from(count)),
            ]);
        }
    }
    table.notes.push(
        "By the definitions of who reports them, from figures.csv: not to be compared with the figures of the other \
         sections."
            .into(),
    );
    table
}

#[cfg(test)]
mod tests {
    use crate::{read, table::Field};
    use slm_results::{
        read::rows,
        schema::{FigureRow, Row, TrialRow},
    };
    use slm_testkit::made::Made;
    use std::{fmt::Write, fs};

    #[test]
    fn means_are_over_the_valid_trials_of_a_cell() {
        let folder = tempfile::tempdir().unwrap();
        Made::on_a_phone(2).write(folder.path());
        let trials: Vec<TrialRow> =
            rows(folder.path()).unwrap().map(Result::unwrap).filter(TrialRow::is_valid).collect();
        let first = trials.iter().filter(|trial| {
            (&trial.model, trial.context()) == (&trials[0].model, trials[0].context())
                && trial.device == trials[0].device
        });
        let mut figures = FigureRow::TABLE.header();
        for (trial, value) in first.zip([1.0, 4.0]) {
            writeln!(figures, "{},{},decode,steps_per_s,{value},1/s", trial.trial_id, trial.device).unwrap();
        }
        fs::write(folder.path().join("figures.csv"), figures).unwrap();
        let data = read(&[folder.path().to_owned()], None, 1.0).unwrap();
        let section = super::section(&data);
        let (_, table) = &section.tables[0];
        assert_eq!(table.groups.len(), 1);
        let expected = ["steps_per_s", "decode", "1/s"].map(Field::text).to_vec();
        assert_eq!(table.groups[0].rows[0][..3], expected);
        assert_eq!(
            (table.groups[0].rows[0][3].value, table.groups[0].rows[0][4].value),
            (Some(2.5), Some(2.0))
        );
    }
}
