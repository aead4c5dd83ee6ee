//! Kinds of files that llama.cpp's quantizer makes, by the names users know.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::WeightType;

/// How the matrices of a file are stored. The plain kinds have one type throughout;
/// the `K` kinds mix several (`S`, `M`, `L`: how many get a better one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FileType {
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point.
    F16,
    /// 8 bits in groups of 32.
    Q8_0,
    /// 6 bits in groups of 256.
    Q6K,
    /// 5 bits in groups of 256, some matrices with 6.
    Q5KM,
    /// 5 bits in groups of 256.
    Q5KS,
    /// 5 bits in groups of 32 with a minimum.
    Q5_1,
    /// 5 bits in groups of 32.
    Q5_0,
    /// 4 bits in groups of 256, some matrices with 6.
    Q4KM,
    /// 4 bits in groups of 256, few matrices with 5.
    Q4KS,
    /// 4 bits in groups of 32 with a minimum.
    Q4_1,
    /// 4 bits in groups of 32.
    Q4_0,
    /// 3 bits in groups of 256, many matrices with 5.
    Q3KL,
    /// 3 bits in groups of 256, many matrices with 4.
    Q3KM,
    /// 3 bits in groups of 256.
    Q3KS,
}

impl FileType {
    /// All kinds, large ones first.
    pub const ALL: [Self; 15] = [
        Self::F32,
        Self::F16,
        Self::Q8_0,
        Self::Q6K,
        Self::Q5KM,
        Self::Q5KS,
        Self::Q5_1,
        Self::Q5_0,
        Self::Q4KM,
        Self::Q4KS,
        Self::Q4_1,
        Self::Q4_0,
        Self::Q3KL,
        Self::Q3KM,
        Self::Q3KS,
    ];

    /// Name, number in `general.file_type` (`llama_ftype`), and the type that matrices
    /// have unless a rule gives them another (`llama_ftype_get_default_type`).
    const fn facts(self) -> (&'static str, u32, WeightType) {
        match self {
            Self::F32 => ("f32", 0, WeightType::F32),
            Self::F16 => ("f16", 1, WeightType::F16),
            Self::Q4_0 => ("q4_0", 2, WeightType::Q4_0),
            Self::Q4_1 => ("q4_1", 3, WeightType::Q4_1),
            Self::Q8_0 => ("q8_0", 7, WeightType::Q8_0),
            Self::Q5_0 => ("q5_0", 8, WeightType::Q5_0),
            Self::Q5_1 => ("q5_1", 9, WeightType::Q5_1),
            Self::Q3KS => ("q3_k_s", 11, WeightType::Q3K),
            Self::Q3KM => ("q3_k_m", 12, WeightType::Q3K),
            Self::Q3KL => ("q3_k_l", 13, WeightType::Q3K),
            Self::Q4KS => ("q4_k_s", 14, WeightType::Q4K),
            Self::Q4KM => ("q4_k_m", 15, WeightType::Q4K),
            Self::Q5KS => ("q5_k_s", 16, WeightType::Q5K),
            Self::Q5KM => ("q5_k_m", 17, WeightType::Q5K),
            Self::Q6K => ("q6_k", 18, WeightType::Q6K),
        }
    }

    /// Its name in lower case: `q4_k_m`.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// llama.cpp's number for it.
    pub const fn number(self) -> u32 {
        self.facts().1
    }

    /// The kind with that number, if it is known here.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|known| u64::from(known.number()) == number)
    }

    /// The type of matrices that no rule gives another.
    pub const fn base(self) -> WeightType {
        self.facts().2
    }

    /// Whether it is one of those whose matrices have several types.
    pub const fn is_k_quant(self) -> bool {
        self.base().ggml().block_elements() == 256
    }

    /// Whether it is a floating-point kind, from which others are made.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16)
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no kind of file this crate can make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown quantization {0:?}: use one of {known}", known = FileType::ALL.map(FileType::name).join(", "))]
pub struct UnknownFileType(pub String);

impl FromStr for FileType {
    type Err = UnknownFileType;

    fn from_str(text: &str) -> Result<Self, UnknownFileType> {
        Self::ALL
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownFileType(text.to_owned()))
    }
}

impl TryFrom<String> for FileType {
    type Error = UnknownFileType;

    fn try_from(text: String) -> Result<Self, UnknownFileType> {
        text.parse()
    }
}

impl From<FileType> for String {
    fn from(file_type: FileType) -> Self {
        file_type.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_found() {
        for known in FileType::ALL {
            assert_eq!(known.name().to_ascii_uppercase().parse(), Ok(known));
            assert_eq!(FileType::from_number(known.number().into()), Some(known));
        }
        assert_eq!(FileType::from_number(10), None);
        let error = "q4_k".parse::<FileType>().unwrap_err().to_string();
        assert!(error.contains("\"q4_k\"") && error.contains("q4_k_m"), "{error}");
    }
}
