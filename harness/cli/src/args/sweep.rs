//! Arguments of `bench sweep`.

use super::{
    AdbArgs, DeviceList, ModelList, OutputArgs, PhoneArgs, QuantList,
    choices::{self, LoadArg, StopArg, SwitchArg, ToggleArg, WeightsArg},
    lists,
};
use clap::Args;
use slm_plan::{
    error::{Error, Result as PlanResult},
    request::{AffinityChoice, ContextLengths, EmbeddingTypes, OutputRequest, SweepRequest, ThreadsChoice},
};
use slm_protocol::{EngineKind, ModelForm};
use std::{path::PathBuf, time::Duration};

/// Models measured when none is named: small ones that the paper has too.
const DEFAULT_MODELS: &str = "slimlm-125m,smollm-135m-instruct,smollm-360m-instruct,qwen2-0.5b-instruct";
/// Models of `--quick`.
const QUICK_MODELS: &str = "slimlm-125m,smollm-135m-instruct";

/// What a plan holds, and so cannot be given to a sweep that is resumed.
const PLANNED: [&str; 31] = [
    "device",
    "models",
    "weights",
    "chunks",
    "prompt_tokens",
    "prompts",
    "backend",
    "mlc_runtime",
    "quant",
    "embd",
    "repack",
    "system",
    "runs",
    "repetitions",
    "warmups",
    "max_new_tokens",
    "stop",
    "no_chat_template",
    "chat_template",
    "threads",
    "affinity",
    "telemetry_interval",
    "cool_to",
    "cool_timeout",
    "flash_attention",
    "ctx",
    "load",
    "timeout",
    "seed",
    "dry_run",
    "quick",
];

