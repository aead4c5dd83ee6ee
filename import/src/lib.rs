//! From a folder of the Hugging Face hub to a GGUF file.
//!
//! The folder is not trusted. Everything in it is checked before the first byte is
//! written; what is not known to be right is refused by name. The file appears only
//! after the engine has loaded it and split several hundred texts into the same
//! tokens as the checkpoint's own tokenizer ([`Import::write`]).

mod arch;
mod check;
mod checkpoint;
mod error;
mod plan;
mod provenance;
mod request;
mod source;
mod tokenizer;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use slm_models::{
    ALIGNMENT, FileType, HashedFile, HeaderWriter, MakeError, Shape, TensorSpec, WeightType, WeightTypes,
    read_header,
};
use slm_protocol::{TokenizeReport, TokenizeRequest};

use arch::Design;
use checkpoint::Checkpoint;
pub use checkpoint::shards_of_index;
pub use error::{ImportError, Result};
use plan::Item;
pub use provenance::{Provenance, SourceFile};
pub use request::{CONVERTER_VERSION, Embeddings, Request};
use tokenizer::Tokenizer;

/// A folder that was read and found good; nothing is written yet.
#[derive(Debug)]
pub struct Import {
    request: Request,
    design: Design,
    checkpoint: Checkpoint,
    tokenizer: Tokenizer,
    types: WeightTypes,
    items: Vec<Item>,
    notes: Vec<String>,
}

/// What to do about a variant that is not supported.
const VARIANT: &str = "give a GGUF file of the model, as others have converted it, or another model";
/// What to do about files that are damaged.
const DAMAGED: &str = "download the whole checkpoint anew";

/// A file that was written, checked and published.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Size of the file.
    pub bytes: u64,
    /// Where it comes from and what is in it.
    pub provenance: Provenance,
    /// Where that is written.
    pub provenance_path: PathBuf,
    /// Number of texts whose token ids were compared.
    pub texts: usize,
}

impl Import {
    /// Reads a folder.
    ///
    /// # Errors
    /// One line that names what is not supported or damaged.
    pub fn read(request: Request) -> Result<Self> {
        const TOKENIZER: &str = "give a GGUF file of the model, as others have converted it, or the right tokenizer with --tokenizer";
        let config_path = request.folder.join("config.json");
        let Some(config) = source::json(&config_path).map_err(error::or(DAMAGED))? else {
            return error::advise(no_config(&request.folder));
        };
        // First, so that an architecture that is not supported is said before anything else.
        arch::design(&config, true).or_else(|_| arch::design(&config, false)).map_err(error::or(VARIANT))?;
        let checkpoint = Checkpoint::open(&request.folder).map_err(error::or(DAMAGED))?;
        let has_head = checkpoint.tensors.keys().any(|name| name.ends_with("lm_head.weight"));
        let design = arch::design(&config, has_head).map_err(error::or(VARIANT))?;
        let types = types(&request, design.shape.tied());
        let items = plan::items(&design, &checkpoint, types).map_err(error::or(VARIANT))?;
        let folder = request.tokenizer.as_deref().unwrap_or(&request.folder);
        let tokenizer =
            Tokenizer::read(folder, design.shape.vocab(), &config).map_err(error::or(TOKENIZER))?;
        // Refused now if the library cannot read it: it will be needed at the end.
        tokenizer.reference().map_err(error::or(TOKENIZER))?;
        let mut notes = design.notes.clone();
        notes.extend(plan::stale_head(&design, &checkpoint)?);
        notes.extend(tokenizer.notes());
        Ok(Self { request, design, checkpoint, tokenizer, types, items, notes })
    }

    /// The model's shape.
    pub fn shape(&self) -> &Shape {
        &self.design.shape
    }

    /// The types that its weights will have.
    pub fn types(&self) -> WeightTypes {
        self.types
    }

    /// What a user should know of the conversion.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The context that the model was trained for, tokens; the file's may be limited to that of
    /// a window.
    pub fn trained_context(&self) -> u32 {
        self.design.trained_context
    }

    /// How texts are split into tokens.
    pub fn tokenizer(&self) -> String {
        self.tokenizer.description()
    }

