//! Arguments of `bench sweet-spot`.

use super::OutputArgs;
use clap::Args;
use std::path::PathBuf;

/// Find the largest model and the longest context within a budget
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Cells that were not run are predicted by a cost model fitted to those that were, and say so; \
                  docs/cost-model.md has its errors."
)]
pub struct SweetSpotArgs {
    /// Results folders or summary CSVs
    #[arg(required = true, value_name = "DIR")]
    pub sources: Vec<PathBuf>,
    /// Time to first token at most, such as 10s or 800ms
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub max_ttft: Option<f64>,
    /// Request to last token at most
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    pub max_runtime: Option<f64>,
    /// Output tokens per second at least
    #[arg(long, value_name = "RATE", value_parser = parse_positive)]
    pub min_otps: Option<f64>,
    /// Peak memory of the agent at most, such as 1GiB or 800MB
    #[arg(long, value_name = "SIZE", value_parser = parse_mib)]
    pub max_memory: Option<f64>,
    /// Joules per output token at most
    #[arg(long, value_name = "J", value_parser = parse_positive)]
    pub max_energy: Option<f64>,
    /// Also predict how large a model can be at prompts of so many tokens
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=131_072))]
    pub prompt_tokens: Option<u32>,
    /// Output tokens that runtimes are predicted for [default: the median measured]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16_384))]
    pub output_tokens: Option<u32>,
    /// Scores of models (CSV: model,score), such as results/baselines/slimlm-quality.csv
    #[arg(long, value_name = "FILE")]
    pub quality: Option<PathBuf>,
    /// Form of the data on stdout.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    let time = humantime::parse_duration(text).map_err(|error| format!("{error}; write 800ms, 10s or 1m"))?;
    if time.is_zero() { Err("give a time above 0".into()) } else { Ok(time.as_secs_f64()) }
}

fn parse_positive(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('J').trim().parse::<f64>().ok();
    number.filter(|n| n.is_finite() && *n > 0.0).ok_or_else(|| "give a number above 0".into())
}

/// A size in MiB.
fn parse_mib(text: &str) -> Result<f64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "mib" | "m" => 1.0,
        "gib" | "g" => 1024.0,
        "mb" => 1e6 / 1_048_576.0,
        "gb" => 1e9 / 1_048_576.0,
        _ => return Err("give a size with its unit, such as 800MiB, 1GiB or 2GB".into()),
    };
    Ok(parse_positive(digits)? * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_have_units() {
        assert_eq!(
            (parse_mib("1GiB"), parse_mib("1.5 GiB"), parse_mib("512m")),
            (Ok(1024.0), Ok(1536.0), Ok(512.0))
        );
        assert!((parse_mib("1GB").unwrap() - 953.674).abs() < 0.001);
        assert_eq!((parse_seconds("800ms"), parse_positive("0.5J")), (Ok(0.8), Ok(0.5)));
        for bad in ["", "5", "x", "-1GiB", "0MiB", "1 TiB"] {
            assert!(parse_mib(bad).is_err(), "{bad}");
        }
        assert!(
            parse_seconds("10").is_err() && parse_seconds("0s").is_err() && parse_positive("NaN").is_err()
        );
    }
}
