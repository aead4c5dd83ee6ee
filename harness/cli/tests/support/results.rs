//! Results folders of any size without measuring: a made-up device whose times
//! follow a simple cost model with seeded noise, growing heat, suspect trials and
//! cells that fail. For tests and for `examples/make_results.rs`.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slm_bench::{
    analysis::{Status, SummaryRow, TelemetryRow, TokenRow, TrialRow, UtcTime, Verdict, header, summarise},
    cli::ContextLengths,
    plan::{Cell, Conditions, ModelSource, Plan, PlanInput, PlannedModel, PlannedTrial, Weights},
    prompts::{PromptSet, build},
    store::{FORMAT, HostFacts, Manifest, Record, SweepEvent, ToolFacts},
};
use slm_protocol::{
    Contention, EngineKind, EngineOptions, Failure, FlashAttention, Generation, LoadMode, MemoryReading,
    Output, StopReason, StopRule, Timestamps, TrialOutcome, TrialReport,
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

/// What to make.
pub(crate) struct Recipe {
    /// Models by name and parameters.
    pub(crate) models: Vec<(String, u64)>,
    /// Devices, each of which runs everything.
    pub(crate) devices: &'static [&'static str],
    /// Quantisations, each of every model.
    pub(crate) quants: &'static [&'static str],
    /// Runs of each prompt.
    pub(crate) repetitions: u32,
    /// What every model wrote.
    pub(crate) output: String,
    /// Whether the largest model fails at the longest context.
    pub(crate) failing: bool,
    /// Write tokens and telemetry too.
    pub(crate) details: bool,
}

/// Twelve models as in the catalogue's range of sizes.
pub(crate) fn twelve() -> Vec<(String, u64)> {
    [
        ("slimlm-125m", 125_311_488),
        ("smollm-135m-instruct", 134_515_008),
        ("pythia-160m", 162_322_944),
        ("slimlm-270m", 270_000_000),
        ("smollm-360m-instruct", 361_821_120),
        ("slimlm-450m", 450_000_000),
        ("qwen2-0.5b-instruct", 494_032_768),
        ("slimlm-1b-with-a-rather-long-name-of-its-own", 1_010_000_000),
        ("llama-3.2-1b-instruct", 1_235_814_400),
        ("qwen2-1.5b-instruct", 1_543_714_304),
        ("gemma-2-2b-it", 2_614_341_888),
        ("phi-3.5-mini-instruct", 3_821_079_552),
    ]
    .map(|(name, params)| (name.to_owned(), params))
    .to_vec()
}

/// Writes a results folder.
pub(crate) fn write(folder: &Path, recipe: &Recipe) {
    fs::create_dir_all(folder).unwrap();
    let plan = Plan::new(input(recipe)).unwrap();
    let manifest = Manifest {
        id: "5eed".into(),
        format: FORMAT,
        tool: ToolFacts { version: "0.1.0".into(), commit: "0123456789ab".into() },
        command: ["bench", "sweep", "--device", "made-up phone"].map(str::to_owned).to_vec(),
        created_at: "2026-01-02T03:04:05Z".into(),
        host: HostFacts {
            os: Some("Linux".into()),
            kernel: None,
            cpu: Some("host CPU".into()),
            memory_total: None,
        },
        devices: Vec::new(),
        plan_sha256: plan.hash().unwrap(),
        plan: plan.clone(),
    };
    manifest.write(folder).unwrap();
    let mut trials = csv::Writer::from_path(folder.join("trials.csv")).unwrap();
    let mut tokens = BufWriter::new(File::create(folder.join("tokens.csv")).unwrap());
    let mut telemetry = BufWriter::new(File::create(folder.join("telemetry.csv")).unwrap());
    tokens.write_all(header(TokenRow::COLUMNS).as_bytes()).unwrap();
    telemetry.write_all(header(TelemetryRow::COLUMNS).as_bytes()).unwrap();
    let mut kept: BTreeMap<(&str, Cell), Vec<TrialRow>> = BTreeMap::new();
    let mut devices: Vec<Rows<'_>> = recipe
        .devices
        .iter()
        .enumerate()
        .map(|(index, name)| Rows::new(&plan, recipe, name, index))
        .collect();
    // They measure at the same time: their rows lie among each other's.
    for trial in &plan.trials {
        for rows in &mut devices {
            let row = rows.row(trial);
            trials.serialize(&row).unwrap();
            if recipe.details {
                rows.write_tokens(&row, &mut tokens);
                rows.write_telemetry(&row, &mut telemetry);
            }
            let cell = kept.entry((rows.device, plan.cell(trial))).or_default();
            // The bootstrap of a summary is not meant for a million values.
            if !trial.warmup && cell.len() < 200 {
                cell.push(row);
            }
        }
    }
    trials.flush().unwrap();
    write_summary(folder, &plan, &kept);
    write_events(folder, &plan, recipe);
}

