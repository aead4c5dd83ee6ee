//! Rows of `trials.csv`, `tokens.csv` and `telemetry.csv`, in the order of their columns.

use super::{Evidence, Metrics, UtcTime, Verdict, columns::row, judge, metrics::token_latencies_ms};
use serde::{Deserialize, Serialize};
use slm_plan::{Plan, PlannedTrial};
use slm_protocol::{EngineKind, Failure, Ready, Sample, TrialOutcome, TrialReport};

/// How a planned trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It ran to its end.
    Completed,
    /// It ran, or tried to, and failed.
    Failed,
    /// It was not tried, because its cell had failed before.
    Skipped,
}

row! {
/// A row of `trials.csv`; docs/results-format.md describes every column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the columns are described in docs/results-format.md")]
pub struct TrialRow {
    pub trial_id: String,
    pub device: String,
    pub soc: Option<String>,
    pub backend: String,
    pub model: String,
    pub weights: String,
    pub quant: String,
    pub params: u64,
    pub chunks: Option<u8>,
    pub prompt_id: String,
    pub repetition: u32,
    pub warmup: bool,
    pub status: Status,
    pub failure: Option<Failure>,
    pub verdict: Option<Verdict>,
    pub verdict_reason: Option<String>,
    pub n_in_nominal: u32,
    pub n_in: Option<u32>,
    pub n_out: Option<u32>,
    pub stop_reason: Option<String>,
    pub load_s: Option<f64>,
    pub tokenize_s: Option<f64>,
    pub ttft_s: Option<f64>,
    pub prefill_s: Option<f64>,
    pub itps: Option<f64>,
    pub otps: Option<f64>,
    pub tpot_p50_ms: Option<f64>,
    pub tpot_p90_ms: Option<f64>,
    pub tpot_p99_ms: Option<f64>,
    pub runtime_s: Option<f64>,
    pub rss_peak_mib: Option<f64>,
    pub model_mib: Option<f64>,
    pub kv_cache_mib: Option<f64>,
    pub compute_mib: Option<f64>,
    pub threads: Option<u32>,
    pub flash_attention: Option<&'static str>,
    pub thermal_status: Option<String>,
    pub battery_temp_c: Option<f64>,
    pub energy_j: Option<f64>,
    pub started_at: Option<UtcTime>,
    pub prompt_tokens: Option<u32>,
    pub mlc_prefill_tokens_per_s: Option<f64>,
    pub mlc_decode_tokens_per_s: Option<f64>,
    pub mlc_ttft_s: Option<f64>,
    pub mlc_inter_token_latency_s: Option<f64>,
    pub mlc_end_to_end_latency_s: Option<f64>,
}
}

row! {
/// A row of `tokens.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenRow<'a> {
    /// The trial.
    pub trial_id: &'a str,
    /// Device by name.
    pub device: &'a str,
    /// From 0; token 0's latency is the TTFT.
    pub index: usize,
    /// Milliseconds; they add up to the runtime.
    pub latency_ms: f64,
}
}

row! {
/// A row of `telemetry.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TelemetryRow<'a> {
    /// When the sensor was read.
    pub time: UtcTime,
    /// The trial that the reading belongs to.
    pub trial_id: Option<&'a str>,
    /// Device by name.
    pub device: &'a str,
    /// The sensor.
    pub sensor: &'a str,
    /// The reading, in its unit.
    pub value: f64,
    /// Its unit.
    pub unit: &'a str,
}
}

/// Where a trial ran: what its row needs beside plan and report.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Device by name.
    pub device: &'a str,
    /// SoC or CPU, once the agent told it.
    pub soc: Option<&'a str>,
    /// The loaded model, once it is.
    pub ready: Option<&'a Ready>,
    /// What the sensors said meanwhile.
    pub evidence: &'a Evidence,
}

