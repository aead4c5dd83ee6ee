//! Cuts a text to an exact number of tokens.

use crate::engine::Vocabulary;

/// Longest text tried per token: more means that the source hardly tokenizes.
const MAX_BYTES_PER_TOKEN: usize = 256;
/// Cuts tried on either side of the first guess.
const NEARBY: usize = 32;
/// Characters left out at the start, one more at a time, while no cut is found.
const MAX_SKIPPED: usize = 16;

/// A piece of the source (repeated, one copy after another, if it is too short)
/// that the model's tokenizer counts as exactly `tokens`, special ones included.
///
/// It begins where the source does, but for rare cases: where the wanted count falls
/// within a character of several tokens, no prefix has it, and a later start is tried.
pub(super) fn cut(source: &str, tokens: u32, vocabulary: &dyn Vocabulary) -> Result<String, String> {
    let wanted = tokens as usize;
    let count = |text: &str| vocabulary.tokenize(text, true, false).len();
    let special = count("");
    if wanted < special || wanted == 0 {
        return Err(format!("{tokens} tokens are asked for, but special tokens alone take {special}"));
    }
    // One token, of a model that begins its texts with one, is that one alone.
    if wanted == special {
        return Ok(String::new());
    }
    if source.is_empty() {
        return Err("the text to cut from is empty".to_owned());
    }
    let text = long_enough(source, wanted, &count)
        .ok_or_else(|| format!("the text to cut from does not yield {tokens} tokens when repeated"))?;
    let starts = text.char_indices().map(|(at, _)| at).take(MAX_SKIPPED + 1);
    starts
        .filter_map(|start| prefix(&text[start..], wanted, &count))
        .map(str::to_owned)
        .next()
        .ok_or_else(|| format!("no cut of the text has exactly {tokens} tokens in this model's tokenizer"))
}

/// The prefix of exactly so many tokens, if there is one.
///
/// A longer prefix has more tokens almost always, but not always: the last word may
/// join into one token as it grows. So the cut is found by bisection over character
/// boundaries, then among its neighbours.
fn prefix<'a>(text: &'a str, wanted: usize, count: &impl Fn(&str) -> usize) -> Option<&'a str> {
    let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let guess = boundaries.partition_point(|at| count(&text[..*at]) < wanted);
    (0..=NEARBY)
        .flat_map(|step| [guess.checked_add(step), guess.checked_sub(step)])
        .filter_map(|index| Some(&text[..*boundaries.get(index?)?]))
        .find(|prefix| count(prefix) == wanted)
}

/// The source repeated until it has more tokens than wanted, whatever is skipped.
fn long_enough(source: &str, wanted: usize, count: &impl Fn(&str) -> usize) -> Option<String> {
    let mut text = source.to_owned();
    while count(&text) < wanted + 4 * MAX_SKIPPED {
        if text.len() / MAX_BYTES_PER_TOKEN > wanted {
            return None;
        }
        // Doubling: a short source and many tokens would take long line by line.
        text = format!("{text}\n{text}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ascii_is_cut_to_the_very_token(source in "[a-z ]{1,200}", tokens in 2u32..400) {
            let model = engine::null();
            let text = cut(&source, tokens, model.vocabulary().unwrap()).unwrap();
            prop_assert_eq!(model.vocabulary().unwrap().tokenize(&text, true, false).len(), tokens as usize);
        }

        #[test]
        fn any_text_is_cut_exactly_or_refused(source in "\\PC{0,60}", tokens in 0u32..200) {
            let model = engine::null();
            if let Ok(text) = cut(&source, tokens, model.vocabulary().unwrap()) {
                prop_assert_eq!(model.vocabulary().unwrap().tokenize(&text, true, false).len(), tokens as usize);
            }
        }
    }

    #[test]
    fn a_real_tokenizer_is_met_exactly_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.gguf");
        let shape = slm_models::Shape::parse_free("arch=mpt,layers=1,d_model=64,vocab=5000").unwrap();
        slm_models::make(&shape, &slm_models::MakeOptions::default(), &path, &mut |_, _| {}).unwrap();
        let model = engine::load_gguf(&path).unwrap();
        let source =
            "The tenant, A. B. Müller, pays 1,250.50 € a month; naïve readers — and 模型 — agree. 🙂\n";
        for tokens in (1..60).chain([199, 200, 201, 800, 1999]) {
            let text = cut(source, tokens, model.vocabulary().unwrap()).unwrap();
            assert_eq!(model.vocabulary().unwrap().tokenize(&text, true, false).len(), tokens as usize);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_reason() {
        let model = engine::null();
        assert!(cut("", 5, model.vocabulary().unwrap()).unwrap_err().contains("empty"));
        assert!(cut("text", 0, model.vocabulary().unwrap()).unwrap_err().contains("special"));
        assert_eq!(cut("text", 1, model.vocabulary().unwrap()).unwrap(), "", "the token that begins a text");
    }
}