fn input(recipe: &Recipe) -> PlanInput {
    let model = |((name, params), quant): (&(String, u64), &str)| PlannedModel {
        name: name.clone(),
        backend: EngineKind::Llama,
        weights: Weights::Synthetic,
        quant: quant.into(),
        params: *params,
        bits_per_weight: Some(bits(quant)),
        file_bytes: params * 9 / 16,
        source: ModelSource::Nothing,
        generation: Generation {
            max_new_tokens: 64,
            stop: StopRule::FixedLength,
            chat_template: true,
            system: None,
        },
    };
    PlanInput {
        devices: recipe.devices.iter().map(|&name| name.to_owned()).collect(),
        models: recipe
            .models
            .iter()
            .flat_map(|m| recipe.quants.iter().map(move |&q| (m, q)))
            .map(model)
            .collect(),
        prompts: build(&PromptSet::builtin(), &ContextLengths::Chunks((0..=5).collect())),
        prompt_set: None,
        options: EngineOptions {
            threads: Some(4),
            flash_attention: FlashAttention::Auto,
            n_ctx: None,
            n_ubatch: None,
            load: LoadMode::Mmap,
            affinity: None,
            calibrate_threads: false,
            repack: true,
        },
        repetitions: recipe.repetitions,
        warmups: 1,
        timeout_ms: 600_000,
        gap_ms: 20,
        seed: 1,
        conditions: Conditions::default(),
    }
}

/// Bits per weight, about.
fn bits(quant: &str) -> f64 {
    match quant {
        "f16" => 16.0,
        "q8_0" => 8.5,
        "q6_k" => 6.6,
        "q5_k_m" => 5.7,
        "q4_k_m" => 4.9,
        "q3_k_m" => 4.0,
        _ => 4.5,
    }
}

struct Rows<'a> {
    plan: &'a Plan,
    recipe: &'a Recipe,
    device: &'a str,
    /// Share of the first device's speed.
    speed: f64,
    rng: ChaCha8Rng,
    /// Seconds since the first trial.
    clock: f64,
    /// Degrees above the start.
    heat: f64,
}

impl<'a> Rows<'a> {
    fn new(plan: &'a Plan, recipe: &'a Recipe, device: &'a str, index: usize) -> Self {
        let (speed, rng) =
            (0.6f64.powi(i32::try_from(index).unwrap()), ChaCha8Rng::seed_from_u64(7 + index as u64));
        Self { plan, recipe, device, speed, rng, clock: 0.0, heat: 0.0 }
    }

    fn noise(&mut self, share: f64) -> f64 {
        let sum: f64 = (0..6).map(|_| self.rng.random_range(-1.0..1.0)).sum();
        1.0 + share * sum / 1.4
    }

