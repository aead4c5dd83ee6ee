//! The effects that planning leaves out: what is wanted is downloaded, converted, quantized.

use crate::{
    HubModel,
    hashes::Hashes,
    known,
    named::{HubFile, pull_named},
    resolve::{Item, Resolution, Wanted, refuse_doubles, refuse_quantized, under},
    weights::{in_fewer_bits, real_file},
    work::{Event, Work},
};
use slm_models::{FileType, Header};
use slm_plan::{PlannedModel, error::Result, request::SweepRequest};
use slm_protocol::EngineKind;
use std::path::Path;

impl Resolution {
    /// Provides what is wanted, so that every model's file is known.
    ///
    /// # Errors
    /// As for pulling, importing and quantizing; [`Error::Interrupted`].
    pub fn provide(self, request: &SweepRequest, work: Work<'_>) -> Result<Vec<PlannedModel>> {
        let Self { items, hashes, .. } = self;
        let mut models = Vec::new();
        for item in items {
            models.push(match item {
                Item::Known(models) => models,
                Item::Wanted(wanted, engine) => {
                    let provider = Provider { request, hashes: &hashes, work, engine };
                    under(provider.provide(wanted)?, engine)
                }
            });
        }
        refuse_doubles(&models)?;
        Ok(models.concat())
    }
}

struct Provider<'a> {
    request: &'a SweepRequest,
    hashes: &'a Hashes,
    work: Work<'a>,
    engine: EngineKind,
}

impl Provider<'_> {
    fn provide(&self, wanted: Wanted) -> Result<Vec<PlannedModel>> {
        match wanted {
            Wanted::Hub(address, called) => match pull_named(&address, self.work)? {
                HubFile::Gguf(path, header) => self.gguf(&path, called.as_deref(), &header),
                HubFile::Checkpoint(model) => {
                    let kept = model.name(self.work)?;
                    self.checkpoint(model.repo(), &kept, || Ok(model.clone()))
                }
            },
            Wanted::Real(entry) => self.checkpoint(&entry.name, &entry.name, || HubModel::of_entry(entry)),
            Wanted::Quantized { path, header, own, quants } => self.quantized(&path, &header, &own, &quants),
        }
    }

    /// A GGUF file of the hub, as it is or in the quantizations asked for.
    fn gguf(&self, path: &Path, called: Option<&str>, header: &Header) -> Result<Vec<PlannedModel>> {
        let own = known::from_file(path, called, header, self.request, self.hashes, self.engine)?;
        let Some(asked) = &self.request.quants else { return Ok(vec![own]) };
        self.quantized(path, header, &own, asked)
    }

    fn quantized(
        &self,
        path: &Path,
        header: &Header,
        own: &PlannedModel,
        quants: &[FileType],
    ) -> Result<Vec<PlannedModel>> {
        let planned = |quant: &FileType| {
            if known::has_types(header, *quant, self.request.embeddings) {
                return Ok(own.clone());
            }
            refuse_quantized(path, header, *quant)?;
            let file = in_fewer_bits(path, header, *quant, self.request.embeddings, self.hashes, self.work)?;
            let made = known::from_path(&file, *quant, self.request, self.hashes, self.engine)?;
            Ok(PlannedModel { name: own.name.clone(), ..made })
        };
        quants.iter().map(planned).collect()
    }

    /// A model's real weights in every quantization: `name` is for the tables, `kept` what
    /// its converted files are kept under.
    fn checkpoint(
        &self,
        name: &str,
        kept: &str,
        model: impl Fn() -> Result<HubModel>,
    ) -> Result<Vec<PlannedModel>> {
        let planned = |quant| {
            let file = real_file(kept, &model, quant, self.request.embeddings, self.hashes, self.work)?;
            self.work.tell(Event::RealWeights { model: name, file: file.display().to_string() });
            let made = known::from_path(&file, quant, self.request, self.hashes, self.engine)?;
            Ok(PlannedModel { name: name.to_owned(), ..made })
        };
        self.request.quants_or_default().into_iter().map(planned).collect()
    }
}
