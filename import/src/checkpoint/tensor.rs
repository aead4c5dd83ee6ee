//! A tensor of a checkpoint, before it is read.

/// How elements are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dtype {
    F32,
    F16,
    Bf16,
    /// Anything else, by its name: no error until a tensor of it is wanted.
    Other(String),
}

/// Where a tensor lies. The place is within its file, and as long as the shape says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    pub(crate) file: usize,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<u64>,
    pub(crate) offset: u64,
}

/// What a reader of one file format found: names, types, shapes, offsets in the file.
pub(super) type Listed = Vec<(String, Dtype, Vec<u64>, u64)>;

impl Dtype {
    /// Bytes of an element; `None` for types that are not read.
    pub(super) fn bytes(&self) -> Option<u8> {
        match self {
            Self::F32 => Some(4),
            Self::F16 | Self::Bf16 => Some(2),
            Self::Other(_) => None,
        }
    }
}

/// Number of elements, if it fits.
pub(super) fn elements(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1_u64, |product, dim| product.checked_mul(*dim))
}
