//! `slm-agent make`: a model file of a shape, made where it is used.

use crate::args::MakeArgs;
use slm_models::{MakeError, MakeOptions, Shape};
use slm_protocol::ModelSpec;
use std::{
    io::{self, Write},
    thread,
    time::{Duration, Instant},
};
use thiserror::Error;

/// A host that hears nothing believes that the phone is gone.
const SIGN_EVERY: Duration = Duration::from_secs(1);
/// How long another process may take to make the same file.
const BUSY_PATIENCE: Duration = Duration::from_mins(10);

/// Why no file was made.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("--spec: {0}")]
    Spec(String),
    #[error("{}", full(.0))]
    Make(#[from] MakeError),
    /// The host went away.
    #[error("stdout: {0}")]
    Stdout(#[from] io::Error),
}

/// A full disk in the system's words, by which a host knows it.
fn full(error: &MakeError) -> String {
    match error {
        MakeError::DiskFull { .. } => format!("{error}: No space left on device"),
        _ => error.to_string(),
    }
}

/// Makes the file; prints the bytes written and wanted now and then.
pub(crate) fn run(args: &MakeArgs) -> Result<(), Error> {
    let spec = |error: String| Error::Spec(error);
    let parsed: ModelSpec = serde_json::from_str(&args.spec).map_err(|error| spec(error.to_string()))?;
    let shape = Shape::parse_free(&parsed.shape).map_err(|error| spec(error.to_string()))?;
    let types =
        parsed.types.parse().map_err(|error: slm_models::UnknownWeightTypes| spec(error.to_string()))?;
    let options = MakeOptions { types, seed: parsed.seed };
    let mut sign = Instant::now();
    let mut stdout = io::stdout();
    let started = Instant::now();
    loop {
        let result = slm_models::make(&shape, &options, &args.out, &mut |done, total| {
            if sign.elapsed() > SIGN_EVERY {
                sign = Instant::now();
                // Nobody may be listening any more; the file is of use all the same.
                let _ = writeln!(stdout, "{done} {total}").and_then(|()| stdout.flush());
            }
        });
        match result {
            // An earlier call goes on although its host was lost.
            Err(MakeError::Busy { .. }) if started.elapsed() < BUSY_PATIENCE => {
                thread::sleep(SIGN_EVERY);
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
