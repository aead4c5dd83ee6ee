//! Weights of a checkpoint.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| slm_fuzz::import("qwen2", "model.safetensors", content));
