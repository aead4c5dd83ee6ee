//! Whether the engine in a target folder is the one that would be configured now. Its crate runs `CMake`'s
//! configuration once a folder and never again, so that after a move to another CPU, or with another `GGML_*`
//! variable, cargo alone would go on with the old code.

use crate::say::say;
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

const CRATE: &str = "llama-cpp-sys-2";
/// The rules for this machine's CPU; as a script it prints what they come to.
const RULES: &str = "device-agent/engine/host.cmake";
/// `.cargo/config.toml` names the rules in it; whoever sets it otherwise has rules of their own.
const NAMED: &str = "CMAKE_TOOLCHAIN_FILE_x86_64_unknown_linux_gnu";

/// Drops what was configured otherwise.
///
/// # Errors
/// When cargo cannot drop it.
pub(crate) fn check(target: &Path) -> io::Result<()> {
    let caches = caches(target);
    if caches.is_empty() {
        return Ok(());
    }
    let wanted = wanted();
    for (profile, cache) in caches {
        let text = fs::read_to_string(&cache)?;
        let Some((name, value)) = first_difference(&text, &wanted) else { continue };
        say(&format!("the engine here was not built with {name}={value}: building it anew, a few minutes"));
        return drop_engine(target, profile);
    }
    Ok(())
}

/// `CMakeCache.txt` of every engine in a target folder, with the name of its profile.
fn caches(target: &Path) -> Vec<(&'static str, PathBuf)> {
    let mut found = Vec::new();
    for (folder, profile) in [("release", "release"), ("debug", "dev")] {
        let Ok(entries) = fs::read_dir(target.join(folder).join("build")) else { continue };
        for entry in entries.flatten() {
            let cache = entry.path().join("out/build/CMakeCache.txt");
            if entry.file_name().to_string_lossy().starts_with(CRATE) && cache.is_file() {
                found.push((profile, cache));
            }
        }
    }
    found
}

/// What would be configured now.
fn wanted() -> Vec<(String, String)> {
    let mut wanted = Vec::new();
    // Set by .cargo/config.toml where the user sets nothing.
    if let Ok(profile) = env::var("LLAMA_LIB_PROFILE") {
        wanted.push(("CMAKE_BUILD_TYPE".to_owned(), profile));
    }
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(RULES);
    let named = env::var_os(NAMED).is_some_and(|path| same_file(Path::new(&path), &rules));
    if named && cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        wanted.extend(of_rules(&rules, None));
    }
    wanted.extend(env::vars().filter(|(name, _)| name.starts_with("GGML_")));
    wanted
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// What the rules come to, for this CPU or one whose `/proc/cpuinfo` is given. Nothing without `CMake`, which then
/// cannot have configured anything either.
fn of_rules(rules: &Path, cpuinfo: Option<&Path>) -> Vec<(String, String)> {
    let mut command = Command::new(env::var_os("CMAKE").unwrap_or_else(|| "cmake".into()));
    if let Some(path) = cpuinfo {
        command.arg(format!("-DCPUINFO={}", path.display()));
    }
    let Ok(output) = command.arg("-P").arg(rules).output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pairs = text.lines().filter_map(|line| line.strip_prefix("-- ")?.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The first setting that a cache has otherwise, or not at all.
fn first_difference<'a>(cache: &str, wanted: &'a [(String, String)]) -> Option<&'a (String, String)> {
    wanted.iter().find(|(name, value)| {
        // `NAME:TYPE=value`
        let is_it = |line: &str| {
            let rest = line.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix(':'));
            rest.and_then(|rest| rest.split_once('=')).is_some_and(|(_, found)| found == value)
        };
        !cache.lines().any(is_it)
    })
}

