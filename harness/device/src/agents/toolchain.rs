//! What builds for phones on this machine.

use super::{
    AgentKind, Feature, Project, TellBuild,
    prepare::{self, COMPILER},
    project::PHONE_TOOLCHAIN,
};
use slm_plan::error::{Error, Result};
use std::{env, path::PathBuf, process::Command};

/// Variables that would carry this machine's own instruction set, or a user's settings
/// for other builds, into a phone's binary.
const FOREIGN: &[&str] = &[
    "AR",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CC",
    "CFLAGS",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "LDFLAGS",
    "RUSTFLAGS",
];
const FOREIGN_PREFIXES: &[&str] = &["CMAKE_", "GGML_", "LLAMA_", "SLM_AGENT"];

/// A way to build for phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// Rust's aarch64 Linux target and Debian's cross compiler: a static binary that runs on any phone's kernel, or
    /// with TVM's bridge one for systems with glibc.
    Gnu,
    /// An Android NDK through cargo-ndk. Not tried: no NDK was at hand where this was written.
    Ndk {
        /// The NDK's folder.
        folder: PathBuf,
    },
}

impl Toolchain {
    /// Debian's cross compiler, which [`Self::prepare`] can install, or the NDK when it is asked for.
    ///
    /// # Errors
    /// [`Error::Input`] when the NDK is asked for and not there.
    pub fn find(ndk: bool) -> Result<Self> {
        if !ndk {
            return Ok(Self::Gnu);
        }
        let folder = ["ANDROID_NDK", "ANDROID_NDK_HOME", "ANDROID_NDK_ROOT"]
            .iter()
            .find_map(|name| env::var_os(name).filter(|value| !value.is_empty()));
        match folder.map(PathBuf::from) {
            Some(folder) if folder.join("build/cmake/android.toolchain.cmake").is_file() => {
                Ok(Self::Ndk { folder })
            }
            Some(folder) => Err(Error::input(
                format!("{} is no Android NDK", folder.display()),
                "set ANDROID_NDK to the folder that holds build/cmake/android.toolchain.cmake",
            )),
            None => Err(Error::input(
                "no Android NDK is named",
                "set ANDROID_NDK to its folder and install cargo-ndk, or build without --ndk",
            )),
        }
    }

    /// Rust target triple.
    pub fn target(&self) -> &'static str {
        match self {
            Self::Gnu => prepare::TARGET,
            Self::Ndk { .. } => "aarch64-linux-android",
        }
    }

    /// Where it builds an kind, beside its other builds. By instruction set, since `CMake` configures a folder once.
    pub(super) fn folder_name(&self, kind: AgentKind) -> String {
        let feature = kind.feature.map(|feature| format!("-{feature}")).unwrap_or_default();
        let ndk = if *self == Self::Gnu { "" } else { "-ndk" };
        format!("{}{feature}{ndk}", kind.flavour.march())
    }

    /// Installs what is missing, where that is possible.
    ///
    /// # Errors
    /// [`Error::Input`] when something stays missing.
    pub fn prepare(&self, project: &Project, tell: TellBuild<'_>) -> Result<()> {
        match self {
            Self::Gnu => prepare::prepare(project, tell),
            Self::Ndk { .. } => Ok(()),
        }
    }

    /// The cargo command that builds an agent.
    pub fn command(&self, project: &Project, kind: AgentKind) -> Command {
        let AgentKind { flavour, feature } = kind;
        let mut command = Command::new("cargo");
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if FOREIGN.contains(&&*text) || FOREIGN_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
            .current_dir(project.root())
            // The engine's -O3, and no debug information of a binary that is pushed over USB.
            .env("LLAMA_LIB_PROFILE", "Release")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "none")
            .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
            .env("SLM_AGENT_FLAVOUR", flavour.name())
            .env("GGML_CPU_ARM_ARCH", flavour.march());
        match self {
            Self::Gnu => {
                let linked = match feature {
                    None => "-C target-feature=+crt-static",
                    // A static program cannot open TVM's libraries.
                    Some(Feature::Mlc) => "-C target-feature=-crt-static",
                };
                let toolchain = project.root().join(PHONE_TOOLCHAIN);
                command
                    .env("CC_aarch64_unknown_linux_gnu", format!("{COMPILER}-gcc"))
                    .env("CXX_aarch64_unknown_linux_gnu", format!("{COMPILER}-g++"))
                    .env("AR_aarch64_unknown_linux_gnu", format!("{COMPILER}-ar"))
                    .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", format!("{COMPILER}-gcc"))
                    .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS", linked)
                    .env("CMAKE_TOOLCHAIN_FILE_aarch64_unknown_linux_gnu", toolchain)
                    .args(["build", "--target", self.target()]);
            }
            Self::Ndk { folder } => {
                // API level 28 is Android 9, of 2018.
                command.env("ANDROID_NDK", folder).env("ANDROID_NDK_HOME", folder).args([
                    "ndk",
                    "--target",
                    "arm64-v8a",
                    "--platform",
                    "28",
                    "build",
                ]);
            }
        }
        command.args(["--release", "--locked", "-p", "slm-agent"]);
        if let Some(feature) = feature {
            command.args(["--features", feature.into()]);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Flavour, *};
    use std::ffi::OsStr;

    fn variable(command: &Command, name: &str) -> Option<String> {
        let found = command.get_envs().find(|(key, _)| *key == OsStr::new(name));
        found.and_then(|(_, value)| value).map(|value| value.to_string_lossy().into_owned())
    }

    #[test]
    fn each_flavour_is_compiled_for_its_instruction_set() {
        let project = Project::find().unwrap();
        for flavour in Flavour::ALL {
            let command = Toolchain::Gnu.command(&project, flavour.into());
            let value = |name: &str| variable(&command, name);
            assert_eq!(value("GGML_CPU_ARM_ARCH").as_deref(), Some(flavour.march()));
            assert_eq!(value("SLM_AGENT_FLAVOUR").as_deref(), Some(flavour.name()));
            assert_eq!(value("LLAMA_LIB_PROFILE").as_deref(), Some("Release"));
            assert_eq!(value("CXXFLAGS"), None);
        }
    }

    #[test]
    fn only_an_agent_that_opens_libraries_is_linked_to_the_phones() {
        const FLAGS: &str = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS";
        let project = Project::find().unwrap();
        let flavour = Flavour::Armv8;
        let built = |feature| {
            let kind = AgentKind { flavour, feature };
            let command = Toolchain::Gnu.command(&project, kind);
            let features = command.get_args().any(|word| word == "mlc");
            (variable(&command, FLAGS).unwrap(), features, Toolchain::Gnu.folder_name(kind))
        };
        let (flags, features, folder) = built(None);
        assert!(flags.contains("+crt-static") && !features && folder == "armv8-a", "{flags} {folder}");
        let (flags, features, folder) = built(Some(Feature::Mlc));
        assert!(flags.contains("-crt-static") && features && folder == "armv8-a-mlc", "{flags} {folder}");
    }
}
