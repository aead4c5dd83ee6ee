//! `slm-agent quantize`: damaged files may end the engine's process, so this one is the
//! host's to lose.

use super::report::emit;
use crate::engine::{
    LoadError,
    llama::{self, QuantizeOptions},
};
use slm_models::{Header, read_header};
use slm_protocol::QuantizeEvent;

/// Quantizes a file; in a dry run, only reports what would become of it.
pub(crate) fn run(options: &QuantizeOptions) -> Result<(), LoadError> {
    let header = read_header(&options.input).map_err(|error| LoadError::failed(error.to_string()))?;
    check_names(&header)
        .map_err(|problem| LoadError::failed(format!("{}: {problem}", options.input.display())))?;
    emit(QuantizeEvent::Started { engine: llama::version() });
    llama::quantize(options, &mut emit)
}

/// Tensor names are parsed from the engine's log, so they must not break its lines.
fn check_names(header: &Header) -> Result<(), String> {
    let odd = |name: &str| !name.bytes().all(|byte| byte.is_ascii_graphic());
    match header.tensors.iter().find(|tensor| odd(&tensor.name)) {
        Some(tensor) => Err(format!("tensor {:?} has a name with odd characters", tensor.name)),
        None => Ok(()),
    }
}
