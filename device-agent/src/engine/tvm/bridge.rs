//! The bridge to the C++ beside it, and through that to TVM.
#![allow(unsafe_code, reason = "the bridge to C++")]
#![allow(
    unreachable_pub,
    unused_qualifications,
    missing_docs,
    clippy::pedantic,
    reason = "what the macro makes"
)]

#[cxx::bridge(namespace = "slm::tvm")]
pub(in crate::engine) mod ffi {
    // SAFETY (of all below): `runner.h` guarantees what these signatures say: nothing that
    // is passed outlives a call, the slice of `logits` belongs to the runner and is only
    // changed through `Pin<&mut _>`, and cxx turns every exception into an `Err`. `Runner`
    // is neither Send nor Sync: TVM's threads belong to the calling one.
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
    }
}
