//! What passes between host and agent, in its plainest form.

use slm_protocol::{
    AgentFacts, BufferSizes, Contention, ContentionSources, EngineFacts, EngineKind, Job, LoadReport,
    MachineFacts, MemoryReading, ModelFacts, ModelFile, Output, Probe, ProbeMoment, Ready, ResolvedOptions,
    StopReason, Timestamps, TrialOutcome, TrialReport, VERSION,
};

/// A machine of two cores.
pub fn machine() -> MachineFacts {
    MachineFacts {
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
        contention: Some(ContentionSources { other_cpu: true, run_delay: true }),
    }
}

/// An agent with llama.cpp of a version.
pub fn facts(engine_version: &str) -> AgentFacts {
    AgentFacts {
        agent_version: "0.1.0".into(),
        protocol: VERSION,
        flavour: "test".into(),
        target: "test".into(),
        pid: 1,
        started_unix_ns: 0,
        engines: vec![EngineFacts {
            engine: EngineKind::Llama,
            version: engine_version.into(),
            build_flags: Vec::new(),
            cpu_features: Vec::new(),
        }],
        machine: machine(),
    }
}

/// A job without trials for the null engine.
pub fn job() -> Job {
    Job {
        protocol: VERSION,
        engine: EngineKind::Null,
        model: ModelFile { name: String::new(), path: String::new(), compiled: None },
        options: crate::plan::options(),
        generation: crate::plan::generation(1),
        prompts: Vec::new(),
        trials: Vec::new(),
        trial_timeout_ms: 1000,
        load_timeout_ms: 0,
        gap_ms: 0,
        telemetry_ms: 0,
        cool_down: None,
    }
}

/// A loaded model of 78 MB on a machine of 20 GB/s.
pub fn ready() -> Ready {
    Ready {
        load: LoadReport { ready_ns: 120_000_000, file_bytes: 78_000_000, cached_fraction: Some(1.0) },
        model: ModelFacts {
            architecture: "mpt".into(),
            description: "mpt".into(),
            n_params: 125_311_488,
            size: 78_000_000,
            decode_bytes: Some(70_000_000),
            prefill_params: Some(80_216_064),
            n_vocab: 50_368,
            n_ctx_train: 2048,
            chat_template_sha256: None,
        },
        options: ResolvedOptions {
            threads: 2,
            flash_attention: Some(true),
            n_ctx: 512,
            n_batch: 512,
            n_ubatch: 512,
            affinity: None,
            repack: None,
        },
        buffers: BufferSizes { model: Some(78 << 20), kv_cache: Some(18 << 20), compute: Some(15 << 20) },
        devices: vec!["CPU".into()],
        memory: MemoryReading::default(),
        memory_bandwidth: Some(20e9),
        prompts: Vec::new(),
        engine_log: Vec::new(),
        calibration: None,
        notes: Vec::new(),
    }
}

/// A completed trial with these times.
pub fn report(n_in: u32, times: Timestamps) -> TrialReport {
    let n_out = u32::try_from(times.tokens_ns.len()).unwrap();
    let elapsed_ns = times.request_ns.zip(times.end_ns).map(|(from, to)| to.saturating_sub(from) + 3_000);
    TrialReport {
        trial_id: "t0001".into(),
        started_unix_ns: 1_700_000_000_000_000_000,
        outcome: TrialOutcome::Completed,
        n_in: Some(n_in),
        n_evaluated: Some(n_in),
        times,
        elapsed_ns,
        output: Some(Output {
            n_out,
            stop: StopReason::Length,
            tokens_sha256: Some("0".into()),
            text: String::new(),
            logits_finite: Some(true),
        }),
        figures: Vec::new(),
        rss_peak: None,
        rss_after_prefill: None,
        after_prefill: None,
        at_end: MemoryReading::default(),
        contention: Contention { other_cpu_s: Some(0.0), run_delay_s: Some(0.0), load_average: Some(0.1) },
    }
}

/// A probe of that machine, which can do 900 Gop/s.
pub fn probe(moment: ProbeMoment) -> Probe {
    Probe {
        moment,
        threads: 2,
        kernel: "avx512-vnni".into(),
        ops_per_s: 900e9,
        peak_ops_per_s: Some(900e9),
        bytes_per_s: Some(18e9),
        buffer_bytes: Some(128 << 20),
        took_ns: 200_000_000,
    }
}
