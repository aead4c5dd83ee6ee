//! Results folders of any size without measuring: a plan, figures of a made-up device that
//! are the same every time, and what a sweep derives from them.

use crate::{agent, plan};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slm_plan::{Cell, Plan, PlanInput, PlannedModel, PlannedTrial, Weights, request::ContextLengths};
use slm_protocol::{
    AgentFacts, EngineKind, Failure, MachineFacts, Output, StopReason, Timestamps, TrialReport,
};
use slm_results::{
    analysis::{Circumstances, Evidence, failed_row, summarize, variances},
    manifest::{DeviceRecord, FORMAT, HostFacts, Manifest, ToolFacts},
    schema::{OnOff, Status, TABLES, TrialRow, UtcTime, Verdict},
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

/// A sweep to make.
pub struct Made {
    /// Devices, each of which runs everything.
    pub devices: &'static [&'static str],
    /// Names and parameters; a name with `-MLC` at its end is run by TVM, others by llama.cpp.
    pub models: Vec<(String, u64)>,
    /// How many of the models, from the first on, have trained weights.
    pub real: usize,
    /// Quantizations, each of every model.
    pub quants: &'static [&'static str],
    /// Contexts.
    pub lengths: ContextLengths,
    /// Runs of each model.
    pub runs: u32,
    /// Repetitions of every prompt within a run.
    pub repetitions: u32,
    /// Compute threads.
    pub threads: u32,
    /// What the manifest says of each device's agent.
    pub agent: Option<AgentFacts>,
    /// How figures come about.
    pub figures: Figures,
    /// Chunks from which on the last model runs out of memory.
    pub failing: Option<u8>,
    /// What every model wrote.
    pub output: Option<String>,
    /// Write tokens and telemetry too.
    pub details: bool,
}

/// How the figures of a made-up device come about.
#[derive(Clone, Copy)]
pub enum Figures {
    /// Those of an ideal machine, each off by up to 1 %.
    Steady {
        /// Rates relative to the usual ones.
        speed: f64,
        /// Decides the noise.
        seed: u64,
    },
    /// A phone's: it gets warmer and slower, and other processes disturb it.
    Warming,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            devices: &["local"],
            models: models(&[("slimlm-125m", 125_311_488)]),
            real: 0,
            quants: &["q4_0"],
            lengths: ContextLengths::Chunks(vec![0, 1]),
            runs: 3,
            repetitions: 1,
            threads: 2,
            agent: Some(agent::facts("1.0")),
            figures: Figures::Steady { speed: 1.0, seed: 1 },
            failing: None,
            output: None,
            details: false,
        }
    }
}

/// Models by name and parameters.
pub fn models(models: &[(&str, u64)]) -> Vec<(String, u64)> {
    models.iter().map(|&(name, params)| (name.to_owned(), params)).collect()
}

/// Up to twelve models as in the catalogue's range of sizes.
pub fn some_of_twelve(count: usize) -> Vec<(String, u64)> {
    let twelve = [
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
    ];
    models(&twelve[..count])
}

impl Made {
    /// A phone with some of twelve models at all lengths, with all details; the largest model
    /// fails at the longest contexts.
    pub fn on_a_phone(count: usize) -> Self {
        Self {
            devices: &["phone"],
            models: some_of_twelve(count),
            lengths: ContextLengths::Chunks((0..=5).collect()),
            threads: 4,
            agent: None,
            figures: Figures::Warming,
            failing: Some(4),
            output: Some("made-up output".into()),
            details: true,
            ..Self::default()
        }
    }

