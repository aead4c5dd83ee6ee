//! The types of a whole file, and their names as users see them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::output_type::output_type;
use crate::{FileType, Shape, WeightType};

/// Storage types of one file. Norms, biases and learned positions are always F32.
///
/// Shown and parsed as `q4_0`, `q4_k_m`, `q4_0+embd-q8_0`, `q4_0+embd-q8_0+out-f16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WeightTypes {
    /// The layers' matrices.
    matrices: FileType,
    /// The embedding matrix, and so the output of models with tied output. `None`:
    /// of a plain kind, the matrices' type; of a K kind, what llama.cpp's quantizer gives it.
    embeddings: Option<WeightType>,
    /// The output matrix of models that have one of their own. `None`: likewise.
    output: Option<WeightType>,
}

impl WeightTypes {
    /// A kind of file as it is by default: the plain kinds are of one type throughout,
    /// embeddings included.
    pub const fn of(matrices: FileType) -> Self {
        Self { matrices, embeddings: None, output: None }
    }

    /// What llama.cpp's quantizer makes of this shape. It keeps the matrix that gives
    /// the logits (of models with tied output, the embeddings) at 6 or 8 bits.
    pub fn as_quantized(matrices: FileType, shape: &Shape) -> Self {
        let types = Self::of(matrices);
        let base = matrices.base();
        // Of the K kinds, that is the default.
        if matrices.is_k_quant() || matrices.is_float() {
            return types;
        }
        let better = output_type(base, shape.embedding_width().into());
        if shape.tied() { types.with_embeddings(better) } else { types.with_output(better) }
    }

    /// The same with another type for the embeddings.
    #[must_use]
    pub fn with_embeddings(self, embeddings: WeightType) -> Self {
        Self { embeddings: self.unless_default(embeddings), ..self }
    }

    /// The same with another type for the output matrix, where there is one.
    #[must_use]
    pub fn with_output(self, output: WeightType) -> Self {
        Self { output: self.unless_default(output), ..self }
    }

    fn unless_default(self, weight_type: WeightType) -> Option<WeightType> {
        (self.matrices.is_k_quant() || self.matrices.base() != weight_type).then_some(weight_type)
    }

    /// The kind of file.
    pub const fn matrices(&self) -> FileType {
        self.matrices
    }

    /// The type asked for the embeddings, where one was.
    pub const fn embeddings(&self) -> Option<WeightType> {
        self.embeddings
    }

    /// The type asked for the output matrix, where one was.
    pub const fn output(&self) -> Option<WeightType> {
        self.output
    }

    /// Why a file of this shape cannot have these types: a type that was asked for by
    /// name needs rows of whole groups. (Kinds of files fall back to another type there.)
    pub fn misfit(&self, shape: &Shape) -> Option<String> {
        let width = shape.embedding_width();
        let asked =
            [("embeddings", self.embeddings), ("output matrix", self.output.filter(|_| !shape.tied()))];
        asked.into_iter().find_map(|(what, weight_type)| {
            let weight_type = weight_type?;
            let group = weight_type.ggml().block_elements();
            (!u64::from(width).is_multiple_of(group)).then(|| {
                format!("{weight_type} has groups of {group}, but rows of the {what} have {width} elements")
            })
        })
    }
}

impl Default for WeightTypes {
    /// `Q4_0` throughout.
    fn default() -> Self {
        Self::of(FileType::Q4_0)
    }
}

impl fmt::Display for WeightTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.matrices)?;
        if let Some(embeddings) = self.embeddings {
            write!(f, "+embd-{embeddings}")?;
        }
        if let Some(output) = self.output {
            write!(f, "+out-{output}")?;
        }
        Ok(())
    }
}

/// A text that names no storage types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown quantization {0:?}: use a kind of file such as q4_0 or q4_k_m, and +embd-TYPE or +out-TYPE after it"
)]
pub struct UnknownWeightTypes(pub String);

impl FromStr for WeightTypes {
    type Err = UnknownWeightTypes;

    fn from_str(text: &str) -> Result<Self, UnknownWeightTypes> {
        let unknown = || UnknownWeightTypes(text.to_owned());
        let mut parts = text.split('+');
        let mut types = Self::of(parts.next().unwrap_or_default().parse().map_err(|_| unknown())?);
        for part in parts {
            let (slot, name) = part.split_once('-').ok_or_else(unknown)?;
            let weight_type = name.parse().map_err(|_| unknown())?;
            types = match slot {
                "embd" => types.with_embeddings(weight_type),
                "out" => types.with_output(weight_type),
                _ => return Err(unknown()),
            };
        }
        Ok(types)
    }
}

impl TryFrom<String> for WeightTypes {
    type Error = UnknownWeightTypes;

    fn try_from(text: String) -> Result<Self, UnknownWeightTypes> {
        text.parse()
    }
}

impl From<WeightTypes> for String {
    fn from(types: WeightTypes) -> Self {
        types.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in [
            "q4_0",
            "f16",
            "q8_0+embd-f16",
            "q4_0+embd-q8_0+out-f16",
            "f32+out-q4_0",
            "q4_k_m",
            "q3_k_s+embd-q6_k",
        ] {
            assert_eq!(name.parse::<WeightTypes>().unwrap().to_string(), name);
        }
        assert_eq!("Q4_0+embd-q4_0".parse::<WeightTypes>().unwrap(), WeightTypes::default());
        for name in ["", "q5_k", "q4_0+embd", "q4_0+embd-", "q4_0+kv-q8_0", "+embd-q4_0", "q4_0+embd-q4_k_m"]
        {
            assert!(name.parse::<WeightTypes>().is_err(), "{name}");
        }
    }

    #[test]
    fn the_quantizer_keeps_the_matrix_of_the_logits_better() {
        let shape = |text: &str| Shape::parse_free(text).unwrap();
        let tied = shape("arch=mpt,layers=1,d_model=768");
        let narrow = shape("arch=llama,layers=1,d_model=576,tied=yes");
        let untied = shape("arch=llama,layers=1,d_model=768,tied=no");
        let name = |kind, shape| WeightTypes::as_quantized(kind, shape).to_string();
        assert_eq!(name(FileType::Q4_0, &tied), "q4_0+embd-q6_k");
        assert_eq!(name(FileType::Q5_0, &narrow), "q5_0+embd-q8_0");
        assert_eq!(name(FileType::Q4_0, &untied), "q4_0+out-q6_k");
        assert_eq!(name(FileType::Q8_0, &tied), "q8_0");
        assert_eq!(name(FileType::F16, &tied), "f16");
        assert_eq!(name(FileType::Q4KM, &tied), "q4_k_m");
    }

    #[test]
    fn a_type_by_name_must_fit_the_rows() {
        let narrow = Shape::parse_free("arch=llama,layers=1,d_model=576,tied=yes").unwrap();
        let misfit = |name: &str| name.parse::<WeightTypes>().unwrap().misfit(&narrow);
        assert!(misfit("q4_0+embd-q6_k").unwrap().contains("groups of 256"));
        assert_eq!(misfit("q4_0+out-q6_k"), None, "a tied model has no output matrix");
        assert_eq!(misfit("q4_k_m"), None);
    }
}
