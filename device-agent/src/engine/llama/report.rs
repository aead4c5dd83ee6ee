//! What the engine's log says about what it set up, and why it failed.

use super::log::{self, Line};
use crate::engine::error::LoadError;
use slm_protocol::{BufferSizes, Failure};
use std::collections::BTreeSet;

/// Sums the buffers of each kind: weights lie in several (mapped and repacked).
pub(super) fn buffer_sizes(lines: &[Line]) -> BufferSizes {
    BufferSizes {
        model: sum_of(lines, &["model buffer size"]),
        // Recurrent layers keep their state in `RS` buffers.
        kv_cache: sum_of(lines, &["KV buffer size", "RS buffer size"]),
        compute: sum_of(lines, &["compute buffer size"]),
    }
}

fn sum_of(lines: &[Line], kinds: &[&str]) -> Option<u64> {
    let sizes: Vec<u64> = lines
        .iter()
        .filter(|line| kinds.iter().any(|kind| line.text.contains(kind)))
        .filter_map(|line| mebibytes(&line.text))
        .collect();
    (!sizes.is_empty()).then(|| sizes.iter().sum())
}

/// Bytes of `… = 12.34 MiB`.
fn mebibytes(line: &str) -> Option<u64> {
    let number: f64 = line.rsplit_once('=')?.1.trim().strip_suffix("MiB")?.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a size")]
    (number.is_finite() && number >= 0.0).then(|| (number * 1024.0 * 1024.0).round() as u64)
}

/// The devices that the scheduler computes on: it has a compute buffer for each.
pub(super) fn devices(lines: &[Line]) -> Vec<String> {
    let names: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line.text.split_once("compute buffer size"))
        .filter_map(|(before, _)| before.rsplit_once(':')?.1.split_ascii_whitespace().next())
        // Host memory of a GPU's backend is where the CPU computes.
        .map(|name| if name.ends_with("_Host") { "CPU" } else { name })
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Whether flash attention is on: resolved if it was left to the engine.
pub(super) fn flash_attention(lines: &[Line]) -> Option<bool> {
    lines.iter().rev().find_map(|line| {
        let text = line.text.as_str();
        if text.contains("Flash Attention enabled") {
            Some(true)
        } else if text.contains("Flash Attention not supported") {
            Some(false)
        } else if let Some((before, value)) = text.split_once('=')
            && before.trim_end().ends_with("flash_attn")
        {
            match value.trim() {
                "enabled" => Some(true),
                "disabled" => Some(false),
                _ => None,
            }
        } else {
            None
        }
    })
}

/// Whether any weights were repacked: these lie in a buffer of their own.
pub(super) fn repacked(lines: &[Line]) -> Option<bool> {
    let mut buffers = lines.iter().filter(|line| line.text.contains("model buffer size")).peekable();
    buffers.peek()?;
    Some(buffers.any(|line| line.text.contains("_REPACK model buffer size")))
}

/// The lines that prove what was set up; not the file's own metadata, which the
/// engine prints too.
pub(super) fn evidence(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .map(|line| line.text.as_str())
        .filter(|text| !text.starts_with("llama_model_loader:") && !text.starts_with("print_info:"))
        .filter(|text| {
            [
                "buffer size",
                "n_ctx",
                "n_batch",
                "n_ubatch",
                "n_outputs_max",
                "lash",
                "offload",
                "device",
                "repack",
            ]
            .iter()
            .any(|word| text.contains(word))
        })
        .map(str::to_owned)
        .collect()
}

/// The failure that the engine's log shows so far.
pub(super) fn engine_failure(otherwise: &str) -> LoadError {
    let (failure, message) = load_failure(&log::lines(), otherwise);
    LoadError { failure, message }
}

/// Why loading failed, in one line of the engine's own words.
pub(super) fn load_failure(lines: &[Line], otherwise: &str) -> (Failure, String) {
    let errors: Vec<&str> = lines.iter().filter(|line| line.error).map(|line| line.text.trim()).collect();
    let last = &errors[errors.len().saturating_sub(3)..];
    let message = if last.is_empty() { otherwise.to_owned() } else { last.join("; ") };
    let exhausted = lines.iter().any(|line| tells_of_exhaustion(&line.text));
    let failure = if exhausted {
        Failure::OutOfMemory
    } else if lines.iter().any(|line| line.error && line.text.contains("unknown model architecture")) {
        Failure::Unsupported
    } else {
        Failure::LoadFailed
    };
    (failure, message)
}

