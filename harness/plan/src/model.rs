//! A model of a sweep, and where its file comes from.

use crate::digest::sha256_hex;
use serde::{Deserialize, Serialize};
use slm_models::{Shape, WeightTypes};
use slm_protocol::{ComputeDevice, EngineKind, EngineOptions, Generation};

/// Whether a model's weights were trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Weights {
    /// Random, of the exact shape.
    Synthetic,
    /// The user's file.
    Real,
}

/// A model of the sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedModel {
    /// Name in tables: catalogue name, shape or file name.
    pub name: String,
    /// The engine that runs it.
    pub engine: EngineKind,
    /// Trained or random.
    pub weights: Weights,
    /// Weight types, such as `q4_0`.
    pub quant: String,
    /// Parameters; 0 only where a [`ModelSource::Pending`] does not tell.
    pub params: u64,
    /// Bits that a parameter really takes on average, by the types of the tensors;
    /// `None` where they are not known.
    pub bits_per_weight: Option<f64>,
    /// Size of the model file, bytes; 0 as above.
    pub file_bytes: u64,
    /// Where the file comes from.
    pub source: ModelSource,
    /// How its output is generated.
    pub generation: Generation,
    /// Where the plan has the model in two settings: which one this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Variant>,
}

/// One of two settings that are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// `a` or `b`.
    pub label: String,
    /// Its engine options, in place of the plan's.
    pub options: EngineOptions,
}

impl PlannedModel {
    /// Whether its file must be fetched or made in ways that only a sweep may take.
    pub fn is_pending(&self) -> bool {
        matches!(self.source, ModelSource::Pending { .. })
    }

    /// What it computes on.
    pub fn device(&self) -> ComputeDevice {
        match &self.source {
            ModelSource::Compiled(compiled) => compiled.device,
            _ => ComputeDevice::Cpu,
        }
    }
}

/// Where a model file comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelSource {
    /// Made from a shape.
    Shape {
        /// The shape.
        shape: Shape,
        /// Types of the weights.
        types: WeightTypes,
        /// Seed of the weights.
        seed: u64,
    },
    /// The user's file.
    File {
        /// Absolute path on the host; of a split model that of its first part.
        path: String,
        /// SHA-256 of that file.
        sha256: String,
        /// The other parts of a split model, in their order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        further: Vec<FilePart>,
    },
    /// A folder with a model that TVM compiled.
    Compiled(CompiledSource),
    /// No file: the null engine.
    Nothing,
    /// To be fetched or made first: only in a plan that is shown, never in one that is
    /// measured.
    Pending {
        /// Where it will come from, in words.
        from: String,
    },
}

/// A part of a split model after the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    /// Absolute path on the host.
    pub path: String,
    /// Size, bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
}

/// What tells a model from others: the hash of its file, of a split model that of the hashes of
/// all its parts, in their order.
pub fn model_sha256(parts: &[&str]) -> String {
    match parts {
        [one] => (*one).to_owned(),
        several => sha256_hex(several.concat()),
    }
}

/// A model that TVM compiled and what runs it; absolute paths on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledSource {
    /// The folder of the weights.
    pub path: String,
    /// The model library.
    pub library: String,
    /// SHA-256 of the model library.
    pub sha256: String,
    /// TVM's libraries, in the order in which they are opened.
    pub runtime: Vec<String>,
    /// SHA-256 of each of them.
    pub runtime_sha256: Vec<String>,
    /// What the library was compiled for.
    pub device: ComputeDevice,
    /// All files that the engine reads of the folder, the library among them.
    pub files: Vec<CompiledFile>,
    /// TVM's version, where the folder or the runtime tells it.
    pub tvm: Option<String>,
    /// MLC-LLM's version, where its engine runs and the runtime's folder tells it.
    pub mlc_llm: Option<String>,
}

/// A file of a compiled model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledFile {
    /// Path within the folder; never leads out of it.
    pub name: String,
    /// Size, bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
}
