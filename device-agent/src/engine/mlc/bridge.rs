//! The bridge to the C++ beside it, and through that to TVM.
#![allow(unsafe_code, reason = "the bridge to C++")]
#![allow(
    unreachable_pub,
    unused_qualifications,
    missing_docs,
    clippy::pedantic,
    reason = "what the macro makes"
)]

use super::llm::Ear;

#[cxx::bridge(namespace = "slm::mlc")]
pub(super) mod ffi {
    // Called from threads of the engine.
    extern "Rust" {
        type Ear;
        fn computes_with(self: &Ear, threads: i32);
        fn loaded(self: &Ear);
        fn load_failed(self: &Ear, why: &[u8]);
        fn called_back(self: &Ear, json: &[u8]);
        fn loop_ended(self: &Ear, why: &[u8]);
    }

    // SAFETY (of all below): `runner.h` keeps what these signatures say: nothing it is
    // given outlives a call, the slice of `logits` belongs to the runner and is only
    // changed through `Pin<&mut _>`, and every exception is turned into an `Err` by cxx.
    // The types are neither Send nor Sync: TVM's threads belong to the calling one. `Ear`
    // is called from several threads, and is Sync (`llm/ear.rs` has it checked).
    unsafe extern "C++" {
        include!("runner.h");

        fn open_runtime(libraries: &[String]) -> Result<String>;
        fn header_version() -> String;

        type Runner;
        fn open_library(path: &str, device_type: i32, device_id: i32) -> Result<UniquePtr<Runner>>;
        fn metadata(self: &Runner) -> Result<String>;
        fn load_weights(self: Pin<&mut Runner>, folder: &str, names: &[String]) -> Result<()>;
        fn open(self: Pin<&mut Runner>, context: i64, chunk: i64, page: i64) -> Result<()>;
        fn close(self: Pin<&mut Runner>);
        fn set_threads(self: &Runner, threads: i32, cpus: &[u32]) -> Result<()>;
        fn threads(self: &Runner) -> Result<i32>;
        fn reset(self: Pin<&mut Runner>) -> Result<()>;
        fn prefill(self: Pin<&mut Runner>, tokens: &[i32]) -> Result<()>;
        fn decode(self: Pin<&mut Runner>, token: i32) -> Result<()>;
        fn logits(self: &Runner) -> &[f32];

        include!("engine.h");

        type Engine;
        fn open_engine(
            device_type: i32,
            device_id: i32,
            threads: i32,
            cpus: &[u32],
            ear: Box<Ear>,
        ) -> Result<UniquePtr<Engine>>;
        fn load(self: Pin<&mut Engine>, config: &str);
        fn chat(self: &Engine, request: &str, id: &str) -> Result<bool>;
        fn last_error(self: &Engine) -> Result<String>;
        fn close(self: Pin<&mut Engine>) -> Result<()>;
    }
}
