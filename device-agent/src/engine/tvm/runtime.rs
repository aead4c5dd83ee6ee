//! TVM's runtime, which the user supplies, and what it computes on.

use super::{
    bridge::ffi::{self, Runner},
    errors::load_error,
};
use crate::{
    engine::{entry::LoadRequest, error::LoadError},
    measure::affinity,
};
use slm_models::digest::sha256_file;
use slm_protocol::{CompiledModel, ComputeDevice};
use std::path::Path;

/// The compiled model of a job.
pub(in crate::engine) fn compiled<'a>(request: &LoadRequest<'a>) -> Result<&'a CompiledModel, LoadError> {
    let compiled = request.model.compiled.as_deref();
    compiled.ok_or_else(|| LoadError::unsupported("the job names no model library and no runtime"))
}

/// Opens the runtime for the whole process. Returns the lines of evidence on what was
/// opened. `runtime` is its name for errors.
pub(in crate::engine) fn open(compiled: &CompiledModel, runtime: &str) -> Result<Vec<String>, LoadError> {
    let library = &compiled.library;
    let version = ffi::open_runtime(&compiled.runtime).map_err(|why| load_error(runtime, why))?;
    let hash = sha256_file(Path::new(library)).map_err(|why| load_error(library, why))?;
    Ok(vec![
        format!("tvm-ffi {version} (runtime), built with the headers of {}", ffi::header_version()),
        format!("library {library}, sha256 {hash}"),
        format!("device {}", compiled.device.into_str()),
    ])
}

/// CPUs that this process may use.
pub(in crate::engine) fn cpus() -> Vec<u32> {
    affinity::allowed().iter().flat_map(|cpus| cpus.iter().map(u32::from)).collect()
}

/// Computes with so many threads, on all CPUs that the process may use.
pub(super) fn set_threads(runner: &Runner, threads: u32) -> Result<(), cxx::Exception> {
    runner.set_threads(i32::try_from(threads).unwrap_or(i32::MAX), &cpus())
}

/// `DLPack`'s number of a kind of device.
pub(in crate::engine) fn dlpack(device: ComputeDevice) -> i32 {
    match device {
        ComputeDevice::Cpu => 1,
        ComputeDevice::Opencl => 4,
        ComputeDevice::Vulkan => 7,
    }
}
