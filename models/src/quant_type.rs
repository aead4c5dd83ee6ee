//! The types that llama.cpp can quantize a model to.

use std::fmt;
use std::str::FromStr;

use crate::{FileType, GgmlType, WeightType};

/// A quantization of llama.cpp: a file that is mostly of one tensor type, some
/// tensors of which the engine gives more bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuantType {
    name: &'static str,
    file_type: u32,
}

const fn of(file_type: u32, name: &'static str) -> QuantType {
    QuantType { name, file_type }
}

/// A kind of file that is made synthetically, too.
const fn as_made(kind: FileType) -> QuantType {
    of(kind.number(), kind.name())
}

/// From `llama.h` (`enum llama_ftype`) of the engine that is compiled in; numbers whose
/// types were withdrawn, or that the engine cannot make, are absent.
const ALL: [QuantType; 35] = [
    as_made(FileType::F32),
    as_made(FileType::F16),
    as_made(FileType::Q4_0),
    as_made(FileType::Q4_1),
    as_made(FileType::Q8_0),
    as_made(FileType::Q5_0),
    as_made(FileType::Q5_1),
    of(10, "q2_k"),
    as_made(FileType::Q3KS),
    as_made(FileType::Q3KM),
    as_made(FileType::Q3KL),
    as_made(FileType::Q4KS),
    as_made(FileType::Q4KM),
    as_made(FileType::Q5KS),
    as_made(FileType::Q5KM),
    as_made(FileType::Q6K),
    of(19, "iq2_xxs"),
    of(20, "iq2_xs"),
    of(21, "q2_k_s"),
    of(22, "iq3_xs"),
    of(23, "iq3_xxs"),
    of(24, "iq1_s"),
    of(25, "iq4_nl"),
    of(26, "iq3_s"),
    of(27, "iq3_m"),
    of(28, "iq2_s"),
    of(29, "iq2_m"),
    of(30, "iq4_xs"),
    of(31, "iq1_m"),
    of(32, "bf16"),
    of(36, "tq1_0"),
    of(37, "tq2_0"),
    of(38, "mxfp4_moe"),
    of(40, "q1_0"),
    of(41, "q2_0"),
];

/// What llama-quantize takes for the middle sizes.
const SHORT: [(&str, FileType); 2] = [("q3_k", FileType::Q3KM), ("q4_k", FileType::Q4KM)];

/// A name that is no quantization of llama.cpp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown quantization {name:?}: use one of {}", QuantType::names())]
pub struct UnknownQuantType {
    name: String,
}

impl QuantType {
    /// Its name, such as `q4_k_m`.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// llama.cpp's number for it (`llama_ftype`).
    pub const fn file_type(self) -> u32 {
        self.file_type
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter()
    }

    fn names() -> String {
        Self::all().map(Self::name).collect::<Vec<_>>().join(", ")
    }
}

impl From<FileType> for QuantType {
    fn from(kind: FileType) -> Self {
        as_made(kind)
    }
}

impl fmt::Display for QuantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FromStr for QuantType {
    type Err = UnknownQuantType;

    fn from_str(text: &str) -> Result<Self, UnknownQuantType> {
        let named = |name: &str| name.eq_ignore_ascii_case(text);
        let short = SHORT.into_iter().find(|(name, _)| named(name)).map(|(_, kind)| kind.into());
        short
            .or_else(|| Self::all().find(|known| named(known.name)))
            .ok_or_else(|| UnknownQuantType { name: text.chars().take(40).collect() })
    }
}

/// A tensor type that the engine can quantize to, as given for the embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TensorType(GgmlType);

/// A name that is no such type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown tensor type {0:?}: use f32, f16, bf16, q8_0, q6_k, q5_k, q4_k, q5_0, q4_0 or another of ggml's"
)]
pub struct UnknownTensorType(String);

impl TensorType {
    /// ggml's type.
    pub const fn ggml(self) -> GgmlType {
        self.0
    }
}

impl From<WeightType> for TensorType {
    fn from(weight_type: WeightType) -> Self {
        Self(weight_type.ggml())
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name().to_ascii_lowercase())
    }
}

impl FromStr for TensorType {
    type Err = UnknownTensorType;

    fn from_str(text: &str) -> Result<Self, UnknownTensorType> {
        // Types of intermediate results and of indices, which the engine makes none of.
        const NOT_MADE: [&str; 7] = ["q8_1", "q8_K", "i8", "i16", "i32", "i64", "f64"];
        let known = GgmlType::from_name(text).filter(|known| !NOT_MADE.contains(&known.name()));
        known.map(Self).ok_or_else(|| UnknownTensorType(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_found() {
        let all: Vec<QuantType> = QuantType::all().collect();
        for (index, known) in all.iter().enumerate() {
            assert_eq!(known.name().to_uppercase().parse(), Ok(*known));
            assert!(all[..index].iter().all(|other| other.file_type() != known.file_type()), "{known}");
        }
        assert_eq!("q4_k".parse::<QuantType>().unwrap().name(), "q4_k_m");
        for kind in FileType::ALL {
            assert_eq!(kind.name().parse(), Ok(QuantType::from(kind)));
        }
        for weight_type in WeightType::ALL {
            assert_eq!(weight_type.name().parse(), Ok(TensorType::from(weight_type)));
        }
        let error = "q4".parse::<QuantType>().unwrap_err().to_string();
        assert!(error.contains("q4_k_m") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn tensor_types_are_those_the_engine_makes() {
        assert_eq!("Q6_K".parse::<TensorType>().unwrap().ggml().id(), 14);
        assert_eq!("q6_k".parse::<TensorType>().unwrap().to_string(), "q6_k");
        for bad in ["q8_1", "q8_k", "i32", "f64", "q4_k_m", ""] {
            assert!(bad.parse::<TensorType>().is_err(), "{bad}");
        }
    }
}