/// The row of a trial that the agent reported.
pub fn finished_row(plan: &Plan, trial: &PlannedTrial, place: Place<'_>, report: &TrialReport) -> TrialRow {
    let mut row = bare_row(plan, trial, place);
    let metrics = Metrics::of(report);
    let model = &plan.input.models[trial.model];
    let generation = &model.generation;
    match (&report.outcome, place.ready) {
        (TrialOutcome::Completed, Some(ready)) => {
            let (verdict, reason) = judge(
                report,
                ready,
                generation.stop,
                generation.max_new_tokens,
                model.engine,
                place.evidence,
            );
            row.status = Status::Completed;
            row.verdict = Some(verdict);
            row.verdict_reason = Some(reason).filter(|reason| !reason.is_empty());
        }
        (TrialOutcome::Completed, None) => {
            row.status = Status::Completed;
            row.verdict = Some(Verdict::Suspect);
            row.verdict_reason = Some("the record of the model's load is missing".into());
        }
        (TrialOutcome::Failed { failure, message }, _) => {
            row.failure = Some(*failure);
            row.verdict_reason = Some(message.clone());
        }
    }
    row.n_in = report.n_in;
    row.n_out = report.output.as_ref().map(|output| output.n_out);
    row.stop_reason = report.output.as_ref().map(|output| output.stop.into_str().to_owned());
    row.tokenize_s = metrics.tokenize_s;
    row.ttft_s = metrics.ttft_s;
    row.prefill_s = metrics.prefill_s;
    row.itps = metrics.itps;
    row.otps = metrics.otps;
    row.tpot_p50_ms = metrics.tpot_p50_ms;
    row.tpot_p90_ms = metrics.tpot_p90_ms;
    row.tpot_p99_ms = metrics.tpot_p99_ms;
    row.runtime_s = metrics.runtime_s;
    row.rss_peak_mib = report.rss_peak.map(mib);
    row.energy_j = place.evidence.energy_j.ok();
    row.started_at = Some(UtcTime { unix_ns: report.started_unix_ns });
    if row.backend == EngineKind::MlcLlm.into_str() {
        mlc_figures(&mut row, &report.figures);
    }
    row
}

/// MLC-LLM's own figures, whose definitions are not those of our columns.
fn mlc_figures(row: &mut TrialRow, figures: &[slm_protocol::Figure]) {
    // It writes 0 for what it did not do; that is no measurement.
    let figure = |name| {
        let figure = figures.iter().find(|figure| figure.name == name)?;
        Some(figure.value).filter(|value| value.is_finite() && *value > 0.0)
    };
    row.mlc_prefill_tokens_per_s = figure("prefill_tokens_per_s");
    row.mlc_decode_tokens_per_s = figure("decode_tokens_per_s");
    row.mlc_ttft_s = figure("ttft_s");
    row.mlc_inter_token_latency_s = figure("inter_token_latency_s");
    row.mlc_end_to_end_latency_s = figure("end_to_end_latency_s");
}

/// The row of a trial that never reported: its agent died, its model did not
/// load, or its cell was given up.
pub fn failed_row(
    plan: &Plan,
    trial: &PlannedTrial,
    place: Place<'_>,
    status: Status,
    failure: Failure,
    evidence: &str,
) -> TrialRow {
    let mut row = bare_row(plan, trial, place);
    row.status = status;
    row.failure = Some(failure);
    row.verdict_reason = Some(evidence.to_owned());
    row
}

/// What plan and load alone tell.
fn bare_row(plan: &Plan, trial: &PlannedTrial, place: Place<'_>) -> TrialRow {
    let model = &plan.input.models[trial.model];
    let prompt = &plan.input.prompts[trial.prompt];
    let ready = place.ready;
    let flash = ready.and_then(|ready| ready.options.flash_attention);
    TrialRow {
        trial_id: trial.id.clone(),
        device: place.device.to_owned(),
        soc: place.soc.map(str::to_owned),
        backend: model.engine.into_str().to_owned(),
        model: model.name.clone(),
        weights: model.weights.name().to_owned(),
        quant: model.quant.clone(),
        params: model.params,
        chunks: prompt.context.chunks(),
        prompt_id: prompt.id.clone(),
        repetition: trial.repetition,
        warmup: trial.warmup,
        status: Status::Failed,
        failure: None,
        verdict: None,
        verdict_reason: None,
        n_in_nominal: prompt.nominal_tokens,
        n_in: None,
        n_out: None,
        stop_reason: None,
        load_s: ready.map(|ready| ready.load.ready_ns as f64 / 1e9),
        tokenize_s: None,
        ttft_s: None,
        prefill_s: None,
        itps: None,
        otps: None,
        tpot_p50_ms: None,
        tpot_p90_ms: None,
        tpot_p99_ms: None,
        runtime_s: None,
        rss_peak_mib: None,
        model_mib: ready.and_then(|ready| ready.buffers.model).map(mib),
        kv_cache_mib: ready.and_then(|ready| ready.buffers.kv_cache).map(mib),
        compute_mib: ready.and_then(|ready| ready.buffers.compute).map(mib),
        threads: ready.map(|ready| ready.options.threads),
        flash_attention: flash.map(|on| if on { "on" } else { "off" }),
        thermal_status: place.evidence.thermal_status.map(|status| status.name().to_owned()),
        battery_temp_c: place.evidence.battery_temp_c,
        energy_j: None,
        started_at: None,
        prompt_tokens: prompt.context.tokens(),
        mlc_prefill_tokens_per_s: None,
        mlc_decode_tokens_per_s: None,
        mlc_ttft_s: None,
        mlc_inter_token_latency_s: None,
        mlc_end_to_end_latency_s: None,
    }
}

/// The rows of a trial's output tokens.
pub fn token_rows<'a>(device: &'a str, report: &'a TrialReport) -> impl Iterator<Item = TokenRow<'a>> {
    let latencies = token_latencies_ms(&report.times).into_iter().enumerate();
    let trial_id = &report.trial_id;
    latencies.map(move |(index, latency_ms)| TokenRow { trial_id, device, index, latency_ms })
}