    /// Writes the results folder.
    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let plan = Plan::new(self.input()).unwrap();
        let record = |name: &&str| {
            let agent = self.agent.clone()?;
            Some(DeviceRecord { name: (*name).into(), agent, threads: None, affinity: None, condition: None })
        };
        manifest(&plan, self.devices.iter().filter_map(record).collect()).write(folder).unwrap();
        for table in TABLES {
            fs::write(folder.join(table.file_name()), table.header()).unwrap();
        }
        let mut trials = csv::Writer::from_path(folder.join("trials.csv")).unwrap();
        let [mut tokens, mut telemetry] = ["tokens.csv", "telemetry.csv"].map(|name| {
            let file = File::options().append(true).open(folder.join(name)).unwrap();
            BufWriter::new(file)
        });
        let mut kept: BTreeMap<(&str, Cell), Vec<TrialRow>> = BTreeMap::new();
        let mut devices: Vec<Rows<'_>> = self
            .devices
            .iter()
            .enumerate()
            .map(|(index, name)| Rows::new(&plan, self, name, index))
            .collect();
        // They measure at the same time: their rows lie among each other's.
        for (index, trial) in plan.trials.iter().enumerate() {
            for rows in &mut devices {
                let row = rows.row(index, trial);
                trials.serialize(&row).unwrap();
                if self.details {
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
        self.write_summary(folder, &plan, &kept);
        self.write_events(folder, &plan);
    }

    fn input(&self) -> PlanInput {
        let model = |(index, (name, params)): (usize, &(String, u64)), quant: &str| PlannedModel {
            weights: if index < self.real { Weights::Real } else { Weights::Synthetic },
            engine: if name.ends_with("-MLC") { EngineKind::TvmRelaxVm } else { EngineKind::Llama },
            quant: quant.into(),
            bits_per_weight: Some(bits(quant)),
            ..plan::model(name, *params)
        };
        let models = self
            .models
            .iter()
            .enumerate()
            .flat_map(|own| self.quants.iter().map(move |quant| model(own, quant)));
        let mut input = plan::input(models.collect(), &self.lengths);
        input.devices = self.devices.iter().map(|&name| name.to_owned()).collect();
        input.options.threads = Some(self.threads);
        input.runs = self.runs;
        input.repetitions = self.repetitions;
        input
    }

    fn write_summary(&self, folder: &Path, plan: &Plan, kept: &BTreeMap<(&str, Cell), Vec<TrialRow>>) {
        let mut writer = csv::Writer::from_path(folder.join("summary.csv")).unwrap();
        let mut variance = csv::Writer::from_path(folder.join("variance.csv")).unwrap();
        for device in self.devices {
            for cell in plan.cells() {
                let rows: Vec<&TrialRow> = kept.get(&(*device, cell)).into_iter().flatten().collect();
                let planned = u32::try_from(rows.len()).unwrap();
                let summary = summarize(plan, device, cell, planned, &rows);
                for row in variances(&summary, &rows) {
                    variance.serialize(row).unwrap();
                }
                writer.serialize(summary).unwrap();
            }
        }
        writer.flush().unwrap();
        variance.flush().unwrap();
    }

    /// The reports of the first measured trials of each model, with what it wrote.
    fn write_events(&self, folder: &Path, plan: &Plan) {
        let mut file = BufWriter::new(File::create(folder.join("events.jsonl")).unwrap());
        let Some(text) = &self.output else { return };
        for model in 0..plan.input.models.len() {
            for trial in plan.trials.iter().filter(|trial| trial.model == model && !trial.warmup).take(40) {
                let output = Output {
                    n_out: 64,
                    stop: StopReason::Length,
                    tokens_sha256: None,
                    text: text.clone(),
                    logits_finite: Some(true),
                };
                let report = TrialReport {
                    trial_id: trial.id.clone(),
                    output: Some(output),
                    ..agent::report(3, Timestamps::default())
                };
                // In the order in which a sweep writes the fields: readers look at the first ones only.
                let device = serde_json::to_string(&self.devices[0]).unwrap();
                let report = serde_json::to_string(&report).unwrap();
                let event = format!(r#"{{"type":"trial-finished","device":{device},"report":{report}}}"#);
                let record =
                    format!(r#"{{"format":"{FORMAT}","seq":0,"at":"2026-01-02T03:04:05Z","event":{event}}}"#);
                writeln!(file, "{record}").unwrap();
            }
        }
    }
}

/// The manifest of a plan.
pub fn manifest(plan: &Plan, devices: Vec<DeviceRecord>) -> Manifest {
    Manifest {
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
        devices,
        plan_sha256: plan.hash().unwrap(),
        plan: plan.clone(),
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

/// One device's rows, in the order of the plan.
struct Rows<'a> {
    plan: &'a Plan,
    made: &'a Made,
    device: &'a str,
    /// Share of the first device's speed.
    share: f64,
    rng: ChaCha8Rng,
    /// Seconds since the first trial.
    clock: f64,
    /// Degrees above the start.
    heat: f64,
}

impl<'a> Rows<'a> {
    fn new(plan: &'a Plan, made: &'a Made, device: &'a str, index: usize) -> Self {
        let share = 0.6f64.powi(i32::try_from(index).unwrap());
        let rng = ChaCha8Rng::seed_from_u64(7 + index as u64);
        Self { plan, made, device, share, rng, clock: 0.0, heat: 0.0 }
    }

    fn noise(&mut self, share: f64) -> f64 {
        let sum: f64 = (0..6).map(|_| self.rng.random_range(-1.0..1.0)).sum();
        1.0 + share * sum / 1.4
    }

    /// Input and output tokens per second of a trial, and whether something disturbed it.
    fn rates(&mut self, index: usize, trial: &PlannedTrial) -> (f64, f64, bool) {
        let model = &self.plan.input.models[trial.model];
        let params = model.params as f64;
        match self.made.figures {
            Figures::Steady { speed, seed } => {
                let wobble = |salt: u64| {
                    let mixed =
                        (index as u64 + 1000 * salt + 100_000 * seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    1.0 + 0.02 * ((mixed >> 40) as f64 / f64::from(1 << 24) - 0.5)
                };
                let rate = |salt: u64, rate: f64| self.share * speed * wobble(salt) * rate / (params / 1e9);
                (rate(1, 60.0), rate(2, 9.0), false)
            }
            Figures::Warming => {
                let chunks = f64::from(self.plan.input.prompts[trial.prompt].context.chunks().unwrap_or(0));
                let slow = (1.0 + self.heat / 100.0) / self.share;
                let itps = 6e10 / params * (1.0 + 0.6 * (-chunks).exp()) / slow * self.noise(0.03);
                let otps = 1.1e10 / (params + 1.4e7 * chunks) / slow * self.noise(0.02);
                // Decoding reads the weights, prefill computes with them.
                let share = 4.5 / bits(&model.quant);
                let (itps, otps) = (itps * share.powf(0.2), otps * share);
                let suspect = self.rng.random_range(0.0..1.0) < 0.06;
                (itps, if suspect { otps * 0.8 } else { otps }, suspect)
            }
        }
    }

    fn row(&mut self, index: usize, trial: &PlannedTrial) -> TrialRow {
        let evidence = Evidence::default();
        let machine = MachineFacts { cpu: "made-up SoC".into(), ..agent::machine() };
        let circumstances =
            Circumstances { machine: Some(&machine), ..Circumstances::new(self.device, &evidence) };
        let why = "signal 9 (killed by the kernel: out of memory)";
        let bare = failed_row(self.plan, trial, circumstances, Status::Failed, Failure::OutOfMemory, why);
        let (itps, otps, suspect) = self.rates(index, trial);
        let params = bare.params as f64;
        // Prompts of exact length have no template around them.
        let n_in = bare.n_in_nominal + if bare.chunks.is_some() { 4 } else { 0 };
        let prefill = f64::from(n_in) / itps;
        let (ttft, runtime) = (prefill + 0.002, prefill + 0.002 + 63.0 / otps);
        let is_last = trial.model + 1 == self.plan.input.models.len();
        let failed = is_last && self.made.failing.is_some_and(|from| bare.chunks >= Some(from));
        self.clock += if failed { 1.0 } else { runtime + 0.02 };
        self.heat = 18.0 * (1.0 - (-self.clock / 600.0).exp());
        let is_warming = matches!(self.made.figures, Figures::Warming);
        let loaded = TrialRow {
            n_in: Some(n_in),
            load_s: Some(0.1 + params / 1e9),
            model_mib: Some(params * 0.5625 / 1_048_576.0),
            kv_cache_mib: Some(18.0 + params / 4e7),
            compute_mib: Some(15.0 + params / 1e8),
            threads: Some(self.made.threads),
            flash_attention: Some(OnOff::On),
            battery_temp_c: is_warming.then_some(31.0 + self.heat),
            started_at: Some(self.time()),
            ..bare
        };
        if failed {
            return loaded;
        }
        TrialRow {
            status: Status::Completed,
            failure: None,
            verdict: Some(if suspect { Verdict::Suspect } else { Verdict::Valid }),
            verdict_reason: suspect
                .then(|| format!("other processes used {} % of a core", self.rng.random_range(11..90))),
            n_out: Some(64),
            stop_reason: Some(StopReason::Length),
            tokenize_s: Some(0.000_4),
            ttft_s: Some(ttft),
            prefill_s: Some(prefill),
            itps: Some(itps),
            otps: Some(otps),
            tpot_p50_ms: Some(995.0 / otps),
            tpot_p90_ms: Some(1080.0 / otps),
            tpot_p99_ms: Some(1250.0 / otps),
            runtime_s: Some(runtime),
            rss_peak_mib: Some(60.0 + params * 0.62 / 1e6),
            ..loaded
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
