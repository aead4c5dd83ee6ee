//! `bench models`: list the catalogue, show a model, make a file; other things it
//! does have files of their own.

use super::{Outcome, import};
use crate::{
    args::{MakeFormat, ModelsCommand, OutputFormat},
    show,
    show::{ModelWork, byte_bar, data},
};
use serde_json::{Value, json};
use slm_models::{
    Catalogue, Entry, FileType, Header, MakeError, MakeOptions, ModelKind, Shape, WeightTypes,
    cache_file_name, make,
};
use slm_plan::{
    error::{Error, Result},
    interrupt::Interrupt,
    request::EmbeddingTypes,
    text::{bytes, clean, columns},
};
use slm_provision::{
    HubFile, HubModel, Named, Work, cache_folder, imported_model, named, pull_named, quant_of, types_of,
};
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(command: ModelsCommand) -> Result<Outcome> {
    match command {
        ModelsCommand::List(output) => list(output.output),
        ModelsCommand::Show { model, output } => show(&model, output.output),
        ModelsCommand::Make { model, format: MakeFormat::Mlc, mlc, seed, out, output, .. } => {
            super::make_mlc::make(&model, &shape_of(&model)?, mlc, seed, out, output.output)
        }
        ModelsCommand::Make { model, quant, embd, seed, out, output, .. } => {
            make_file(&model, (quant, embd), seed, out, output.output)
        }
        ModelsCommand::Pull(args) => return super::pull::run(&args),
        ModelsCommand::Quantize(args) => return super::quantize::run(&args),
        ModelsCommand::Import(args) => import::run(args),
    }?;
    Ok(Outcome::Done)
}

fn list(output: OutputFormat) -> Result<()> {
    let entries = Catalogue::builtin().entries();
    if output == OutputFormat::Json {
        return show::json(&entries.iter().map(entry_json).collect::<Vec<_>>());
    }
    let mut rows = vec![
        ["model", "parameters", "4-bit file", "layers", "width", "arch", ""].map(str::to_owned).to_vec(),
    ];
    for entry in entries {
        let shape = &entry.shape;
        rows.push(vec![
            entry.name.clone(),
            format!("{:.1} M", shape.params() as f64 / 1e6),
            bytes(shape.data_bytes(&WeightTypes::default())),
            shape.layers().to_string(),
            shape.d_model().to_string(),
            shape.arch().name().to_owned(),
            if entry.unsupported.is_some() { "unsupported".into() } else { String::new() },
        ]);
    }
    data(&columns(&rows));
    show::note(&format!("\n{} models; `bench models show NAME` tells sources and notes", entries.len()));
    Ok(())
}

fn show(name: &str, output: OutputFormat) -> Result<()> {
    let value = match find(name)? {
        Found::Catalogue(entry) => entry_json(entry),
        Found::Shape(shape) => shape_json(&shape),
        Found::File(path, header) => file_json(&path, &header),
        Found::Checkpoint(model) => return Err(no_file(&model)),
    };
    if output == OutputFormat::Json {
        return show::json(&value);
    }
    let rows: Vec<Vec<String>> =
        value.as_object().into_iter().flatten().filter_map(|(key, value)| text_row(key, value)).collect();
    let width = rows.iter().map(|row| row[0].len()).max().unwrap_or(0);
    let lines: Vec<String> = rows.iter().map(|row| format!("{:width$}  {}\n", row[0], row[1])).collect();
    data(&lines.concat());
    Ok(())
}

/// What a name stands for, pulled from the hub where it is there.
enum Found {
    Catalogue(&'static Entry),
    Shape(Box<Shape>),
    File(PathBuf, Box<Header>),
    Checkpoint(HubModel),
}

fn find(name: &str) -> Result<Found> {
    Ok(match named(name)? {
        Named::Catalogue(entry) => Found::Catalogue(entry),
        Named::Shape(shape) => Found::Shape(shape),
        Named::File(path, header) => Found::File(path, header),
        Named::Imported(name) => {
            let (path, header) = imported_model(&name)?;
            Found::File(path, header)
        }
        Named::Hub(address) => {
            let (interrupt, work) = (Interrupt::default(), ModelWork::default());
            let work = Work { interrupt: &interrupt, tell: &|event| work.show(event) };
            match pull_named(&address, work)? {
                HubFile::Gguf(path, header) => Found::File(path, header),
                HubFile::Checkpoint(model) => Found::Checkpoint(model),
            }
        }
    })
}

fn no_file(model: &HubModel) -> Error {
    let what = format!("{} has no GGUF file", model.repo());
    Error::input(what, format!("convert it first with `bench models import {}`", model.repo()))
}

fn text_row(key: &str, value: &Value) -> Option<Vec<String>> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => clean(text),
        Value::Number(number) if key.ends_with("bytes") => bytes(number.as_u64()?),
        other => other.to_string(),
    };
    Some(vec![key.replace('_', " "), text])
}

