use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn llama() -> Value {
    json!({
        "model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 320, "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5, "hidden_act": "silu", "tie_word_embeddings": true, "rope_theta": 10000.0
    })
}

fn mpt() -> Value {
    json!({
        "model_type": "mpt", "d_model": 64, "n_heads": 2, "n_layers": 2, "expansion_ratio": 4, "max_seq_len": 64,
        "vocab_size": 320, "learned_pos_emb": true, "no_bias": false, "logit_scale": null,
        "norm_type": "low_precision_layernorm",
        "attn_config": {"alibi": false, "attn_type": "multihead_attention", "clip_qkv": null, "qk_ln": false}
    })
}

fn with(mut config: Value, key: &str, value: Value) -> Value {
    config[key] = value;
    config
}

#[test]
fn old_and_new_forms_of_rotation_say_the_same() {
    let old = design(&with(llama(), "rope_theta", json!(500_000.0)), false).unwrap();
    let mut new = with(llama(), "rope_parameters", json!({"rope_type": "default", "rope_theta": 500_000.0}));
    new.as_object_mut().unwrap().remove("rope_theta");
    assert_eq!(design(&new, false).unwrap(), old);
    assert_eq!(old.shape.rope_theta(), 500_000);
    new.as_object_mut().unwrap().remove("rope_parameters");
    assert_eq!(design(&new, false).unwrap().shape.rope_theta(), 10_000);
    let scaled = json!({"type": "linear", "factor": 4.0});
    let facts = design(&with(llama(), "rope_scaling", scaled), false).unwrap().facts;
    assert_eq!(facts[1], ("rope.scaling.factor", Fact::F32(4.0)));
}

/// The divisors of Llama 3.2 1B, whose head has 64 elements: the short waves are left
/// alone, the longest divided by the whole factor.
#[test]
fn divisors_of_llama_3_run_from_one_to_the_factor() {
    let scaling = json!({"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192});
    let mut config = with(with(llama(), "rope_scaling", scaling), "rope_theta", json!(500_000.0));
    config["head_dim"] = json!(64);
    let divisors = design(&config, false).unwrap().frequency_divisors.unwrap();
    assert_eq!(divisors.len(), 32);
    assert!(divisors.windows(2).all(|pair| pair[0] <= pair[1]));
    let close = |value: f32, expected: f32| (value - expected).abs() < 1e-6;
    assert!(close(divisors[0], 1.0) && close(divisors[31], 32.0));
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let llama_variants = [
        ("model_type", json!("falcon"), "\"falcon\""),
        ("model_type", Value::Null, "model_type is missing"),
        ("hidden_act", json!("gelu"), "hidden_act"),
        ("mlp_bias", json!(true), "mlp_bias"),
        ("rope_scaling", json!({"rope_type": "yarn", "factor": 4.0}), "\"yarn\""),
        ("rope_scaling", json!({"type": "longrope"}), "\"longrope\""),
        ("quantization_config", json!({"quant_method": "gptq"}), "quantized already"),
        ("hidden_size", json!(-1), "hidden_size"),
        ("hidden_size", json!(1e30), "hidden_size"),
        ("hidden_size", json!("64"), "hidden_size"),
        ("hidden_size", json!(48), "config.json"),
        ("num_hidden_layers", json!(4_000_000_000_u32), "config.json"),
        ("num_attention_heads", json!(0), "config.json"),
        ("vocab_size", json!(u32::MAX), "config.json"),
        ("rms_norm_eps", Value::Null, "rms_norm_eps"),
        ("rope_theta", json!(0.5), "rope_theta"),
        ("tie_word_embeddings", json!(false), "lm_head"),
        ("tie_word_embeddings", json!("yes"), "tie_word_embeddings"),
    ];
    for (key, value, word) in llama_variants {
        let error = design(&with(llama(), key, value), false).unwrap_err().to_string();
        assert!(error.contains(word) && !error.contains('\n'), "{key}: {error}");
    }
    assert!(design(&mpt(), false).is_ok());
    let mpt_variants = [
        ("learned_pos_emb", json!(false), "learned_pos_emb"),
        ("logit_scale", json!(0.5), "logit_scale"),
        ("norm_type", json!("rmsnorm"), "norm_type"),
        ("attn_config", json!({"alibi": true}), "alibi"),
        ("attn_config", json!({}), "alibi"),
        ("attn_config", json!({"alibi": false, "clip_qkv": 6.0}), "clip_qkv"),
        ("attn_config", json!({"alibi": false, "attn_type": "grouped_query_attention"}), "attn_type"),
        ("ffn_config", json!({"ffn_type": "mptglu"}), "ffn_type"),
        ("expansion_ratio", json!(u32::MAX), "expansion_ratio"),
    ];
    for (key, value, word) in mpt_variants {
        let error = design(&with(mpt(), key, value), false).unwrap_err().to_string();
        assert!(error.contains(word) && !error.contains('\n'), "{key}: {error}");
    }
}

#[test]
fn windows_limit_the_context() {
    let mut mistral = with(llama(), "model_type", json!("mistral"));
    mistral["sliding_window"] = json!(128);
    let found = design(&mistral, false).unwrap();
    assert_eq!((found.shape.context(), found.notes.len()), (128, 1));
    assert_eq!(found.shape.arch().name(), "llama");
    mistral["sliding_window"] = Value::Null;
    assert_eq!(design(&mistral, false).unwrap().shape.context(), 256);
}

proptest! {
    #[test]
    fn any_value_anywhere_is_survived(
        which in any::<bool>(),
        at in any::<usize>(),
        value in prop_oneof![
            any::<i64>().prop_map(|value| json!(value)),
            any::<f64>().prop_map(|value| json!(value)),
            ".{0,20}".prop_map(|value| json!(value)),
            Just(json!([])), Just(json!({})), Just(Value::Null), Just(json!(true)),
        ],
    ) {
        let mut config = if which { llama() } else { mpt() };
        let fields = config.as_object_mut().unwrap();
        let key = fields.keys().nth(at % fields.len()).unwrap().clone();
        fields.insert(key, value);
        if let Err(error) = design(&config, false) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