    fn row(&mut self, trial: &PlannedTrial) -> TrialRow {
        let model = &self.plan.input.models[trial.model];
        let prompt = &self.plan.input.prompts[trial.prompt];
        let (params, chunks) = (model.params as f64, f64::from(prompt.context.chunks().unwrap_or(0)));
        let n_in = prompt.nominal_tokens + 4;
        let slow = (1.0 + self.heat / 100.0) / self.speed;
        let itps = 6e10 / params * (1.0 + 0.6 * (-chunks).exp()) / slow * self.noise(0.03);
        let otps = 1.1e10 / (params + 1.4e7 * chunks) / slow * self.noise(0.02);
        // Decoding reads the weights, prefill computes with them.
        let share = 4.5 / bits(&model.quant);
        let (itps, otps) = (itps * share.powf(0.2), otps * share);
        let suspect = self.rng.random_range(0.0..1.0) < 0.06;
        let otps = if suspect { otps * 0.8 } else { otps };
        let prefill = f64::from(n_in) / itps;
        let (ttft, runtime) = (prefill + 0.002, prefill + 0.002 + 63.0 / otps);
        let largest = self.recipe.failing && trial.model + 1 == self.plan.input.models.len();
        let failed = largest && prompt.context.chunks() >= Some(4);
        let figure = |value: f64| (!failed).then_some(value);
        self.clock += if failed { 1.0 } else { runtime + 0.02 };
        self.heat = 18.0 * (1.0 - (-self.clock / 600.0).exp());
        TrialRow {
            trial_id: trial.id.clone(),
            device: self.device.into(),
            soc: Some("made-up SoC".into()),
            backend: model.backend.into_str().into(),
            model: model.name.clone(),
            weights: "synthetic".into(),
            quant: model.quant.clone(),
            params: model.params,
            chunks: prompt.context.chunks(),
            prompt_id: prompt.id.clone(),
            repetition: trial.repetition,
            warmup: trial.warmup,
            status: if failed { Status::Failed } else { Status::Completed },
            failure: failed.then_some(Failure::OutOfMemory),
            verdict: (!failed).then_some(if suspect { Verdict::Suspect } else { Verdict::Valid }),
            verdict_reason: if failed {
                Some("signal 9 (killed by the kernel: out of memory)".into())
            } else {
                suspect.then(|| format!("other processes used {} % of a core", self.rng.random_range(11..90)))
            },
            n_in_nominal: prompt.nominal_tokens,
            n_in: Some(n_in),
            n_out: (!failed).then_some(64),
            stop_reason: (!failed).then(|| "length".into()),
            load_s: Some(0.2 + params / 4e9),
            tokenize_s: figure(0.000_4),
            ttft_s: figure(ttft),
            prefill_s: figure(prefill),
            itps: figure(itps),
            otps: figure(otps),
            tpot_p50_ms: figure(995.0 / otps),
            tpot_p90_ms: figure(1080.0 / otps),
            tpot_p99_ms: figure(1250.0 / otps),
            runtime_s: figure(runtime),
            rss_peak_mib: figure(60.0 + params * 0.62 / 1e6),
            model_mib: Some(params * 0.5625 / 1_048_576.0),
            kv_cache_mib: Some(18.0 + params / 4e7),
            compute_mib: Some(15.0 + params / 1e8),
            threads: Some(4),
            flash_attention: Some("on"),
            thermal_status: None,
            battery_temp_c: Some(31.0 + self.heat),
            energy_j: None,
            started_at: Some(self.time()),
            prompt_tokens: prompt.context.tokens(),
            mlc_prefill_tokens_per_s: None,
            mlc_decode_tokens_per_s: None,
            mlc_ttft_s: None,
            mlc_inter_token_latency_s: None,
            mlc_end_to_end_latency_s: None,
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some years")]
    fn time(&self) -> UtcTime {
        UtcTime { unix_ns: 1_767_323_045_000_000_000 + (self.clock * 1e9) as u64 }
    }

    fn write_tokens(&mut self, row: &TrialRow, out: &mut impl Write) {
        let (Some(ttft), Some(otps)) = (row.ttft_s, row.otps) else { return };
        writeln!(out, "{},{},0,{:.6}", row.trial_id, row.device, ttft * 1e3).unwrap();
        for index in 1..64 {
            let latency = 1e3 / otps * (0.98 + 0.0006 * f64::from(index)) * self.noise(0.03);
            writeln!(out, "{},{},{index},{latency:.6}", row.trial_id, row.device).unwrap();
        }
    }

    fn write_telemetry(&mut self, row: &TrialRow, out: &mut impl Write) {
        let at = self.time();
        let little = 1.8e9 * self.noise(0.01);
        for (sensor, value, unit) in [
            ("rss", 1_048_576.0 * row.rss_peak_mib.unwrap_or(10.0), "B"),
            ("battery", 31.0 + self.heat, "°C"),
            ("cpu-big", 38.0 + 2.0 * self.heat, "°C"),
            ("cpu4 frequency", 2.9e9 / (1.0 + self.heat / 100.0), "Hz"),
            ("cpu0 frequency", little, "Hz"),
            ("load-average", 1.2 * self.noise(0.1), "1"),
        ] {
            writeln!(out, "{at},{},{},{sensor},{value},{unit}", row.trial_id, row.device).unwrap();
        }
    }
}

fn write_summary(folder: &Path, plan: &Plan, kept: &BTreeMap<(&str, Cell), Vec<TrialRow>>) {
    let mut writer = csv::Writer::from_path(folder.join("summary.csv")).unwrap();
    for device in &plan.input.devices {
        for cell in plan.cells() {
            let rows: Vec<&TrialRow> = kept.get(&(device.as_str(), cell)).into_iter().flatten().collect();
            let planned = u32::try_from(rows.len()).unwrap();
            let row: SummaryRow = summarise(plan, device, cell, planned, &rows);
            writer.serialize(row).unwrap();
        }
    }
    writer.flush().unwrap();
}

/// The report of the first measured trial of each model, with what it wrote.
fn write_events(folder: &Path, plan: &Plan, recipe: &Recipe) {
    let mut file = BufWriter::new(File::create(folder.join("events.jsonl")).unwrap());
    for model in 0..plan.input.models.len() {
        for trial in plan.trials.iter().filter(|trial| trial.model == model && !trial.warmup).take(40) {
            let report = TrialReport {
                trial_id: trial.id.clone(),
                started_unix_ns: 1,
                outcome: TrialOutcome::Completed,
                n_in: Some(3),
                n_evaluated: Some(3),
                times: Timestamps::default(),
                output: Some(Output {
                    n_out: 64,
                    stop: StopReason::Length,
                    tokens_sha256: None,
                    text: recipe.output.clone(),
                    logits_finite: Some(true),
                }),
                figures: Vec::new(),
                rss_peak: None,
                rss_after_prefill: None,
                after_prefill: None,
                at_end: MemoryReading::default(),
                contention: Contention::default(),
            };
            let event =
                SweepEvent::TrialFinished { device: recipe.devices[0].into(), report: Box::new(report) };
            let record = Record { format: FORMAT, seq: 0, at: "2026-01-02T03:04:05Z".into(), event };
            writeln!(file, "{}", serde_json::to_string(&record).unwrap()).unwrap();
        }
    }
}
