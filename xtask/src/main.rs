//! Chores of the project's own build, as `cargo xtask COMMAND`.

mod engine;
mod say;

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str =
    "usage: cargo xtask engine    drop an engine that was configured for another CPU or other GGML_*
                             variables; cargo then builds it anew (./bench and ./test call it)
";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["engine"] => target_folder().and_then(|folder| engine::check(&folder)),
        ["help" | "--help" | "-h"] => write!(io::stdout(), "{USAGE}"),
        _ => Err(io::Error::other(USAGE.trim_end())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::say(&error.to_string());
            ExitCode::from(2)
        }
    }
}

/// Where cargo builds: this program lies in it.
fn target_folder() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let folder = program.ancestors().nth(2).map(Path::to_path_buf);
    folder.ok_or_else(|| io::Error::other("started from no target folder"))
}
