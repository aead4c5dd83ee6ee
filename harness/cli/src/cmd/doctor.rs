//! `bench doctor`: what this machine has and lacks for measuring.

use super::Outcome;
use crate::{args::OutputFormat, show};
use serde::Serialize;
use slm_device::{Device, Local};
use slm_plan::{error::Result, text};
use slm_provision::cache_folder;
use std::fs;

#[derive(Serialize)]
struct Check {
    what: &'static str,
    ok: bool,
    /// Whether nothing can be measured without it.
    vital: bool,
    found: String,
    advice: Option<&'static str>,
}

/// Runs the command.
pub(super) fn run(output: OutputFormat) -> Result<Outcome> {
    let checks = checks();
    // A busy core or little memory is advice; without an agent or a cache nothing runs.
    let usable = checks.iter().all(|check| check.ok || !check.vital);
    match output {
        OutputFormat::Json => {
            show::json(&checks)?;
        }
        OutputFormat::Text => checks.iter().for_each(print),
    }
    Ok(if usable { Outcome::Done } else { Outcome::SomeFailed })
}

fn print(check: &Check) {
    let mark = if check.ok { "ok  " } else { "look" };
    let advice =
        check.advice.filter(|_| !check.ok).map(|advice| format!("\n      {advice}")).unwrap_or_default();
    show::data(&format!("{mark}  {}: {}{advice}\n", check.what, text::clean(&check.found)));
}

fn checks() -> Vec<Check> {
    let mut checks = Vec::new();
    let hello = Local::new(show::notices()).and_then(|device| device.hello());
    let found = match &hello {
        Ok(facts) => format!("version {}, {}", facts.agent_version, facts.flavour),
        Err(error) => error.to_string(),
    };
    checks.push(Check {
        what: "agent",
        ok: hello.is_ok(),
        vital: true,
        found,
        advice: Some("start bench by ./bench, which builds it"),
    });
    if let Ok(facts) = &hello {
        let machine = &facts.machine;
        checks.push(Check {
            what: "free cores",
            ok: machine.busy_cores < 0.3,
            vital: false,
            found: format!(
                "{} physical, {:.1} kept busy by other processes",
                machine.physical_cores, machine.busy_cores
            ),
            advice: Some("stop what runs beside: a busy core makes trials suspect"),
        });
        checks.push(Check {
            what: "memory",
            ok: machine.memory_available > 1 << 30,
            vital: false,
            found: format!(
                "{} of {} available",
                text::bytes(machine.memory_available),
                text::bytes(machine.memory_total)
            ),
            advice: Some("models larger than the available memory will fail"),
        });
    }
    checks.push(governor());
    let cache = cache_folder();
    let writable = fs::create_dir_all(&cache);
    checks.push(Check {
        what: "model cache",
        ok: writable.is_ok(),
        vital: true,
        found: match &writable {
            Ok(()) => cache.display().to_string(),
            Err(error) => format!("{}: {error}", cache.display()),
        },
        advice: Some("set SLM_BENCH_CACHE to a writable folder"),
    });
    checks
}

/// A clock governor that saves power makes short trials slow and uneven.
fn governor() -> Check {
    let found = fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    let found = found.map_or_else(|_| "not told by this machine".to_owned(), |text| text.trim().to_owned());
    Check {
        what: "clock governor",
        ok: found != "powersave" && found != "ondemand",
        vital: false,
        found,
        advice: Some("set it to performance: `cpupower frequency-set -g performance`"),
    }
}
