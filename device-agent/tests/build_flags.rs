//! The build flags that a result names, against what the engine's files were compiled with.

#[path = "../build_flags.rs"]
mod build_flags;

use std::{fs, path::Path};

#[test]
fn only_what_is_not_as_usual_is_told() {
    let cache = "// a comment\n\
        CMAKE_BUILD_TYPE:STRING=Release\n\
        CMAKE_CXX_FLAGS:STRING= -fPIC -include /home/me/bench/device-agent/engine/amx.h\n\
        CMAKE_CXX_FLAGS_RELEASE:STRING=-O3\n\
        CMAKE_TOOLCHAIN_FILE:FILEPATH=/home/me/bench/device-agent/engine/host.cmake\n\
        GGML_AVX2:BOOL=OFF\n\
        GGML_AVX512:BOOL=ON\n\
        GGML_AVX512-ADVANCED:INTERNAL=1\n\
        GGML_CPU_ARM_ARCH:STRING=\n\
        GGML_FMA:BOOL=ON\n";
    let flags = build_flags::from_cache(cache, "/home/me/bench");
    assert_eq!(
        flags,
        [
            "GGML_AVX2=OFF",
            "GGML_AVX512=ON",
            "CMAKE_BUILD_TYPE=Release",
            "CMAKE_TOOLCHAIN_FILE=host.cmake",
            "CMAKE_CXX_FLAGS=-fPIC -include ./device-agent/engine/amx.h",
        ]
    );
    assert!(build_flags::from_cache("", "").is_empty());
}

#[test]
fn what_is_told_is_what_the_compiler_was_given() {
    let told: Vec<&str> = env!("SLM_AGENT_BUILD_FLAGS").split('\u{1f}').collect();
    assert!(told.contains(&"CMAKE_BUILD_TYPE=Release"), "the engine is always optimised: {told:?}");
    let build = Path::new(env!("SLM_AGENT_ENGINE_CACHE")).parent().unwrap();
    let given = fs::read_to_string(build.join("ggml/src/CMakeFiles/ggml-cpu.dir/flags.make")).unwrap();
    let given: Vec<&str> = given.split_whitespace().collect();
    assert!(given.contains(&"-O3"), "{given:?}");
    if !cfg!(target_arch = "x86_64") || told.contains(&"GGML_NATIVE=ON") {
        return;
    }
    for (option, flag, usual) in [
        ("GGML_AVX2", "-mavx2", true),
        ("GGML_FMA", "-mfma", true),
        ("GGML_F16C", "-mf16c", true),
        ("GGML_AVX512", "-mavx512f", false),
        ("GGML_AVX512_VNNI", "-mavx512vnni", false),
        ("GGML_AVX512_BF16", "-mavx512bf16", false),
        ("GGML_AMX_TILE", "-mamx-tile", false),
        ("GGML_AMX_INT8", "-mamx-int8", false),
    ] {
        let told = if usual {
            !told.contains(&&*format!("{option}=OFF"))
        } else {
            told.contains(&&*format!("{option}=ON"))
        };
        assert_eq!(told, given.contains(&flag), "{option} {given:?}");
    }
}
