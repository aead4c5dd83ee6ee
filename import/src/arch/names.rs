//! Which tensor of a checkpoint becomes which of the file, and how it is changed.

use slm_models::Arch;

/// What is done to a tensor's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    /// llama.cpp rotates neighbours where torch rotates halves of a head: rows of
    /// each head are interleaved.
    Interleave {
        /// Rows of a head.
        head_dim: u32,
    },
    /// The checkpoint stores the difference from 1 (Gemma's norms).
    AddOne,
}

/// Names of llama and its relatives: of the file, of the checkpoint.
const LAYER: [(&str, &str); 11] = [
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_qkv", "self_attn.qkv_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];
const MPT_LAYER: [(&str, &str); 6] = [
    ("attn_norm", "norm_1"),
    ("ffn_norm", "norm_2"),
    ("attn_qkv", "attn.Wqkv"),
    ("attn_output", "attn.out_proj"),
    ("ffn_up", "ffn.up_proj"),
    ("ffn_down", "ffn.down_proj"),
];

/// The checkpoint's name of a tensor and what to do with its values; `None` if the
/// architecture has no such tensor.
pub(crate) fn source_of(arch: Arch, name: &str, head_dim: u32) -> Option<(String, Change)> {
    if arch == Arch::Mpt {
        return Some((mpt(name)?, Change::None));
    }
    let source = match name {
        "token_embd.weight" => "model.embed_tokens.weight".to_owned(),
        "output.weight" => "lm_head.weight".to_owned(),
        "output_norm.weight" => "model.norm.weight".to_owned(),
        _ => {
            let (layer, module, kind) = split(name)?;
            let found = match (arch, module) {
                (Arch::Phi3, "ffn_up") => "mlp.gate_up_proj",
                (Arch::Gemma2, "ffn_norm") => "pre_feedforward_layernorm",
                (Arch::Gemma2, "post_ffw_norm") => "post_feedforward_layernorm",
                (Arch::Gemma2, "post_attention_norm") | (_, "ffn_norm") => "post_attention_layernorm",
                _ => LAYER.iter().find(|(file, _)| *file == module)?.1,
            };
            format!("model.layers.{layer}.{found}.{kind}")
        }
    };
    let change = match arch {
        Arch::Llama if name.contains(".attn_q.") || name.contains(".attn_k.") => {
            Change::Interleave { head_dim }
        }
        Arch::Gemma2 if name.ends_with("norm.weight") => Change::AddOne,
        _ => Change::None,
    };
    Some((source, change))
}

fn mpt(name: &str) -> Option<String> {
    let top = match name {
        "token_embd.weight" => Some("wte.weight"),
        "position_embd.weight" => Some("wpe.weight"),
        "output_norm.weight" => Some("norm_f.weight"),
        "output_norm.bias" => Some("norm_f.bias"),
        _ => None,
    };
    if let Some(top) = top {
        return Some(format!("transformer.{top}"));
    }
    let (layer, module, kind) = split(name)?;
    let found = MPT_LAYER.iter().find(|(file, _)| *file == module)?.1;
    Some(format!("transformer.blocks.{layer}.{found}.{kind}"))
}

/// `blk.3.attn_q.weight` in its parts.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (layer, rest) = name.strip_prefix("blk.")?.split_once('.')?;
    let (module, kind) = rest.rsplit_once('.')?;
    Some((layer, module, kind))
}