/// The row of a sensor's reading.
pub fn telemetry_row<'a>(device: &'a str, sample: &'a Sample) -> TelemetryRow<'a> {
    TelemetryRow {
        time: UtcTime { unix_ns: sample.unix_ns },
        trial_id: sample.trial_id.as_deref(),
        device,
        sensor: &sample.sensor,
        value: sample.value,
        unit: &sample.unit,
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::super::{SummaryRow, columns::header};
    use super::*;
    use slm_protocol::{Figure, FigureScope, Timestamps};
    use slm_testkit::{
        agent::{ready, report},
        plan::plan_input as input,
    };

    #[test]
    fn rows_are_written_in_the_order_of_their_columns() {
        let plan = Plan::new(input(1, &[1], 1, 1)).unwrap();
        let evidence = Evidence::default();
        let place = Place { device: "local", soc: Some("a, \"cpu\""), ready: None, evidence: &evidence };
        let row = failed_row(&plan, &plan.trials[1], place, Status::Failed, Failure::OutOfMemory, "signal 9");
        let text = written(row);
        assert!(text.starts_with(&header(TrialRow::COLUMNS)), "{text}");
        assert!(text.contains(",failed,out-of-memory,,signal 9,"), "{text}");
        assert!(text.contains("\"a, \"\"cpu\"\"\""));
        let token = TokenRow { trial_id: "t1", device: "d", index: 0, latency_ms: 1.5 };
        assert_eq!(written(token), header(TokenRow::COLUMNS) + "t1,d,0,1.5\n");
        let sample =
            Sample { unix_ns: 0, trial_id: None, sensor: "rss".into(), value: 2.5, unit: "B".into() };
        let row = header(TelemetryRow::COLUMNS) + "1970-01-01T00:00:00.000Z,,d,rss,2.5,B\n";
        assert_eq!(written(telemetry_row("d", &sample)), row);
        assert!(written(SummaryRow::default()).starts_with(&header(SummaryRow::COLUMNS)));
    }

    fn written(row: impl Serialize) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(row).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    #[test]
    fn itps_times_prefill_is_the_prompt() {
        let plan = Plan::new(input(1, &[1], 1, 1)).unwrap();
        let ready = ready();
        let evidence = Evidence::default();
        let place = Place { device: "local", soc: None, ready: Some(&ready), evidence: &evidence };
        let times = Timestamps {
            request_ns: Some(0),
            tokenized_ns: Some(100),
            prefill_start_ns: Some(200),
            prefill_end_ns: Some(77_777_777),
            tokens_ns: (1..=64).map(|i| 77_777_777 + i * 5_000_000).collect(),
            end_ns: Some(1_000_000_000),
            first_text_ns: None,
        };
        let row = finished_row(&plan, &plan.trials[1], place, &report(203, times));
        assert!((row.itps.unwrap() * row.prefill_s.unwrap() - 203.0).abs() < 1e-9);
        assert_eq!((row.status, row.verdict), (Status::Completed, Some(Verdict::Valid)));
        assert_eq!(row.started_at.unwrap().to_string(), "2023-11-14T22:13:20.000Z");
    }

    #[test]
    fn figures_of_mlcs_own_stand_beside_ours_and_are_not_taken_for_them() {
        let mut input = input(1, &[1], 1, 1);
        input.models[0].engine = EngineKind::MlcLlm;
        let plan = Plan::new(input).unwrap();
        let (ready, evidence) = (ready(), Evidence::default());
        let place = Place { device: "local", soc: None, ready: Some(&ready), evidence: &evidence };
        let times = Timestamps {
            request_ns: Some(0),
            first_text_ns: Some(40_000_000),
            end_ns: Some(700_000_000),
            ..Timestamps::default()
        };
        let mut report = report(203, times);
        report.output.as_mut().unwrap().n_out = 64;
        report.figures = [
            ("prefill_tokens_per_s", 5000.0, "tokens/s"),
            ("decode_tokens_per_s", 0.0, "tokens/s"),
            ("ttft_s", 0.04, "s"),
        ]
        .map(|(name, value, unit)| Figure {
            scope: FigureScope::Trial,
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
        })
        .into();
        let row = finished_row(&plan, &plan.trials[1], place, &report);
        assert_eq!((row.ttft_s, row.runtime_s, row.itps, row.otps), (Some(0.04), Some(0.7), None, None));
        assert_eq!((row.mlc_prefill_tokens_per_s, row.mlc_ttft_s), (Some(5000.0), Some(0.04)));
        assert_eq!(row.mlc_decode_tokens_per_s, None, "0 is no measurement");
        assert_eq!((row.backend.as_str(), row.verdict), ("mlc-llm", Some(Verdict::Valid)));
    }
}
