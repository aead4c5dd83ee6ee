//! Tables before they become HTML or Markdown.

use crate::numbers;
use serde::Serialize;

/// A table.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Table {
    /// Headings; the first column is text, the others are numbers unless they say so.
    pub(crate) columns: Vec<Column>,
    /// Rows in groups; sorting stays within a group.
    pub(crate) groups: Vec<Group>,
    /// Remarks below.
    pub(crate) notes: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Column {
    /// Heading, with the unit.
    pub(crate) title: String,
    /// Whether its values are numbers, set to the right.
    pub(crate) numeric: bool,
}

/// Rows under a heading.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Group {
    /// Heading; empty: none.
    pub(crate) title: String,
    /// Rows.
    pub(crate) rows: Vec<Vec<Field>>,
}

/// A field.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Field {
    /// The text.
    pub(crate) text: String,
    /// In small print behind it: an interval.
    pub(crate) aside: String,
    /// In small print below it: the paper's figure.
    pub(crate) note: String,
    /// The number that rows are sorted by.
    pub(crate) value: Option<f64>,
}

impl Field {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number with about four digits, or a dash.
    pub(crate) fn number(value: Option<f64>) -> Self {
        match value.filter(|value| value.is_finite()) {
            Some(value) => {
                Self { text: slm_plan::text::figure(value), value: Some(value), ..Self::default() }
            }
            None => Self::text("–"),
        }
    }

    /// A model's parameters, or a dash.
    pub(crate) fn params(params: Option<u64>) -> Self {
        params.map_or_else(|| Self::text("–"), |n| Self::shown(numbers::params(n), n as f64))
    }

    /// A number as given.
    pub(crate) fn shown(text: impl Into<String>, value: f64) -> Self {
        Self { text: text.into(), value: Some(value), ..Self::default() }
    }
}

impl Table {
    /// A table without rows; titles that begin with `#` are of numbers.
    pub(crate) fn new(titles: &[&str]) -> Self {
        let column = |title: &&str| match title.strip_prefix('#') {
            Some(title) => Column { title: title.to_owned(), numeric: true },
            None => Column { title: (*title).to_owned(), numeric: false },
        };
        Self { columns: titles.iter().map(column).collect(), ..Self::default() }
    }

    /// Adds a row to the last group.
    pub(crate) fn push(&mut self, row: Vec<Field>) {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        if let Some(group) = self.groups.last_mut() {
            group.rows.push(row);
        }
    }

    /// Begins a group.
    pub(crate) fn group(&mut self, title: impl Into<String>) {
        self.groups.push(Group { title: title.into(), rows: Vec::new() });
    }

    /// Whether it has no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.rows.is_empty())
    }
}
