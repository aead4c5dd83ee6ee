//! A running engine: it loads a model, then replies to prompts, one at a time.

use super::{
    bridge::ffi::{self, Engine},
    event_sink::{EngineEvent, EventSink},
    reply::PartialReply,
    request,
};
use crate::{
    engine::{
        error::StepError,
        generator::{Completion, GenerateRequest, Generated, Generator},
        tvm::errors::{is_out_of_memory, one_line},
    },
    host::signals,
    measure::clock,
};
use cxx::UniquePtr;
use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

/// How often the interrupt flag is checked.
const TICK: Duration = Duration::from_millis(250);

/// An engine whose loops run and that has no model yet.
pub(super) struct LoadingEngine(ChatSession);

/// An engine with its model.
pub(super) struct ChatSession {
    /// `None` after it was abandoned: its threads may never end.
    engine: Option<UniquePtr<Engine>>,
    events: Receiver<EngineEvent>,
    /// Prompts given so far.
    requests: u64,
}

impl LoadingEngine {
    /// Makes the engine. It computes with so many threads on these CPUs.
    pub(super) fn open(device: i32, threads: u32, cpus: &[u32]) -> Result<Self, String> {
        let (sender, events) = mpsc::channel();
        let threads = i32::try_from(threads).unwrap_or(i32::MAX);
        let engine = ffi::open_engine(device, 0, threads, cpus, Box::new(EventSink::new(sender)))
            .map_err(|why| why.what().to_owned())?;
        Ok(Self(ChatSession { engine: Some(engine), events, requests: 0 }))
    }

    /// Loads a model. Also returns the number of threads that the engine computes with.
    pub(super) fn load(self, config: &str) -> Result<(ChatSession, u32), String> {
        let Self(mut session) = self;
        if let Some(engine) = &mut session.engine {
            engine.pin_mut().load(config);
        }
        let mut threads = None;
        let failure = loop {
            match session.next(None) {
                Ok(EngineEvent::Threads(number)) => threads = Some(number),
                Ok(EngineEvent::Loaded(Ok(()))) => match threads.take() {
                    Some(threads) => return Ok((session, threads)),
                    None => break "it loaded before its loop ran".to_owned(),
                },
                Ok(EngineEvent::Loaded(Err(why)) | EngineEvent::LoopEnded(why)) => break why,
                Ok(EngineEvent::ReplyChunks { .. }) => {}
                Err(error) => break error.to_string(),
            }
        };
        session.abandon();
        Err(failure)
    }
}

impl ChatSession {
    /// The next event; [`StepError::Aborted`] at the deadline and on an interrupt.
    fn next(&self, deadline: Option<Instant>) -> Result<EngineEvent, StepError> {
        loop {
            let left = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() || signals::interrupted() {
                return Err(StepError::Aborted);
            }
            match self.events.recv_timeout(left.min(TICK)) {
                Ok(event) => return Ok(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(StepError::Broken("the engine's threads have ended".to_owned()));
                }
            }
        }
    }

    /// Receives the whole reply.
    fn receive(&self, reply: &mut PartialReply, deadline: Option<Instant>) -> Result<Completion, StepError> {
        loop {
            match self.next(deadline)? {
                EngineEvent::ReplyChunks { at_ns, json } => {
                    if let Some(end) = reply.add(at_ns, &json) {
                        return end;
                    }
                }
                EngineEvent::LoopEnded(why) => return Err(broken(&why)),
                EngineEvent::Threads(_) | EngineEvent::Loaded(_) => {}
            }
        }
    }

    /// Abandons the engine without freeing it: its threads use it, and may never end.
    fn abandon(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.into_raw();
        }
    }
}

impl Generator for ChatSession {
    fn generate(&mut self, request: &GenerateRequest<'_>) -> Generated {
        self.requests += 1;
        let id = format!("prompt-{}", self.requests);
        let mut reply = PartialReply::new(id.clone());
        let json = request::chat(request).to_string();
        let request_ns = clock::now_ns();
        let given = self.engine.as_ref().map(|engine| (engine.chat(&json, &id), engine));
        let end = match given {
            Some((Ok(true), _)) => self.receive(&mut reply, request.deadline),
            // A refused prompt gets a reply too, which is ignored by its id.
            Some((Ok(false), engine)) => Err(StepError::Unsupported(match engine.last_error() {
                Ok(why) => one_line(&why),
                Err(why) => one_line(why.what()),
            })),
            Some((Err(why), _)) => Err(broken(why.what())),
            None => Err(StepError::Broken("the engine was abandoned".to_owned())),
        };
        if matches!(end, Err(StepError::Aborted | StepError::Broken(_) | StepError::OutOfMemory(_))) {
            self.abandon();
        }
        Generated { request_ns, first_text_ns: reply.first_text_ns, text: reply.text, end }
    }

    fn is_usable(&self) -> bool {
        self.engine.is_some()
    }
}

impl Drop for ChatSession {
    fn drop(&mut self) {
        let Some(engine) = &mut self.engine else { return };
        // Without it, the engine's threads would outlive what they use.
        if engine.pin_mut().close().is_err() {
            self.abandon();
        }
    }
}

fn broken(why: &str) -> StepError {
    let why = one_line(why);
    if is_out_of_memory(&why) {
        StepError::OutOfMemory(why)
    } else if why.is_empty() {
        StepError::Broken("the engine's loop ended without an error".to_owned())
    } else {
        StepError::Broken(format!("the engine ended: {why}"))
    }
}
