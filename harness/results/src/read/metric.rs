//! The figures that two cells are compared by.

use super::cell::{Cell, Estimate};
use crate::schema::TrialRow;

/// A figure that two cells are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Input tokens per second.
    Itps,
    /// Output tokens per second.
    Otps,
    /// Time to first token.
    Ttft,
    /// Request to last token.
    Runtime,
    /// Peak resident set.
    Memory,
}

impl Metric {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 5] = [Self::Itps, Self::Otps, Self::Ttft, Self::Runtime, Self::Memory];

    /// Its column in the files.
    pub fn column(self) -> &'static str {
        match self {
            Self::Itps => "itps",
            Self::Otps => "otps",
            Self::Ttft => "ttft_s",
            Self::Runtime => "runtime_s",
            Self::Memory => "rss_peak_mib",
        }
    }

    /// Its heading, with the unit.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Itps => "ITPS (t/s)",
            Self::Otps => "OTPS (t/s)",
            Self::Ttft => "TTFT (s)",
            Self::Runtime => "Runtime (s)",
            Self::Memory => "Memory (MiB)",
        }
    }

    /// Whether more is better: true of rates, false of times and memory.
    pub fn more_is_better(self) -> bool {
        matches!(self, Self::Itps | Self::Otps)
    }

    /// Its value in one trial.
    pub fn of_trial(self, trial: &TrialRow) -> Option<f64> {
        match self {
            Self::Itps => trial.itps,
            Self::Otps => trial.otps,
            Self::Ttft => trial.ttft_s,
            Self::Runtime => trial.runtime_s,
            Self::Memory => trial.rss_peak_mib,
        }
    }
}

impl Cell {
    /// The figure of a metric.
    pub fn estimate(&self, metric: Metric) -> Option<Estimate> {
        match metric {
            Metric::Itps => self.itps,
            Metric::Otps => self.otps,
            Metric::Ttft => self.ttft_s,
            Metric::Runtime => self.runtime_s,
            Metric::Memory => self.rss_peak_mib.map(|mean| Estimate { mean, interval: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Row, SummaryRow};

    #[test]
    fn every_metric_has_its_column_in_both_tables() {
        for metric in Metric::ALL {
            for table in [TrialRow::TABLE, SummaryRow::TABLE] {
                assert!(table.columns.iter().any(|column| column.name == metric.column()), "{metric:?}");
            }
        }
    }
}
