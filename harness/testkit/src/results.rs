//! A results folder as its files stand on disk, and what must hold in it. Read with the
//! plainest means, not with the code under test.

use crate::sandbox::Sandbox;
use serde_json::Value;
use slm_results::schema::{Row as _, TrialRow};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::PathBuf,
};

/// The files of a results folder.
pub const FILES: [&str; 9] = [
    ".lock",
    "events.jsonl",
    "figures.csv",
    "manifest.json",
    "summary.csv",
    "telemetry.csv",
    "tokens.csv",
    "trials.csv",
    "variance.csv",
];

/// A row of a CSV file, by column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(HashMap<String, String>);

impl Row {
    /// A field.
    pub fn get(&self, column: &str) -> &str {
        self.0.get(column).unwrap_or_else(|| panic!("no column {column}"))
    }

    /// A number, or nothing where the field is empty.
    pub fn number(&self, column: &str) -> Option<f64> {
        let text = self.get(column);
        let parsed = || text.parse().unwrap_or_else(|_| panic!("{column} is {text:?}, no number"));
        (!text.is_empty()).then(parsed)
    }

    /// Whether the trial came to its end.
    pub fn is_completed(&self) -> bool {
        self.get("status") == "completed"
    }

    /// All but its verdict.
    fn measured(&self) -> BTreeMap<&str, &str> {
        let kept = self.0.iter().filter(|(column, _)| !column.starts_with("verdict"));
        kept.map(|(column, value)| (column.as_str(), value.as_str())).collect()
    }

    /// Whether the trial is a warm-up.
    pub fn is_warmup(&self) -> bool {
        self.get("warmup") == "true"
    }
}

/// Asserts that rows are still there as they were measured, in their order. Some verdicts need the other trials,
/// and are found when the sweep ends.
#[track_caller]
pub fn assert_kept<'r>(before: impl IntoIterator<Item = &'r Row>, after: &[Row]) {
    let mut rest = after.iter();
    for row in before {
        let found = rest.any(|later| later.measured() == row.measured());
        assert!(found, "this row was lost, changed, or is out of its order: {row:?}");
    }
}

/// A results folder.
pub struct Results {
    folder: PathBuf,
}

impl Results {
    /// The folder `out` of a sandbox.
    pub fn of(sandbox: &Sandbox) -> Self {
        Self::named(sandbox, "out")
    }

    /// A folder of a sandbox.
    pub fn named(sandbox: &Sandbox, name: &str) -> Self {
        Self { folder: sandbox.path(name) }
    }

