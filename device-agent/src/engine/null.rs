//! An engine that does nothing, at once: what is measured with it is the harness.

use crate::engine::{
    entry::EngineEntry,
    error::{LoadError, StepError},
    model::{ChatTemplate, Decoding, Model, Opened, Setup, Vocabulary},
    session::{Sampled, Session},
};
use crate::host::signals;
use slm_protocol::{BufferSizes, EngineFacts, EngineKind, ModelFacts, ResolvedOptions};
use std::time::Instant;

pub(super) const ENGINE: EngineEntry =
    EngineEntry { kind: EngineKind::Null, facts, load: |_| Ok(Box::new(Null::load())) };

/// The token that it always answers with.
const ANSWER: i32 = 1;
const BEGIN: i32 = 2;
/// Bytes of text per token, about what English takes.
const BYTES_PER_TOKEN: usize = 4;

fn facts() -> EngineFacts {
    EngineFacts {
        engine: EngineKind::Null,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build_flags: Vec::new(),
        cpu_features: Vec::new(),
    }
}

/// The model: no file, no weights.
struct Null {
    facts: ModelFacts,
}

impl Null {
    fn load() -> Self {
        Self {
            facts: ModelFacts {
                architecture: "null".to_owned(),
                description: "null".to_owned(),
                n_params: 0,
                size: 0,
                decode_bytes: None,
                prefill_params: None,
                n_vocab: 259,
                n_ctx_train: 1 << 20,
                chat_template_sha256: None,
            },
        }
    }
}

impl Model for Null {
    fn facts(&self) -> &ModelFacts {
        &self.facts
    }

    fn vocabulary(&self) -> Option<&dyn Vocabulary> {
        Some(self)
    }

    fn open(&self, setup: &Setup) -> Result<Opened<'_>, LoadError> {
        Ok(Opened {
            decoding: Decoding::Stepwise(Box::new(NullSession { deadline: None, evaluated: 0 })),
            options: ResolvedOptions {
                threads: setup.threads,
                flash_attention: None,
                n_ctx: setup.n_ctx,
                n_batch: setup.n_ctx,
                n_ubatch: setup.n_ubatch.unwrap_or(setup.n_ctx),
                affinity: None,
                repack: None,
            },
            buffers: BufferSizes::default(),
            devices: vec!["null".to_owned()],
            log: Vec::new(),
        })
    }
}

impl Vocabulary for Null {
    fn tokenize(&self, text: &str, add_special: bool, _parse_special: bool) -> Vec<i32> {
        let begin = add_special.then_some(BEGIN);
        let pieces = text.as_bytes().chunks(BYTES_PER_TOKEN);
        begin.into_iter().chain(pieces.map(|piece| 3 + i32::from(piece[0]))).collect()
    }

    fn detokenize(&self, tokens: &[i32]) -> String {
        "x".repeat(tokens.len())
    }

    fn chat_template(&self) -> Option<ChatTemplate> {
        None
    }

    fn is_end(&self, _token: i32) -> bool {
        false
    }
}

struct NullSession {
    deadline: Option<Instant>,
    evaluated: u32,
}

impl NullSession {
    fn check(&self) -> Result<(), StepError> {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late || signals::interrupted() { Err(StepError::Aborted) } else { Ok(()) }
    }
}

impl Session for NullSession {
    fn set_threads(&mut self, _threads: u32) -> Result<(), StepError> {
        self.check()
    }

    fn reset(&mut self) {
        self.evaluated = 0;
    }

    fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    fn prefill(&mut self, tokens: &[i32]) -> Result<(), StepError> {
        self.check()?;
        self.evaluated += u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        Ok(())
    }

    fn sample(&mut self) -> Result<Sampled, StepError> {
        Ok(Sampled { token: ANSWER, finite: true })
    }

    fn decode(&mut self, _token: i32) -> Result<(), StepError> {
        self.check()
    }

    fn evaluated(&self) -> Option<u32> {
        Some(self.evaluated)
    }
}
