//! What `bench models make --format mlc` is told beside the shape.

use clap::{Args, ValueEnum};

/// How a model library is compiled.
#[derive(Clone, Copy, Debug, Args)]
pub struct MlcArgs {
    /// Quantization of --format mlc
    #[arg(long = "mlc-quant", id = "mlc_quant", value_name = "TYPE", value_enum, default_value_t = MlcQuantArg::Q4f16)]
    pub quant: MlcQuantArg,
    /// Machine that --format mlc compiles for, a Linux with glibc [default: this one]
    #[arg(long, value_enum)]
    pub target: Option<MlcTargetArg>,
    /// What the library of --format mlc computes on; opencl is compiled only, nobody has run it
    #[arg(long = "mlc-device", id = "mlc_device", value_name = "DEVICE", value_enum, default_value_t = MlcDeviceArg::Cpu)]
    pub device: MlcDeviceArg,
}

/// MLC-LLM's 4-bit quantizations in groups of 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MlcQuantArg {
    /// Computes in 16-bit floating point
    #[value(name = "q4f16_1")]
    Q4f16,
    /// Computes in 32-bit floating point
    #[value(name = "q4f32_1")]
    Q4f32,
}

/// `--target`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MlcTargetArg {
    /// 64-bit ARM: single-board computers
    Aarch64,
    /// Intel and AMD
    #[value(name = "x86_64")]
    X86,
}

/// `--mlc-device`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MlcDeviceArg {
    /// The CPU
    Cpu,
    /// A GPU through `OpenCL`
    Opencl,
}

/// The name of such a value: typed by the user, and the compiler's own.
pub fn value_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
