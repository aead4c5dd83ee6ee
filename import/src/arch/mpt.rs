//! MPT in `SlimLM`'s variant: learned positions, tied output, with or without biases.

use serde_json::{Value, json};
use slm_models::{PerLayer, ShapeDraft};

use super::{
    config::Config,
    design::{Design, shape},
};
use crate::error::{Result, refuse};

/// Of the norms, where a configuration says nothing.
const EPSILON: f32 = 1e-5;

pub(super) fn design(config: &Config<'_>) -> Result<Design> {
    let zero = json!(0.0);
    config.only("norm_type", &[json!("low_precision_layernorm"), json!("layernorm")])?;
    config.only("embedding_fraction", &[json!(1), json!(1.0)])?;
    config.only("tie_word_embeddings", &[json!(true)])?;
    // Absent, 0 or null: the logits are not scaled.
    config.only("logit_scale", std::slice::from_ref(&zero))?;
    if config.flag("learned_pos_emb")? == Some(false) {
        return refuse("config.json: learned_pos_emb=false is a variant of mpt that is not supported");
    }
    let attention = Config(config.get("attn_config").unwrap_or(&Value::Null));
    attention.only("attn_type", &[json!("multihead_attention")])?;
    for variant in ["alibi", "rope", "qk_ln", "qk_gn", "prefix_lm"] {
        attention.only(variant, &[json!(false)])?;
    }
    attention.only("clip_qkv", &[])?;
    attention.only("softmax_scale", &[])?;
    attention.only("sliding_window_size", &[json!(-1)])?;
    if attention.get("alibi").is_none() {
        return refuse(
            "config.json: attn_config.alibi is missing, which stands for true; that is not supported",
        );
    }
    let feed_forward = Config(config.get("ffn_config").unwrap_or(&Value::Null));
    feed_forward.only("ffn_type", &[json!("mptmlp")])?;
    feed_forward.only("ffn_act_fn", &[])?;
    feed_forward.only("ffn_hidden_size", &[])?;
    config.only("block_overrides", &[])?;

    let d_model = config.need("d_model")?;
    let Some(d_ff) = config.number("expansion_ratio")?.unwrap_or(4).checked_mul(d_model) else {
        return refuse("config.json: expansion_ratio is out of range");
    };
    let epsilon = if config.get("norm_eps").is_some() { config.need_f32("norm_eps")? } else { EPSILON };
    let draft = ShapeDraft {
        arch: "mpt".to_owned(),
        layers: Some(config.need("n_layers")?),
        d_model: Some(d_model),
        heads: Some(PerLayer::uniform(config.need("n_heads")?)),
        d_ff: Some(PerLayer::uniform(d_ff)),
        vocab: Some(config.need("vocab_size")?),
        context: Some(config.need("max_seq_len")?),
        bias: Some(!config.flag("no_bias")?.unwrap_or(false)),
        tied: Some(true),
        ..ShapeDraft::default()
    };
    Ok(Design {
        shape: shape(draft)?,
        trained_context: config.need("max_seq_len")?,
        epsilon,
        facts: Vec::new(),
        frequency_divisors: None,
        attention_bias: false,
        notes: Vec::new(),
    })
}
