//! What a machine must have to build for phones: Rust's target and a cross compiler. What is missing is installed, on
//! Debian and its relatives by apt-get; elsewhere it is named.

use super::{BuildStep, Project, TellBuild, logged::run_logged};
use slm_plan::error::{Error, Result};
use std::{
    ffi::OsString,
    io::{self, IsTerminal},
    path::Path,
    process::{Command, Stdio},
};

/// Rust's target.
pub(super) const TARGET: &str = "aarch64-unknown-linux-gnu";
/// The cross compiler, as Debian names it.
pub(super) const COMPILER: &str = "aarch64-linux-gnu";
const PACKAGE: &str = "g++-aarch64-linux-gnu";

/// How packages can be installed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    /// This is root.
    Is,
    /// Through sudo.
    Sudo,
    /// Not at all.
    None,
}

impl Root {
    /// With a password only where there is somebody to type it.
    fn of_user() -> Self {
        let sudo = || succeeds(Command::new("sudo").args(["-n", "true"]));
        let asks = || io::stderr().is_terminal() && succeeds(Command::new("sudo").arg("--version"));
        if rustix::process::geteuid().is_root() {
            Self::Is
        } else if sudo() || asks() {
            Self::Sudo
        } else {
            Self::None
        }
    }

    /// The commands that install Debian's package, if packages can be installed.
    fn install(self, package: &str) -> Option<[Vec<OsString>; 2]> {
        let start: &[&str] = match self {
            Self::Is => &[],
            Self::Sudo => &["sudo"],
            Self::None => return None,
        };
        let apt = |words: &[&str]| {
            let common =
                ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"];
            start.iter().chain(&common).chain(words).map(OsString::from).collect()
        };
        let install = ["-o", "Dpkg::Use-Pty=0", "install", "--no-install-recommends", "-y", package];
        Some([apt(&["update"]), apt(&install)])
    }
}

/// Installs what is missing for Debian's cross compiler.
pub(super) fn prepare(project: &Project, tell: TellBuild<'_>) -> Result<()> {
    if !has_target(project) {
        tell(BuildStep::AddingTarget(TARGET));
        let mut add = Command::new("rustup");
        add.args(["target", "add", TARGET]).current_dir(project.root());
        if !run_logged(&mut add).is_ok_and(|status| status.success()) {
            return Err(Error::input(
                format!("this machine cannot build for phones: it lacks Rust's target {TARGET}"),
                "add it with rustup, or with the package manager that Rust came from",
            ));
        }
    }
    if !has_compiler() && !install_compiler(tell) {
        return Err(Error::input(
            format!("this machine cannot build for phones: it lacks {COMPILER}-g++"),
            format!("install it (Debian and Ubuntu: the package {PACKAGE})"),
        ));
    }
    Ok(())
}

fn has_target(project: &Project) -> bool {
    // In the project's folder, which may have a toolchain of its own.
    let mut command = Command::new("rustc");
    let output = command.args(["--print", "sysroot"]).current_dir(project.root()).output();
    output.is_ok_and(|output| {
        let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib").is_dir()
    })
}

fn has_compiler() -> bool {
    succeeds(Command::new(format!("{COMPILER}-g++")).arg("--version"))
}

fn install_compiler(tell: TellBuild<'_>) -> bool {
    if !succeeds(Command::new("apt-get").arg("--version")) {
        return false;
    }
    let Some(commands) = Root::of_user().install(PACKAGE) else { return false };
    tell(BuildStep::Installing(PACKAGE));
    let run = |words: &[OsString]| {
        let Some((program, rest)) = words.split_first() else { return false };
        run_logged(Command::new(program).args(rest)).is_ok_and(|status| status.success())
    };
    commands.iter().all(|words| run(words)) && has_compiler()
}

/// Whether a program is there and content; it prints nothing.
fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_by_root_alone() {
        let line = |words: &[OsString]| words.join(&OsString::from(" ")).into_string().unwrap();
        let [update, install] = Root::Is.install(PACKAGE).unwrap();
        assert!(line(&update).starts_with("env DEBIAN_FRONTEND=noninteractive apt-get"), "{}", line(&update));
        assert!(line(&update).ends_with(" update"));
        assert!(
            line(&install).ends_with("install --no-install-recommends -y g++-aarch64-linux-gnu"),
            "{}",
            line(&install)
        );
        let [update, _] = Root::Sudo.install(PACKAGE).unwrap();
        assert!(line(&update).starts_with("sudo env "), "sudo passes no variables on: {}", line(&update));
        assert_eq!(Root::None.install(PACKAGE), None);
    }

    #[test]
    fn a_program_that_is_not_there_does_not_succeed() {
        assert!(succeeds(&mut Command::new("true")));
        assert!(!succeeds(&mut Command::new("false")));
        assert!(!succeeds(&mut Command::new("/nowhere/aarch64-linux-gnu-g++")));
    }
}
