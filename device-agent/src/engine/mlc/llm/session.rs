//! A running engine: it loads a model, then answers prompts, one at a time.

use super::{
    super::bridge::ffi::{self, Engine},
    Ear,
    ear::Heard,
    one_line,
    reply::Reply,
    request,
};
use crate::{
    clock,
    engine::{Answer, AnswerEnd, Answerer, Question, StepError},
    signals,
};
use cxx::UniquePtr;
use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

/// How often an interrupt is looked for.
const TICK: Duration = Duration::from_millis(250);

/// An engine whose loops run and which has no model yet.
pub(super) struct Loading(Conversation);

/// An engine with its model.
pub(super) struct Conversation {
    /// Nothing once it was given up: its threads may never end.
    engine: Option<UniquePtr<Engine>>,
    heard: Receiver<Heard>,
    asked: u64,
}

impl Loading {
    /// Makes the engine. Its loops compute with so many threads on these CPUs.
    pub(super) fn begin(device: i32, threads: u32, cpus: &[u32]) -> Result<Self, String> {
        let (sender, heard) = mpsc::channel();
        let threads = i32::try_from(threads).unwrap_or(i32::MAX);
        let engine = ffi::open_engine(device, 0, threads, cpus, Box::new(Ear::new(sender)))
            .map_err(|why| why.what().to_owned())?;
        Ok(Self(Conversation { engine: Some(engine), heard, asked: 0 }))
    }

    /// Loads a model; also tells the threads that the engine computes with.
    pub(super) fn load(self, config: &str) -> Result<(Conversation, u32), String> {
        let Self(mut conversation) = self;
        if let Some(engine) = &mut conversation.engine {
            engine.pin_mut().load(config);
        }
        let mut threads = None;
        let failure = loop {
            match conversation.next(None) {
                Ok(Heard::Threads(number)) => threads = Some(number),
                Ok(Heard::Loaded(Ok(()))) => match threads.take() {
                    Some(threads) => return Ok((conversation, threads)),
                    None => break "it loaded before its loop ran".to_owned(),
                },
                Ok(Heard::Loaded(Err(why)) | Heard::LoopEnded(why)) => break why,
                Ok(Heard::CalledBack { .. }) => {}
                Err(error) => break error.to_string(),
            }
        };
        conversation.give_up();
        Err(failure)
    }
}

impl Conversation {
    /// What is heard next; [`StepError::Aborted`] at the deadline and on an interrupt.
    fn next(&self, deadline: Option<Instant>) -> Result<Heard, StepError> {
        loop {
            let left = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() || signals::interrupted() {
                return Err(StepError::Aborted);
            }
            match self.heard.recv_timeout(left.min(TICK)) {
                Ok(heard) => return Ok(heard),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(StepError::Broken("the engine's threads have ended".to_owned()));
                }
            }
        }
    }

    fn converse(&self, reply: &mut Reply, question: &Question<'_>) -> Result<AnswerEnd, StepError> {
        loop {
            match self.next(question.deadline)? {
                Heard::CalledBack { at_ns, json } => {
                    if let Some(end) = reply.take(at_ns, &json) {
                        return end;
                    }
                }
                Heard::LoopEnded(why) => return Err(broken(&why)),
                Heard::Threads(_) | Heard::Loaded(_) => {}
            }
        }
    }

    /// Leaves the engine alone. Its threads use it, and may never end.
    fn give_up(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.into_raw();
        }
    }
}

impl Answerer for Conversation {
    fn answer(&mut self, question: &Question<'_>) -> Answer {
        self.asked += 1;
        let id = format!("prompt-{}", self.asked);
        let mut reply = Reply::new(id.clone());
        let request = request::chat(question).to_string();
        let request_ns = clock::now_ns();
        let given = self.engine.as_ref().map(|engine| (engine.chat(&request, &id), engine));
        let end = match given {
            Some((Ok(true), _)) => self.converse(&mut reply, question),
            // Refused prompts are called back too; that is told apart by the id.
            Some((Ok(false), engine)) => Err(StepError::Unsupported(match engine.last_error() {
                Ok(why) => one_line(&why),
                Err(why) => one_line(why.what()),
            })),
            Some((Err(why), _)) => Err(broken(why.what())),
            None => Err(StepError::Broken("the engine was given up".to_owned())),
        };
        if matches!(end, Err(StepError::Aborted | StepError::Broken(_) | StepError::OutOfMemory(_))) {
            self.give_up();
        }
        Answer { request_ns, first_text_ns: reply.first_text_ns, text: reply.text, end }
    }

    fn is_usable(&self) -> bool {
        self.engine.is_some()
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        // Without it, the engine's threads would outlive what they use.
        if engine.pin_mut().close().is_err() {
            self.give_up();
        }
    }
}

fn broken(why: &str) -> StepError {
    let why = one_line(why);
    if super::super::session::is_out_of_memory(&why) {
        StepError::OutOfMemory(why)
    } else if why.is_empty() {
        StepError::Broken("the engine's loop ended without an error".to_owned())
    } else {
        StepError::Broken(format!("the engine ended: {why}"))
    }
}
