//! `tokenizer.json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| slm_fuzz::import("qwen2", "tokenizer.json", content));
