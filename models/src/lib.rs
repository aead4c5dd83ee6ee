//! Model shapes and model files.
//!
//! Speed and memory of a language model on a device depend on its shape and on how
//! its weights are stored, not on their values. So this crate knows the shapes of
//! the models that studies measure ([`Catalogue`]), takes any other from a
//! description ([`Shape`]), and makes GGUF files of exactly that shape with random
//! weights ([`make`]), marked as synthetic. For files from elsewhere,
//! [`read_header`] tells what is in them without trusting them.

mod arch;
mod catalogue;
mod container;
pub mod digest;
mod encode;
mod file_type;
mod ggml_type;
mod gguf;
mod kind;
mod make;
mod make_error;
mod make_options;
mod metadata;
mod mixture;
mod output_type;
mod partial_file;
pub mod plain_text;
mod quant_type;
mod random;
mod role;
mod shape;
mod split_name;
mod tensors;
mod vocab;
mod weight_type;
mod weight_types;

pub use arch::Arch;
pub use catalogue::{Catalogue, Entry, UnknownModel};
pub use container::Container;
pub use encode::{EncodeError, can_encode, encode};
pub use file_type::{FileType, UnknownFileType};
pub use ggml_type::GgmlType;
pub use gguf::{
    GgufError, Header, HeaderWriter, Part, ShapeFacts, TensorInfo, Value, ValueType, read_header,
    read_header_even_if_cut, read_one_file,
};
pub use kind::ModelKind;
pub use make::{Made, cache_file_name, make};
pub use make_error::MakeError;
pub use make_options::MakeOptions;
pub use metadata::write_sizes;
pub use partial_file::{HashedFile, PartialFile};
pub use quant_type::{QuantType, TensorType, UnknownQuantType, UnknownTensorType};
pub use role::Role;
pub use shape::{PerLayer, Shape, ShapeDraft, ShapeError};
pub use split_name::SplitName;
pub use tensors::{ALIGNMENT, TensorSpec};
pub use vocab::Vocabulary;
pub use weight_type::{UnknownWeightType, WeightType};
pub use weight_types::{UnknownWeightTypes, WeightTypes};
