//! Merges by rank as scores of tokens.
//!
//! llama.cpp merges the two neighbours whose union has the highest score, whatever
//! two they are; BPE merges the pair of the lowest rank. Both do the same when every
//! way to put a token together is a merge, and the merges that make one token stand
//! together: its score is their rank. So it is in vocabularies that were converted from
//! `SentencePiece`, but for pieces of one score (the runs of spaces of Llama 2 and Mistral),
//! whose merges some converters mix: see [`runs`].

use std::collections::{HashMap, HashSet};

use super::{runs, token_type};
use crate::error::{Result, refuse};

/// The merges that make one token.
#[derive(Debug, Clone, Copy)]
struct Group {
    first: usize,
    last: usize,
    count: usize,
}

impl Group {
    fn is_scattered(self) -> bool {
        self.last - self.first + 1 != self.count
    }
}

/// The score of each token: minus the rank of the first of its merges. Numbers of merges
/// are far from where `f32` has no whole numbers any more.
pub(super) fn scores(merges: &[(&str, &str)], tokens: &[String], types: &[i32]) -> Result<Vec<f32>> {
    check_bytes(merges, tokens)?;
    check_complete(merges, tokens, types)?;
    let made: Vec<String> = merges.iter().map(|(left, right)| format!("{left}{right}")).collect();
    let mut groups: HashMap<&str, Group> = HashMap::new();
    for (rank, token) in made.iter().enumerate() {
        let group = groups.entry(token).or_insert(Group { first: rank, last: rank, count: 0 });
        group.last = rank;
        group.count += 1;
    }
    let mixed = mixed_runs(&made, &groups)?;
    let mut ranks: HashMap<&str, usize> = groups.iter().map(|(token, group)| (*token, group.first)).collect();
    for run in mixed {
        ranks.extend(runs::ranks(run, merges, &groups.keys().copied().collect())?);
    }
    let score = |token: &String| ranks.get(token.as_str()).map_or(0.0, |rank| -(*rank as f32) - 1.0);
    Ok(tokens.iter().map(score).collect())
}

/// Characters whose runs are made by merges that stand mixed. Anything else within is refused.
fn mixed_runs(made: &[String], groups: &HashMap<&str, Group>) -> Result<HashSet<char>> {
    let mut mixed = HashSet::new();
    let (mut until, mut scattered) = (None, "");
    for (rank, token) in made.iter().enumerate() {
        let group = groups[token.as_str()];
        if group.is_scattered() && until < Some(group.last) {
            (until, scattered) = (Some(group.last), token.as_str());
        }
        if until < Some(rank) {
            continue;
        }
        let Some((character, _)) = runs::of(token) else {
            return refuse(format!(
                "tokenizer.json: merges that make {scattered:?} do not stand together (one that makes \
                 {token:?} is between them); this BPE has no scores"
            ));
        };
        mixed.insert(character);
    }
    Ok(mixed)
}

/// Every byte must have a token, and bytes must not be merged: llama.cpp makes them of
/// characters that are left over at the end.
fn check_bytes(merges: &[(&str, &str)], tokens: &[String]) -> Result<()> {
    let known: HashSet<&str> = tokens.iter().map(String::as_str).collect();
    for value in 0..=u8::MAX {
        let is_token = value.is_ascii() && known.contains(char::from(value).to_string().as_str());
        if !is_token && !known.contains(byte_token(value).as_str()) {
            return refuse(format!("tokenizer.json: byte_fallback without a token {}", byte_token(value)));
        }
    }
    match merges.iter().find(|(left, right)| byte(left).or_else(|| byte(right)).is_some()) {
        None => Ok(()),
        Some((left, right)) => refuse(format!(
            "tokenizer.json: {left:?} and {right:?} are merged, one of which is a byte; llama.cpp does not do so"
        )),
    }
}

/// Every way to put a token together from two others must be a merge. Added tokens are
/// found before anything is merged, but for those with a `▁`, which no text has.
fn check_complete(merges: &[(&str, &str)], tokens: &[String], types: &[i32]) -> Result<()> {
    let listed: HashSet<(&str, &str)> = merges.iter().copied().collect();
    let is_found_first = |token: &str, token_type: i32| match token_type {
        token_type::CONTROL | token_type::UNKNOWN => true,
        token_type::USER_DEFINED => !token.contains('▁'),
        _ => false,
    };
    let merged = tokens.iter().zip(types).filter(|(token, token_type)| !is_found_first(token, **token_type));
    let known: HashSet<&str> = merged.map(|(token, _)| token.as_str()).collect();
    // llama.cpp merges characters that are no token, too.
    let is_part = |part: &str| known.contains(part) || part.chars().nth(1).is_none();
    for token in &known {
        // Quadratic in its length; real tokens have a few dozen bytes.
        if token.len() > 512 {
            return refuse(format!("tokenizer.json: a token of {} bytes", token.len()));
        }
        let splits = token.char_indices().skip(1).map(|(at, _)| token.split_at(at));
        for (left, right) in splits {
            if is_part(left) && is_part(right) && !listed.contains(&(left, right)) {
                return refuse(format!(
                    "tokenizer.json: {left:?} and {right:?} make a token but are no merge; \
                     this BPE is none of SentencePiece's"
                ));
            }
        }
    }
    Ok(())
}

/// The token of a byte.
fn byte_token(value: u8) -> String {
    format!("<0x{value:02X}>")
}

/// The byte that a token such as `<0x0A>` stands for.
pub(super) fn byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok().filter(|value| byte_token(*value) == token)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vocabulary of all bytes, the parts of these merges and what they make; its scores.
    fn scored(merges: &[(&str, &str)]) -> Result<HashMap<String, f32>> {
        let mut tokens: Vec<String> = (0..=u8::MAX).map(byte_token).collect();
        for (left, right) in merges {
            for token in [(*left).to_owned(), (*right).to_owned(), format!("{left}{right}")] {
                if !tokens.contains(&token) {
                    tokens.push(token);
                }
            }
        }
        let types = vec![token_type::NORMAL; tokens.len()];
        let scores = scores(merges, &tokens, &types)?;
        Ok(tokens.into_iter().zip(scores).collect())
    }

    #[test]
    fn scores_follow_the_ranks_of_tokens() {
        let scores = scored(&[("a", "b"), ("c", "d"), ("a", "bc"), ("ab", "c"), ("b", "c")]).unwrap();
        let score = |token: &str| scores[token];
        assert!(score("ab") > score("cd") && score("cd") > score("abc") && score("abc") > score("bc"));
    }

    #[test]
    fn merges_that_stand_mixed_have_no_scores() {
        let error = scored(&[("ab", "c"), ("a", "b"), ("b", "c"), ("a", "bc")]).unwrap_err().to_string();
        assert!(error.contains("\"abc\"") && error.contains("stand together"), "{error}");
        // Nor where only the one between is no run.
        let error = scored(&[("▁▁", "▁"), ("a", "b"), ("▁", "▁▁"), ("▁", "▁")]).unwrap_err().to_string();
        assert!(error.contains("\"▁▁▁\"") && error.contains("\"ab\""), "{error}");
    }

    #[test]
    fn bytes_are_told_exactly() {
        assert_eq!((byte("<0x0A>"), byte("<0xFF>")), (Some(10), Some(255)));
        for other in ["<0x0a>", "<0x+A>", "<0xA>", "<0x00A>", "0x0A"] {
            assert_eq!(byte(other), None, "{other}");
        }
    }
}
