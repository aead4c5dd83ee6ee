//! ggml's tensor types: their numbers, names and block sizes.
//!
//! From `ggml.h` (`enum ggml_type`) and `ggml-common.h` (block layouts).

use std::fmt;

/// A type of tensor elements, known by its number in GGUF files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GgmlType {
    id: u32,
    name: &'static str,
    block_elements: u32,
    block_bytes: u32,
}

const fn of(id: u32, name: &'static str, block_elements: u32, block_bytes: u32) -> GgmlType {
    GgmlType { id, name, block_elements, block_bytes }
}

/// Every type that may occur in a file; numbers whose types were withdrawn are absent.
const KNOWN: [GgmlType; 35] = [
    GgmlType::F32,
    GgmlType::F16,
    GgmlType::Q4_0,
    GgmlType::Q4_1,
    GgmlType::Q5_0,
    GgmlType::Q5_1,
    GgmlType::Q8_0,
    of(9, "q8_1", 32, 36),
    of(10, "q2_K", 256, 84),
    GgmlType::Q3_K,
    GgmlType::Q4_K,
    GgmlType::Q5_K,
    GgmlType::Q6_K,
    of(15, "q8_K", 256, 292),
    of(16, "iq2_xxs", 256, 66),
    of(17, "iq2_xs", 256, 74),
    of(18, "iq3_xxs", 256, 98),
    of(19, "iq1_s", 256, 50),
    of(20, "iq4_nl", 32, 18),
    of(21, "iq3_s", 256, 110),
    of(22, "iq2_s", 256, 82),
    of(23, "iq4_xs", 256, 136),
    of(24, "i8", 1, 1),
    of(25, "i16", 1, 2),
    of(26, "i32", 1, 4),
    of(27, "i64", 1, 8),
    of(28, "f64", 1, 8),
    of(29, "iq1_m", 256, 56),
    of(30, "bf16", 1, 2),
    of(34, "tq1_0", 256, 54),
    of(35, "tq2_0", 256, 66),
    of(39, "mxfp4", 32, 17),
    of(40, "nvfp4", 64, 36),
    of(41, "q1_0", 128, 18),
    of(42, "q2_0", 64, 18),
];

impl GgmlType {
    /// 32-bit floating point.
    pub const F32: Self = of(0, "f32", 1, 4);
    /// 16-bit floating point.
    pub const F16: Self = of(1, "f16", 1, 2);
    /// Groups of 32: an f16 scale and 16 bytes of 4-bit values.
    pub const Q4_0: Self = of(2, "q4_0", 32, 18);
    /// Groups of 32: f16 scale and minimum, and 16 bytes of 4-bit values.
    pub const Q4_1: Self = of(3, "q4_1", 32, 20);
    /// Groups of 32: an f16 scale, 4 bytes of fifth bits and 16 of the other four.
    pub const Q5_0: Self = of(6, "q5_0", 32, 22);
    /// As `Q5_0`, with an f16 minimum.
    pub const Q5_1: Self = of(7, "q5_1", 32, 24);
    /// Groups of 32: an f16 scale and 32 signed bytes.
    pub const Q8_0: Self = of(8, "q8_0", 32, 34);
    /// Groups of 256: 3-bit values, a 6-bit scale for each 16 of them, one f16 scale.
    pub const Q3_K: Self = of(11, "q3_K", 256, 110);
    /// Groups of 256: 4-bit values, 6-bit scale and minimum for each 32, an f16 scale of each.
    pub const Q4_K: Self = of(12, "q4_K", 256, 144);
    /// As `Q4_K`, with a fifth bit.
    pub const Q5_K: Self = of(13, "q5_K", 256, 176);
    /// Groups of 256: 6-bit values, an 8-bit scale for each 16 of them, one f16 scale.
    pub const Q6_K: Self = of(14, "q6_K", 256, 210);

    /// The type with that number, or `None` if it is unknown or withdrawn.
    pub fn from_id(id: u32) -> Option<Self> {
        KNOWN.into_iter().find(|known| known.id == id)
    }

    /// The type with that name, in capitals or not.
    pub fn from_name(name: &str) -> Option<Self> {
        KNOWN.into_iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// Its number in GGUF files.
    pub const fn id(self) -> u32 {
        self.id
    }

    /// ggml's name for it.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Elements per block; the length of a row is a multiple of it.
    pub const fn block_elements(self) -> u64 {
        self.block_elements as u64
    }

    /// Bytes per block.
    pub const fn block_bytes(self) -> u64 {
        self.block_bytes as u64
    }

    /// Bytes of `elements` elements, or `None` if they do not fill whole blocks
    /// or the figure does not fit.
    pub fn bytes_of(self, elements: u64) -> Option<u64> {
        if !elements.is_multiple_of(self.block_elements()) {
            return None;
        }
        (elements / self.block_elements()).checked_mul(self.block_bytes())
    }
}

impl fmt::Display for GgmlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_found() {
        for known in KNOWN {
            assert_eq!(GgmlType::from_id(known.id()), Some(known));
        }
        assert_eq!(GgmlType::from_id(4), None);
        assert_eq!(GgmlType::from_id(u32::MAX), None);
    }

    #[test]
    fn bytes_are_those_of_whole_blocks() {
        assert_eq!(GgmlType::Q4_0.bytes_of(64), Some(36));
        assert_eq!(GgmlType::Q4_0.bytes_of(33), None);
        assert_eq!(GgmlType::F32.bytes_of(u64::MAX), None);
        assert_eq!(GgmlType::from_id(14).and_then(|q6| q6.bytes_of(512)), Some(420));
    }
}
