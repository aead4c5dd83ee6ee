//! The text form of a shape: `arch=mpt,layers=16,d_model=1024,heads=16,…`.

use std::fmt;

use std::str::FromStr;

use super::draft::{PerLayer, ShapeDraft};
use super::error::ShapeError;
use super::validated::Shape;

/// All keys, in canonical order.
const KEYS: &str = "arch, layers, d_model, heads, kv_heads, head_dim, d_ff, vocab, context, tied, bias, \
                    rope_theta, rotary_dims, window, embedding_width";

/// No shape is longer (512 layers of three lists); guards against absurd input.
const MAX_TEXT: usize = 16 * 1024;

fn number(key: &str, value: &str) -> Result<u32, ShapeError> {
    value.parse().map_err(|_| ShapeError::new(key, format!("{value:?} is not a whole number")))
}

fn sizes(key: &str, value: &str) -> Result<PerLayer, ShapeError> {
    value.split('|').map(|part| number(key, part.trim())).collect::<Result<_, _>>().map(PerLayer::listed)
}

fn yes_no(key: &str, value: &str) -> Result<bool, ShapeError> {
    match value {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        _ => Err(ShapeError::new(key, format!("{value:?} is neither yes nor no"))),
    }
}

pub(super) fn parse(text: &str) -> Result<ShapeDraft, ShapeError> {
    let text = text.trim();
    let text = text.strip_prefix("shape:").unwrap_or(text);
    if text.len() > MAX_TEXT {
        return Err(ShapeError::new("shape", format!("{} bytes are too long for a shape", text.len())));
    }
    let mut draft = ShapeDraft::default();
    let mut seen = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((key, value)) = part.split_once('=') else {
            return Err(ShapeError::new(part, "has no value; write key=value, separated by commas"));
        };
        let (key, value) = (key.trim(), value.trim());
        if seen.contains(&key) {
            return Err(ShapeError::new(key, "is given twice; keep one"));
        }
        seen.push(key);
        match key {
            "arch" => draft.arch = value.to_ascii_lowercase(),
            "layers" => draft.layers = Some(number(key, value)?),
            "d_model" => draft.d_model = Some(number(key, value)?),
            "heads" => draft.heads = Some(sizes(key, value)?),
            "kv_heads" => draft.kv_heads = Some(sizes(key, value)?),
            "head_dim" => draft.head_dim = Some(number(key, value)?),
            "d_ff" => draft.d_ff = Some(sizes(key, value)?),
            "vocab" => draft.vocab = Some(number(key, value)?),
            "context" => draft.context = Some(number(key, value)?),
            "tied" => draft.tied = Some(yes_no(key, value)?),
            "bias" => draft.bias = Some(yes_no(key, value)?),
            "rope_theta" => draft.rope_theta = Some(number(key, value)?),
            "rotary_dims" => draft.rotary_dims = Some(number(key, value)?),
            "window" => draft.window = Some(number(key, value)?),
            "embedding_width" => draft.embedding_width = Some(number(key, value)?),
            _ => return Err(ShapeError::new(key, format!("is no key of a shape; the keys are {KEYS}"))),
        }
    }
    Ok(draft)
}

pub(super) fn write(shape: &Shape, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let word = |yes: bool| if yes { "yes" } else { "no" };
    write!(
        f,
        "arch={},layers={},d_model={},heads={},kv_heads={},head_dim={},d_ff={},vocab={},context={},tied={},bias={}",
        shape.arch,
        shape.layers,
        shape.d_model,
        shape.heads,
        shape.kv_heads,
        shape.head_dim,
        shape.d_ff,
        shape.vocab,
        shape.context,
        word(shape.tied),
        word(shape.bias),
    )?;
    if shape.rotary_dims > 0 {
        write!(f, ",rope_theta={},rotary_dims={}", shape.rope_theta, shape.rotary_dims)?;
    }
    if let Some(window) = shape.window {
        write!(f, ",window={window}")?;
    }
    if shape.embedding_width != shape.d_model {
        write!(f, ",embedding_width={}", shape.embedding_width)?;
    }
    Ok(())
}

impl Shape {
    /// Reads the text form, with or without a leading `shape:`. Keys that are left
    /// out get the architecture's defaults; `arch`, `layers` and `d_model` are needed.
    ///
    /// ```
    /// let shape = slm_models::Shape::parse_free("arch=mpt,layers=12,d_model=768")?;
    /// assert_eq!(shape.params(), 125_311_488);
    /// # Ok::<(), slm_models::ShapeError>(())
    /// ```
    pub fn parse_free(text: &str) -> Result<Self, ShapeError> {
        parse(text)?.try_into()
    }
}

impl fmt::Display for Shape {
    /// The canonical text form: every key the architecture has, in a fixed order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, f)
    }
}

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        Self::parse_free(text)
    }
}