fn drop_engine(target: &Path, profile: &str) -> io::Result<()> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["clean", "--quiet", "--profile", profile, "--package", CRATE, "--target-dir"]).arg(target);
    if command.status()?.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("cargo cannot drop the engine; delete {} instead", target.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVX512: &str = "avx512f avx512bw avx512vl avx512dq avx512cd";

    fn rules() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(RULES)
    }

    /// Names of what is switched on for a CPU with these features.
    fn switched_on(features: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let cpuinfo = folder.path().join("cpuinfo");
        fs::write(&cpuinfo, format!("processor\t: 0\nflags\t\t: fpu {features}\nbugs\t\t:\n")).unwrap();
        let all = of_rules(&rules(), Some(&cpuinfo));
        assert_eq!(all.len(), 12, "{all:?}");
        all.into_iter().filter(|(_, value)| value == "ON").map(|(name, _)| name).collect()
    }

    #[test]
    fn a_cpu_gets_what_it_has() {
        let usual = "sse4_2 avx avx2 fma f16c bmi2";
        let on_usual = ["SSE42", "AVX", "AVX2", "FMA", "F16C", "BMI2"].map(|name| format!("GGML_{name}"));
        assert_eq!(switched_on(usual), on_usual);
        assert_eq!(switched_on("sse4_2 avx"), on_usual[..2]);
        // A part of AVX-512 is none.
        assert_eq!(switched_on("avx512f avx512bw avx512vnni amx_tile amx_int8"), [""; 0]);
        assert_eq!(
            switched_on(&format!("{AVX512} avx512vbmi avx512_vnni avx512_bf16")),
            ["GGML_AVX512", "GGML_AVX512_VBMI", "GGML_AVX512_VNNI", "GGML_AVX512_BF16"]
        );
        // Both parts of AMX or none; and no AMX where the header's path would be split.
        assert_eq!(switched_on(&format!("{AVX512} amx_tile")), ["GGML_AVX512"]);
        if !rules().to_string_lossy().contains([' ', '\t', ';']) {
            assert_eq!(
                switched_on(&format!("{AVX512} amx_tile amx_int8")),
                ["GGML_AVX512", "GGML_AMX_TILE", "GGML_AMX_INT8"]
            );
        }
    }

    #[test]
    fn a_cpu_without_flags_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let cpuinfo = folder.path().join("cpuinfo");
        fs::write(&cpuinfo, "Features\t: fp asimd\n").unwrap();
        assert!(of_rules(&rules(), Some(&cpuinfo)).is_empty());
        assert!(of_rules(&rules(), Some(&folder.path().join("none"))).is_empty());
    }

    #[test]
    fn another_configuration_is_noticed() {
        let cache = "CMAKE_BUILD_TYPE:STRING=Release\nGGML_AVX512:BOOL=ON\nGGML_AVX512-ADVANCED:INTERNAL=1\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let differs = |wanted: &[(String, String)]| first_difference(cache, wanted).cloned();
        assert_eq!(differs(&[pair("CMAKE_BUILD_TYPE", "Release"), pair("GGML_AVX512", "ON")]), None);
        assert_eq!(differs(&[pair("GGML_AVX512", "OFF")]), Some(pair("GGML_AVX512", "OFF")));
        assert_eq!(differs(&[pair("GGML_AVX", "ON")]), Some(pair("GGML_AVX", "ON")), "not in the cache");
    }

    #[test]
    fn engines_of_both_profiles_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["release/build/llama-cpp-sys-2-1a", "debug/build/llama-cpp-sys-2-2b", "release/build/other-3c"]
        {
            let build = folder.path().join(name).join("out/build");
            fs::create_dir_all(&build).unwrap();
            fs::write(build.join("CMakeCache.txt"), "").unwrap();
        }
        // One that was never configured.
        fs::create_dir_all(folder.path().join("release/build/llama-cpp-sys-2-4d")).unwrap();
        let profiles: Vec<&str> = caches(folder.path()).into_iter().map(|(profile, _)| profile).collect();
        assert_eq!(profiles, ["release", "dev"]);
        check(&folder.path().join("none")).unwrap();
    }
}
