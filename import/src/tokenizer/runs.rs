//! Scores for runs of one character whose merges stand mixed.
//!
//! In Llama 2's and Mistral's `SentencePiece` models the runs of spaces have one score, so
//! that converters order their merges by something else: ids or lengths of the parts.
//! Not all of these merges ever happen. Those that do are found by splitting runs of
//! every length, and the scores are right if llama.cpp's way takes the same steps.

use std::collections::{HashMap, HashSet};

use crate::error::{Result, refuse};

/// Longest run that may be a token; real ones have up to 31 characters.
const LONGEST: usize = 64;

/// The character of a token that is a run of one, and how often it is there (twice or more).
pub(super) fn of(token: &str) -> Option<(char, usize)> {
    let mut characters = token.chars();
    let first = characters.next()?;
    let rest = characters.try_fold(1, |count, other| (other == first).then_some(count + 1))?;
    (rest > 1).then_some((first, rest))
}

/// Ranks from which scores are made, for every run of `character` that is a token.
pub(super) fn ranks<'a>(
    character: char,
    merges: &[(&str, &str)],
    tokens: &HashSet<&'a str>,
) -> Result<Vec<(&'a str, usize)>> {
    let length = |part: &str| match part.chars().next() {
        Some(first) if first == character => {
            part.chars().all(|other| other == first).then(|| part.chars().count())
        }
        _ => None,
    };
    let mut pairs: HashMap<(usize, usize), usize> = HashMap::new();
    for (rank, (left, right)) in merges.iter().enumerate() {
        if let Some(pair) = length(left).zip(length(right)) {
            pairs.entry(pair).or_insert(rank);
        }
    }
    let runs: Vec<(&str, usize)> = tokens
        .iter()
        .filter_map(|token| of(token).filter(|run| run.0 == character).map(|run| (*token, run.1)))
        .collect();
    let longest = runs.iter().map(|run| run.1).max().unwrap_or(0);
    if longest > LONGEST {
        return refuse(format!("tokenizer.json: a token of {longest} times {character:?}"));
    }
    // The rank of the merge that makes a run, where one is ever made.
    let mut used: HashMap<usize, usize> = HashMap::new();
    let lengths = 1..=3 * longest;
    let by_rank: Vec<Vec<usize>> = lengths
        .clone()
        .map(|length| {
            steps(
                length,
                |left, right| pairs.get(&(left, right)).copied(),
                |made, rank| {
                    let known = used.entry(made).or_insert(rank);
                    *known = rank.min(*known);
                },
            )
        })
        .collect();
    for (pair, rank) in &pairs {
        used.entry(pair.0 + pair.1).or_insert(*rank);
    }
    let by_score =
        lengths.map(|length| steps(length, |left, right| used.get(&(left + right)).copied(), |_, _| {}));
    if !by_score.eq(by_rank) {
        return refuse(format!(
            "tokenizer.json: runs of {character:?} are merged in an order that no scores give; this BPE is none \
             of SentencePiece's"
        ));
    }
    Ok(runs.into_iter().filter_map(|(token, length)| Some((token, *used.get(&length)?))).collect())
}

/// Merges a run of so many characters: always the neighbours of the lowest rank, the
/// leftmost of equals. Where each merge took place.
fn steps(
    length: usize,
    rank: impl Fn(usize, usize) -> Option<usize>,
    mut made: impl FnMut(usize, usize),
) -> Vec<usize> {
    let (mut parts, mut places) = (vec![1; length], Vec::new());
    loop {
        let pairs = parts.windows(2).enumerate();
        let best = pairs.filter_map(|(at, pair)| Some((rank(pair[0], pair[1])?, at))).min();
        let Some((rank, at)) = best else { return places };
        parts[at] += parts.remove(at + 1);
        made(parts[at], rank);
        places.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cmp::Reverse;

    fn run(length: usize) -> String {
        "▁".repeat(length)
    }

    /// Every merge that makes runs of these lengths.
    fn pairs(lengths: &[usize]) -> Vec<(usize, usize)> {
        let is_token = |length: usize| length == 1 || lengths.contains(&length);
        let parts = |whole: &usize| (1..*whole).map(|left| (left, whole - left)).collect::<Vec<_>>();
        let pairs = lengths.iter().flat_map(parts);
        pairs.filter(|(left, right)| is_token(*left) && is_token(*right)).collect()
    }

    /// Ranks by length, from merges in their order.
    fn ranked(pairs: &[(usize, usize)]) -> Result<HashMap<usize, usize>> {
        let texts: Vec<(String, String)> =
            pairs.iter().map(|(left, right)| (run(*left), run(*right))).collect();
        let merges: Vec<(&str, &str)> =
            texts.iter().map(|(left, right)| (left.as_str(), right.as_str())).collect();
        let tokens: Vec<String> = pairs.iter().map(|(left, right)| run(left + right)).collect();
        let found = ranks('▁', &merges, &tokens.iter().map(String::as_str).collect())?;
        Ok(found.into_iter().map(|(token, rank)| (token.chars().count(), rank)).collect())
    }

    /// Mistral's lengths, in the order of their ids.
    const MISTRAL: [usize; 14] = [2, 4, 8, 5, 16, 6, 12, 13, 10, 14, 3, 9, 7, 11];

    #[test]
    fn runs_are_told_from_other_tokens() {
        assert_eq!(
            (of("▁▁▁"), of("\n\n"), of("▁"), of("▁a"), of("")),
            (Some(('▁', 3)), Some(('\n', 2)), None, None, None)
        );
    }

    #[test]
    fn converters_orders_have_scores() {
        // By length of the parts, and by their ids (of single characters the last).
        let id = |length: usize| MISTRAL.iter().position(|known| *known == length).unwrap_or(99);
        let (mut by_length, mut by_id) = (pairs(&MISTRAL), pairs(&MISTRAL));
        by_length.sort_by_key(|(left, right)| (Reverse(*left), Reverse(*right)));
        by_id.sort_by_key(|(left, right)| (id(*left), id(*right)));
        let (by_length, by_id) = (ranked(&by_length).unwrap(), ranked(&by_id).unwrap());
        assert_eq!((by_length.len(), by_id.len()), (14, 14));
        // Of 17 spaces the one makes 16 and 1, the other 14 and 3.
        assert!(by_length[&16] < by_length[&3] && by_id[&16] > by_id[&3]);
    }

    #[test]
    fn a_run_that_is_too_long_is_refused() {
        let error = ranked(&[(1, 1), (2, 63)]).unwrap_err().to_string();
        assert!(error.contains("65 times"), "{error}");
    }

    proptest! {
        /// The steps are compared by `ranks` itself.
        #[test]
        fn any_order_has_scores(order in Just(pairs(&[2, 3, 4, 5, 7, 8])).prop_shuffle()) {
            prop_assert_eq!(ranked(&order).unwrap().len(), 6);
        }
    }
}
