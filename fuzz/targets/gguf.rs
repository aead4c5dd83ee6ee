//! The header of a model file.
#![no_main]

libfuzzer_sys::fuzz_target!(|content: &[u8]| {
    let path = slm_fuzz::file(content);
    if let Ok(header) = slm_models::read_header_even_if_cut(&path) {
        // What is shown of every file that is taken.
        drop((header.params(), header.bits_per_weight(), header.cut_short(), header.file_type()));
    }
});
