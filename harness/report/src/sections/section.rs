//! What a section is made of.

use crate::{plots::Plot, table::Table};
use serde::Serialize;

/// A section.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// Anchor.
    pub(crate) id: &'static str,
    /// Heading.
    pub(crate) title: &'static str,
    /// Sentences before the rest.
    pub(crate) lead: Vec<String>,
    /// Plots.
    pub(crate) plots: Vec<Plot>,
    /// Tables, each with its caption.
    pub(crate) tables: Vec<(String, Table)>,
    /// What models wrote.
    pub(crate) outputs: Vec<Output>,
}

/// What a model wrote. Untrusted text.
#[derive(Debug, Serialize)]
pub(crate) struct Output {
    /// Model.
    pub(crate) label: String,
    /// Whether its weights are random.
    pub(crate) synthetic: bool,
    /// The prompt's identifier.
    pub(crate) prompt_id: String,
    /// The begin of the prompt.
    pub(crate) prompt: String,
    /// The begin of it.
    pub(crate) text: String,
}

impl Section {
    /// An empty section.
    pub(crate) fn new(id: &'static str, title: &'static str) -> Self {
        Self { id, title, lead: Vec::new(), plots: Vec::new(), tables: Vec::new(), outputs: Vec::new() }
    }

    /// With plots.
    pub(crate) fn plots(mut self, plots: impl IntoIterator<Item = Plot>) -> Self {
        self.plots.extend(plots);
        self
    }

    /// With a table, unless that is empty.
    pub(crate) fn table(mut self, caption: impl Into<String>, table: Table) -> Self {
        if !table.is_empty() {
            self.tables.push((caption.into(), table));
        }
        self
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.lead.is_empty() && self.plots.is_empty() && self.tables.is_empty() && self.outputs.is_empty()
    }
}
