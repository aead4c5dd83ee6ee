//! Bytes as text, and what a file is by how it begins.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    drop(slm_models::plain_text::decode(content));
    drop(slm_models::Container::of(content, content.len() as u64));
});
