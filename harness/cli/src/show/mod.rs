//! What people see: progress on stderr, tables on stdout.

mod device;
mod plan_text;
mod print;
mod progress;
mod prompts_text;
mod provision;

pub use device::{agent_build, notices};
pub use plan_text::plan_text;
pub use print::{data, is_interactive, json, note};
use progress::count_bar;
pub use progress::{Progress, byte_bar};
pub use prompts_text::prompts_text;
pub use provision::ModelWork;
