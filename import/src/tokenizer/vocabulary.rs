//! Tokens by id, their types, and merges or scores.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::structure::Kind;
use super::{added, pieces, token_type};
use crate::error::{Result, advised, refuse};

/// Ids by token.
type Ids<'a> = HashMap<&'a str, u32>;

/// The vocabulary as the file stores it.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub(super) tokens: Vec<String>,
    pub(super) types: Vec<i32>,
    /// Two tokens with a space between, by rank; empty where there are scores.
    pub(super) merges: Vec<String>,
    pub(super) scores: Option<Vec<f32>>,
    /// Contents of added tokens.
    pub(super) added: Vec<String>,
    /// Those of them that swallow the white space after them.
    pub(super) strips: Vec<String>,
    /// Those of the tokenizer that the embedding has no row for.
    pub(super) left_out: Vec<LeftOut>,
}

/// A token beyond the table of embeddings that no text comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub(super) token: String,
    pub(super) id: u64,
}

impl Vocabulary {
    /// The id of a token.
    pub(super) fn id(&self, token: &str) -> Option<u32> {
        (0..).zip(&self.tokens).find(|(_, other)| *other == token).map(|(id, _)| id)
    }

    /// Tokens that are nothing but text.
    pub(super) fn normal(&self) -> impl Iterator<Item = &String> {
        let tokens = self.tokens.iter().zip(&self.types);
        tokens.filter(|(_, token_type)| **token_type == token_type::NORMAL).map(|(token, _)| token)
    }
}

pub(super) fn read(json: &Value, rows: u32, kind: &Kind) -> Result<Vocabulary> {
    let mut slots: Vec<Option<(String, i32)>> = vec![None; rows as usize];
    let Some(vocab) = json["model"]["vocab"].as_object() else {
        return refuse("tokenizer.json: model.vocab is missing");
    };
    let beyond = Beyond::of(json, u64::from(rows));
    let mut left_out = Vec::new();
    for (token, id) in vocab {
        if let Some(id) = beyond.unreachable(token, id) {
            left_out.push(LeftOut { token: token.clone(), id });
            continue;
        }
        let token_type = normal_type(token, json, kind);
        let slot = slot(&mut slots, id, token)?;
        if let Some((other, _)) = slot {
            return refuse(format!("tokenizer.json: tokens {other:?} and {token:?} have one id"));
        }
        *slot = Some((token.clone(), token_type));
    }
    let (mut added, mut strips) = (Vec::new(), Vec::new());
    for entry in json["added_tokens"].as_array().into_iter().flatten() {
        let token = added::read(entry, kind)?;
        if let Some(id) = beyond.unneeded(entry, token) {
            // Often listed in both places.
            if left_out.iter().all(|left| left.token != token) {
                left_out.push(LeftOut { token: token.to_owned(), id });
            }
            continue;
        }
        if entry["rstrip"] == true {
            strips.push(token.to_owned());
        }
        let token_type =
            if entry["special"] == true { token_type::CONTROL } else { token_type::USER_DEFINED };
        let slot = slot(&mut slots, &entry["id"], token)?;
        match slot {
            Some((other, _)) if other != token => {
                return refuse(format!("tokenizer.json: tokens {other:?} and {token:?} have one id"));
            }
            // `<unk>` stays what it is though it is special, too.
            Some((_, token_type::UNKNOWN)) => {}
            _ => *slot = Some((token.to_owned(), token_type)),
        }
        added.push(token.to_owned());
    }
    added::check_together(&added, &strips, kind)?;
    // Ids that no token has: rows that pad the matrix.
    let filled = slots
        .into_iter()
        .enumerate()
        .map(|(id, slot)| slot.unwrap_or_else(|| (format!("<|unused_{id}|>"), token_type::UNUSED)));
    let (tokens, types): (Vec<_>, Vec<_>) = filled.unzip();
    let distinct: HashSet<&String> = tokens.iter().collect();
    if distinct.len() != tokens.len() {
        return refuse("tokenizer.json: two ids have the same token");
    }
    left_out.sort_by_key(|left| left.id);
    let merges = merges(&json["model"]["merges"], &tokens, &left_out)?;
    let (scores, merges) = match kind {
        Kind::Bytes { .. } => (None, merges.iter().map(|(left, right)| format!("{left} {right}")).collect()),
        Kind::Pieces { .. } => (Some(pieces::scores(&merges, &tokens, &types)?), Vec::new()),
    };
    Ok(Vocabulary { tokens, types, merges, scores, added, strips, left_out })
}

/// Which tokens may have no row in the embedding: those that no text is split into.
struct Beyond<'a> {
    json: &'a Value,
    rows: u64,
    /// What merges make.
    made: HashSet<String>,
    /// Contents of added tokens that texts are searched for as a matter of course.
    added: HashMap<&'a str, bool>,
}

