//! The agent on a phone: the binary that fits its CPU, sent unless it is there already,
//! and refused if the phone cannot run it.

use super::{
    error::device_error,
    remote_file::RemoteFile,
    retrying_link::{RetryingLink, last_line},
};
use crate::{
    Notice, ShellOutput,
    agents::{AGENT_VERSION, AgentKind, Feature, Flavour, TellBuild, ensure},
};
use slm_plan::{
    digest::sha256_file,
    error::{Error, Result},
};
use slm_protocol::{AgentFacts, Envelope, Event, EventReader};
use slm_provision::elf::Elf;
use std::{env, path::PathBuf, time::Duration};

/// The variable that names an agent of the user's own.
const AGENT_VARIABLE: &str = "SLM_PHONE_AGENT";
/// An agent measures its machine for a fifth of a second; on a busy phone it may be late.
pub(super) const HELLO_TIMEOUT: Duration = Duration::from_mins(2);
/// A shell's exit status for a program that was ended by SIGILL.
const ILLEGAL_INSTRUCTION: u8 = 128 + 4;

/// Which binary a phone gets: the one named in `SLM_PHONE_AGENT`, or the fastest that all
/// its cores can run, with the feature that is needed.
pub(super) fn binary(flavour: Flavour, feature: Option<Feature>, tell: TellBuild<'_>) -> Result<PathBuf> {
    let Some(path) = env::var_os(AGENT_VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(ensure(AgentKind { flavour, feature }, tell)?.path);
    };
    let path = PathBuf::from(path);
    match Elf::of_file(&path).map_err(|error| Error::reading(&path, &error))? {
        // The phone reports what it cannot run.
        None | Some(Elf { machine: "aarch64", .. }) => Ok(path),
        Some(Elf { machine, .. }) => {
            let what = format!("{AGENT_VARIABLE}: {} is for {machine}, not for phones", path.display());
            Err(Error::input(what, "build one with `bench agent build`, or leave the variable out"))
        }
    }
}

/// Sends the agent unless it is there already, and gives its path on the phone.
pub(super) fn install(
    link: &RetryingLink,
    root: &str,
    flavour: Flavour,
    feature: Option<Feature>,
) -> Result<String> {
    let file = binary(flavour, feature, &|step| link.notify(Notice::AgentBuild(step)))?;
    let sha256 = sha256_file(&file).map_err(|error| Error::reading(&file, &error))?;
    let bytes = file.metadata().map_err(|error| Error::reading(&file, &error))?.len();
    let path = format!("{root}/bin/slm-agent-{}", &sha256[..16]);
    let remote = RemoteFile { path: &path, sha256: &sha256, bytes, mode: "755" };
    remote.ensure(link, &file).map_err(|error| device_error(&error))?;
    Ok(path)
}

/// The facts that an agent printed, if this `bench` can work with it.
///
/// # Errors
/// Why it cannot, in one line.
pub(super) fn parse_hello(output: &ShellOutput) -> std::result::Result<AgentFacts, String> {
    match EventReader::new(output.stdout.as_slice()).next_event() {
        Ok(Some(Envelope { event: Event::Hello(facts), .. })) => match incompatibility(&facts) {
            Some(why) => Err(why),
            None => Ok(*facts),
        },
        Ok(_) if output.code == ILLEGAL_INSTRUCTION => {
            Err("the phone lacks an instruction that it was built for (SIGILL)".to_owned())
        }
        Ok(_) => Err(format!("exit status {}: {}", output.code, last_line(&output.stderr))),
        Err(error) => Err(error.to_string()),
    }
}

/// What a user can do about an agent that is not usable.
pub(super) fn remedy(feature: Option<Feature>) -> &'static str {
    match feature {
        None => "build it with this bench: `bench agent build`",
        Some(_) => {
            "build it with this bench; it needs glibc and libstdc++ there, Android one of --ndk (docs/mlc.md)"
        }
    }
}

/// Why this `bench` cannot work with that agent on that phone; `None` if it can.
fn incompatibility(facts: &AgentFacts) -> Option<String> {
    if facts.agent_version != AGENT_VERSION {
        return Some(format!("it is of version {}, this bench of {AGENT_VERSION}", facts.agent_version));
    }
    // An agent can get this far without the instructions that its engine needs.
    let flavour: Flavour = facts.flavour.parse().ok()?;
    let lacking = flavour.lacking(&facts.machine.cpu_features);
    (!lacking.is_empty())
        .then(|| format!("it was built for {flavour}, and the phone lacks {}", lacking.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_protocol::{EventWriter, MachineFacts, VERSION};

    fn facts(version: &str, flavour: &str, features: &str) -> AgentFacts {
        AgentFacts {
            agent_version: version.into(),
            protocol: VERSION,
            flavour: flavour.into(),
            target: "aarch64-unknown-linux-gnu".into(),
            pid: 1,
            started_unix_ns: 0,
            engines: Vec::new(),
            machine: MachineFacts {
                cpu: String::new(),
                kernel: String::new(),
                physical_cores: 8,
                busy_cores: 0.0,
                cpu_features: features.split(' ').map(str::to_owned).collect(),
                memory_total: 8 << 30,
                memory_available: 4 << 30,
                cpus: None,
                clusters: Vec::new(),
                temperature_c: None,
                contention: None,
            },
        }
    }

    fn parsed(code: u8, stdout: Vec<u8>, stderr: &str) -> std::result::Result<AgentFacts, String> {
        parse_hello(&ShellOutput { code, stdout, stderr: stderr.into() })
    }

    fn hello(facts: AgentFacts) -> Vec<u8> {
        let mut stdout = Vec::new();
        EventWriter::new(&mut stdout).write(1, Event::Hello(Box::new(facts))).unwrap();
        stdout
    }

    #[test]
    fn an_agent_that_does_not_fit_is_refused_with_the_reason() {
        let new = "fp asimd atomics fphp asimdhp asimddp lrcpc bf16 i8mm";
        let good = facts(AGENT_VERSION, "armv8.6-a+i8mm", new);
        assert_eq!(parsed(0, hello(good.clone()), "\n").unwrap(), good);
        let why = |facts| parsed(0, hello(facts), "").unwrap_err();
        assert!(why(facts("0.0.1", "armv8-a", new)).contains("version 0.0.1"));
        let old = "fp asimd atomics fphp asimdhp asimddp lrcpc";
        assert_eq!(
            why(facts(AGENT_VERSION, "armv8.6-a+i8mm", old)),
            "it was built for armv8.6-a+i8mm, and the phone lacks bf16, i8mm"
        );
        assert!(parsed(0, hello(facts(AGENT_VERSION, "armv8-a", "fp")), "").is_ok());
        assert!(parsed(132, Vec::new(), "").unwrap_err().contains("SIGILL"));
        assert_eq!(
            parsed(126, Vec::new(), "\nsh: x: not executable\n\n").unwrap_err(),
            "exit status 126: sh: x: not executable"
        );
        assert!(parsed(0, b"hello\n".to_vec(), "").is_err());
    }
}
