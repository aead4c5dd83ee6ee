//! Results folders made without measuring: a plan, trials with set figures and a
//! little noise that is the same every time, and what a sweep derives from them.
#![allow(dead_code, reason = "each test program uses a part of this")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use slm_bench::{
    analysis::{Evidence, Place, Status, SummaryRow, TrialRow, Verdict, failed_row, summarise},
    cli::ContextLengths,
    plan::{Conditions, ModelSource, Plan, PlanInput, PlannedModel, PlannedTrial, Weights},
    prompts::{PromptSet, build},
    store::{DeviceRecord, FORMAT, HostFacts, Manifest, ToolFacts},
};
use slm_protocol::{
    AgentFacts, EngineFacts, EngineKind, EngineOptions, Failure, FlashAttention, Generation, LoadMode,
    MachineFacts, StopRule, VERSION,
};
use std::{collections::BTreeMap, fs, path::Path};

/// A sweep to make.
pub(crate) struct Made {
    /// Names and parameters; a name with `-MLC` at its end is run by TVM, others by llama.cpp.
    pub(crate) models: Vec<(&'static str, u64)>,
    pub(crate) lengths: ContextLengths,
    pub(crate) repetitions: u32,
    pub(crate) threads: u32,
    pub(crate) engine_version: &'static str,
    /// Rates relative to the usual ones.
    pub(crate) speed: f64,
    /// Decides the noise.
    pub(crate) seed: u64,
    /// A model whose trials all failed.
    pub(crate) failed: Option<&'static str>,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            models: vec![("slimlm-125m", 125_311_488)],
            lengths: ContextLengths::Chunks(vec![0, 1]),
            repetitions: 3,
            threads: 2,
            engine_version: "1.0",
            speed: 1.0,
            seed: 1,
            failed: None,
        }
    }
}

impl Made {
    /// Writes manifest, trials and summary.
    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        let plan = Plan::new(self.input()).unwrap();
        let rows: BTreeMap<String, TrialRow> = plan
            .trials
            .iter()
            .enumerate()
            .map(|(i, trial)| (trial.id.clone(), self.row(&plan, i, trial)))
            .collect();
        let mut writer = csv::Writer::from_path(folder.join("trials.csv")).unwrap();
        plan.trials.iter().for_each(|trial| writer.serialize(&rows[&trial.id]).unwrap());
        writer.flush().unwrap();
        let mut writer = csv::Writer::from_path(folder.join("summary.csv")).unwrap();
        for cell in plan.cells() {
            let trials = plan.trials.iter().filter(|trial| !trial.warmup && plan.cell(trial) == cell);
            let trials: Vec<&TrialRow> = trials.map(|trial| &rows[&trial.id]).collect();
            let planned = u32::try_from(trials.len()).unwrap();
            let row: SummaryRow = summarise(&plan, "local", cell, planned, &trials);
            writer.serialize(row).unwrap();
        }
        writer.flush().unwrap();
        self.manifest(plan).write(folder).unwrap();
    }

    fn input(&self) -> PlanInput {
        let model = |&(name, params): &(&str, u64)| PlannedModel {
            name: name.into(),
            backend: if name.ends_with("-MLC") { EngineKind::TvmRelaxVm } else { EngineKind::Llama },
            weights: Weights::Synthetic,
            quant: "q4_0".into(),
            params,
            bits_per_weight: None,
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
            devices: vec!["local".into()],
            models: self.models.iter().map(model).collect(),
            prompts: build(&PromptSet::builtin(), &self.lengths),
            prompt_set: None,
            options: EngineOptions {
                threads: Some(self.threads),
                flash_attention: FlashAttention::Auto,
                n_ctx: None,
                n_ubatch: None,
                load: LoadMode::Mmap,
                affinity: None,
                calibrate_threads: false,
                repack: true,
            },
            repetitions: self.repetitions,
            warmups: 1,
            timeout_ms: 60_000,
            gap_ms: 0,
            seed: 1,
            conditions: Conditions::default(),
        }
    }

    /// Figures of an ideal machine, each off by up to 1 %.
    fn row(&self, plan: &Plan, index: usize, trial: &PlannedTrial) -> TrialRow {
        let evidence = Evidence::default();
        let place = Place { device: "local", soc: Some("Test CPU"), ready: None, evidence: &evidence };
        let model = &plan.input.models[trial.model];
        let row = failed_row(plan, trial, place, Status::Failed, Failure::OutOfMemory, "signal 9");
        if self.failed == Some(model.name.as_str()) {
            return row;
        }
        let wobble = |salt: u64| {
            let mixed =
                (index as u64 + 1000 * salt + 100_000 * self.seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            1.0 + 0.02 * ((mixed >> 40) as f64 / f64::from(1 << 24) - 0.5)
        };
        // Prompts of exact length have no template around them.
        let n_in = row.n_in_nominal + if row.chunks.is_some() { 4 } else { 0 };
        let billions = model.params as f64 / 1e9;
        let itps = self.speed * wobble(1) * 60.0 / billions;
        let otps = self.speed * wobble(2) * 9.0 / billions;
        let ttft = 0.002 + f64::from(n_in) / itps;
        TrialRow {
            status: Status::Completed,
            failure: None,
            verdict: Some(Verdict::Valid),
            verdict_reason: None,
            n_in: Some(n_in),
            n_out: Some(64),
            load_s: Some(0.1 + billions),
            ttft_s: Some(ttft),
            prefill_s: Some(f64::from(n_in) / itps),
            itps: Some(itps),
            otps: Some(otps),
            runtime_s: Some(ttft + 63.0 / otps),
            rss_peak_mib: Some(60.0 + 600.0 * billions),
            model_mib: Some(540.0 * billions),
            threads: Some(self.threads),
            flash_attention: Some("on"),
            ..row
        }
    }

    fn manifest(&self, plan: Plan) -> Manifest {
        let agent = AgentFacts {
            agent_version: "0.1.0".into(),
            protocol: VERSION,
            flavour: "test".into(),
            target: "test".into(),
            pid: 1,
            started_unix_ns: 0,
            engines: vec![EngineFacts {
                engine: EngineKind::Llama,
                version: self.engine_version.into(),
                build_flags: Vec::new(),
                cpu_features: Vec::new(),
            }],
            machine: MachineFacts {
                cpu: "Test CPU".into(),
                kernel: "test".into(),
                physical_cores: 2,
                busy_cores: 0.0,
                cpu_features: Vec::new(),
                memory_total: 8 << 30,
                memory_available: 4 << 30,
                cpus: None,
                clusters: Vec::new(),
                temperature_c: None,
            },
        };
        Manifest {
            id: String::new(),
            format: FORMAT,
            tool: ToolFacts::this(),
            command: vec!["bench".into()],
            created_at: "2026-01-01T00:00:00Z".into(),
            host: HostFacts { os: None, kernel: None, cpu: None, memory_total: None },
            devices: vec![DeviceRecord {
                name: "local".into(),
                agent,
                threads: None,
                affinity: None,
                phone: None,
            }],
            plan_sha256: plan.hash().unwrap(),
            plan,
        }
    }
}

/// Copies a committed baseline into a folder.
pub(crate) fn copy_baseline(name: &str, to: &Path) {
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../results/baselines").join(name), to).unwrap();
}
