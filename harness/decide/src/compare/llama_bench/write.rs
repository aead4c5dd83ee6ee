//! Writing cells of exact prompt length in llama-bench's form, so that its own
//! comparison script and others' tools can read them.

use super::format::UNKNOWN;
use crate::compare::{Setting, Side};
use serde_json::{Map, Value, json};
use slm_plan::error::{Error, Result};
use slm_results::read::{Cell, Context, Metric};
use slm_stats::{mean, standard_deviation};
use std::{fs, path::Path};

/// Writes a side's cells; CSV where the file's name ends so, else JSON. Returns how
/// many tests were written.
///
/// # Errors
/// [`Error::Input`] when no cell has an exact prompt length or the file cannot be written.
pub fn write(side: &Side, path: &Path) -> Result<usize> {
    let tests: Vec<Map<String, Value>> = side.cells.iter().flat_map(|cell| tests(side, cell)).collect();
    if tests.is_empty() {
        let what = format!("{} has no cell that corresponds to a test of llama-bench", side.name);
        return Err(Error::input(
            what,
            "measure prompts of exact length: bench sweep --prompt-tokens 50,200",
        ));
    }
    let internal = |error: &dyn std::fmt::Display| Error::Internal(format!("{}: {error}", path.display()));
    let bytes = if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        csv_bytes(&tests).map_err(|error| internal(&error))?
    } else {
        let mut bytes = serde_json::to_vec_pretty(&tests).map_err(|error| internal(&error))?;
        bytes.push(b'\n');
        bytes
    };
    fs::write(path, bytes).map_err(|error| {
        let what = format!("cannot write {}: {error}", path.display());
        Error::input(what, "give --export-llama-bench a file that can be written")
    })?;
    Ok(tests.len())
}

/// A prompt test, and a generation test after that prompt; each once for every run, as llama-bench
/// would have been started.
fn tests(side: &Side, cell: &Cell) -> Vec<Map<String, Value>> {
    let Context::Tokens(tokens) = cell.key.context else { return Vec::new() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of tokens")]
    let n_out = cell.n_out.map_or(0, |n| n.round() as u32);
    [(Metric::Itps, tokens, 0, 0), (Metric::Otps, 0, n_out, tokens)]
        .into_iter()
        .filter(|&(_, n_prompt, n_gen, _)| n_prompt + n_gen > 0)
        .flat_map(|(metric, n_prompt, n_gen, depth)| {
            let samples = samples(side, cell, metric);
            samples
                .into_iter()
                .filter_map(move |samples| test(side, cell, &samples, [n_prompt, n_gen, depth]))
        })
        .collect()
}

/// A metric's values, run by run; the mean where there are no trials.
fn samples(side: &Side, cell: &Cell, metric: Metric) -> Vec<Vec<f64>> {
    let runs = side.trials.get(&cell.key).map(|trials| trials.runs(metric)).unwrap_or_default();
    if !runs.is_empty() {
        return runs;
    }
    cell.estimate(metric).map(|estimate| vec![vec![estimate.mean]]).unwrap_or_default()
}

fn test(
    side: &Side,
    cell: &Cell,
    samples: &[f64],
    [n_prompt, n_gen, depth]: [u32; 3],
) -> Option<Map<String, Value>> {
    // llama-bench's rate of generation counts all tokens, ours the times between them.
    let tokens = f64::from(n_prompt + n_gen);
    let nanoseconds: Vec<f64> = samples.iter().map(|rate| (1e9 * tokens / rate).round()).collect();
    let deviation = |values: &[f64]| standard_deviation(values).unwrap_or(0.0);
    let setting = |setting| side.values(&cell.key, setting).into_iter().next();
    let known = |text: &str| if text == UNKNOWN { String::new() } else { text.to_owned() };
    let value = json!({
        "build_commit": side.made_by.get("versions of the engine").cloned().unwrap_or_default(),
        "build_number": 0,
        "cpu_info": cell.soc.clone().unwrap_or_default(),
        "gpu_info": "",
        "backends": known(&cell.key.backend),
        "model_filename": format!("{}.gguf", cell.key.model),
        "model_type": format!("{} {}", cell.key.model, cell.key.quant.to_uppercase()),
        "model_size": 0,
        "model_n_params": cell.params.unwrap_or(0),
        "n_threads": setting(Setting::Threads).and_then(|threads| threads.parse().ok()).unwrap_or(0),
        "flash_attn": setting(Setting::FlashAttention).is_some_and(|value| value == "on"),
        "n_prompt": n_prompt,
        "n_gen": n_gen,
        "n_depth": depth,
        "test_time": "",
        "avg_ns": mean(&nanoseconds)?.round(),
        "stddev_ns": deviation(&nanoseconds).round(),
        "avg_ts": mean(samples)?,
        "stddev_ts": deviation(samples),
        "samples_ns": nanoseconds,
        "samples_ts": samples,
    });
    if let Value::Object(fields) = value { Some(fields) } else { None }
}

fn csv_bytes(tests: &[Map<String, Value>]) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error>> {
    // As llama-bench: its CSV has no samples.
    let names: Vec<&String> =
        tests[0].iter().filter(|(_, value)| !value.is_array()).map(|(name, _)| name).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&names)?;
    for test in tests {
        let shown = |name: &&String| match &test[name.as_str()] {
            Value::String(text) => text.clone(),
            Value::Bool(on) => u8::from(*on).to_string(),
            other => other.to_string(),
        };
        writer.write_record(names.iter().map(shown))?;
    }
    Ok(writer.into_inner()?)
}
