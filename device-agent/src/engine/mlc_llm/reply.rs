//! Replies as the engine delivers them: in chunks of `OpenAI`'s form, of which the last has
//! the usage.

use super::figures;
use crate::engine::{error::StepError, generator::Completion};
use serde::Deserialize;
use serde_json::Value;
use slm_protocol::StopReason;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Chunk {
    id: String,
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
    #[serde(default)]
    extra: BTreeMap<String, Value>,
}

/// A reply as far as it has arrived.
pub(super) struct PartialReply {
    id: String,
    pub(super) text: String,
    pub(super) first_text_ns: Option<u64>,
    finish: Option<String>,
}

impl PartialReply {
    /// The reply to the prompt with this id.
    pub(super) fn new(id: String) -> Self {
        Self { id, text: String::new(), first_text_ns: None, finish: None }
    }

    /// Adds chunks. Returns the reply's end, when it is among them. Chunks of replies to
    /// earlier prompts are ignored.
    pub(super) fn add(&mut self, at_ns: u64, json: &[u8]) -> Option<Result<Completion, StepError>> {
        let chunks: Vec<Chunk> = match serde_json::from_slice(json) {
            Ok(chunks) => chunks,
            Err(error) => {
                return Some(Err(StepError::Broken(format!("its reply is not understood: {error}"))));
            }
        };
        for chunk in chunks.into_iter().filter(|chunk| chunk.id == self.id) {
            for choice in chunk.choices {
                let content = choice.delta.content.unwrap_or_default();
                if !content.is_empty() {
                    self.first_text_ns.get_or_insert(at_ns);
                    self.text.push_str(&content);
                }
                self.finish = choice.finish_reason.or(self.finish.take());
            }
            if let Some(usage) = chunk.usage {
                return Some(self.end(at_ns, &usage));
            }
        }
        None
    }

    fn end(&self, at_ns: u64, usage: &Usage) -> Result<Completion, StepError> {
        let stop = match self.finish.as_deref() {
            Some("stop") => StopReason::EndToken,
            Some("length") if usage.completion_tokens > 0 => StopReason::Length,
            Some("length") => {
                let why =
                    "the engine takes no prompt of this length; give a larger --ctx, or a shorter prompt";
                return Err(StepError::Unsupported(why.to_owned()));
            }
            Some("error") => return Err(StepError::Unsupported(self.text.clone())),
            Some(other) => return Err(StepError::Broken(format!("its reply ended for '{other}'"))),
            None => return Err(StepError::Broken("its reply ended without a reason".to_owned())),
        };
        let evaluated = usage.extra.get("prefill_tokens").and_then(Value::as_u64);
        Ok(Completion {
            at_ns,
            stop,
            n_in: usage.prompt_tokens,
            n_out: usage.completion_tokens,
            n_evaluated: evaluated.and_then(|tokens| u32::try_from(tokens).ok()),
            figures: figures::of(&usage.extra),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USAGE: &str = r#"{"id":"q1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,
        "total_tokens":13,"extra":{"prefill_tokens":9,"ttft_s":0.5,"note":"x"}}}"#;

    fn chunk(id: &str, content: &str, finish: &str) -> String {
        format!(
            r#"{{"id":"{id}","choices":[{{"index":0,"delta":{{"role":"assistant","content":{content}}},
                "finish_reason":{finish}}}],"model":"m"}}"#
        )
    }

    fn ended(finish: &str) -> Result<Completion, StepError> {
        let json = format!("[{},{USAGE}]", chunk("q1", "null", finish));
        PartialReply::new("q1".to_owned()).add(7, json.as_bytes()).unwrap()
    }

    #[test]
    fn texts_are_gathered_and_the_first_one_is_timed() {
        let mut reply = PartialReply::new("q1".to_owned());
        let mut add = |at_ns, json: String| reply.add(at_ns, json.as_bytes()).is_some();
        assert!(!add(1, "[]".to_owned()));
        assert!(!add(2, format!("[{}]", chunk("q0", "\"of an earlier one\"", "null"))));
        assert!(!add(3, format!("[{}]", chunk("q1", "null", "null"))));
        assert!(!add(4, format!("[{},{}]", chunk("q1", "\"a \"", "null"), chunk("q1", "\"b\"", "null"))));
        assert!(!add(5, format!("[{}]", chunk("q1", "\"c\"", "\"length\""))));
        let end = reply.add(6, format!("[{USAGE}]").as_bytes()).unwrap().unwrap();
        assert_eq!((reply.text.as_str(), reply.first_text_ns), ("a bc", Some(4)));
        let wanted = Completion {
            at_ns: 6,
            stop: StopReason::Length,
            n_in: 9,
            n_out: 4,
            n_evaluated: Some(9),
            figures: end.figures.clone(),
        };
        assert_eq!(end, wanted);
        assert_eq!(end.figures.len(), 2);
    }

    #[test]
    fn every_way_to_end_is_told_apart() {
        assert_eq!(ended("\"stop\"").unwrap().stop, StopReason::EndToken);
        assert!(matches!(ended("\"error\""), Err(StepError::Unsupported(_))));
        assert!(matches!(ended("\"abort\""), Err(StepError::Broken(_))));
        assert!(matches!(ended("null"), Err(StepError::Broken(_))));
        let none = USAGE.replace("\"completion_tokens\":4", "\"completion_tokens\":0");
        let json = format!("[{},{none}]", chunk("q1", "null", "\"length\""));
        let refused = PartialReply::new("q1".to_owned()).add(7, json.as_bytes()).unwrap();
        assert!(refused.unwrap_err().to_string().contains("--ctx"));
        let broken = PartialReply::new("q1".to_owned()).add(7, b"{\"id\"").unwrap();
        assert!(matches!(broken, Err(StepError::Broken(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = PartialReply::new("q1".to_owned()).add(0, &bytes);
        }
    }
}
