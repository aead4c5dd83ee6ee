//! Scores of models, from a CSV file with the columns `model` and `score`.

use slm_plan::{
    error::{Error, Result},
    plain_text::Utf8Reader,
};
use std::{collections::BTreeMap, path::Path};

/// Scores by model name; higher is better.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    scores: BTreeMap<String, f64>,
}

impl Quality {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Input`] naming file, line and column.
    pub fn read(path: &Path) -> Result<Self> {
        let remedy =
            "give a CSV file with the columns model and score, such as results/baselines/slimlm-quality.csv";
        let place =
            |line: u64, why: &str| Error::input(format!("{}, line {line}{why}", path.display()), remedy);
        let file = std::fs::File::open(path).map_err(|error| Error::reading(path, &error))?;
        let file = Utf8Reader::new(file).map_err(|error| Error::reading(path, &error))?;
        let mut reader = csv::Reader::from_reader(file);
        let broken = |error: &csv::Error| {
            place(
                error.position().map_or(1, csv::Position::line).max(1),
                ": it is not UTF-8 text in even columns",
            )
        };
        let headers = reader.headers().map_err(|error| broken(&error))?.clone();
        let column = |name: &str| {
            headers
                .iter()
                .position(|header| header == name)
                .ok_or_else(|| place(1, &format!(": missing column {name}")))
        };
        let (model, score) = (column("model")?, column("score")?);
        let mut scores = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(|error| broken(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let value =
                record.get(score).and_then(|text| text.trim().parse::<f64>().ok()).filter(|v| v.is_finite());
            let value = value.ok_or_else(|| place(line, ", column score: is not a number"))?;
            let name = record.get(model).unwrap_or_default().trim().to_owned();
            if name.is_empty() || scores.insert(name, value).is_some() {
                return Err(place(line, ", column model: is empty or there twice"));
            }
        }
        if scores.is_empty() {
            return Err(place(1, ": no scores below the header"));
        }
        Ok(Self { scores })
    }

    /// The score of a model.
    pub fn score(&self, model: &str) -> Option<f64> {
        self.scores.get(model).copied()
    }
}
