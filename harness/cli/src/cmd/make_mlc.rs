//! `bench models make --format mlc`: a model library with random 4-bit weights, made by
//! the Python package that bench carries (`tools/mlc`), in an environment of its own.

use crate::{
    args::{MlcArgs, MlcDeviceArg, OutputFormat, value_name},
    show::data,
};
use serde::Deserialize;
use serde_json::json;
use slm_device::agents;
use slm_models::Shape;
use slm_plan::{
    error::{Error, Result},
    text::clean,
};
use std::path::{Path, PathBuf};

/// What the package prints in the end.
#[derive(Deserialize)]
struct Made {
    folder: String,
    runtime: Option<String>,
}

/// Makes the folder `./dist/NAME-q4f16_1-MLC`, or the one named.
pub(super) fn make(
    name: &str,
    shape: &Shape,
    mlc: MlcArgs,
    seed: u64,
    out: Option<PathBuf>,
    output: OutputFormat,
) -> Result<()> {
    let short: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' }).collect();
    let folder = out.unwrap_or_else(|| Path::new("dist").join(folder_name(&short, mlc)));
    let mut command = agents::mlc_tool()?;
    command.args(["--shape", &shape.to_string(), "--name", name, "--quantization", &value_name(&mlc.quant)]);
    command.args(["--device", &value_name(&mlc.device)]);
    if let Some(target) = mlc.target {
        command.args(["--target", &value_name(&target)]);
    }
    command.arg("--seed").arg(seed.to_string()).arg("--out").arg(&folder);
    let ran = command.output().map_err(|error| {
        Error::input(format!("python3 cannot be started: {error}"), "install python3 with venv")
    })?;
    if !ran.status.success() {
        let what = format!("{} was not made", folder.display());
        return Err(Error::input(what, "the line above says why"));
    }
    let text = String::from_utf8_lossy(&ran.stdout);
    let line = text.lines().last().unwrap_or_default();
    let made: Made = serde_json::from_str(line)
        .map_err(|error| Error::Internal(format!("slm-mlc ended with '{}': {error}", clean(line))))?;
    if output == OutputFormat::Json {
        return crate::show::json(&json!({ "folder": made.folder, "runtime": made.runtime }));
    }
    let runtime = made.runtime.as_deref().unwrap_or("DIR");
    let device = if is_for_here(mlc) { "local" } else { "NAME" };
    data(&format!(
        "{}\nmeasure it: bench sweep --device {device} --backend mlc --mlc-runtime {} --models {} --prompt-tokens 128\n",
        clean(&made.folder),
        clean(runtime),
        clean(&made.folder)
    ));
    Ok(())
}

/// Whether the library is for a machine like this one.
fn is_for_here(mlc: MlcArgs) -> bool {
    mlc.target.is_none_or(|target| value_name(&target) == std::env::consts::ARCH)
}

/// A folder's name as MLC-LLM gives it, with what is not usual before its end.
fn folder_name(model: &str, mlc: MlcArgs) -> String {
    let target = mlc.target.filter(|_| !is_for_here(mlc)).map(|target| format!("-{}", value_name(&target)));
    let device = (mlc.device != MlcDeviceArg::Cpu).then(|| format!("-{}", value_name(&mlc.device)));
    format!(
        "{model}-{}{}{}-MLC",
        value_name(&mlc.quant),
        target.unwrap_or_default(),
        device.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{MlcQuantArg, MlcTargetArg};

    #[test]
    fn a_folder_tells_what_is_not_usual() {
        let mut mlc = MlcArgs { quant: MlcQuantArg::Q4f16, target: None, device: MlcDeviceArg::Cpu };
        assert_eq!(folder_name("m", mlc), "m-q4f16_1-MLC");
        let other = if cfg!(target_arch = "aarch64") { MlcTargetArg::X86 } else { MlcTargetArg::Aarch64 };
        mlc.target = Some(other);
        mlc.device = MlcDeviceArg::Opencl;
        assert_eq!(folder_name("m", mlc), format!("m-q4f16_1-{}-opencl-MLC", value_name(&other)));
    }
}
