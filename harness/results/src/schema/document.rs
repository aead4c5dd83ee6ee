//! The tables of docs/results-format.md.

use super::{
    column::{Column, Kind},
    row::Table,
};
use std::fmt::Write;

/// A table's description in Markdown: what a row is, and a line for each column.
pub fn describe(table: &Table) -> String {
    let mut text =
        format!("{}\n\n| column | type | unit | meaning |\n|---|---|---|---|\n", joined(table.meaning));
    for column in table.columns {
        let (name, kind) = (column.name, kind(column));
        let (unit, meaning) = (column.unit.unwrap_or_default(), joined(column.meaning));
        let _ = writeln!(text, "| `{name}` | {kind} | {unit} | {meaning} |");
    }
    text
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// What may stand in the column.
fn kind(column: &Column) -> String {
    let kind = match column.kind {
        Kind::Text if !column.names.is_empty() => {
            column.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        }
        Kind::Text => "text".into(),
        Kind::Whole => "whole number".into(),
        Kind::Number => "number".into(),
        Kind::Flag => "`true`, `false`".into(),
        Kind::Time => "time".into(),
    };
    if column.nullable { format!("{kind}; or empty") } else { kind }
}

#[cfg(test)]
mod tests {
    use super::describe;
    use crate::schema::TABLES;
    use std::{env, fs, path::Path};

    /// Replaces what stands between a table's marks by its description.
    fn with_descriptions(mut text: String) -> String {
        for table in TABLES {
            let begin = format!("<!-- columns of {}, from the schema -->\n", table.name);
            let from = text.find(&begin).unwrap_or_else(|| panic!("no line {begin}")) + begin.len();
            let length = text[from..].find("<!-- end -->").unwrap_or_else(|| panic!("no end after {begin}"));
            text.replace_range(from..from + length, &describe(table));
        }
        text
    }

    #[test]
    fn results_format_describes_every_column() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results-format.md");
        let text = fs::read_to_string(&path).unwrap();
        let expected = with_descriptions(text.clone());
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &expected).unwrap();
        } else {
            assert!(
                text == expected,
                "docs/results-format.md is not as the schema says; write it anew with \
                 UPDATE_DOCS=1 cargo test -p slm-results"
            );
        }
    }
}