fn tells_of_exhaustion(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    [
        "failed to allocate",
        "unable to allocate",
        "cannot allocate memory",
        "out of memory",
        "bad_alloc",
        "not enough memory",
    ]
    .iter()
    .any(|words| line.contains(words))
}

/// CPU features of `CPU : SSE3 = 1 | AVX2 = 1 | … |`: those that are on.
pub(super) fn cpu_features(system_info: &str) -> Vec<String> {
    system_info
        .split('|')
        .filter_map(|item| item.split_once('='))
        .filter(|(_, value)| value.trim().parse().is_ok_and(|value: u32| value > 0))
        .map(|(name, value)| {
            let name = name.rsplit(':').next().unwrap_or(name).trim();
            let value = value.trim();
            if value == "1" { name.to_owned() } else { format!("{name}={value}") }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> Vec<Line> {
        text.lines()
            .map(|line| {
                let (error, text) = line.strip_prefix("E ").map_or((false, line), |rest| (true, rest));
                Line { error, text: text.to_owned() }
            })
            .collect()
    }

    const CONTEXT: &str = "\
load_tensors:   CPU_Mapped model buffer size =    74.46 MiB
load_tensors:   CPU_REPACK model buffer size =    50.00 MiB
llama_context: flash_attn            = auto
llama_context:        CPU  output buffer size =     0.19 MiB
llama_kv_cache:        CPU KV buffer size =    36.00 MiB
sched_reserve: Flash Attention enabled
sched_reserve:        CPU compute buffer size =    14.50 MiB
sched_reserve:        CPU compute buffer size of 99.0 MiB, does not match expectation of 1.0 MiB";

    #[test]
    fn buffers_of_one_kind_are_summed() {
        let sizes = buffer_sizes(&log(CONTEXT));
        assert_eq!(sizes.model, Some(78_076_969 + (50 << 20))); // 74.46 MiB
        assert_eq!(sizes.kv_cache, Some(36 << 20));
        assert_eq!(sizes.compute, Some(29 << 19));
        assert_eq!(buffer_sizes(&[]), BufferSizes::default());
        assert_eq!(
            buffer_sizes(&log("x KV buffer size = -1 MiB\ny KV buffer size = nan MiB")).kv_cache,
            None
        );
    }

    #[test]
    fn devices_and_flash_attention_are_the_resolved_ones() {
        assert_eq!(devices(&log(CONTEXT)), ["CPU"]);
        let gpu = "s:    Vulkan0 compute buffer size = 1.0 MiB\ns: Vulkan_Host compute buffer size = 1.0 MiB";
        assert_eq!(devices(&log(gpu)), ["CPU", "Vulkan0"]);
        assert_eq!(flash_attention(&log(CONTEXT)), Some(true));
        assert_eq!(flash_attention(&log("c: flash_attn            = disabled")), Some(false));
        assert_eq!(flash_attention(&log("c: Flash Attention not supported, set to disabled")), Some(false));
        assert_eq!(flash_attention(&log("c: flash_attn            = auto")), None);
        assert_eq!(repacked(&log(CONTEXT)), Some(true));
        assert_eq!(repacked(&log(CONTEXT.lines().next().unwrap())), Some(false));
        assert_eq!(repacked(&[]), None);
    }

    #[test]
    fn exhausted_memory_is_told_from_a_bad_file() {
        let (failure, message) = load_failure(&log("info\nE bad magic\nE failed to load model"), "?");
        assert_eq!((failure, message.as_str()), (Failure::LoadFailed, "bad magic; failed to load model"));
        let exhausted = log("E alloc: failed to allocate CPU buffer of size 99\nE failed to load");
        assert_eq!(load_failure(&exhausted, "?").0, Failure::OutOfMemory);
        let unknown = log("E llama_model_load: error loading model: unknown model architecture: 'x'");
        assert_eq!(load_failure(&unknown, "?").0, Failure::Unsupported);
        assert_eq!(load_failure(&[], "nothing said"), (Failure::LoadFailed, "nothing said".to_owned()));
    }

    #[test]
    fn features_that_are_on_are_listed() {
        let info = "CPU : SSE3 = 1 | AVX = 0 | AVX2 = 1 | SVE_CNT = 16 | REPACK = 1 | ";
        assert_eq!(cpu_features(info), ["SSE3", "AVX2", "SVE_CNT=16", "REPACK"]);
    }
}
