//! Records what this binary was built as: a figure must name the build that made it.

use std::{env, fs, path::Path};

/// Variables that change the engine's code generation.
const ENGINE_VARIABLES: &[&str] = &[
    "GGML_AVX",
    "GGML_AVX2",
    "GGML_AVX512",
    "GGML_AVX512_BF16",
    "GGML_AVX512_VBMI",
    "GGML_AVX512_VNNI",
    "GGML_AVX_VNNI",
    "GGML_BMI2",
    "GGML_CPU_ARM_ARCH",
    "GGML_CPU_REPACK",
    "GGML_F16C",
    "GGML_FMA",
    "GGML_LTO",
    "GGML_NATIVE",
    "GGML_OPENMP",
    "GGML_SSE42",
    "CMAKE_BUILD_TYPE",
    "CMAKE_CXX_FLAGS",
    "CMAKE_C_FLAGS",
    "CFLAGS",
    "CXXFLAGS",
    "GGML_AMX_INT8",
    "GGML_AMX_TILE",
    "LLAMA_LIB_PROFILE",
];

fn main() {
    #[cfg(feature = "mlc")]
    mlc();
    let target = env::var("TARGET").unwrap_or_default();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let flavour = env::var("SLM_AGENT_FLAVOUR").ok().filter(|name| !name.is_empty()).unwrap_or(arch);
    println!("cargo::rerun-if-env-changed=SLM_AGENT_FLAVOUR");
    println!("cargo::rustc-env=SLM_AGENT_TARGET={target}");
    println!("cargo::rustc-env=SLM_AGENT_FLAVOUR={flavour}");
    println!("cargo::rustc-env=SLM_AGENT_BUILD_FLAGS={}", build_flags(&target).join("\u{1f}"));
    println!("cargo::rustc-env=SLM_AGENT_BINDING={}", binding_version());
}

/// `NAME=value` of every variable that is set, the profile and Rust's own features.
fn build_flags(target: &str) -> Vec<String> {
    let mut flags = vec![format!("profile={}", env::var("PROFILE").unwrap_or_default())];
    // Where the project lies says nothing about the code either.
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|path| path.display().to_string());
    let project = project.unwrap_or_default();
    let suffixed = format!("CMAKE_TOOLCHAIN_FILE_{}", target.replace('-', "_"));
    for name in ENGINE_VARIABLES.iter().copied().chain([suffixed.as_str()]) {
        println!("cargo::rerun-if-env-changed={name}");
        if let Ok(value) = env::var(name) {
            // A toolchain file's folder says nothing about the code it makes.
            let value = if name == suffixed {
                Path::new(&value).file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
            } else {
                value
            };
            let value = if project.is_empty() { value } else { value.replace(&project, ".") };
            flags.push(format!("{name}={}", value.replace(['\n', '\u{1f}'], " ")));
        }
    }
    flags
}

/// The version of the crate that carries the engine, from the lock file.
fn binding_version() -> String {
    let lock = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(lock).unwrap_or_default();
    let mut lines = text.lines().skip_while(|line| *line != "name = \"llama-cpp-sys-2\"").skip(1);
    lines
        .next()
        .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
        .unwrap_or("unknown")
        .to_owned()
}

/// Compiles the bridges to TVM and to MLC-LLM's engine. Only headers are needed.
#[cfg(feature = "mlc")]
#[expect(clippy::panic, reason = "how a build script reports that it failed")]
fn mlc() {
    const FOLDERS: [&str; 2] = ["src/engine/tvm", "src/engine/mlc_llm"];
    const SOURCES: [&str; 3] =
        ["src/engine/tvm/runner.cc", "src/engine/tvm/interface.cc", "src/engine/mlc_llm/engine.cc"];
    println!("cargo::rerun-if-env-changed=TVM_FFI_INCLUDE");
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
    }
    let headers =
        env::var_os("TVM_FFI_INCLUDE").filter(|path| Path::new(path).join("tvm/ffi/c_api.h").is_file());
    let Some(headers) = headers else {
        panic!(
            "the feature mlc needs TVM_FFI_INCLUDE, the folder of tvm-ffi's headers: \
             `pip install apache-tvm-ffi`, then TVM_FFI_INCLUDE=$(tvm-ffi-config --includedir)"
        );
    };
    cxx_build::bridges(FOLDERS.map(|folder| format!("{folder}/bridge.rs")))
        .files(SOURCES)
        .includes(FOLDERS)
        .include(headers)
        .std("c++17")
        .flag_if_supported("-Wno-unused-parameter")
        .compile("slm_mlc");
}
