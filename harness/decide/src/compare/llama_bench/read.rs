//! Reading llama-bench's JSON, JSON lines and CSV.

use super::format::{TELLTALE, UNKNOWN};
use crate::compare::{Setting, Side};
use serde_json::{Map, Value};
use slm_plan::{
    error::{Error, Result},
    plain_text,
};
use slm_results::read::{Cell, Context, Estimate, Key, Metric};
use std::{collections::BTreeMap, fs, path::Path};

/// Largest file that is read, bytes; real ones have some kilobytes.
const MAX_BYTES: u64 = 64 << 20;
const REMEDY: &str = "give what `llama-bench -o json`, `-o jsonl` or `-o csv` wrote, unchanged";

/// One test: a field by its name, of any of the three forms.
type Test = Map<String, Value>;

/// Whether a file looks like llama-bench's: JSON, or CSV with its columns.
///
/// # Errors
/// [`Error::Input`] when it cannot be read.
pub fn is_llama_bench(path: &Path) -> Result<bool> {
    let bytes = contents(path)?;
    // What is wrong with it is said by whoever reads it.
    let text = plain_text::decode(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes));
    let start = text.trim_start();
    let header = start.lines().next().unwrap_or_default();
    Ok(start.starts_with(['[', '{']) || TELLTALE.iter().all(|name| header.contains(name)))
}

/// Reads a file.
///
/// # Errors
/// [`Error::Input`] that names the file and, where it can, the test.
pub fn read(path: &Path) -> Result<Side> {
    let bytes = contents(path)?;
    let text = &*plain_text::decode(&bytes)
        .map_err(|fault| Error::input(format!("{} {fault}", path.display()), REMEDY))?;
    let tests = if text.trim_start().starts_with(['[', '{']) {
        json_tests(path, text)?
    } else {
        csv_tests(path, text)?
    };
    let mut side = Side { name: path.display().to_string(), ..Side::default() };
    let mut cells: BTreeMap<Key, Cell> = BTreeMap::new();
    for (index, test) in tests.iter().enumerate() {
        let fault = |field: &str| {
            let what = format!(
                "{}, test {}: field {field} is missing or no valid number",
                path.display(),
                index + 1
            );
            Error::input(what, REMEDY)
        };
        take(test, &mut side, &mut cells).map_err(fault)?;
    }
    if cells.is_empty() {
        let what = format!("{} has no test that corresponds to a cell", path.display());
        return Err(Error::input(what, "run llama-bench with -p 50,200 and -n 64 -d 50,200"));
    }
    side.cells = cells.into_values().collect();
    Ok(side)
}

fn contents(path: &Path) -> Result<Vec<u8>> {
    let reading = |error| Error::reading(path, &error);
    // A sweep's summary can be longer than any file of llama-bench; its beginning is enough.
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(reading)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_BYTES), &mut bytes).map_err(reading)?;
    Ok(bytes)
}

fn json_tests(path: &Path, text: &str) -> Result<Vec<Test>> {
    let damaged = |error: serde_json::Error| {
        let place = format!("{}, line {}, column {}", path.display(), error.line(), error.column());
        Error::input(format!("{place}: {error}"), REMEDY)
    };
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(damaged);
    }
    serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<std::result::Result<_, _>>()
        .map_err(damaged)
}

fn csv_tests(path: &Path, text: &str) -> Result<Vec<Test>> {
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        Error::input(format!("{}, line {line}: not a row of its header", path.display()), REMEDY)
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().map_err(broken)?.clone();
    let test = |record: csv::StringRecord| {
        headers.iter().zip(&record).map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    };
    reader.records().map(|record| record.map(test).map_err(broken)).collect()
}

