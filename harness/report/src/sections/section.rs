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
    pub(crate) outputs: Vec<Written>,
}

/// What a model wrote.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    /// Model.
    pub(crate) label: String,
    /// How its outputs ended, all together.
    pub(crate) summary: String,
    /// Prompt by prompt.
    pub(crate) outputs: Vec<Output>,
}

/// An output beside its prompt. Untrusted text.
#[derive(Debug, Serialize)]
pub(crate) struct Output {
    /// The prompt's identifier.
    pub(crate) prompt_id: String,
    /// Input tokens, the chat template's included.
    pub(crate) tokens_in: Option<u32>,
    /// The prompt, where the plan has it as text.
    pub(crate) prompt: Option<String>,
    /// The output.
    pub(crate) text: String,
    /// How it ended.
    pub(crate) end: String,
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
