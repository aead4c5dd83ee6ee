//! `slm-agent make`: makes a model file with random weights on the device.

use crate::host::args::MakeArgs;
use slm_models::{MakeError, MakeOptions, Shape};
use slm_protocol::ModelSpec;
use std::{
    io::{self, Write},
    thread,
    time::{Duration, Instant},
};
use thiserror::Error;

/// How often progress is printed. A host that reads nothing takes the phone for lost.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// How long to wait for another process that makes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_mins(10);

/// Why no file was made.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("--spec: {0}")]
    Spec(String),
    #[error("{}", describe(.0))]
    Make(#[from] MakeError),
    /// The host went away.
    #[error("stdout: {0}")]
    Stdout(#[from] io::Error),
}

/// The message, with the system's words for a full disk: the host recognizes it by them.
fn describe(error: &MakeError) -> String {
    match error {
        MakeError::DiskFull { .. } => format!("{error}: No space left on device"),
        _ => error.to_string(),
    }
}

/// Makes the file, and prints now and then how many bytes are written, and of how many.
pub(crate) fn run(args: &MakeArgs) -> Result<(), Error> {
    let spec = |error: String| Error::Spec(error);
    let parsed: ModelSpec = serde_json::from_str(&args.spec).map_err(|error| spec(error.to_string()))?;
    let shape = Shape::parse_free(&parsed.shape).map_err(|error| spec(error.to_string()))?;
    let types =
        parsed.types.parse().map_err(|error: slm_models::UnknownWeightTypes| spec(error.to_string()))?;
    let options = MakeOptions { types, seed: parsed.seed };
    let mut last_progress = Instant::now();
    let mut stdout = io::stdout();
    let started = Instant::now();
    loop {
        let result = slm_models::make(&shape, &options, &args.out, &mut |done, total| {
            if last_progress.elapsed() > PROGRESS_EVERY {
                last_progress = Instant::now();
                // The host may have gone away. The file is useful all the same.
                let _ = writeln!(stdout, "{done} {total}").and_then(|()| stdout.flush());
            }
        });
        match result {
            // An earlier process goes on although its host was lost.
            Err(MakeError::Busy { .. }) if started.elapsed() < BUSY_TIMEOUT => {
                thread::sleep(PROGRESS_EVERY);
                writeln!(stdout, "waiting").and_then(|()| stdout.flush())?;
                if args.out.is_file() {
                    return Ok(());
                }
            }
            Err(error) => return Err(error.into()),
            Ok(made) => {
                let line = serde_json::to_string(&made).map_err(io::Error::from)?;
                return Ok(writeln!(stdout, "{line}")?);
            }
        }
    }
}
