//! What the engine was really configured with, from the `CMakeCache.txt` that its crate left. Used by `build.rs`.

/// Options that change the engine's code, and what they are where nobody says otherwise. Others are told only when
/// they differ.
const OPTIONS: &[(&str, &str)] = &[
    ("GGML_SSE42", "ON"),
    ("GGML_AVX", "ON"),
    ("GGML_AVX2", "ON"),
    ("GGML_FMA", "ON"),
    ("GGML_F16C", "ON"),
    ("GGML_BMI2", "ON"),
    ("GGML_AVX_VNNI", "OFF"),
    ("GGML_AVX512", "OFF"),
    ("GGML_AVX512_VBMI", "OFF"),
    ("GGML_AVX512_VNNI", "OFF"),
    ("GGML_AVX512_BF16", "OFF"),
    ("GGML_AMX_TILE", "OFF"),
    ("GGML_AMX_INT8", "OFF"),
    ("GGML_AMX_BF16", "OFF"),
    ("GGML_CPU_ARM_ARCH", ""),
    ("GGML_CPU_REPACK", "ON"),
    ("GGML_LLAMAFILE", "ON"),
    ("GGML_LTO", "OFF"),
    ("GGML_NATIVE", "OFF"),
    ("GGML_OPENMP", "OFF"),
    ("CMAKE_BUILD_TYPE", ""),
    ("CMAKE_TOOLCHAIN_FILE", ""),
    ("CMAKE_C_FLAGS", ""),
    ("CMAKE_CXX_FLAGS", ""),
];

/// `NAME=value` of what is not as usual. Where the project lies, `project`, says nothing about the code.
pub(crate) fn from_cache(cache: &str, project: &str) -> Vec<String> {
    let mut flags = Vec::new();
    for (name, usual) in OPTIONS {
        // `NAME:TYPE=value`
        let value = cache.lines().find_map(|line| {
            let rest = line.strip_prefix(name)?.strip_prefix(':')?;
            rest.split_once('=').map(|(_, value)| value.trim())
        });
        let Some(value) = value.filter(|value| value != usual) else { continue };
        let value = match *name {
            // Its folder says nothing either.
            "CMAKE_TOOLCHAIN_FILE" => value.rsplit('/').next().unwrap_or(value).to_owned(),
            _ if project.is_empty() => value.to_owned(),
            _ => value.replace(project, "."),
        };
        flags.push(format!("{name}={}", value.replace('\u{1f}', " ")));
    }
    flags
}
