//! The finished file against the tokenizer it was made from: the engine's token ids
//! for several hundred texts must be those of the `tokenizers` library.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use slm_protocol::TokenizeReport;

use crate::error::{Result, refuse, refused};
use crate::tokenizer::Tokenizer;

/// Texts made of random characters, and of random words.
const RANDOM_TEXTS: usize = 200;
/// Texts made of random tokens, where tokens are pieces of text.
const PIECE_TEXTS: usize = 300;
/// Added tokens that get texts of their own, from all over the list.
const MAX_ADDED: usize = 128;
/// Longest run of one character that is tried.
const MAX_RUN: usize = 80;

/// What trips tokenizers: spaces, line ends, digits, contractions, scripts, marks,
/// control characters, and pieces of code.
const TEXTS: &[&str] = &[
    "Hello world",
    "  leading, trailing and   inner   spaces  ",
    "one\ntwo\n\nthree\n\n\nfour\r\nfive\r\n\r\n",
    "\t\tif x == 1:\n\t\t\treturn [y for y in z]\n",
    "fn main() { println!(\"{:>8.3}\", 3.14159_f64); } // 0xFF",
    "123 4567 89012345 3.14 1,000,000 1e-10 2026-11-21",
    "I'll say we've, they're, don't, it's, he'd, I'm; CAN'T WE'LL IT'S",
    "naïve café Übergröße fa\u{e7}ade – “quotes” … €",
    "e\u{301} and \u{e9}, n\u{303} and \u{f1}",
    "Москва и Санкт-Петербург, тест 123",
    "東京特許許可局 测试中文。한국어 시험",
    "مرحبا بالعالم नमस्ते दुनिया ไทย",
    "emoji 🦀🔥👩\u{200d}👩\u{200d}👧 and zero\u{200b}width",
    "½ ² ① Ⅷ ٣ ³x",
    "\u{a0}no-break\u{2003}em\u{2028}line",
    "http://example.org/a?b=c&d=%20#e foo_bar-baz/qux.txt",
    "!!!???... --- *** ___ ((([[[{{{ }}}]]])))",
    "                        many spaces",
    " \n \n x \t \t y",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "CamelCaseAndSNAKE_CASEandHTTPServer2Go",
    "<b>bold</b> &amp; <!-- comment -->",
    "ｆｕｌｌｗｉｄｔｈ ﬁ ligature İstanbul ſ",
    "\u{1b}[0m \u{7f} \u{1}",
    "a",
    " ",
];
const CHARACTERS: &str = "ab zQ 19\n\t'é漢😀\u{a0}.,(_-\r\u{301}ßд▁";

/// Texts to tokenise, always the same for the same tokenizer.
pub(crate) fn texts(tokenizer: &Tokenizer) -> Vec<String> {
    let mut texts: Vec<String> = TEXTS.iter().map(|text| (*text).to_owned()).collect();
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let mut below = |limit: usize| random.next_u32() as usize % limit;
    let characters: Vec<char> = CHARACTERS.chars().collect();
    let words: Vec<&str> = TEXTS.iter().flat_map(|text| text.split_inclusive(' ')).collect();
    for _ in 0..RANDOM_TEXTS {
        let length = 1 + below(30);
        texts.push((0..length).map(|_| characters[below(characters.len())]).collect());
        let length = 1 + below(20);
        texts.push((0..length).map(|_| words[below(words.len())]).collect());
    }
    let pieces = tokenizer.pieces();
    if !pieces.is_empty() {
        for _ in 0..PIECE_TEXTS {
            let length = 1 + below(20);
            texts.push((0..length).map(|_| pieces[below(pieces.len())].as_str()).collect());
        }
        texts.extend(runs(&pieces));
    }
    let added = tokenizer.added();
    for token in added.iter().step_by(added.len().div_ceil(MAX_ADDED).max(1)) {
        texts.push(token.clone());
        texts.push(format!("a{token}b {token} c\n{token}{token}"));
        texts.push(format!("{token}a  {token}\n\n {token}\u{a0}b{token}\u{3000}{token}\t"));
        texts.push(format!(" {token}  a▁{token}▁b  "));
    }
    texts
}

/// Runs of every character that tokens have runs of, alone and between letters.
fn runs(pieces: &[String]) -> Vec<String> {
    let mut longest: BTreeMap<char, usize> = BTreeMap::new();
    for piece in pieces {
        let mut characters = piece.chars();
        let Some(first) = characters.next() else { continue };
        let count = 1 + characters.clone().count();
        if count > 1 && characters.all(|other| other == first) {
            let known = longest.entry(first).or_default();
            *known = count.max(*known);
        }
    }
    let lengths = |(character, longest): (char, usize)| {
        (2..=(2 * longest + 2).min(MAX_RUN)).map(move |length| character.to_string().repeat(length))
    };
    longest.into_iter().flat_map(lengths).flat_map(|run| [format!("x{run}y{run}"), run]).collect()
}

/// Holds the engine's report against the library.
pub(crate) fn compare(tokenizer: &Tokenizer, texts: &[String], report: &TokenizeReport) -> Result<()> {
    if report.ids.len() != texts.len() {
        return refuse("the engine did not tokenise all texts");
    }
    let reference = tokenizer.reference()?;
    let mut wrong = Vec::new();
    for (text, found) in texts.iter().zip(&report.ids) {
        let encoded = reference.encode(text.as_str(), false);
        let encoded = encoded.map_err(|error| refused(format!("tokenizer.json: {error}")))?;
        let same = encoded.get_ids().len() == found.len()
            && encoded.get_ids().iter().zip(found).all(|(id, found)| i64::from(*id) == i64::from(*found));
        if !same {
            wrong.push(text);
        }
    }
    if let Some(first) = wrong.first() {
        return refuse(format!(
            "llama.cpp splits {} of {} texts in other tokens than tokenizer.json (such as {first:?}): not imported",
            wrong.len(),
            texts.len()
        ));
    }
    if !report.finite || report.decoded == 0 {
        return refuse("the model gives logits that are no finite numbers: not imported");
    }
    Ok(())
}
