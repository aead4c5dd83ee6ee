//! `bench`: arguments, commands, exit codes and what the terminal shows. The only crate
//! that prints.

pub mod args;
pub mod cmd;
mod interrupt;
pub mod show;
mod tool;

use slm_plan::{error::Error, text::clean};

/// Prints why a command ended, in one line on stderr, whatever words of an agent
/// or names of files are in it.
pub fn complain(error: &Error) {
    let text = error.to_string().replace('\n', " ");
    show::note(&format!("bench: {}", clean(&text)));
}
