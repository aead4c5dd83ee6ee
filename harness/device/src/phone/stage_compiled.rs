//! Models compiled by TVM, on the phone: the model's files and TVM's libraries, each set
//! in a folder named after its content, so that no file is sent twice.

use super::{
    file_set::{self, FileOfSet},
    names::file_name_part,
    retrying_link::RetryingLink,
};
use crate::{LinkError, StagedModel};
use slm_plan::{CompiledFile, CompiledSource, digest::sha256_hex};
use slm_protocol::CompiledModel;
use std::path::{Path, PathBuf};

/// A file of this machine, and its name in a folder on the phone.
struct SourceFile {
    from: PathBuf,
    file: CompiledFile,
}

impl SourceFile {
    fn in_folder(&self, folder: &str) -> FileOfSet {
        let CompiledFile { name, bytes, sha256 } = &self.file;
        let path = format!("{folder}/{name}");
        FileOfSet { from: self.from.clone(), path, sha256: sha256.clone(), bytes: *bytes }
    }
}

/// Sends the model and the libraries that run it, and gives their paths.
pub(super) fn stage(
    link: &RetryingLink,
    root: &str,
    name: &str,
    source: &CompiledSource,
) -> Result<StagedModel, LinkError> {
    let of_folder = |file: &CompiledFile| SourceFile {
        from: Path::new(&source.path).join(&file.name),
        file: file.clone(),
    };
    let model: Vec<SourceFile> = source.files.iter().map(of_folder).collect();
    let runtime = source.runtime.iter().zip(&source.runtime_sha256);
    let runtime: Vec<SourceFile> =
        runtime.map(|(path, sha256)| library(link, path, sha256)).collect::<Result<_, LinkError>>()?;
    let path = folder(root, &file_name_part(name), &model);
    let libraries = folder(root, "tvm", &runtime);
    // TVM's first: of the two, the model is more likely not to fit.
    send(link, "TVM's libraries", &libraries, &runtime)?;
    send(link, name, &path, &model)?;
    let library = source.library.strip_prefix(&source.path).map(|name| name.trim_start_matches('/'));
    let library = library.unwrap_or_default();
    Ok(StagedModel {
        compiled: Some(Box::new(CompiledModel {
            runtime: runtime.iter().map(|file| format!("{libraries}/{}", file.file.name)).collect(),
            library: format!("{path}/{library}"),
            device: source.device,
        })),
        path,
    })
}

/// One of TVM's libraries.
fn library(link: &RetryingLink, path: &str, sha256: &str) -> Result<SourceFile, LinkError> {
    let from = PathBuf::from(path);
    let refused = |why: &dyn std::fmt::Display| LinkError::Refused {
        serial: link.serial().to_owned(),
        why: format!("{path} cannot be sent: {why}"),
    };
    let bytes = from.metadata().map_err(|error| refused(&error))?.len();
    let name = from.file_name().and_then(|name| name.to_str()).ok_or_else(|| refused(&"it has no name"))?;
    let file = CompiledFile { name: name.to_owned(), bytes, sha256: sha256.to_owned() };
    Ok(SourceFile { from, file })
}

/// The folder of a set of files, named after their content.
fn folder(root: &str, name: &str, set: &[SourceFile]) -> String {
    let line = |file: &SourceFile| format!("{} {}\n", file.file.sha256, file.file.name);
    let content: String = set.iter().map(line).collect();
    format!("{root}/models/{}-{name}", &sha256_hex(content.as_bytes())[..16])
}

/// Sends a set into its folder.
fn send(link: &RetryingLink, what: &str, folder: &str, set: &[SourceFile]) -> Result<(), LinkError> {
    let set: Vec<FileOfSet> = set.iter().map(|file| file.in_folder(folder)).collect();
    file_set::ensure(link, what, &set)
}