    /// Writes the file to `destination` and a file of its provenance beside it, each whole or not at
    /// all. `engine` loads the file at its temporary place, tokenises the texts and
    /// decodes a little; only if its report is right is the file published. `progress`
    /// gets the bytes written and the size of the finished file, and may end it.
    ///
    /// # Errors
    /// One line; nothing is left at the destination.
    pub fn write(
        &self,
        destination: &Path,
        engine: &mut dyn FnMut(&Path, &TokenizeRequest) -> std::result::Result<TokenizeReport, String>,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Imported> {
        let header = self.header();
        let padded = |spec: &TensorSpec| spec.bytes().next_multiple_of(ALIGNMENT.into());
        let total = header.len() as u64 + self.items.iter().map(|item| padded(&item.spec)).sum::<u64>();
        let mut part = HashedFile::create(destination)?;
        let failed = |part: &HashedFile, source| MakeError::io(part.path(), total, source);
        part.put(&header).map_err(|source| failed(&part, source))?;
        for item in &self.items {
            let start = part.bytes();
            let converted = plan::convert(item, &self.checkpoint, &mut |bytes| {
                part.put(bytes).map_err(|source| failed(&part, source))?;
                match progress(part.bytes(), total) {
                    ControlFlow::Continue(()) => Ok(()),
                    ControlFlow::Break(()) => Err(ImportError::Interrupted),
                }
            });
            converted.map_err(error::or(DAMAGED))?;
            let end = start + padded(&item.spec);
            let padding = vec![0; usize::try_from(end.saturating_sub(part.bytes())).unwrap_or(0)];
            part.put(&padding).map_err(|source| failed(&part, source))?;
        }
        part.sync().map_err(|source| failed(&part, source))?;
        let texts = self.check(&part, engine)?;
        let mut provenance = self.provenance(&part)?;
        let bytes = part.bytes();
        provenance.file.sha256 = part.publish(destination)?;
        let provenance_path = provenance.write(destination)?;
        Ok(Imported { bytes, provenance, provenance_path, texts })
    }

    fn header(&self) -> Vec<u8> {
        let mut out = HeaderWriter::default();
        out.str("general.architecture", self.design.shape.arch().name());
        out.str("general.type", "model");
        out.str("general.name", &self.name());
        out.u32("general.alignment", ALIGNMENT);
        out.u32("general.quantization_version", 2);
        out.u32("general.file_type", self.types.matrices().number());
        out.u32("slm_bench.converter_version", CONVERTER_VERSION);
        if let Some(repository) = &self.request.repository {
            out.str("slm_bench.repository", repository);
        }
        if let Some(commit) = &self.request.commit {
            out.str("slm_bench.commit", commit);
        }
        plan::write_metadata(&mut out, &self.design);
        self.tokenizer.write(&mut out);
        let specs: Vec<TensorSpec> = self.items.iter().map(|item| item.spec.clone()).collect();
        out.finish(&specs)
    }

    /// What the model is called in the file.
    fn name(&self) -> String {
        let folder = || self.request.folder.canonicalize().ok()?.file_name()?.to_str().map(str::to_owned);
        let repository = || self.request.repository.as_deref()?.rsplit('/').next().map(str::to_owned);
        let name = self.request.name.clone().or_else(repository).or_else(folder);
        harmless(&name.unwrap_or_else(|| "imported".to_owned()))
    }

    /// The engine's word on the file; the number of texts compared.
    fn check(
        &self,
        part: &HashedFile,
        engine: &mut dyn FnMut(&Path, &TokenizeRequest) -> std::result::Result<TokenizeReport, String>,
    ) -> Result<usize> {
        let request = TokenizeRequest { texts: check::texts(&self.tokenizer) };
        let report = engine(part.path(), &request).map_err(error::refused).map_err(error::or(VARIANT))?;
        check::compare(&self.tokenizer, &request.texts, &report).map_err(error::or(VARIANT))?;
        Ok(request.texts.len())
    }

    fn provenance(&self, part: &HashedFile) -> Result<Provenance> {
        let header = read_header(part.path()).map_err(|error| error::refused(error.to_string()))?;
        let config = self.request.folder.join("config.json");
        let paths = std::iter::once(&config).chain(self.checkpoint.paths()).chain(&self.tokenizer.files);
        Provenance::of(&header, &self.request, paths)
    }
}

/// A name without the words at which llama.cpp changes what special tokens do to the spaces
/// beside them (`llama-vocab.cpp`): the file's own metadata say that.
fn harmless(name: &str) -> String {
    let mut name = name.to_owned();
    for (word, keeps) in [("phi-3", "phi"), ("phi3", "phi"), ("modern-bert", "modern")] {
        while let Some(at) = name.to_ascii_lowercase().find(word) {
            let rest = name[at + keeps.len()..].trim_start_matches('-').to_owned();
            name = format!("{} {rest}", &name[..at + keeps.len()]);
        }
    }
    name
}

/// What a folder without `config.json` is, and what to give instead.
fn no_config(folder: &Path) -> String {
    let has = |name: &str| folder.join(name).exists();
    let folder = folder.display();
    if has("adapter_config.json") {
        return format!(
            "{folder} holds an adapter (LoRA); merge it into its base model and import the result"
        );
    }
    if has("model_index.json") {
        return format!(
            "{folder} holds a pipeline of diffusers, which writes no text; give a text generator"
        );
    }
    if has("params.json") && (has("consolidated.00.pth") || has("consolidated.safetensors")) {
        return format!(
            "{folder} is in its maker's own form; download the repository in the form of transformers"
        );
    }
    format!("{folder}/config.json is not there; give the folder of a model of the hub")
}

/// The types of the weights.
fn types(request: &Request, tied: bool) -> WeightTypes {
    let types = WeightTypes::of(request.weights);
    match request.embeddings {
        Embeddings::Type(weight_type) => types.with_embeddings(weight_type),
        Embeddings::Auto if request.weights != FileType::Q4_0 => types,
        Embeddings::Auto if tied => types.with_embeddings(WeightType::Q8_0),
        Embeddings::Auto => types.with_output(WeightType::Q8_0),
        Embeddings::Same => types,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_away_from_words_that_the_engine_acts_on() {
        for (name, expected) in [
            ("SmolLM2-360M", "SmolLM2-360M"),
            ("Phi-3-mini-4k-instruct", "Phi 3-mini-4k-instruct"),
            ("my-PHI3-phi-3.5", "my-PHI 3-phi 3.5"),
            ("Modern-BERT-base", "Modern BERT-base"),
            ("Phi-4-mini", "Phi-4-mini"),
        ] {
            assert_eq!(harmless(name), expected);
        }
    }
}
