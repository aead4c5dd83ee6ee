//! What `slm-agent quantize` and `slm-agent check` print: one JSON line for each step.

use crate::{DecodeError, VERSION, Version};
use serde::{Deserialize, Serialize};

/// A line: an event and the version it is written in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantizeLine {
    /// The protocol's version.
    pub v: Version,
    /// What happened.
    pub event: QuantizeEvent,
}

/// A step of quantizing a model file, or of checking one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum QuantizeEvent {
    /// The work begins.
    Started {
        /// Version of the engine that does it.
        engine: String,
    },
    /// A tensor cannot be stored in the type meant for it, for its rows are no whole
    /// blocks of that type.
    Fallback {
        /// The tensor's name.
        tensor: String,
        /// The type meant for it.
        wanted: String,
        /// The type it gets.
        used: String,
    },
    /// A tensor is done; in a dry run, decided.
    Tensor {
        /// Which one, from 1.
        index: u32,
        /// Of how many.
        of: u32,
        /// Its name.
        tensor: String,
        /// The type it had.
        from: String,
        /// The type it has now.
        to: String,
    },
    /// All tensors are done.
    Done {
        /// Whether the type asks for an importance matrix (known in a dry run only).
        needs_imatrix: bool,
    },
    /// The file was loaded and a token evaluated on it.
    Loaded {
        /// The engine's description of the model.
        description: String,
    },
}

impl QuantizeLine {
    /// An event in this build's version.
    pub fn new(event: QuantizeEvent) -> Self {
        Self { v: VERSION, event }
    }

    /// Reads a line; its version is checked before anything else.
    ///
    /// # Errors
    /// [`DecodeError`] for another version and for what is no such line.
    pub fn decode(line: &str) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Head {
            v: Version,
        }
        serde_json::from_str::<Head>(line)?.v.check()?;
        Ok(serde_json::from_str(line)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_read_back_and_other_versions_refused() {
        let line = QuantizeLine::new(QuantizeEvent::Tensor {
            index: 1,
            of: 2,
            tensor: "output.weight".into(),
            from: "f16".into(),
            to: "q4_0".into(),
        });
        let text = serde_json::to_string(&line).unwrap();
        assert!(
            text.contains(&format!(r#""v":"{VERSION}""#)) && text.contains(r#""type":"tensor""#),
            "{text}"
        );
        assert_eq!(QuantizeLine::decode(&text).unwrap(), line);
        let other = QuantizeLine::decode(r#"{"v":"2.0","event":{"type":"sung"}}"#);
        assert!(matches!(other, Err(DecodeError::Version(_))));
    }

    proptest! {
        #[test]
        fn no_line_makes_the_reader_panic(line in ".{0,100}", kind in "[a-z-]{0,8}") {
            let _ = QuantizeLine::decode(&line);
            let _ = QuantizeLine::decode(&format!(r#"{{"v":"1.0","event":{{"type":"{kind}"}}}}"#));
        }
    }
}
