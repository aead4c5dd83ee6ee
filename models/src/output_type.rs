//! Types that take the place of others where rows do not fit.

use crate::WeightType;

/// The type of the matrix that gives the logits, where none is asked for: 6 bits, or 8
/// where rows are no whole groups.
pub(crate) fn output_type(base: WeightType, width: u64) -> WeightType {
    match base {
        WeightType::F32 | WeightType::F16 | WeightType::Q8_0 => base,
        _ if !width.is_multiple_of(base.ggml().block_elements()) => WeightType::Q8_0,
        _ => fitting(WeightType::Q6K, width),
    }
}

/// The type itself, or what takes its place where rows are no whole groups of 256.
/// Rows are whole groups of 32 in every shape.
pub(crate) fn fitting(wanted: WeightType, width: u64) -> WeightType {
    if width.is_multiple_of(wanted.ggml().block_elements()) {
        return wanted;
    }
    match wanted {
        WeightType::Q3K => WeightType::Q4_0,
        WeightType::Q4K => WeightType::Q5_0,
        WeightType::Q5K => WeightType::Q5_1,
        WeightType::Q6K => WeightType::Q8_0,
        plain => plain,
    }
}