/// Measure models at several context lengths on a device
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Models are synthetic, their exact shape with random weights, which cost the same time and memory \
                        as trained ones; but for files, those that were imported, and all with --weights real."
)]
pub struct SweepArgs {
    /// Devices: `local` is this machine; a phone is its profile's name (`s24`), `serial:…` or `adb://host:port/serial`; several with commas, or
    /// `all` attached phones, are measured at once
    #[arg(long, value_name = "LIST", value_parser = lists::parse_devices, required_unless_present = "resume")]
    pub device: Option<DeviceList>,
    /// Catalogue names, GGUF files, folders of compiled models, `hf:REPO[@REV][:FILE]`, `shape:arch=…,layers=…`, separated
    /// by commas
    #[arg(long, value_name = "LIST", value_parser = lists::parse_models)]
    models: Option<ModelList>,
    /// Weights of catalogue models; auto: those that were imported, else synthetic; real: imported now where they
    /// were not, from the hub
    #[arg(long, value_enum, default_value_t = WeightsArg::Auto)]
    weights: WeightsArg,
    /// Chunks of context, 0 to 5 [default: 0-5]
    #[arg(long, value_name = "LIST", value_parser = parse_chunk_list, conflicts_with = "prompt_tokens")]
    chunks: Option<ContextLengths>,
    /// Prompts of exactly these numbers of tokens, instead of --chunks
    #[arg(long, value_name = "LIST", value_parser = parse_token_list)]
    prompt_tokens: Option<ContextLengths>,
    /// `docassist` (the paper's prompt for document assistance), or a folder with questions.txt,
    /// requests.txt and documents/ [default: the study's own]
    #[arg(long, value_name = "NAME|DIR")]
    prompts: Option<PathBuf>,
    /// Engines, separated by commas: a model runs under the one that its form is for, compiled folders under mlc and mlc-llm
    #[arg(long, value_parser = choices::backends(), value_name = "LIST", value_delimiter = ',', default_value = "llama.cpp")]
    backend: Vec<EngineKind>,
    /// Folder of `libtvm_ffi.so` and `libtvm_runtime.so` for the device, for --backend mlc; for mlc-llm with
    /// `libmlc_llm.so`, or of `libtvm4j_runtime_packed.so`
    #[arg(long, value_name = "DIR")]
    mlc_runtime: Option<PathBuf>,
    /// Quantizations, separated by commas: every model in each (`f16`, `q8_0`, `q6_k`, `q5_k_m`, `q4_k_m`, `q4_0`,
    /// `q3_k_m`…) [default: `q4_0`; GGUF files as they are]
    #[arg(long, value_name = "LIST", value_parser = lists::parse_quants)]
    quant: Option<QuantList>,
    /// Weight type of the embeddings; `auto`: what llama.cpp's quantizer gives them
    /// [default: as --quant, `auto` for the K types]
    #[arg(long, value_name = "TYPE|auto", value_parser = lists::parse_embeddings)]
    embd: Option<EmbeddingTypes>,
    /// Runs of each model: fresh processes with a fresh load, spread over the sweep [default: 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: Option<u32>,
    /// Repetitions of every prompt within a run [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repetitions: Option<u32>,
    /// Warm-ups of every context length in each run, marked and kept out of the figures
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=100))]
    warmups: u32,
    /// Output tokens at most [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16384))]
    max_new_tokens: Option<u32>,
    /// What ends an output [default: length for synthetic models, end-token for others]
    #[arg(long, value_enum)]
    stop: Option<StopArg>,
    /// Do not render prompts through the model's chat template
    #[arg(long)]
    no_chat_template: bool,
    /// File with a chat template (Jinja) that takes the place of the models' own
    #[arg(long, value_name = "FILE", conflicts_with = "no_chat_template")]
    pub chat_template: Option<PathBuf>,
    /// Message of the system before each prompt, through the chat template
    #[arg(long, value_name = "TEXT", conflicts_with = "no_chat_template")]
    system: Option<String>,
    /// Compute threads; calibrate: what decodes fastest, found by a short trial of each
    /// model; auto: calibrate on phones, else the physical cores
    #[arg(long, value_name = "N|auto|calibrate", default_value = "auto", value_parser = choices::parse_threads)]
    threads: ThreadsChoice,
    /// CPUs to compute on: big (all but the slowest cluster), all, a list or a mask
    /// [default: big on phones, else all]
    #[arg(long, value_name = "big|all|0-3,7|0xf0", value_parser = choices::parse_affinity)]
    affinity: Option<AffinityChoice>,
    /// How often sensors are read within a trial; 0: only before and after it
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_interval)]
    telemetry_interval: Duration,
    /// Wait before each trial until no sensor of CPU, SoC and battery is hotter
    /// [default: as at the start, plus 1C, on phones; elsewhere no wait]
    #[arg(long, value_name = "35C", value_parser = parse_celsius)]
    cool_to: Option<f64>,
    /// Begin all the same after this time, and mark the trial; 0: never wait [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = parse_wait)]
    cool_timeout: Option<Duration>,
    /// Flash attention
    #[arg(long, value_enum, default_value_t = ToggleArg::Auto)]
    flash_attention: ToggleArg,
    /// Context allocated, in tokens [default: the longest prompt and its output, rounded up to 256]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    ctx: Option<u32>,
    /// How weights get into memory
    #[arg(long, value_enum, default_value_t = LoadArg::Mmap)]
    load: LoadArg,
    /// Lay weights out anew for the CPU's kernels, where the engine can
    #[arg(long, value_enum, default_value_t = SwitchArg::On)]
    repack: SwitchArg,
    /// Give up a trial after this time
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_duration)]
    timeout: Duration,
    /// Seed of the order of trials and of the intervals
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Folder for the results; must not exist or be empty [default: results/<time>-<device>]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub out: Option<PathBuf>,
    /// Finish an interrupted sweep; its own plan holds, options of the plan are refused
    #[arg(long, value_name = "DIR", conflicts_with_all = PLANNED)]
    pub resume: Option<PathBuf>,
    /// Print the plan with an estimate of time and disk; measure nothing
    #[arg(long)]
    pub dry_run: bool,
    /// A first look in under a minute: two models, 0, 1 and 4 chunks, 32 tokens; one run, so no intervals
    #[arg(long)]
    quick: bool,
    /// The adb server.
    #[command(flatten)]
    pub adb: AdbArgs,
    /// Form of the summary on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
    /// What is done to phones.
    #[command(flatten)]
    pub phone: PhoneArgs,
}

