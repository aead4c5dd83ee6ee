//! `figures.csv`.

use super::row::{Check, table};
use slm_protocol::FigureScope;

table! {
    /// A row for each figure that only one engine or one study reports, in the order of the
    /// trials, and for each of the probes around a run. Its definition is that of who reports it: it enters no other figure.
    pub struct FigureRow in "figures" {
        /// The trial; with scope `run` the one next to the probe: the first of the run, or its last
        pub trial_id: String,
        /// Device by name
        pub device: String,
        /// What the figure covers: a part of the trial, or the run
        pub scope: FigureScope,
        /// What was measured, in the words of who reports it; unique within the trial's scope
        pub name: String,
        /// The figure, in `unit`
        pub value: f64,
        /// Unit (`s`, `tokens/s`, `B`); `1`: a plain number
        pub unit: String,
    }
}

impl Check for FigureRow {}