    /// A file as text.
    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Replaces a file.
    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join(file), content).unwrap_or_else(|error| panic!("{file}: {error}"));
    }

    /// Rows of a CSV file that must be whole.
    pub fn csv(&self, file: &str) -> Vec<Row> {
        rows(file, self.text(file).as_bytes())
    }

    /// Rows of a CSV file whose writer was killed: its last line may be torn.
    pub fn torn_csv(&self, file: &str) -> Vec<Row> {
        let bytes = fs::read(self.folder.join(file)).unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        rows(file, &bytes[..whole])
    }

    /// Rows of `trials.csv`.
    pub fn trials(&self) -> Vec<Row> {
        self.csv("trials.csv")
    }

    /// The events, which must be numbered without gaps.
    pub fn events(&self) -> Vec<Value> {
        let text = self.text("events.jsonl");
        assert!(text.is_empty() || text.ends_with('\n'), "the last event is torn");
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let events: Vec<Value> = text.lines().map(parse).collect();
        for (index, event) in events.iter().enumerate() {
            assert_eq!(event["seq"], index, "a gap in events.jsonl");
        }
        events
    }

    /// The manifest.
    pub fn manifest(&self) -> Value {
        serde_json::from_str(&self.text("manifest.json")).expect("the manifest is JSON")
    }

    /// The plan in it.
    pub fn plan(&self) -> Value {
        self.manifest()["plan"].clone()
    }

    /// Trials of the plan, by id.
    pub fn planned(&self) -> BTreeMap<String, Value> {
        let trials = self.plan()["trials"].as_array().expect("the plan has trials").clone();
        trials.into_iter().map(|trial| (trial["id"].as_str().expect("an id").to_owned(), trial)).collect()
    }

    /// What must hold in every sweep that came to its end, however often it was
    /// interrupted and whatever failed in it.
    pub fn check_complete(&self) {
        let (planned, trials, plan) = (self.planned(), self.trials(), self.plan());
        assert!(self.text("trials.csv").starts_with(&TrialRow::TABLE.header()));
        let ids: BTreeSet<&str> = trials.iter().map(|row| row.get("trial_id")).collect();
        assert_eq!(ids.len(), trials.len(), "a trial is there twice");
        assert!(ids.iter().copied().eq(planned.keys().map(String::as_str)), "{ids:?} are not those planned");
        for row in &trials {
            let trial = &planned[row.get("trial_id")];
            let prompt = &plan["input"]["prompts"][index(&trial["prompt"])];
            assert_eq!(row.get("prompt_id"), prompt["id"].as_str().expect("an id"));
            assert_eq!(row.get("run"), trial["run"].to_string());
            assert_eq!(row.get("repetition"), trial["repetition"].to_string());
            assert_eq!(row.get("warmup"), trial["warmup"].to_string());
            assert_eq!(row.is_completed(), row.get("failure").is_empty(), "{row:?}");
            assert!(row.is_completed() || !row.get("verdict_reason").is_empty(), "no evidence: {row:?}");
        }
        self.check_tokens(&trials);
        self.check_events(&planned);
        self.check_summary(&trials);
        assert!(
            fs::read_dir(&self.folder)
                .expect("the folder")
                .flatten()
                .all(|entry| { FILES.contains(&entry.file_name().to_str().expect("a name")) })
        );
    }

    /// Every trial failed with this cause and some evidence.
    pub fn check_all_failed(&self, failure: &str) {
        self.check_complete();
        for row in self.trials() {
            assert_eq!((row.get("status"), row.get("failure")), ("failed", failure), "{row:?}");
            assert!(row.get("itps").is_empty() && row.get("verdict").is_empty(), "{row:?}");
        }
        assert!(self.csv("summary.csv").iter().all(|cell| cell.get("failure") == failure));
        assert!(self.csv("tokens.csv").is_empty());
    }

    /// Token by token the same times as in the trials.
    fn check_tokens(&self, trials: &[Row]) {
        let mut tokens: HashMap<String, Vec<Row>> = HashMap::new();
        for row in self.csv("tokens.csv") {
            tokens.entry(row.get("trial_id").to_owned()).or_default().push(row);
        }
        for row in trials {
            let tokens = tokens.remove(row.get("trial_id")).unwrap_or_default();
            if row.get("backend") == "mlc-llm" {
                assert!(tokens.is_empty(), "it gives no times of tokens: {row:?}");
                continue;
            }
            let n_out = if row.get("n_out").is_empty() { "0" } else { row.get("n_out") };
            assert_eq!(n_out, tokens.len().to_string(), "{row:?}");
            assert!(tokens.iter().enumerate().all(|(i, token)| token.get("index") == i.to_string()));
            let latencies = || tokens.iter().filter_map(|token| token.number("latency_ms"));
            if let (Some(runtime), Some(ttft)) = (row.number("runtime_s"), row.number("ttft_s")) {
                let sum = latencies().sum::<f64>() / 1e3;
                assert!((sum - runtime).abs() < 1e-6, "latencies add up to {sum}, the runtime is {runtime}");
                let first = latencies().next().expect("a first token") / 1e3;
                assert!((first - ttft).abs() < 1e-9, "token 0 came after {first}, TTFT is {ttft}");
            }
            if let (Some(itps), Some(prefill)) = (row.number("itps"), row.number("prefill_s")) {
                let n_in = row.number("n_in").expect("n_in");
                assert!((itps * prefill - n_in).abs() < 1e-6 * n_in, "{itps} x {prefill} is not {n_in}");
            }
        }
        assert!(tokens.is_empty(), "tokens of trials that are not there: {:?}", tokens.keys());
    }

    /// Nothing was measured twice. That a trial was lost with its device holds only until the sweep is resumed.
    fn check_events(&self, planned: &BTreeMap<String, Value>) {
        let (mut seen, mut provisional) = (BTreeSet::new(), BTreeSet::new());
        for event in self.events() {
            let event = &event["event"];
            let id = match event["type"].as_str() {
                Some("trial-finished") => &event["report"]["trial_id"],
                Some("trial-lost") => &event["trial_id"],
                Some("started") => {
                    seen.retain(|id| !provisional.contains(id));
                    provisional.clear();
                    continue;
                }
                _ => continue,
            };
            let id = id.as_str().expect("an id").to_owned();
            if event["failure"] == "device-lost" {
                provisional.insert(id.clone());
            }
            assert!(!planned.contains_key(&id) || seen.insert(id.clone()), "{id} was measured twice");
        }
        assert_eq!(seen.len(), planned.len());
    }

    /// Means over prompts of means over their valid trials; without one there is no figure.
    fn check_summary(&self, trials: &[Row]) {
        let summary = self.csv("summary.csv");
        let key = |row: &Row| [row.get("model").to_owned(), row.get("chunks").to_owned()];
        for cell in summary.iter().filter(|cell| !cell.get("chunks").is_empty()) {
            let of_cell = |row: &&Row| !row.is_warmup() && key(row) == key(cell);
            let rows: Vec<&Row> = trials.iter().filter(of_cell).collect();
            let completed: Vec<&Row> = rows.iter().copied().filter(|row| row.is_completed()).collect();
            let is_valid = |row: &&Row| row.get("verdict") == "valid";
            let valid: Vec<&Row> = completed.iter().copied().filter(is_valid).collect();
            for (column, rows) in [("n_planned", &rows), ("n_completed", &completed), ("n_valid", &valid)] {
                assert_eq!(cell.number(column), Some(rows.len() as f64), "{column}");
            }
            for column in ["itps", "otps", "ttft_s", "runtime_s", "n_in", "n_out"] {
                match (cell.number(column), prompt_mean(&valid, column)) {
                    (Some(shown), Some(mean)) => assert!((shown - mean).abs() <= 1e-9 * mean, "{column}"),
                    (shown, mean) => assert_eq!(shown, mean, "{column}"),
                }
            }
        }
    }
}

