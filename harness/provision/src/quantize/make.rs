//! Planning a quantization and doing it.

use super::{QuantPlan, Recipe, child::Child, output_path, provenance::Provenance};
use crate::{
    QuantizeStep,
    hashes::Hashes,
    local_agent::find_agent,
    named::{check_kind, header_of, not_a_model},
    work::{Event, Work},
};
use slm_models::{Header, PartialFile, TensorInfo, read_header, read_header_even_if_cut};
use slm_plan::{
    digest::sha256_file,
    error::{Error, Result},
    interrupt::Interrupt,
    text::clean,
};
use slm_protocol::QuantizeEvent;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file that was made.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// Where it is.
    pub path: PathBuf,
    /// What became of its tensors.
    pub plan: QuantPlan,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Where its provenance is written.
    pub provenance: PathBuf,
}

/// Says what would become of each tensor; nothing is written. `None`: interrupted.
///
/// # Errors
/// [`Error::Input`] for a file that is no model or cannot be quantized so.
pub fn plan(input: &Path, recipe: &Recipe, interrupt: &Interrupt) -> Result<Option<QuantPlan>> {
    let header = read_source(input)?;
    let input = first_part(input, &header);
    check_asked_types(input, &header, recipe)?;
    let agent = find_agent()?;
    let (mut engine, mut needs_imatrix, mut events) = (String::new(), false, Vec::new());
    let mut take = |event| match event {
        QuantizeEvent::Started { engine: version } => engine = version,
        QuantizeEvent::Done { needs_imatrix: needs } => needs_imatrix = needs,
        event => events.push(event),
    };
    // The output is not touched in a dry run.
    let child = Child::quantize(&agent, input, input, recipe, true);
    if !child.run(&mut take, interrupt)? {
        return Ok(None);
    }
    if needs_imatrix {
        let what =
            format!("{} asks for an importance matrix for this model, which bench cannot make", recipe.quant);
        return Err(Error::input(what, "choose a type of three bits or more, such as q3_k_m"));
    }
    QuantPlan::new(&header, engine, &events).map(Some).map_err(|problem| {
        Error::Internal(format!("the engine's answer on {} is not understood: {problem}", input.display()))
    })
}

/// What a source is told by: the hash of its file, or of those of all its parts.
///
/// # Errors
/// [`Error::Input`] for a file that is no model or cannot be read.
pub fn source_sha256(input: &Path) -> Result<String> {
    Hashes::default().of_model(&header_of(input)?.parts)
}

/// The file that the engine is to be given: it finds the others by its name.
fn first_part<'a>(input: &'a Path, header: &'a Header) -> &'a Path {
    header.parts.first().map_or(input, |part| &part.path)
}

/// Refuses an output that is the source or a part of it by whatever name, or no plain file.
///
/// # Errors
/// [`Error::Input`] that names both.
pub fn check_output(input: &Path, output: &Path) -> Result<()> {
    let check = |source: &Path| output_path::check(source, output, &PartialFile::path_for(output));
    check(input)?;
    // What is no model is refused when it is read.
    let parts = read_header_even_if_cut(input).map(|header| header.parts).unwrap_or_default();
    parts.iter().try_for_each(|part| check(&part.path))
}