impl<'a> Beyond<'a> {
    fn of(json: &'a Value, rows: u64) -> Self {
        let over = |id: &Value| id.as_u64().is_some_and(|id| id >= rows);
        let any = json["model"]["vocab"].as_object().is_some_and(|vocab| vocab.values().any(over));
        // Of no use in most vocabularies.
        let merges = if any { json["model"]["merges"].as_array() } else { None };
        let made =
            merges.into_iter().flatten().filter_map(pair).map(|(left, right)| format!("{left}{right}"));
        let list = json["added_tokens"].as_array().into_iter().flatten();
        let added = list.filter_map(|entry| Some((entry["content"].as_str()?, entry["special"] == true)));
        Self { json, rows, made: made.collect(), added: added.collect() }
    }

    /// The id of a token of the model's own that is beyond the rows, if no text comes to it: it
    /// is no single character or byte, no merge makes it, words are not looked up whole.
    fn unreachable(&self, token: &str, id: &Value) -> Option<u64> {
        let id = id.as_u64().filter(|id| *id >= self.rows)?;
        let model = &self.json["model"];
        let is_first = token.chars().nth(1).is_none() || pieces::byte(token).is_some();
        let is_looked_up = model["ignore_merges"] == true || model["unk_token"] == token;
        let is_reached = match self.added.get(token) {
            Some(special) => !special,
            None => is_first || is_looked_up || self.made.contains(token),
        };
        (!is_reached).then_some(id)
    }

    /// The same of an added token: one that is special stands in texts only where a template
    /// puts it, and is looked for there by whoever reads the template.
    fn unneeded(&self, entry: &Value, token: &str) -> Option<u64> {
        let id = entry["id"].as_u64().filter(|id| *id >= self.rows)?;
        let own = &self.json["model"]["vocab"][token];
        let has_other_id = own.as_u64().is_some_and(|own| own != id);
        (entry["special"] == true && !has_other_id).then_some(id)
    }
}

/// The two tokens of a merge: as text up to transformers 4.45, then as a list.
fn pair(merge: &Value) -> Option<(&str, &str)> {
    match (merge.as_str(), merge.as_array().map(Vec::as_slice)) {
        (Some(text), _) => text.split_once(' '),
        (None, Some([left, right])) => left.as_str().zip(right.as_str()),
        _ => None,
    }
}

/// The place of an id.
fn slot<'a>(
    slots: &'a mut [Option<(String, i32)>],
    id: &Value,
    token: &str,
) -> Result<&'a mut Option<(String, i32)>> {
    let rows = slots.len();
    let index = id.as_u64().and_then(|id| usize::try_from(id).ok());
    index.and_then(|index| slots.get_mut(index)).ok_or_else(|| {
        advised(format!(
            "tokenizer.json: token {token:?} has id {id}, but the embedding has {rows} rows; give the tokenizer of this \
             very checkpoint with --tokenizer"
        ))
    })
}

/// The type of a token of the model's own vocabulary.
fn normal_type(token: &str, json: &Value, kind: &Kind) -> i32 {
    if matches!(kind, Kind::Bytes { .. }) {
        return token_type::NORMAL;
    }
    if json["model"]["unk_token"] == token {
        return token_type::UNKNOWN;
    }
    if pieces::byte(token).is_some() { token_type::BYTE } else { token_type::NORMAL }
}

/// The merges by rank, each of two tokens that make a third.
fn merges<'a>(merges: &'a Value, tokens: &[String], left_out: &[LeftOut]) -> Result<Vec<(&'a str, &'a str)>> {
    let Some(list) = merges.as_array() else { return refuse("tokenizer.json: model.merges is missing") };
    let known: Ids<'_> = tokens.iter().map(String::as_str).zip(0..).collect();
    let mut joined = String::new();
    let mut pairs = Vec::with_capacity(list.len());
    for merge in list {
        let pair = pair(merge);
        // What is made of a token that nothing is split into is never made.
        let of_none =
            |(left, right): (&str, &str)| left_out.iter().any(|out| out.token == left || out.token == right);
        if pair.is_some_and(of_none) {
            continue;
        }
        let pair = pair.filter(|(left, right)| {
            joined.clear();
            joined.push_str(left);
            joined.push_str(right);
            let spaced = left.is_empty() || right.is_empty() || joined.contains(' ');
            !spaced && [*left, *right, joined.as_str()].iter().all(|token| known.contains_key(token))
        });
        match pair {
            Some(pair) => pairs.push(pair),
            None => {
                return refuse(format!("tokenizer.json: merge {merge} is not of tokens of the vocabulary"));
            }
        }
    }
    Ok(pairs)
}