fn shape_json(shape: &Shape) -> Value {
    let size = |kind| shape.data_bytes(&WeightTypes::of(kind));
    json!({
        "shape": shape.to_string(),
        "parameters": shape.params(),
        "parameters_without_embeddings": shape.params_without_embeddings(),
        "q4_0_bytes": size(FileType::Q4_0),
        "q4_k_m_bytes": size(FileType::Q4KM),
        "q8_0_bytes": size(FileType::Q8_0),
        "f16_bytes": size(FileType::F16),
        "kv_cache_bytes_per_1000_tokens": shape.kv_elements_per_token() * 2 * 1000,
        "unsupported": shape.unsupported(),
    })
}

fn entry_json(entry: &Entry) -> Value {
    let mut value = json!({
        "name": entry.name,
        "display_name": entry.display_name,
        "aliases": entry.aliases.join(", "),
        "hugging_face": entry.hf_repo,
        "parameters_reported": entry.params_reported,
        "in_slimlm_table_1": entry.in_slimlm_table1,
        "in_survey": entry.in_survey,
    });
    if let (Some(fields), Value::Object(shape)) = (value.as_object_mut(), shape_json(&entry.shape)) {
        fields.extend(shape);
        fields.insert("unsupported".into(), json!(entry.unsupported));
        fields.insert("notes".into(), json!(entry.notes));
        fields.insert("source".into(), json!(entry.source));
    }
    value
}

fn file_json(path: &Path, header: &Header) -> Value {
    let facts = header.shape_facts();
    json!({
        "file": path.display().to_string(),
        "name": header.metadata.get("general.name").and_then(slm_models::Value::as_str),
        "kind": ModelKind::of(header).name(),
        "parts": (header.parts.len() > 1).then_some(header.parts.len()),
        "architecture": facts.arch,
        "weights": if header.is_synthetic() { "synthetic" } else { "real" },
        "type": quant_of(header),
        "bits_per_weight": rounded(header.bits_per_weight()),
        "tensor_types": tensor_types(header),
        "parameters": header.params(),
        "tensors": header.tensors.len(),
        "weights_read_per_token_bytes": header.decode_bytes(),
        "layers": facts.layers,
        "width": facts.d_model,
        "context": facts.context,
        "chat_template": header.metadata.contains_key("tokenizer.chat_template"),
    })
}

/// Two digits behind the point are enough for people and programs.
fn rounded(bits: f64) -> f64 {
    (bits * 100.0).round() / 100.0
}

/// How many tensors have which type, as `q4_K 10, q6_K 4, f32 9`.
fn tensor_types(header: &Header) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for tensor in &header.tensors {
        match counts.iter_mut().find(|(name, _)| *name == tensor.ggml_type.name()) {
            Some((_, count)) => *count += 1,
            None => counts.push((tensor.ggml_type.name(), 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

/// The shape that a name stands for.
fn shape_of(name: &str) -> Result<Shape> {
    Ok(match find(name)? {
        Found::Catalogue(entry) => entry.shape.clone(),
        Found::Shape(shape) => *shape,
        Found::File(path, _) => {
            let what = format!("{} is a file already", path.display());
            return Err(Error::input(what, "give a catalogue name or a shape"));
        }
        Found::Checkpoint(model) => return Err(no_file(&model)),
    })
}

fn make_file(
    name: &str,
    (quant, embd): (FileType, Option<EmbeddingTypes>),
    seed: u64,
    out: Option<PathBuf>,
    output: OutputFormat,
) -> Result<()> {
    let shape = shape_of(name)?;
    if let Some(reason) = shape.unsupported() {
        let error = MakeError::Unsupported { arch: shape.arch().name(), reason };
        return Err(Error::input(error.to_string(), "choose another arch"));
    }
    let options = MakeOptions { types: types_of(embd, quant, &shape)?, seed };
    let file = out.unwrap_or_else(|| cache_folder().join(cache_file_name(name, &shape, &options)));
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, &error))?;
    }
    let bar = byte_bar();
    let made = make(&shape, &options, &file, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let made = made.map_err(|error| Error::input(error.to_string(), "choose another place with --out"))?;
    if output == OutputFormat::Json {
        return show::json(&json!({
            "file": file.display().to_string(),
            "bytes": made.bytes,
            "sha256": made.sha256,
            "parameters": made.params,
            "types": options.types.to_string(),
            "bits_per_weight": rounded(shape.bits_per_weight(&options.types)),
            "seed": options.seed,
        }));
    }
    let size = bytes(made.bytes);
    data(&format!("{}: {} parameters, {size}, sha256 {}\n", file.display(), made.params, made.sha256));
    Ok(())
}
