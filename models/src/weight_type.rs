//! The types weights are stored in, and their names as users see them.

use std::fmt;
use std::str::FromStr;

use crate::GgmlType;

/// A storage type of a tensor that the writer can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WeightType {
    /// 3 bits in groups of 256 (3.4375 bits per weight).
    Q3K,
    /// 4 bits in groups of 32 with an f16 scale (4.5 bits per weight).
    Q4_0,
    /// The same with an f16 minimum (5 bits per weight).
    Q4_1,
    /// 4 bits in groups of 256 (4.5 bits per weight).
    Q4K,
    /// 5 bits in groups of 32 with an f16 scale (5.5 bits per weight).
    Q5_0,
    /// The same with an f16 minimum (6 bits per weight).
    Q5_1,
    /// 5 bits in groups of 256 (5.5 bits per weight).
    Q5K,
    /// 6 bits in groups of 256 (6.5625 bits per weight).
    Q6K,
    /// 8 bits in groups of 32 with an f16 scale (8.5 bits per weight).
    Q8_0,
    /// 16-bit floating point.
    F16,
    /// 32-bit floating point.
    F32,
}

impl WeightType {
    /// All of them, small ones first.
    pub const ALL: [Self; 11] = [
        Self::Q3K,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q4K,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q5K,
        Self::Q6K,
        Self::Q8_0,
        Self::F16,
        Self::F32,
    ];

    /// Its name in lower case: `q4_0`, `q6_k`, `f16`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Q3K => "q3_k",
            Self::Q4_0 => "q4_0",
            Self::Q4_1 => "q4_1",
            Self::Q4K => "q4_k",
            Self::Q5_0 => "q5_0",
            Self::Q5_1 => "q5_1",
            Self::Q5K => "q5_k",
            Self::Q6K => "q6_k",
            Self::Q8_0 => "q8_0",
            Self::F16 => "f16",
            Self::F32 => "f32",
        }
    }

    /// The same type as ggml knows it.
    pub const fn ggml(self) -> GgmlType {
        match self {
            Self::Q3K => GgmlType::Q3_K,
            Self::Q4_0 => GgmlType::Q4_0,
            Self::Q4_1 => GgmlType::Q4_1,
            Self::Q4K => GgmlType::Q4_K,
            Self::Q5_0 => GgmlType::Q5_0,
            Self::Q5_1 => GgmlType::Q5_1,
            Self::Q5K => GgmlType::Q5_K,
            Self::Q6K => GgmlType::Q6_K,
            Self::Q8_0 => GgmlType::Q8_0,
            Self::F16 => GgmlType::F16,
            Self::F32 => GgmlType::F32,
        }
    }
}

impl fmt::Display for WeightType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no storage type this crate can make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown weight type {0:?}: use one of {known}", known = WeightType::ALL.map(WeightType::name).join(", "))]
pub struct UnknownWeightType(pub String);

impl FromStr for WeightType {
    type Err = UnknownWeightType;

    fn from_str(text: &str) -> Result<Self, UnknownWeightType> {
        Self::ALL
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownWeightType(text.to_owned()))
    }
}
