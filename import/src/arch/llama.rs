//! Llama and its nearest relatives: Mistral, Qwen 2 and 3.

use serde_json::json;

use super::{
    config::Config,
    design::{Design, common, limit_to_window, shape, tied},
    rope,
};
use crate::error::{Result, refuse};

pub(super) fn design(config: &Config<'_>, model_type: &str, has_head: bool) -> Result<Design> {
    let arch = if model_type == "mistral" { "llama" } else { model_type };
    config.only("hidden_act", &[json!("silu")])?;
    config.only("mlp_bias", &[json!(false)])?;
    config.only("use_qk_norm", &[json!(false)])?;
    let attention_bias = config.flag("attention_bias")?.unwrap_or(false);
    if attention_bias && model_type != "llama" {
        return refuse(format!("config.json: attention_bias=true is not supported for {model_type}"));
    }
    let mut notes = Vec::new();
    let mut draft = common(config, arch)?;
    // Qwen has a window in its configuration even where it is not used.
    if model_type == "mistral" || config.flag("use_sliding_window")? == Some(true) {
        limit_to_window(config, &mut draft, &mut notes)?;
    }
    let heads = config.need("num_attention_heads")?;
    let head_dim = match config.number("head_dim")? {
        Some(head_dim) => head_dim,
        None => config.need("hidden_size")?.checked_div(heads).unwrap_or(0),
    };
    let rope = rope::read(config, head_dim)?;
    if rope.divisors.is_some() && arch != "llama" {
        return refuse(format!("config.json: rope scaling \"llama3\" is not supported for {model_type}"));
    }
    draft.head_dim = Some(head_dim);
    draft.rope_theta = Some(rope.theta);
    draft.tied = Some(tied(config, has_head)?);
    Ok(Design {
        shape: shape(draft)?,
        trained_context: config.need("max_position_embeddings")?,
        epsilon: config.need_f32("rms_norm_eps")?,
        facts: rope.facts,
        frequency_divisors: rope.divisors,
        attention_bias,
        notes,
    })
}
