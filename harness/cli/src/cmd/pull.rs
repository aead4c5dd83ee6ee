//! `bench models pull`: a model from the hub into its cache, and its path on stdout.

use super::Outcome;
use crate::{
    args::{OutputFormat, PullArgs},
    interrupt,
    show::{self, ModelWork, data, note},
};
use serde_json::{Value, json};
use slm_plan::{
    error::Result,
    text::{bytes, clean, columns},
};
use slm_provision::Event;
use slm_provision::hub::{CachedFile, Hub, HubError, HubOptions, ListedFile, Pulled};

/// Runs the command.
pub(super) fn run(args: &PullArgs) -> Result<Outcome> {
    let options = HubOptions {
        endpoint: args.endpoint.clone(),
        offline: args.offline,
        interrupt: interrupt::listen()?,
    };
    let shown = ModelWork::default();
    let pulled = Hub::new(&options)?.pull(&args.address, &mut |step| shown.show(Event::Pull(step)));
    drop(shown);
    if let Err(HubError::Several { files, .. }) = &pulled {
        note(columns(&rows(files)).trim_end());
    }
    let pulled = pulled?;
    let repo = &args.address.repo;
    let value = match &pulled {
        Pulled::Gguf(file) | Pulled::File(file) => {
            let mut value = file_json(file);
            value["repository"] = json!(repo.as_str());
            value["commit"] = json!(file.commit.as_str());
            value
        }
        Pulled::Snapshot(snapshot) => json!({
            "path": snapshot.path,
            "repository": repo.as_str(),
            "commit": snapshot.commit.as_str(),
            "files": snapshot.files.iter().map(file_json).collect::<Vec<_>>(),
        }),
    };
    if args.output.output == OutputFormat::Json {
        show::json(&value)?;
        return Ok(Outcome::Done);
    }
    let path = match &pulled {
        Pulled::Gguf(file) | Pulled::File(file) => &file.path,
        Pulled::Snapshot(snapshot) => {
            note(&format!(
                "{repo} has no GGUF file; what `bench models import` needs of it is there ({} files)",
                snapshot.files.len()
            ));
            &snapshot.path
        }
    };
    data(&format!("{}\n", clean(&path.display().to_string())));
    Ok(Outcome::Done)
}

fn rows(files: &[ListedFile]) -> Vec<Vec<String>> {
    let size = |file: &ListedFile| file.bytes.map(bytes).unwrap_or_default();
    files.iter().map(|file| vec![clean(file.name.as_str()), size(file)]).collect()
}

fn file_json(file: &CachedFile) -> Value {
    json!({
        "path": file.path,
        "file": file.file.as_str(),
        "bytes": file.bytes,
        "hash": file.blob.as_ref().map(slm_provision::hub::BlobId::as_str),
        "further_parts": file.further,
    })
}
