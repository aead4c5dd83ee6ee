//! The rows of trials, figures, tokens and telemetry.

use super::{
    evidence::Evidence,
    metrics::{Metrics, token_latencies_ms},
    placement::probes_apply,
    verdict::{Case, Check, judge},
};
use crate::schema::{FigureRow, OnOff, Status, TelemetryRow, TokenRow, TrialRow, UtcTime, Verdict};
use slm_plan::{Plan, PlannedTrial};
use slm_protocol::{Failure, FigureScope, MachineFacts, Probe, Ready, Sample, TrialOutcome, TrialReport};

/// What a trial's row needs beside plan and report.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Device by name.
    pub device: &'a str,
    /// What the agent told of the device, once it did.
    pub machine: Option<&'a MachineFacts>,
    /// The loaded model, once it is.
    pub ready: Option<&'a Ready>,
    /// What no matrix product can exceed there with the run's threads, operations per second.
    pub peak_ops_per_s: Option<f64>,
    /// What the sensors said meanwhile.
    pub evidence: &'a Evidence,
}

impl<'a> Circumstances<'a> {
    /// Before an agent has told anything.
    pub fn new(device: &'a str, evidence: &'a Evidence) -> Self {
        Self { device, machine: None, ready: None, peak_ops_per_s: None, evidence }
    }
}

/// The row of a trial that the agent reported.
pub fn finished_row(
    plan: &Plan,
    trial: &PlannedTrial,
    circumstances: Circumstances<'_>,
    report: &TrialReport,
) -> TrialRow {
    let metrics = Metrics::of(report);
    let output = report.output.as_ref();
    let row = TrialRow {
        n_in: report.n_in,
        n_out: output.map(|output| output.n_out),
        stop_reason: output.map(|output| output.stop),
        tokenize_s: metrics.tokenize_s,
        ttft_s: metrics.ttft_s,
        prefill_s: metrics.prefill_s,
        itps: metrics.itps,
        otps: metrics.otps,
        tpot_p50_ms: metrics.tpot_p50_ms,
        tpot_p90_ms: metrics.tpot_p90_ms,
        tpot_p99_ms: metrics.tpot_p99_ms,
        runtime_s: metrics.runtime_s,
        mbu: circumstances.ready.and_then(|ready| bandwidth_share(ready, metrics.otps)),
        rss_peak_mib: report.rss_peak.map(mib),
        energy_j: circumstances.evidence.energy_j.ok(),
        started_at: Some(UtcTime { unix_ns: report.started_unix_ns }),
        ..planned_row(plan, trial, circumstances)
    };
    if let TrialOutcome::Failed { failure, message } = &report.outcome {
        let (failure, verdict_reason) = (Some(*failure), Some(message.clone()));
        return TrialRow { status: Status::Failed, failure, verdict_reason, ..row };
    }
    let model = &plan.input.models[trial.model];
    let Some(ready) = circumstances.ready else {
        let verdict_reason = Some("the record of the model's load is missing".into());
        return TrialRow {
            status: Status::Completed,
            verdict: Some(Verdict::Suspect),
            verdict_reason,
            ..row
        };
    };
    let judgement = judge(&Case {
        report,
        ready,
        stop: model.generation.stop,
        max_new_tokens: model.generation.max_new_tokens,
        engine: model.engine,
        probes_apply: circumstances
            .machine
            .is_some_and(|machine| probes_apply(model, machine, &ready.options)),
        contention: circumstances.machine.and_then(|machine| machine.contention),
        peak_ops_per_s: circumstances.peak_ops_per_s,
        evidence: circumstances.evidence,
    });
    TrialRow {
        status: Status::Completed,
        verdict: Some(judgement.verdict),
        verdict_reason: Some(judgement.reasons.join("; ")).filter(|reason| !reason.is_empty()),
        not_checked: Check::join(&judgement.not_checked),
        ..row
    }
}

/// The row of a trial that never reported: its agent died, its model did not
/// load, or its cell was given up.
pub fn failed_row(
    plan: &Plan,
    trial: &PlannedTrial,
    circumstances: Circumstances<'_>,
    status: Status,
    failure: Failure,
    evidence: &str,
) -> TrialRow {
    TrialRow {
        status,
        failure: Some(failure),
        verdict_reason: Some(evidence.to_owned()),
        ..planned_row(plan, trial, circumstances)
    }
}

