//! The command line. Nothing here touches the file system; `cmd` resolves the arguments into
//! what is run.

mod ab;
mod agent;
mod choices;
mod cli;
mod compare;
mod devices;
mod export;
mod history;
mod import;
mod lists;
mod mlc;
mod output;
mod outputs;
mod phone;
mod prompts;
mod pull;
mod quantize;
mod report;
mod shares;
mod sweep;
mod sweet_spot;
mod usage;

pub use ab::AbArgs;
pub use agent::AgentCommand;
pub use cli::{Cli, Command, MakeFormat, ModelsCommand};
pub use compare::{CompareArgs, CompareOutput};
pub use devices::{AdbArgs, DevicesArgs, DevicesCommand};
pub use export::{ExportArgs, ExportFormat};
pub use history::{HistoryArgs, MetricArg};
pub use import::ImportArgs;
pub use lists::{DeviceList, ModelList, QuantList};
pub use mlc::{MlcArgs, MlcDeviceArg, MlcQuantArg, MlcTargetArg, value_name};
pub use output::{OutputArgs, OutputFormat};
pub use outputs::OutputsArgs;
pub use phone::PhoneArgs;
pub use prompts::{PromptsArgs, PromptsCommand};
pub use pull::PullArgs;
pub use quantize::QuantizeArgs;
pub use report::ReportArgs;
pub use sweep::SweepArgs;
pub use sweet_spot::SweetSpotArgs;
pub use usage::one_line;
