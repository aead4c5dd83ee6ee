//! Models that TVM compiled, on the phone: the files of the folder and TVM's libraries,
//! each set in a folder named after its content, so that nothing is sent twice.

use super::{
    deliver::{Wanted, make_room},
    place::safe_name,
    reach::Reach,
};
use crate::{LinkError, Notice, Placed};
use slm_plan::{CompiledFile, CompiledSource, digest::sha256_hex};
use slm_protocol::CompiledModel;
use std::path::{Path, PathBuf};

/// A file of this machine and what it is called in its folder on the phone.
struct Sent {
    from: PathBuf,
    file: CompiledFile,
}

/// Brings the model and what runs it, and tells where they are.
pub(super) fn place(
    reach: &Reach,
    root: &str,
    name: &str,
    source: &CompiledSource,
) -> Result<Placed, LinkError> {
    let of_folder =
        |file: &CompiledFile| Sent { from: Path::new(&source.path).join(&file.name), file: file.clone() };
    let model: Vec<Sent> = source.files.iter().map(of_folder).collect();
    let runtime = source.runtime.iter().zip(&source.runtime_sha256);
    let runtime: Vec<Sent> =
        runtime.map(|(path, sha256)| library(reach, path, sha256)).collect::<Result<_, LinkError>>()?;
    let path = folder(root, &safe_name(name), &model);
    let libraries = folder(root, "tvm", &runtime);
    // First TVM's: a model is more likely to be left out for want of space.
    send(reach, "TVM's libraries", &libraries, &runtime)?;
    send(reach, name, &path, &model)?;
    let library = source.library.strip_prefix(&source.path).map(|name| name.trim_start_matches('/'));
    let library = library.unwrap_or_default();
    Ok(Placed {
        compiled: Some(Box::new(CompiledModel {
            runtime: runtime.iter().map(|sent| format!("{libraries}/{}", sent.file.name)).collect(),
            library: format!("{path}/{library}"),
            device: source.device,
        })),
        path,
    })
}

/// A library of TVM's, by its own name.
fn library(reach: &Reach, path: &str, sha256: &str) -> Result<Sent, LinkError> {
    let from = PathBuf::from(path);
    let refused = |why: &dyn std::fmt::Display| LinkError::Refused {
        serial: reach.serial().to_owned(),
        why: format!("{path} cannot be sent: {why}"),
    };
    let bytes = from.metadata().map_err(|error| refused(&error))?.len();
    let name = from.file_name().and_then(|name| name.to_str()).ok_or_else(|| refused(&"it has no name"))?;
    let file = CompiledFile { name: name.to_owned(), bytes, sha256: sha256.to_owned() };
    Ok(Sent { from, file })
}

/// The folder of a set of files: its name says what is in it.
fn folder(root: &str, name: &str, set: &[Sent]) -> String {
    let line = |sent: &Sent| format!("{} {}\n", sent.file.sha256, sent.file.name);
    let content: String = set.iter().map(line).collect();
    format!("{root}/models/{}-{name}", &sha256_hex(content.as_bytes())[..16])
}

/// Sends what is not there; room for all of it is asked for before the first byte.
fn send(reach: &Reach, what: &str, folder: &str, set: &[Sent]) -> Result<(), LinkError> {
    let mut missing = Vec::new();
    for sent in set {
        let path = format!("{folder}/{}", sent.file.name);
        if !wanted(&path, &sent.file).is_there(reach)? {
            missing.push((path, sent));
        }
    }
    let Some((first, _)) = missing.first() else { return Ok(()) };
    let total = missing.iter().map(|(_, sent)| sent.file.bytes).sum();
    make_room(reach, first, total)?;
    reach.tell(Notice::Sending { model: what, bytes: total, files: missing.len() });
    for (path, sent) in &missing {
        wanted(path, &sent.file).deliver(reach, &sent.from)?;
    }
    Ok(())
}

fn wanted<'a>(path: &'a str, file: &'a CompiledFile) -> Wanted<'a> {
    Wanted { path, sha256: &file.sha256, bytes: file.bytes, mode: "644" }
}