/// A number of JSON as an index.
pub fn index(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).expect("an index")
}

fn prompt_mean(rows: &[&Row], column: &str) -> Option<f64> {
    let mut prompts: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        prompts.entry(row.get("prompt_id")).or_default().extend(row.number(column));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let means: Vec<f64> = prompts.values().filter(|values| !values.is_empty()).map(|v| mean(v)).collect();
    (!means.is_empty()).then(|| mean(&means))
}

fn rows(file: &str, bytes: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(bytes);
    let rows: Result<Vec<HashMap<String, String>>, _> = reader.deserialize().collect();
    rows.unwrap_or_else(|error| panic!("{file}: {error}")).into_iter().map(Row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(trial: &str, verdict: &str) -> Row {
        Row([("trial", trial), ("verdict", verdict)].map(|(a, b)| (a.to_owned(), b.to_owned())).into())
    }

    #[test]
    fn rows_may_have_others_between_them_and_another_verdict() {
        let after = [row("a", "valid"), row("x", ""), row("b", "suspect")];
        assert_kept(&[row("a", ""), row("b", "")], &after);
    }

    #[test]
    #[should_panic(expected = "\"b\"")]
    fn the_first_row_that_is_missing_is_named() {
        assert_kept(&[row("a", ""), row("b", ""), row("c", "")], &[row("a", "")]);
    }

    #[test]
    #[should_panic(expected = "out of its order")]
    fn the_order_counts() {
        assert_kept(&[row("a", ""), row("b", "")], &[row("b", ""), row("a", "")]);
    }

    #[test]
    #[should_panic(expected = "was lost")]
    fn a_row_that_was_there_twice_is_there_twice() {
        assert_kept(&[row("a", ""), row("a", "")], &[row("a", "")]);
    }
}
