//! Gemma 2: norms around each block, soft caps, a window in every other layer.

use serde_json::json;

use super::{
    config::Config,
    design::{Design, Fact, common, shape},
    rope,
};
use crate::error::{Result, refuse};

/// The model whose attention is scaled by the width of the stream, told by its layers.
const LAYERS_OF_27B: u32 = 46;

pub(super) fn design(config: &Config<'_>) -> Result<Design> {
    let gelu = json!("gelu_pytorch_tanh");
    config.only("hidden_activation", std::slice::from_ref(&gelu))?;
    if config.get("hidden_activation").is_none() {
        config.only("hidden_act", &[gelu])?;
    }
    config.only("attention_bias", &[json!(false)])?;
    config.only("tie_word_embeddings", &[json!(true)])?;
    let mut draft = common(config, "gemma2")?;
    let head_dim = config.need("head_dim")?;
    let layers = config.need("num_hidden_layers")?;
    // llama.cpp derives the scale from the layers and the head.
    let heads = config.need("num_attention_heads")?;
    let width = config.need("hidden_size")?;
    let scale = if layers == LAYERS_OF_27B { width.checked_div(heads).unwrap_or(0) } else { head_dim };
    if config.float("query_pre_attn_scalar")? != Some(f64::from(scale)) {
        return refuse(format!(
            "config.json: query_pre_attn_scalar is not {scale}, which llama.cpp takes for this model"
        ));
    }
    if let Some(types) = config.get("layer_types").and_then(|types| types.as_array()) {
        let expected = ["sliding_attention", "full_attention"];
        if types.iter().zip(expected.iter().cycle()).any(|(found, expected)| found != expected) {
            return refuse("config.json: layer_types do not alternate as in Gemma 2's own models");
        }
    }
    let rope = rope::read(config, head_dim)?;
    if !rope.facts.is_empty() || rope.divisors.is_some() {
        return refuse("config.json: rope scaling is not supported for gemma2");
    }
    draft.head_dim = Some(head_dim);
    draft.rope_theta = Some(rope.theta);
    draft.window = Some(config.need("sliding_window")?);
    draft.tied = Some(true);
    Ok(Design {
        shape: shape(draft)?,
        trained_context: config.need("max_position_embeddings")?,
        epsilon: config.need_f32("rms_norm_eps")?,
        facts: vec![
            ("attn_logit_softcapping", Fact::F32(config.need_f32("attn_logit_softcapping")?)),
            ("final_logit_softcapping", Fact::F32(config.need_f32("final_logit_softcapping")?)),
        ],
        frequency_divisors: None,
        attention_bias: false,
        notes: Vec::new(),
    })
}