/// What plan, load and sensors tell, without a report.
fn planned_row(plan: &Plan, trial: &PlannedTrial, circumstances: Circumstances<'_>) -> TrialRow {
    let Circumstances { device, machine, ready, evidence, .. } = circumstances;
    let model = &plan.input.models[trial.model];
    let prompt = &plan.input.prompts[trial.prompt];
    let buffers = ready.map(|ready| ready.buffers);
    TrialRow {
        trial_id: trial.id.clone(),
        device: device.to_owned(),
        soc: machine.map(|machine| machine.cpu.clone()),
        backend: model.engine.to_string(),
        model: model.name.clone(),
        weights: model.weights.to_string(),
        quant: model.quant.clone(),
        variant: model.variant.as_ref().map(|variant| variant.label.clone()),
        params: model.params,
        chunks: prompt.context.chunks(),
        prompt_tokens: prompt.context.tokens(),
        prompt_id: prompt.id.clone(),
        run: trial.run,
        repetition: trial.repetition,
        warmup: trial.warmup,
        n_in_nominal: prompt.nominal_tokens,
        load_s: ready.map(|ready| ready.load.ready_ns as f64 / 1e9),
        model_mib: buffers.and_then(|buffers| buffers.model).map(mib),
        kv_cache_mib: buffers.and_then(|buffers| buffers.kv_cache).map(mib),
        compute_mib: buffers.and_then(|buffers| buffers.compute).map(mib),
        threads: ready.map(|ready| ready.options.threads),
        flash_attention: ready.and_then(|ready| ready.options.flash_attention).map(OnOff::from),
        thermal_status: evidence.thermal_status,
        battery_temp_c: evidence.battery_temp_c,
        ..TrialRow::default()
    }
}

/// The rows of the figures that only the trial's engine or study reports.
pub fn figure_rows<'a>(device: &'a str, report: &'a TrialReport) -> impl Iterator<Item = FigureRow> + 'a {
    report.figures.iter().map(move |figure| FigureRow {
        trial_id: report.trial_id.clone(),
        device: device.to_owned(),
        scope: figure.scope,
        name: figure.name.clone(),
        value: figure.value,
        unit: figure.unit.clone(),
    })
}

/// The rows of a probe. They stand with the trial next to it: the run's first, or its last.
pub fn probe_rows<'a>(
    device: &'a str,
    trial_id: &'a str,
    probe: &'a Probe,
) -> impl Iterator<Item = FigureRow> + 'a {
    let figures = [
        ("ops_per_s", Some(probe.ops_per_s), "op/s"),
        ("peak_ops_per_s", probe.peak_ops_per_s, "op/s"),
        ("memory_bytes_per_s", probe.bytes_per_s, "B/s"),
    ];
    figures.into_iter().filter_map(move |(name, value, unit)| {
        Some(FigureRow {
            trial_id: trial_id.to_owned(),
            device: device.to_owned(),
            scope: FigureScope::Run,
            name: format!("{}_{name}", probe.moment),
            value: value?,
            unit: unit.to_owned(),
        })
    })
}

/// The rows of a trial's output tokens.
pub fn token_rows<'a>(device: &'a str, report: &'a TrialReport) -> impl Iterator<Item = TokenRow> + 'a {
    let latencies = (0..).zip(token_latencies_ms(&report.times));
    latencies.map(move |(index, latency_ms)| TokenRow {
        trial_id: report.trial_id.clone(),
        device: device.to_owned(),
        index,
        latency_ms,
    })
}

/// The row of a sensor's reading.
pub fn telemetry_row(device: &str, sample: &Sample) -> TelemetryRow {
    TelemetryRow {
        time: UtcTime { unix_ns: sample.unix_ns },
        trial_id: sample.trial_id.clone(),
        device: device.to_owned(),
        sensor: sample.sensor.clone(),
        value: sample.value,
        unit: sample.unit.clone(),
    }
}