/// Quantizes a file as planned: written beside its place, read back, loaded, and only
/// then named. `source_sha256` is the hash of the source. `None`: interrupted, and nothing
/// is left.
///
/// # Errors
/// [`Error::Input`] for files that cannot be read or written; [`Error::Internal`] where
/// the engine fails.
pub fn quantize(
    input: &Path,
    source_sha256: &str,
    output: &Path,
    recipe: &Recipe,
    plan: QuantPlan,
    work: Work<'_>,
) -> Result<Option<Quantized>> {
    make_folder(output)?;
    let mut part = PartialFile::create(output).map_err(|error| Error::Input(error.to_string()))?;
    // A file that was there is kept until it is known not to be the source.
    check_output(input, output)?;
    part.take_over();
    output_path::check_space(&part, plan.bytes)?;
    let agent = find_agent()?;
    let source = header_of(input)?;
    let input = first_part(input, &source);
    let _ended = Ended(work);
    let mut take = |event| {
        if let QuantizeEvent::Tensor { index, of, .. } = event {
            work.tell(Event::Quantize(QuantizeStep::Tensor { done: index, of }));
        }
    };
    if !Child::quantize(&agent, input, part.path(), recipe, false).run(&mut take, work.interrupt)? {
        return Ok(None);
    }
    work.tell(Event::Quantize(QuantizeStep::Checking));
    let header = read_header(part.path()).map_err(|error| wrong_result(&error.to_string()))?;
    plan.agrees_with(&header).map_err(|problem| wrong_result(&problem))?;
    let loaded = Child::check(&agent, part.path()).run(&mut |_| {}, work.interrupt);
    // A file that loads with a wrong size of vocabulary or number of blocks is none.
    if !loaded.map_err(|error| wrong_result(&error.to_string()))? {
        return Ok(None);
    }
    work.tell(Event::Quantize(QuantizeStep::Hashing));
    let sha256 = sha256_file(part.path()).map_err(|error| Error::reading(part.path(), &error))?;
    let provenance = Provenance::of(input, source_sha256, recipe, &plan, &sha256, header.file_bytes);
    part.publish(output).map_err(|error| Error::unwritable(output, &error))?;
    let provenance = provenance.write(output)?;
    Ok(Some(Quantized { path: output.to_owned(), plan, sha256, bytes: header.file_bytes, provenance }))
}

/// Tells that the work ended, however it did.
struct Ended<'a>(Work<'a>);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.tell(Event::QuantizeEnded);
    }
}

/// Reads and checks a source: a whole model in floating point.
fn read_source(input: &Path) -> Result<Header> {
    let header = read_header(input).map_err(|error| not_a_model(&error))?;
    check_kind(input, &header)?;
    let name = input.display();
    if let Some(tensor) = coarse_tensor(&header) {
        let (tensor, kind) = (clean(&tensor.name), tensor.ggml_type);
        let what = format!("{name} is quantized already ({tensor} is {kind}), a second time would lose more");
        return Err(Error::input(what, "give the model in f16, bf16 or f32"));
    }
    Ok(header)
}

/// The first matrix that is not in floating point; without any, a file can be quantized.
pub fn coarse_tensor(header: &Header) -> Option<&TensorInfo> {
    let is_float = |tensor: &TensorInfo| matches!(tensor.ggml_type.name(), "f32" | "f16" | "bf16");
    let is_matrix = |tensor: &TensorInfo| tensor.dims.len() > 1 && tensor.name.ends_with("weight");
    header.tensors.iter().find(|tensor| is_matrix(tensor) && !is_float(tensor))
}

/// The engine takes the types of embedding and output as they are and ends the process
/// where their rows do not fit.
fn check_asked_types(input: &Path, header: &Header, recipe: &Recipe) -> Result<()> {
    for tensor in &header.tensors {
        let asked = match tensor.name.as_str() {
            "token_embd.weight" | "per_layer_token_embd.weight" => recipe.embd,
            "output.weight" => recipe.head,
            _ => None,
        };
        let Some(asked) = asked else { continue };
        let (row, block) = (tensor.dims.first().copied().unwrap_or(0), asked.ggml().block_elements());
        if !row.is_multiple_of(block) {
            let what = format!(
                "{}: rows of {} have {row} elements, no whole blocks of {asked} ({block})",
                input.display(),
                tensor.name
            );
            return Err(Error::input(what, "choose another --embd, such as q8_0 or f16"));
        }
    }
    Ok(())
}

fn wrong_result(problem: &str) -> Error {
    Error::Internal(format!("the result is not usable and was removed: {}", clean(problem)))
}

/// Makes the folder that a file goes into.
fn make_folder(file: &Path) -> Result<()> {
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => fs::create_dir_all(folder).map_err(|error| Error::unwritable(folder, &error)),
        None => Ok(()),
    }
}
