//! The token that a model's texts begin with: once, by token ids. A template may write it, also behind a line
//! end; the tokenizer may add it.

use crate::engine::Vocabulary;

/// What a model wants at the beginning.
pub(super) struct Begin<'a> {
    vocabulary: &'a dyn Vocabulary,
    /// `None`: it wants nothing there.
    token: Option<i32>,
}

impl<'a> Begin<'a> {
    pub(super) fn of(vocabulary: &'a dyn Vocabulary) -> Self {
        Self { vocabulary, token: vocabulary.begin() }
    }

    /// Whether the tokenizer is to add it to a rendered text: the template has not written it.
    pub(super) fn is_to_be_added(&self, text: &str) -> bool {
        self.token.is_some() && self.leading(&self.vocabulary.tokenize(text, false, true)) == 0
    }

    /// That it is there once, and that no end follows the prompt. The error is what the template does.
    pub(super) fn check(&self, tokens: &[i32]) -> Result<(), String> {
        if let Some(token) = self.token {
            let name = || self.vocabulary.piece(token);
            match self.leading(tokens) {
                0 => {
                    return Err(format!(
                        "puts something before {}, with which the model's texts begin",
                        name()
                    ));
                }
                1 => {}
                n => return Err(format!("begins with {} {n} times", name())),
            }
        }
        match tokens.last() {
            Some(last) if self.vocabulary.is_end(*last) && self.token != Some(*last) => {
                Err(format!("ends the text before the answer, with {}", self.vocabulary.piece(*last)))
            }
            _ => Ok(()),
        }
    }

    /// How often it stands at the beginning, with nothing but white space before and between.
    fn leading(&self, tokens: &[i32]) -> usize {
        let is_blank =
            |token: i32| !self.vocabulary.is_special(token) && self.vocabulary.piece(token).trim().is_empty();
        let at_start = tokens.iter().take_while(|token| Some(**token) == self.token || is_blank(**token));
        at_start.filter(|token| Some(**token) == self.token).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ChatTemplate;

    /// A token for each character: `^` begins, `$` ends a text.
    struct Letters {
        begins: bool,
    }

    impl Vocabulary for Letters {
        fn tokenize(&self, text: &str, add_special: bool, _: bool) -> Vec<i32> {
            let begin = (add_special && self.begins).then_some('^');
            begin.into_iter().chain(text.chars()).map(|c| c as i32).collect()
        }

        fn detokenize(&self, tokens: &[i32]) -> String {
            tokens.iter().filter_map(|token| char::from_u32(token.cast_unsigned())).collect()
        }

        fn chat_template(&self) -> Option<ChatTemplate> {
            None
        }

        fn is_end(&self, token: i32) -> bool {
            token == '$' as i32
        }
    }

    fn prompt(begins: bool, text: &str) -> Result<String, String> {
        let vocabulary = Letters { begins };
        let begin = Begin::of(&vocabulary);
        let tokens = vocabulary.tokenize(text, begin.is_to_be_added(text), true);
        begin.check(&tokens).map(|()| vocabulary.detokenize(&tokens))
    }

    #[test]
    fn a_model_that_wants_a_beginning_has_it_once() {
        assert_eq!(prompt(true, "who").unwrap(), "^who");
        assert_eq!(prompt(true, "^who").unwrap(), "^who");
        assert_eq!(prompt(true, "\n ^who").unwrap(), "\n ^who");
        // As the mark of a turn it may come again.
        assert_eq!(prompt(true, "^who^he").unwrap(), "^who^he");
        assert!(prompt(true, "^\n^who").unwrap_err().contains("begins with ^ 2 times"));
        assert!(prompt(true, "x^who").is_ok(), "added, as nothing stands at the beginning");
    }

    #[test]
    fn a_model_that_wants_none_gets_none() {
        assert_eq!(prompt(false, "who").unwrap(), "who");
        assert_eq!(prompt(false, "^^who").unwrap(), "^^who");
    }

    #[test]
    fn no_end_comes_before_the_answer() {
        assert!(prompt(false, "who$").unwrap_err().contains("ends the text before the answer, with $"));
        assert!(prompt(true, "a$b").is_ok());
    }
}
