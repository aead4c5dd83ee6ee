//! The catalogue of known models, embedded from `catalogue.csv`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::{PerLayer, Shape, ShapeDraft};

const TABLE: &str = include_str!("../catalogue.csv");

/// A known model.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Canonical name, in lower case; what `--models` takes.
    pub name: String,
    /// Name as its makers write it.
    pub display_name: String,
    /// Other names, in lower case.
    pub aliases: Vec<String>,
    /// Repository on Hugging Face, where there is one.
    pub hf_repo: Option<String>,
    /// Its shape.
    pub shape: Shape,
    /// Parameter count as published: the maker's figure or the number in the name.
    pub params_reported: u64,
    /// Whether that count leaves out the embeddings.
    pub params_without_embeddings: bool,
    /// Where the shape was read, or how it was derived.
    pub source: String,
    /// What is derived, left out or cannot be expressed; may be empty.
    pub notes: String,
    /// Why no file can be made for it, if so.
    pub unsupported: Option<String>,
    /// Whether Table 1 of the SlimLM paper measures it.
    pub in_slimlm_table1: bool,
    /// Whether the survey of small language models measures it.
    pub in_survey: bool,
}

/// A name that is in no row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown model {name:?}{}", hint(.near))]
pub struct UnknownModel {
    /// The name asked for.
    pub name: String,
    /// Names like it, the nearest first.
    pub near: Vec<String>,
}

fn hint(near: &[String]) -> String {
    if near.is_empty() {
        return "; shape:arch=… describes one that is not in the catalogue".to_owned();
    }
    format!("; did you mean {}?", near.join(", "))
}

/// A row as in the table.
#[derive(Deserialize)]
struct Row {
    name: String,
    hf_repo: Option<String>,
    gguf_arch: String,
    params_reported: u64,
    params_basis: String,
    n_layers: u32,
    d_model: u32,
    n_heads: String,
    n_kv_heads: String,
    head_dim: u32,
    d_ff: String,
    vocab_size: u32,
    max_context: u32,
    tied_embeddings: String,
    attn_bias: String,
    rope_theta: Option<u32>,
    rotary_dims: Option<u32>,
    sliding_window: Option<u32>,
    embedding_width: Option<u32>,
    in_slimlm_table1: String,
    in_survey: String,
    aliases: String,
    unsupported: String,
    notes: String,
    source: String,
}

fn sizes(text: &str) -> Result<PerLayer, String> {
    let values: Result<_, _> = text.split('|').map(str::parse).collect();
    values.map(PerLayer::listed).map_err(|error| format!("{text:?}: {error}"))
}

fn yes(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

impl TryFrom<Row> for Entry {
    type Error = String;

    fn try_from(row: Row) -> Result<Self, String> {
        let draft = ShapeDraft {
            arch: row.gguf_arch,
            layers: Some(row.n_layers),
            d_model: Some(row.d_model),
            heads: Some(sizes(&row.n_heads)?),
            kv_heads: Some(sizes(&row.n_kv_heads)?),
            head_dim: Some(row.head_dim),
            d_ff: Some(sizes(&row.d_ff)?),
            vocab: Some(row.vocab_size),
            context: Some(row.max_context),
            tied: Some(yes(&row.tied_embeddings)?),
            bias: Some(yes(&row.attn_bias)?),
            rope_theta: row.rope_theta,
            rotary_dims: row.rotary_dims,
            window: row.sliding_window,
            embedding_width: row.embedding_width,
        };
        Ok(Self {
            name: row.name.to_lowercase(),
            aliases: row.aliases.split_whitespace().map(str::to_owned).collect(),
            hf_repo: row.hf_repo,
            shape: draft.try_into().map_err(|error| format!("{}: {error}", row.name))?,
            params_reported: row.params_reported,
            params_without_embeddings: row.params_basis == "non-embedding",
            source: row.source,
            notes: row.notes,
            unsupported: (!row.unsupported.is_empty()).then_some(row.unsupported),
            in_slimlm_table1: yes(&row.in_slimlm_table1)?,
            in_survey: yes(&row.in_survey)?,
            display_name: row.name,
        })
    }
}

fn parse(table: &str) -> Result<Vec<Entry>, String> {
    csv::Reader::from_reader(table.as_bytes())
        .deserialize::<Row>()
        .map(|row| row.map_err(|error| error.to_string()).and_then(Entry::try_from))
        .collect()
}

/// The known models.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
}

impl Catalogue {
    /// The catalogue of this release.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
        BUILTIN.get_or_init(|| Self {
            // Part of the source, checked by a test.
            entries: parse(TABLE).expect("the embedded catalogue is valid"),
        })
    }

    /// All models, in the order of the table.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The model of that name or alias; case does not matter.
    pub fn find(&self, name: &str) -> Result<&Entry, UnknownModel> {
        let wanted = name.trim().to_lowercase();
        self.entries
            .iter()
            .find(|entry| entry.name == wanted)
            .or_else(|| self.entries.iter().find(|entry| entry.aliases.contains(&wanted)))
            .ok_or_else(|| UnknownModel { name: name.trim().to_owned(), near: self.near(&wanted) })
    }

    fn near(&self, wanted: &str) -> Vec<String> {
        // A pathological name is not worth a comparison with every row.
        if wanted.is_empty() || wanted.len() > 100 {
            return Vec::new();
        }
        let score = |entry: &Entry| {
            let names = std::iter::once(&entry.name).chain(&entry.aliases);
            let likeness = names.map(|name| {
                let prefix = if name.starts_with(wanted) { 0.2 } else { 0.0 };
                strsim::jaro_winkler(name, wanted) + prefix
            });
            likeness.fold(0.0, f64::max)
        };
        let mut scored: Vec<_> = self.entries.iter().map(|entry| (score(entry), entry)).collect();
        scored.sort_by(|left, right| right.0.total_cmp(&left.0));
        let likely = scored.iter().take_while(|(score, _)| *score > 0.85);
        likely.take(3).map(|(_, entry)| entry.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests;
