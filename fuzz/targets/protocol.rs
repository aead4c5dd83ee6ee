//! Jobs and events as lines of JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    if let Ok(text) = std::str::from_utf8(content) {
        drop(slm_protocol::decode_job(text));
        if let Ok(envelope) = slm_protocol::decode_line(text) {
            // What was understood can be written again.
            let line = slm_protocol::encode_line(&envelope).expect("an event is JSON");
            slm_protocol::decode_line(&line).expect("our own line");
        }
    }
});
