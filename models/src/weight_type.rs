//! The types weights are stored in, and their name as users see it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::GgmlType;

/// A storage type that the writer can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightType {
    /// 4 bits in groups of 32 with an f16 scale (4.5 bits per weight).
    #[serde(rename = "q4_0")]
    Q4_0,
    /// 8 bits in groups of 32 with an f16 scale (8.5 bits per weight).
    #[serde(rename = "q8_0")]
    Q8_0,
    /// 16-bit floating point.
    F16,
    /// 32-bit floating point.
    F32,
}

impl WeightType {
    /// Its name: `q4_0`, `q8_0`, `f16`, `f32`.
    pub fn name(self) -> &'static str {
        self.ggml().name()
    }

    /// ggml's type.
    pub fn ggml(self) -> GgmlType {
        match self {
            Self::Q4_0 => GgmlType::Q4_0,
            Self::Q8_0 => GgmlType::Q8_0,
            Self::F16 => GgmlType::F16,
            Self::F32 => GgmlType::F32,
        }
    }

    /// llama.cpp's number for a file that is mostly of this type.
    pub fn file_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
        }
    }
}

impl fmt::Display for WeightType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no quantisation this crate can make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown quantisation {0:?}: use q4_0, q8_0, f16 or f32, and +embd-TYPE or +out-TYPE after it")]
pub struct UnknownWeightType(pub String);

impl FromStr for WeightType {
    type Err = UnknownWeightType;

    fn from_str(text: &str) -> Result<Self, UnknownWeightType> {
        [Self::Q4_0, Self::Q8_0, Self::F16, Self::F32]
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownWeightType(text.to_owned()))
    }
}

/// Storage types of one file. Norms, biases and learned positions are always F32.
///
/// Shown and parsed as `q4_0`, `q4_0+embd-q8_0`, `q4_0+embd-q8_0+out-f16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WeightTypes {
    /// The layers' matrices.
    pub matrices: WeightType,
    /// The embedding matrix (and so the output of models with tied output).
    pub embeddings: WeightType,
    /// The output matrix of models that have one of their own.
    pub output: WeightType,
}

impl WeightTypes {
    /// All of one type.
    pub const fn uniform(weight_type: WeightType) -> Self {
        Self { matrices: weight_type, embeddings: weight_type, output: weight_type }
    }
}

impl Default for WeightTypes {
    /// `Q4_0` throughout.
    fn default() -> Self {
        Self::uniform(WeightType::Q4_0)
    }
}

impl fmt::Display for WeightTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.matrices)?;
        if self.embeddings != self.matrices {
            write!(f, "+embd-{}", self.embeddings)?;
        }
        if self.output != self.matrices {
            write!(f, "+out-{}", self.output)?;
        }
        Ok(())
    }
}

impl FromStr for WeightTypes {
    type Err = UnknownWeightType;

    fn from_str(text: &str) -> Result<Self, UnknownWeightType> {
        let unknown = || UnknownWeightType(text.to_owned());
        let mut parts = text.split('+');
        let matrices = parts.next().unwrap_or_default().parse().map_err(|_| unknown())?;
        let mut types = Self::uniform(matrices);
        for part in parts {
            let (slot, name) = part.split_once('-').ok_or_else(unknown)?;
            let weight_type = name.parse().map_err(|_| unknown())?;
            match slot {
                "embd" => types.embeddings = weight_type,
                "out" => types.output = weight_type,
                _ => return Err(unknown()),
            }
        }
        Ok(types)
    }
}

impl TryFrom<String> for WeightTypes {
    type Error = UnknownWeightType;

    fn try_from(text: String) -> Result<Self, UnknownWeightType> {
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
        for name in ["q4_0", "f16", "q8_0+embd-f16", "q4_0+embd-q8_0+out-f16", "f32+out-q4_0"] {
            assert_eq!(name.parse::<WeightTypes>().unwrap().to_string(), name);
        }
        for name in ["", "q5_0", "q4_0+embd", "q4_0+embd-", "q4_0+kv-q8_0", "+embd-q4_0"] {
            assert!(name.parse::<WeightTypes>().is_err(), "{name}");
        }
    }
}
