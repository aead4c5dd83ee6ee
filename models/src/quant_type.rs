//! The types that llama.cpp can quantise a model to.

use std::fmt;
use std::str::FromStr;

use crate::GgmlType;

/// A quantisation of llama.cpp: a file that is mostly of one tensor type, some
/// tensors of which the engine gives more bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuantType {
    name: &'static str,
    file_type: u32,
}

const fn of(file_type: u32, name: &'static str) -> QuantType {
    QuantType { name, file_type }
}

/// From `llama.h` (`enum llama_ftype`) of the engine that is compiled in; numbers whose
/// types were withdrawn, or that the engine cannot make, are absent.
const ALL: [QuantType; 37] = [
    of(0, "f32"),
    of(1, "f16"),
    of(2, "q4_0"),
    of(3, "q4_1"),
    of(7, "q8_0"),
    of(8, "q5_0"),
    of(9, "q5_1"),
    of(10, "q2_k"),
    of(11, "q3_k_s"),
    of(12, "q3_k_m"),
    of(13, "q3_k_l"),
    of(14, "q4_k_s"),
    of(15, "q4_k_m"),
    of(16, "q5_k_s"),
    of(17, "q5_k_m"),
    of(18, "q6_k"),
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
    // What llama-quantize takes for the middle sizes.
    of(12, "q3_k"),
    of(15, "q4_k"),
];

/// A name that is no quantisation of llama.cpp.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown quantisation {name:?}: use one of {}", QuantType::names())]
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
        // The last two are other names of types that are there.
        ALL.into_iter().take(ALL.len() - 2)
    }

    fn names() -> String {
        Self::all().map(Self::name).collect::<Vec<_>>().join(", ")
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
        let known = ALL.into_iter().find(|known| known.name.eq_ignore_ascii_case(text));
        let known = known.ok_or_else(|| UnknownQuantType { name: text.chars().take(40).collect() })?;
        Ok(Self::all().find(|first| first.file_type == known.file_type).unwrap_or(known))
    }
}

/// A tensor type that the engine can quantise to, as given for the embeddings.
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