/// Adds a test's figures to its cell; the name of the field that is wrong otherwise.
fn take(
    test: &Test,
    side: &mut Side,
    cells: &mut BTreeMap<Key, Cell>,
) -> std::result::Result<(), &'static str> {
    let (n_prompt, n_gen) = (whole(test, "n_prompt")?, whole(test, "n_gen")?);
    let depth = if test.contains_key("n_depth") { whole(test, "n_depth")? } else { 0 };
    let (metric, tokens) = match (n_prompt, n_gen, depth) {
        (n, 0, 0) if n > 0 => (Metric::Itps, n),
        (0, n, depth) if n > 0 && depth > 0 => (Metric::Otps, depth),
        _ => return Ok(()),
    };
    let mean = number(test, "avg_ts").filter(|mean| mean.is_finite() && *mean > 0.0).ok_or("avg_ts")?;
    let samples: Vec<f64> = match test.get("samples_ts") {
        Some(Value::Array(samples)) => {
            let valid = |value: &Value| value.as_f64().filter(|sample| *sample > 0.0);
            samples.iter().map(valid).collect::<Option<_>>().ok_or("samples_ts")?
        }
        _ => Vec::new(),
    };
    let key = key(test, tokens);
    if let Some(build) = text(test, "build_commit") {
        side.made_by.insert("versions of the engine", build);
    }
    let trials = side.trials.entry(key.clone()).or_default();
    let threads = text(test, "n_threads").map(|threads| (Setting::Threads, threads));
    let flash = match text(test, "flash_attn").as_deref() {
        Some("1" | "true" | "on") => Some((Setting::FlashAttention, "on".to_owned())),
        Some("0" | "false" | "off") => Some((Setting::FlashAttention, "off".to_owned())),
        _ => None,
    };
    for (setting, value) in threads.into_iter().chain(flash) {
        trials.settings.entry(setting).or_default().insert(value);
    }
    // A test is one process, so one run, however many samples it has; a repeated test is another.
    let known = trials.prompts.get("").and_then(|metrics| metrics.get(&metric));
    let run = known.and_then(|values| values.last()).map_or(1, |(run, _)| run + 1);
    for sample in if samples.is_empty() { vec![mean] } else { samples } {
        trials.add_value("", metric, run, sample);
    }
    let over_runs = trials.run_mean(metric, None);
    let estimate = over_runs.map(|found| Estimate { mean: found.mean, interval: found.interval() });
    let cell = cells.entry(key.clone()).or_insert_with(|| bare_cell(test, key, tokens));
    cell.n_runs = Some(run);
    if metric == Metric::Itps {
        cell.itps = estimate;
    } else {
        cell.otps = estimate;
        cell.n_out = Some(f64::from(n_gen));
    }
    Ok(())
}

fn bare_cell(test: &Test, key: Key, tokens: u32) -> Cell {
    let known = |field: &str| text(test, field).filter(|text| !text.is_empty());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a saturating cast is meant")]
    let params = number(test, "model_n_params").map(|params| params as u64).filter(|&params| params > 0);
    Cell {
        key,
        soc: known("gpu_info").or_else(|| known("cpu_info")),
        params,
        n_planned: None,
        n_completed: None,
        n_valid: None,
        n_runs: None,
        failure: None,
        n_in: Some(f64::from(tokens)),
        n_out: None,
        itps: None,
        otps: None,
        ttft_s: None,
        runtime_s: None,
        rss_peak_mib: None,
        model_mib: None,
        kv_cache_mib: None,
        compute_mib: None,
        energy_j_per_token: None,
    }
}

fn key(test: &Test, tokens: u32) -> Key {
    let file = text(test, "model_filename").unwrap_or_default();
    let stem = Path::new(&file).file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    Key {
        device: UNKNOWN.into(),
        backend: "llama.cpp".into(),
        model: stem.filter(|stem| !stem.is_empty()).unwrap_or_else(|| UNKNOWN.into()),
        weights: UNKNOWN.into(),
        variant: None,
        quant: quant(&text(test, "model_type").unwrap_or_default()),
        context: Context::Tokens(tokens),
    }
}

/// `llama 1B Q4_K - Medium` has the weight type `q4_k_m`.
fn quant(model_type: &str) -> String {
    let is_type = |word: &&str| {
        let letters = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
        ["Q", "IQ", "TQ", "F", "BF", "MXFP"].contains(&&word[..word.len() - letters.len()])
            && letters.starts_with(|c: char| c.is_ascii_digit())
    };
    let Some(name) = model_type.split_whitespace().rev().find(is_type) else { return UNKNOWN.into() };
    let size = [("Small", "_S"), ("Medium", "_M"), ("Large", "_L")];
    let suffix = size.iter().find(|(word, _)| model_type.ends_with(word)).map_or("", |(_, suffix)| suffix);
    format!("{name}{suffix}").to_lowercase()
}

fn text(test: &Test, field: &str) -> Option<String> {
    match test.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn number(test: &Test, field: &str) -> Option<f64> {
    match test.get(field)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn whole(test: &Test, field: &'static str) -> std::result::Result<u32, &'static str> {
    text(test, field).and_then(|text| text.parse().ok()).ok_or(field)
}
