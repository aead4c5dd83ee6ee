//! `config.json`, which says what all the tensors should be.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| slm_fuzz::import("qwen2", "config.json", content));
