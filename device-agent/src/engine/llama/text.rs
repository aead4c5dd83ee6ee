//! What imported files ask to be done to a text before the engine's tokenizer, which
//! cannot do it itself.

use llama_cpp_2::{model::LlamaModel, token_type::LlamaTokenAttr};
use std::{borrow::Cow, cmp::Reverse};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Metadata key: what is done, in words.
const KEY: &str = "slm_bench.tokenizer.normalizer";
/// Metadata key: the special tokens of the word `strip`, as JSON.
const STRIPS_KEY: &str = "slm_bench.tokenizer.strips";

/// What a text goes through.
#[derive(Debug, Default)]
pub(super) struct TextRules {
    nfc: bool,
    prefix: Option<Prefix>,
    /// Tokens that are found in texts before anything else, longest first; empty where
    /// nothing depends on them.
    added: Vec<Added>,
    /// Bytes that one of them begins with.
    begins: Vec<bool>,
}

/// Which texts get a space in front. A stretch lies between added tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    /// One that begins neither with a space nor with an added token.
    Start,
    /// Every stretch that does not begin with a space.
    Stretches,
}

#[derive(Debug)]
struct Added {
    text: String,
    /// Found only where special tokens count.
    special: bool,
    /// Swallows the white space after it.
    strips: bool,
}

impl TextRules {
    /// Those of a loaded file.
    pub(super) fn of(model: &LlamaModel) -> Result<Self, String> {
        let words = model.meta_val_str(KEY).unwrap_or_default();
        let strips = model.meta_val_str(STRIPS_KEY).unwrap_or_default();
        Self::new(&words, &strips, || {
            let vocab = model.vocab();
            let added = vocab.tokens().filter_map(|token| {
                let attributes = vocab.attr(token);
                let special = attributes.intersects(LlamaTokenAttr::Control | LlamaTokenAttr::Unknown);
                let is_added = special || attributes.contains(LlamaTokenAttr::UserDefined);
                let text = vocab.text(token).filter(|_| is_added)?;
                Some((text.to_string_lossy().into_owned(), special))
            });
            added.collect()
        })
    }

    /// `added`: texts of added tokens, and whether they are special.
    fn new(words: &str, strips: &str, added: impl FnOnce() -> Vec<(String, bool)>) -> Result<Self, String> {
        let (mut rules, mut strips_some) = (Self::default(), false);
        for word in words.split_whitespace() {
            match word {
                "nfc" => rules.nfc = true,
                "strip" => strips_some = true,
                "prefix-start" => rules.prefix = Some(Prefix::Start),
                "prefix-stretches" => rules.prefix = Some(Prefix::Stretches),
                other => return Err(format!("{KEY}={other:?} is not known; update the agent")),
            }
        }
        let stripping: Vec<String> = if strips_some {
            serde_json::from_str(strips).map_err(|error| format!("{STRIPS_KEY}: {error}"))?
        } else {
            Vec::new()
        };
        if rules.prefix.is_some() || strips_some {
            let rule =
                |(text, special): (String, bool)| Added { strips: stripping.contains(&text), text, special };
            rules.added = added().into_iter().filter(|(text, _)| !text.is_empty()).map(rule).collect();
            rules.added.sort_by_key(|token| Reverse(token.text.len()));
            rules.begins = vec![false; 256];
            for token in &rules.added {
                rules.begins[usize::from(token.text.as_bytes()[0])] = true;
            }
        }
        Ok(rules)
    }

    /// The text as the engine is to have it. `parse_special`: special tokens in it count.
    pub(super) fn apply<'a>(&self, text: &'a str, parse_special: bool) -> Cow<'a, str> {
        let spaced: Cow<'a, str> =
            if self.begins.is_empty() { text.into() } else { self.spaced(text, parse_special).into() };
        match is_nfc_quick(spaced.chars()) {
            IsNormalized::No | IsNormalized::Maybe if self.nfc => spaced.nfc().collect::<String>().into(),
            _ => spaced,
        }
    }

    fn spaced(&self, text: &str, parse_special: bool) -> String {
        let mut out = String::with_capacity(text.len() + 8);
        let mut prefixed = self.prefix.is_some();
        let put = |out: &mut String, stretch: &str, prefixed: bool| {
            if prefixed && !stretch.is_empty() && !stretch.starts_with([' ', '▁']) {
                out.push(' ');
            }
            out.push_str(stretch);
        };
        let (mut at, mut start) = (0, 0);
        while at < text.len() {
            let Some(token) = self.token_at(&text.as_bytes()[at..], parse_special) else {
                at += 1;
                continue;
            };
            put(&mut out, &text[start..at], prefixed);
            out.push_str(&token.text);
            at += token.text.len();
            if token.strips {
                let rest = &text[at..];
                at += rest.len() - rest.trim_start().len();
            }
            (start, prefixed) = (at, self.prefix == Some(Prefix::Stretches));
        }
        put(&mut out, &text[start..], prefixed);
        out
    }

    /// The longest added token that the rest of a text begins with.
    fn token_at(&self, rest: &[u8], parse_special: bool) -> Option<&Added> {
        if !self.begins[usize::from(*rest.first()?)] {
            return None;
        }
        let counts = |token: &&Added| parse_special || !token.special;
        self.added.iter().filter(counts).find(|token| rest.starts_with(token.text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(words: &str, strips: &str) -> TextRules {
        let added = || vec![("<s>".into(), true), ("<|user|>".into(), true), ("<b>".into(), false)];
        TextRules::new(words, strips, added).unwrap()
    }

    #[test]
    fn without_rules_a_text_is_not_copied() {
        let rules = TextRules::new("", "", || panic!("not asked for")).unwrap();
        assert!(matches!(rules.apply("e\u{301} <s>", true), Cow::Borrowed(_)));
    }

    #[test]
    fn texts_are_composed() {
        assert_eq!(rules("nfc", "").apply("e\u{301}", true), "\u{e9}");
        assert_eq!(rules("strip nfc", r#"["<s>"]"#).apply("<s> e\u{301}", true), "<s>\u{e9}");
    }

    #[test]
    fn a_space_is_put_where_it_belongs() {
        let (start, stretches) = (rules("prefix-start", ""), rules("prefix-stretches", ""));
        for (text, at_start, everywhere) in [
            ("", "", ""),
            ("a", " a", " a"),
            (" a", " a", " a"),
            ("▁a", "▁a", "▁a"),
            ("\na", " \na", " \na"),
            ("a<s>b<b>c<s> d<s><s>", " a<s>b<b>c<s> d<s><s>", " a<s> b<b> c<s> d<s><s>"),
            ("<s>é", "<s>é", "<s> é"),
        ] {
            assert_eq!(start.apply(text, true), at_start);
            assert_eq!(stretches.apply(text, true), everywhere);
        }
        // A special token is text here.
        assert_eq!(stretches.apply("<s>b<b>c", false), " <s>b<b> c");
    }

    #[test]
    fn white_space_after_some_tokens_is_dropped() {
        let rules = rules("strip", r#"["<|user|>", "<b>"]"#);
        let text = "<|user|> \n\u{3000}a <s> b<b> c<|user|> ";
        assert_eq!(rules.apply(text, true), "<|user|>a <s> b<b>c<|user|>");
        assert_eq!(rules.apply(text, false), "<|user|> \n\u{3000}a <s> b<b>c<|user|> ");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let refusal = |words, strips| TextRules::new(words, strips, Vec::new).unwrap_err();
        assert!(refusal("nfc rot13", "").contains("update the agent"));
        assert!(refusal("strip", "no").contains(STRIPS_KEY));
    }
}