/// Model bandwidth utilisation: the bytes of weights that a decoded token reads × tokens per second
/// / the bandwidth that the device showed. The KV cache is left out.
fn bandwidth_share(ready: &Ready, otps: Option<f64>) -> Option<f64> {
    Some(ready.model.decode_bytes? as f64 * otps? / ready.memory_bandwidth?)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Row, SummaryRow};
    use serde::Serialize;
    use slm_protocol::{EngineKind, Figure, FigureScope, Timestamps};
    use slm_testkit::{
        agent::{machine, ready, report},
        plan::plan_input as input,
    };

    #[test]
    fn rows_are_written_in_the_order_of_their_columns() {
        let plan = Plan::new(input(1, &[1], 1, 1)).unwrap();
        let evidence = Evidence::default();
        let machine = MachineFacts { cpu: "a, \"cpu\"".into(), ..machine() };
        let of = Circumstances { machine: Some(&machine), ..Circumstances::new("local", &evidence) };
        let row = failed_row(&plan, &plan.trials[1], of, Status::Failed, Failure::OutOfMemory, "signal 9");
        let text = written(row);
        assert!(text.starts_with(&TrialRow::TABLE.header()), "{text}");
        assert!(text.contains(",failed,out-of-memory,,signal 9,"), "{text}");
        assert!(text.contains("\"a, \"\"cpu\"\"\""));
        let token = TokenRow { trial_id: "t1".into(), device: "d".into(), index: 0, latency_ms: 1.5 };
        assert_eq!(written(token), TokenRow::TABLE.header() + "t1,d,0,1.5\n");
        let sample =
            Sample { unix_ns: 0, trial_id: None, sensor: "rss".into(), value: 2.5, unit: "B".into() };
        let row = TelemetryRow::TABLE.header() + "1970-01-01T00:00:00.000Z,,d,rss,2.5,B\n";
        assert_eq!(written(telemetry_row("d", &sample)), row);
        assert!(written(SummaryRow::default()).starts_with(&SummaryRow::TABLE.header()));
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
        let machine = machine();
        let of = Circumstances {
            machine: Some(&machine),
            ready: Some(&ready),
            ..Circumstances::new("local", &evidence)
        };
        let times = Timestamps {
            request_ns: Some(0),
            tokenized_ns: Some(100),
            prefill_start_ns: Some(200),
            prefill_end_ns: Some(77_777_777),
            tokens_ns: (1..=64).map(|i| 77_777_777 + i * 5_000_000).collect(),
            end_ns: Some(1_000_000_000),
            first_text_ns: None,
        };
        let row = finished_row(&plan, &plan.trials[1], of, &report(203, times));
        assert!((row.itps.unwrap() * row.prefill_s.unwrap() - 203.0).abs() < 1e-9);
        assert_eq!((row.status, row.verdict), (Status::Completed, Some(Verdict::Valid)));
        assert_eq!(row.started_at.unwrap().to_string(), "2023-11-14T22:13:20.000Z");
    }

    #[test]
    fn figures_of_an_engines_own_stand_beside_ours_and_are_not_taken_for_them() {
        let mut input = input(1, &[1], 1, 1);
        input.models[0].engine = EngineKind::MlcLlm;
        let plan = Plan::new(input).unwrap();
        let (ready, evidence) = (ready(), Evidence::default());
        let of = Circumstances { ready: Some(&ready), ..Circumstances::new("local", &evidence) };
        let times = Timestamps {
            request_ns: Some(0),
            first_text_ns: Some(40_000_000),
            end_ns: Some(700_000_000),
            ..Timestamps::default()
        };
        let mut report = report(203, times);
        report.output.as_mut().unwrap().n_out = 64;
        let (scope, name) = (FigureScope::Prefill, "prefill_tokens_per_s".to_owned());
        report.figures = vec![Figure { scope, name, value: 5000.0, unit: "tokens/s".into() }];
        let row = finished_row(&plan, &plan.trials[1], of, &report);
        assert_eq!((row.ttft_s, row.runtime_s, row.itps, row.otps), (Some(0.04), Some(0.7), None, None));
        assert_eq!((row.backend.as_str(), row.verdict), ("mlc-llm", Some(Verdict::Valid)));
        let rows: Vec<String> = figure_rows("local", &report).map(written).collect();
        let header = FigureRow::TABLE.header();
        assert_eq!(rows, [header + "t0001,local,prefill,prefill_tokens_per_s,5000.0,tokens/s\n"]);
    }
}
