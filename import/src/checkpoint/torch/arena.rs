//! Values of a pickle, side by side in one list and referring to each other by
//! number: however they are nested or shared, copies cost nothing and nothing recurses.

use std::borrow::Cow;

/// A value's number.
pub(super) type Reference = u32;

/// A view of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) storage: Reference,
    /// Elements before the first.
    pub(super) offset: u64,
    pub(super) shape: Vec<i64>,
    pub(super) stride: Vec<i64>,
}

/// A value, as far as checkpoints need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node<'a> {
    /// `None`, floats, attributes: nothing that a tensor depends on.
    Nothing,
    Int(i64),
    Text(Cow<'a, str>),
    Tuple(Vec<Reference>),
    List(Vec<Reference>),
    Dict(Vec<(Reference, Reference)>),
    /// Index into the list of what may be named.
    Global(usize),
    /// Raw data by the name of its type and of its member in the archive.
    Storage {
        dtype: &'static str,
        key: Cow<'a, str>,
    },
    Tensor(View),
}
