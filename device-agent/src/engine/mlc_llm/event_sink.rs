//! What the engine's threads call. Each call is passed on as an event to the main thread.

use crate::measure::clock;
use std::sync::mpsc::Sender;

/// An event from the engine's threads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EngineEvent {
    /// The number of threads that it computes with.
    Threads(u32),
    /// The model is loaded, or why it is not.
    Loaded(Result<(), String>),
    /// Chunks of replies as JSON, and when they arrived.
    ReplyChunks { at_ns: u64, json: Vec<u8> },
    /// A loop of the engine has ended; with an error, unless it was told to end.
    LoopEnded(String),
}

/// Sends events to the thread that runs the trials.
pub(super) struct EventSink(Sender<EngineEvent>);

/// The bridge calls it from several threads.
const _: () = {
    const fn for_several_threads<T: Send + Sync>() {}
    for_several_threads::<EventSink>();
};

impl EventSink {
    pub(super) fn new(sender: Sender<EngineEvent>) -> Self {
        Self(sender)
    }

    /// The receiver may be gone when the process ends.
    fn send(&self, event: EngineEvent) {
        let _ = self.0.send(event);
    }

    pub(super) fn threads(&self, threads: i32) {
        self.send(EngineEvent::Threads(u32::try_from(threads).unwrap_or(0)));
    }

    pub(super) fn loaded(&self) {
        self.send(EngineEvent::Loaded(Ok(())));
    }

    pub(super) fn load_failed(&self, why: &[u8]) {
        self.send(EngineEvent::Loaded(Err(text(why))));
    }

    pub(super) fn reply_chunks(&self, json: &[u8]) {
        self.send(EngineEvent::ReplyChunks { at_ns: clock::now_ns(), json: json.to_vec() });
    }

    pub(super) fn loop_ended(&self, why: &[u8]) {
        self.send(EngineEvent::LoopEnded(text(why)));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
