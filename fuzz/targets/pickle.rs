//! The pickle of `pytorch_model.bin`, in an archive that is in order.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    slm_fuzz::import("slimlm", "pytorch_model.bin", &slm_fuzz::archive(content));
});
