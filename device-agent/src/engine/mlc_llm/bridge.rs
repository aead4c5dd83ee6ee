//! The bridge to the C++ beside it, and through that to MLC-LLM's engine.
#![allow(unsafe_code, reason = "the bridge to C++")]
#![allow(
    unreachable_pub,
    unused_qualifications,
    missing_docs,
    clippy::pedantic,
    reason = "what the macro makes"
)]

use super::event_sink::EventSink;

#[cxx::bridge(namespace = "slm::mlc_llm")]
pub(super) mod ffi {
    // Called from threads of the engine.
    extern "Rust" {
        type EventSink;
        fn threads(self: &EventSink, threads: i32);
        fn loaded(self: &EventSink);
        fn load_failed(self: &EventSink, why: &[u8]);
        fn reply_chunks(self: &EventSink, json: &[u8]);
        fn loop_ended(self: &EventSink, why: &[u8]);
    }

    // SAFETY (of all below): `engine.h` guarantees what these signatures say: nothing that
    // is passed outlives a call, except the sink, which the engine owns, and cxx turns every
    // exception into an `Err`. `EventSink` is called from several threads, and is Sync
    // (checked in `event_sink.rs`).
    unsafe extern "C++" {
        include!("engine.h");

        type Engine;
        fn open_engine(
            device_type: i32,
            device_id: i32,
            threads: i32,
            cpus: &[u32],
            sink: Box<EventSink>,
        ) -> Result<UniquePtr<Engine>>;
        fn load(self: Pin<&mut Engine>, config: &str);
        fn chat(self: &Engine, request: &str, id: &str) -> Result<bool>;
        fn last_error(self: &Engine) -> Result<String>;
        fn close(self: Pin<&mut Engine>) -> Result<()>;
    }
}
