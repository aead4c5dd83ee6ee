//! `bench agent`

use super::OutputArgs;
use clap::Subcommand;
use slm_device::agents::Flavour;

/// `bench agent`
#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Build agents for phones: aarch64 programs, one for each instruction set
    #[command(
        after_help = "Flavours: armv8-a (any phone), armv8.2-a+fp16+dotprod (from about 2018), armv8.6-a+i8mm (from \
                            2022). A sweep chooses by the phone's /proc/cpuinfo. Each flavour compiles the engine \
                            once, which takes minutes."
    )]
    Build {
        /// Flavour to build, `armv8.2-a` for short; may be given several times [default: all]
        #[arg(long, value_name = "FLAVOUR")]
        flavour: Vec<Flavour>,
        /// Build with the Android NDK in `ANDROID_NDK` through cargo-ndk (not tried)
        #[arg(long)]
        ndk: bool,
        /// With the engine for models that TVM compiled; linked to the device's glibc, where an ordinary agent is static
        #[arg(long)]
        mlc: bool,
        /// Form of the data on stdout.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Install what building agents needs: Rust's aarch64 target and a cross compiler; `build` does it too
    Prepare,
    /// List the built agents and whether this bench can use them
    List(OutputArgs),
}
