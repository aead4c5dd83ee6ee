//! What the engine's threads call: it notes the time and hands on.

use crate::clock;
use std::sync::mpsc::Sender;

/// Something that came from the engine's threads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Threads that it computes with.
    Threads(u32),
    /// The model is loaded, or why it is not.
    Loaded(Result<(), String>),
    /// Parts of answers, JSON, and when they came.
    CalledBack { at_ns: u64, json: Vec<u8> },
    /// A loop has ended, with an error unless it was told to.
    LoopEnded(String),
}

/// Hands what it hears to the thread that runs the trials.
pub(in crate::engine::mlc) struct Ear(Sender<Heard>);

/// The bridge calls it from several threads.
const _: () = {
    const fn for_several_threads<T: Send + Sync>() {}
    for_several_threads::<Ear>();
};

impl Ear {
    pub(super) fn new(sender: Sender<Heard>) -> Self {
        Self(sender)
    }

    /// Nobody may listen any more, when the process ends.
    fn hand_on(&self, heard: Heard) {
        let _ = self.0.send(heard);
    }

    pub(in crate::engine::mlc) fn computes_with(&self, threads: i32) {
        self.hand_on(Heard::Threads(u32::try_from(threads).unwrap_or(0)));
    }

    pub(in crate::engine::mlc) fn loaded(&self) {
        self.hand_on(Heard::Loaded(Ok(())));
    }

    pub(in crate::engine::mlc) fn load_failed(&self, why: &[u8]) {
        self.hand_on(Heard::Loaded(Err(text(why))));
    }

    pub(in crate::engine::mlc) fn called_back(&self, json: &[u8]) {
        self.hand_on(Heard::CalledBack { at_ns: clock::now_ns(), json: json.to_vec() });
    }

    pub(in crate::engine::mlc) fn loop_ended(&self, why: &[u8]) {
        self.hand_on(Heard::LoopEnded(text(why)));
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
