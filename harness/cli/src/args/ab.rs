//! Arguments of `bench ab`.

use super::{
    SweepArgs,
    choices::{self, LoadArg, SwitchArg, ToggleArg, WeightsArg},
    lists::{self, ModelList, QuantList},
    shares::parse_share,
};
use clap::{Args, Parser, error::ErrorKind};
use slm_plan::{
    error::{Error, Result as PlanResult},
    request::{AffinityChoice, ContextLengths, EmbeddingTypes, SweepRequest, ThreadsChoice},
};
use slm_protocol::EngineKind;
use std::{path::PathBuf, time::Duration};

/// Compare two settings in one session, run by run, until the difference is known
#[derive(Debug, Args)]
#[command(
    after_help = "Everything outside of --a and --b holds for both. In quotes, --a and --b take what may differ: --models, \
                  --weights, --quant, --embd, --backend, --mlc-runtime, --threads, --affinity, --flash-attention, --ctx, \
                  --load, --repack. For example:\n  bench ab --device s24 --models slimlm-125m --a \"--threads 4\" --b \
                  \"--threads 6\"\ndocs/ab.md says how it is decided.",
    mut_args(|arg| match arg.get_id().as_str() {
        "runs" | "repetitions" | "quick" | "resume" => arg.hide(true),
        _ => arg,
    })
)]
pub struct AbArgs {
    /// What is A's own, in quotes
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true, default_value = "")]
    a: String,
    /// What is B's own, in quotes
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    b: String,
    /// The smallest difference of interest: the session ends when it is found or ruled out
    #[arg(long, value_name = "SHARE", default_value = "3%", value_parser = parse_share)]
    pub detect: f64,
    /// Longest time to measure
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = super::sweep::parse_duration)]
    pub max_time: Duration,
    /// Exit with 1 when B is worse, or when nothing is known at the end
    #[arg(long)]
    pub fail_on_regression: bool,
    /// What holds for both.
    #[command(flatten)]
    pub common: SweepArgs,
}

/// What may differ.
#[derive(Debug, Default, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct SideArgs {
    #[arg(long, value_parser = lists::parse_models)]
    models: Option<ModelList>,
    #[arg(long, value_enum)]
    weights: Option<WeightsArg>,
    #[arg(long, value_parser = lists::parse_quants)]
    quant: Option<QuantList>,
    #[arg(long, value_parser = lists::parse_embeddings)]
    embd: Option<EmbeddingTypes>,
    #[arg(long, value_parser = choices::backends())]
    backend: Option<EngineKind>,
    #[arg(long)]
    mlc_runtime: Option<PathBuf>,
    #[arg(long, value_parser = choices::parse_threads)]
    threads: Option<ThreadsChoice>,
    #[arg(long, value_parser = choices::parse_affinity)]
    affinity: Option<AffinityChoice>,
    #[arg(long, value_enum)]
    flash_attention: Option<ToggleArg>,
    #[arg(long, value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    ctx: Option<u32>,
    #[arg(long, value_enum)]
    load: Option<LoadArg>,
    #[arg(long, value_enum)]
    repack: Option<SwitchArg>,
}

impl AbArgs {
    /// What is asked for on both sides.
    ///
    /// # Errors
    /// [`Error::Input`] for options that cannot differ or do not go together.
    pub fn requests(&self) -> PlanResult<[SweepRequest; 2]> {
        if let Some(option) = self.common.of_sweeps_alone() {
            let what = format!("--{option} is not of `bench ab`, which measures as many runs as are needed");
            return Err(Error::input(what, "leave it out; --max-time ends a session"));
        }
        let mut common = self.common.request()?;
        if self.common.has_default_contexts() {
            // Short runs, so that there are many.
            common.contexts = ContextLengths::Chunks(vec![1]);
        }
        Ok([side("a", &self.a, &common)?, side("b", &self.b, &common)?])
    }
}

/// The common request with what is one side's own.
fn side(name: &str, text: &str, common: &SweepRequest) -> PlanResult<SweepRequest> {
    let words = shlex::split(text).ok_or_else(|| {
        Error::input(format!("--{name} has a quote that does not end"), "close it, or leave it out")
    })?;
    let own = SideArgs::try_parse_from(words).map_err(|error| wrong(name, &error))?;
    let mut request = common.clone();
    let SweepRequest { models, weights, quants, embeddings, engines, tvm_runtime, .. } = &mut request;
    set(models, own.models.map(|list| list.0));
    set(weights, own.weights.map(Into::into));
    set(quants, own.quant.map(|list| Some(list.0)));
    set(embeddings, own.embd.map(Some));
    set(engines, own.backend.map(|engine| vec![engine]));
    set(tvm_runtime, own.mlc_runtime.map(Some));
    set(&mut request.threads, own.threads);
    set(&mut request.affinity, own.affinity.map(Some));
    set(&mut request.flash_attention, own.flash_attention.map(Into::into));
    set(&mut request.n_ctx, own.ctx.map(Some));
    set(&mut request.load, own.load.map(Into::into));
    set(&mut request.repack, own.repack.map(|switch| switch == SwitchArg::On));
    Ok(request)
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn wrong(name: &str, error: &clap::Error) -> Error {
    let line = super::one_line(&error.render().to_string());
    let line = line.trim_start_matches("error: ");
    let remedy = match error.kind() {
        ErrorKind::UnknownArgument => {
            "give it outside of --a and --b, for both; `bench ab --help` names what may differ"
        }
        _ => "`bench ab --help` names what may differ",
    };
    Error::input(format!("--{name}: {line}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};

    fn requests(words: &[&str]) -> PlanResult<[SweepRequest; 2]> {
        let all = ["bench", "ab", "--device", "local", "--models", "m"].iter().chain(words);
        match Cli::try_parse_from(all).unwrap().command {
            Command::Ab(args) => args.requests(),
            _ => unreachable!("the command is ab"),
        }
    }

    #[test]
    fn sides_have_what_is_their_own_and_share_the_rest() {
        let [a, b] = requests(&[
            "--ctx",
            "512",
            "--a",
            "--threads 4",
            "--b",
            "--threads 6 --models './my model.gguf'",
        ])
        .unwrap();
        assert_eq!((a.threads, b.threads), (ThreadsChoice::Count(4), ThreadsChoice::Count(6)));
        assert_eq!((a.models[0].as_str(), b.models[0].as_str()), ("m", "./my model.gguf"));
        assert_eq!((a.n_ctx, b.n_ctx), (Some(512), Some(512)));
        assert_eq!(a.contexts, ContextLengths::Chunks(vec![1]));
    }

    #[test]
    fn what_cannot_differ_is_refused_by_name() {
        let said = |words: &[&str]| requests(words).unwrap_err().to_string();
        let unknown = said(&["--b", "--chunks 2"]);
        assert!(unknown.contains("--b:") && unknown.contains("--chunks"), "{unknown}");
        assert!(said(&["--b", "--threads 'x"]).contains("quote that does not end"));
        assert!(said(&["--b", "", "--runs", "3"]).contains("--runs is not of `bench ab`"));
    }
}
