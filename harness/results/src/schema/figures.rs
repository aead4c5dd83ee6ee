//! `figures.csv`.

use super::row::{Check, table};
use slm_protocol::FigureScope;

table! {
    /// A row for each figure that only one engine or one study reports, in the order of the
    /// trials. Its definition is that of who reports it: it enters no other figure.
    pub struct FigureRow in "figures" {
        /// The trial
        pub trial_id: String,
        /// Device by name
        pub device: String,
        /// The part of the trial that the figure covers
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
