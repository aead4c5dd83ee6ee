//! Records what this binary was built as: a figure must name the build that made it.

mod build_flags;

use std::{env, fs, path::Path};

fn main() {
    #[cfg(feature = "mlc")]
    mlc();
    let target = env::var("TARGET").unwrap_or_default();
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let flavour = env::var("SLM_AGENT_FLAVOUR").ok().filter(|name| !name.is_empty()).unwrap_or(arch);
    println!("cargo::rerun-if-env-changed=SLM_AGENT_FLAVOUR");
    println!("cargo::rustc-env=SLM_AGENT_TARGET={target}");
    println!("cargo::rustc-env=SLM_AGENT_FLAVOUR={flavour}");
    println!("cargo::rustc-env=SLM_AGENT_BUILD_FLAGS={}", flags().join("\u{1f}"));
    println!("cargo::rustc-env=SLM_AGENT_BINDING={}", binding_version());
}

/// Rust's profile, and what the engine was configured with: read where its crate built it, not guessed from
/// variables, because `CMake` configures a folder once, whatever is set later.
fn flags() -> Vec<String> {
    let mut flags = vec![format!("profile={}", env::var("PROFILE").unwrap_or_default())];
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|path| path.display().to_string());
    let cache = env::var_os("DEP_LLAMA_ROOT").map(|root| Path::new(&root).join("build/CMakeCache.txt"));
    match cache.as_ref().and_then(|cache| fs::read_to_string(cache).ok().map(|text| (cache, text))) {
        Some((cache, text)) => {
            println!("cargo::rerun-if-changed={}", cache.display());
            // For the test that holds the flags against the compiler's own.
            println!("cargo::rustc-env=SLM_AGENT_ENGINE_CACHE={}", cache.display());
            flags.extend(build_flags::from_cache(&text, &project.unwrap_or_default()));
        }
        None => flags.push("engine=unknown".to_owned()),
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
