//! One file per command. Each reads top-down: resolve what was typed, do it,
//! print it.

mod agent;
mod chat_template;
mod compare;
mod devices;
mod doctor;
mod export;
mod history;
mod import;
mod make_mlc;
mod models;
mod outcome;
mod outputs;
mod profiles;
mod prompts;
mod pull;
mod quantize;
mod report;
mod run;
mod sweep;
mod sweet_spot;

pub use outcome::Outcome;
pub use run::run;