impl SweepArgs {
    /// What is asked for, every default filled in; but for the text of `--chat-template`, which is still to be read.
    ///
    /// # Errors
    /// [`Error::Input`] for options that do not go together.
    pub fn request(&self) -> PlanResult<SweepRequest> {
        let engines = self.engines()?;
        let (models, chunks, runs, max_new_tokens) = if self.quick {
            (QUICK_MODELS, vec![0, 1, 4], 1, 32)
        } else {
            (DEFAULT_MODELS, all_chunks(), 5, 64)
        };
        let contexts = self.prompt_tokens.clone().or_else(|| self.chunks.clone());
        Ok(SweepRequest {
            models: match &self.models {
                Some(list) => list.0.clone(),
                None => models.split(',').map(str::to_owned).collect(),
            },
            weights: self.weights.into(),
            quants: self.quant.as_ref().map(|list| list.0.clone()),
            embeddings: self.embd,
            engines,
            tvm_runtime: self.mlc_runtime.clone(),
            contexts: contexts.unwrap_or(ContextLengths::Chunks(chunks)),
            prompts: self.prompts.clone(),
            output: OutputRequest {
                max_new_tokens: self.max_new_tokens.unwrap_or(max_new_tokens),
                stop: self.stop.map(Into::into),
                chat_template: !self.no_chat_template,
                template: None,
                system: self.system.clone(),
            },
            runs: self.runs.unwrap_or(runs),
            repetitions: self.repetitions.unwrap_or(1),
            warmups: self.warmups,
            threads: self.threads,
            affinity: self.affinity.clone(),
            telemetry_interval: self.telemetry_interval,
            cool_to_c: self.cool_to,
            cool_timeout: self.cool_timeout,
            flash_attention: self.flash_attention.into(),
            n_ctx: self.ctx,
            load: self.load.into(),
            repack: self.repack == SwitchArg::On,
            timeout: self.timeout,
            seed: self.seed,
        })
    }

    /// An option that was given and makes no sense where runs go on until enough is known.
    pub(super) fn of_sweeps_alone(&self) -> Option<&'static str> {
        let given = [
            ("runs", self.runs.is_some()),
            ("repetitions", self.repetitions.is_some()),
            ("quick", self.quick),
            ("resume", self.resume.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// Whether nothing was said of context lengths.
    pub(super) fn has_default_contexts(&self) -> bool {
        self.chunks.is_none() && self.prompt_tokens.is_none()
    }

    /// The engines asked for, each once.
    fn engines(&self) -> PlanResult<Vec<EngineKind>> {
        let mut engines: Vec<EngineKind> = Vec::new();
        for engine in self.backend.iter().copied() {
            if !engines.contains(&engine) {
                engines.push(engine);
            }
        }
        let runs = |form| move |engine: &EngineKind| engine.descriptor().model_form == form;
        if engines.len() > 1 && engines.iter().any(runs(ModelForm::None)) {
            let what = "--backend null measures the harness itself, beside no other engine";
            return Err(Error::input(what, "give it alone"));
        }
        if self.mlc_runtime.is_some() && !engines.iter().any(runs(ModelForm::Compiled)) {
            let what = "--mlc-runtime is of no use to this backend";
            return Err(Error::input(what, "add mlc or mlc-llm to --backend, or leave it out"));
        }
        Ok(engines)
    }
}

fn all_chunks() -> Vec<u8> {
    (0..=lists::MAX_CHUNKS).collect()
}

fn parse_chunk_list(text: &str) -> Result<ContextLengths, String> {
    lists::parse_chunks(text).map(ContextLengths::Chunks)
}

fn parse_token_list(text: &str) -> Result<ContextLengths, String> {
    lists::parse_prompt_tokens(text).map(ContextLengths::Tokens)
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration =
        humantime::parse_duration(text).map_err(|error| format!("{error}; write 90s, 10m or 1h"))?;
    if duration < Duration::from_millis(100) || duration > Duration::from_hours(24) {
        return Err("give a time from 100ms to 24h".into());
    }
    Ok(duration)
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    zero_or_within(text, Duration::from_millis(50), Duration::from_hours(1), "0, or a time from 50ms to 1h")
}

fn parse_wait(text: &str) -> Result<Duration, String> {
    zero_or_within(text, Duration::from_millis(100), Duration::from_hours(2), "0, or a time from 100ms to 2h")
}

fn zero_or_within(text: &str, low: Duration, high: Duration, give: &str) -> Result<Duration, String> {
    let duration = if text == "0" { Ok(Duration::ZERO) } else { humantime::parse_duration(text) };
    let duration = duration.map_err(|error| format!("{error}; write 0, 500ms or 2m"))?;
    let fits = duration.is_zero() || (low..=high).contains(&duration);
    fits.then_some(duration).ok_or_else(|| format!("give {give}"))
}

fn parse_celsius(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches(['C', 'c']).trim_end_matches('°');
    let degrees = number.parse::<f64>().ok().filter(|degrees| (0.0..=100.0).contains(degrees));
    degrees.ok_or_else(|| "give degrees Celsius from 0C to 100C, such as 35C".into())
}
