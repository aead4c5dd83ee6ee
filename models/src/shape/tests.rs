use proptest::prelude::*;

use super::*;
use crate::Arch;

fn error(text: &str) -> ShapeError {
    Shape::parse_free(text).expect_err(text)
}

#[test]
fn defaults_of_mpt_are_those_of_slimlm() {
    let shape = Shape::parse_free("arch=mpt,layers=12,d_model=768").unwrap();
    assert_eq!(
        shape.to_string(),
        "arch=mpt,layers=12,d_model=768,heads=12,kv_heads=12,head_dim=64,d_ff=3072,vocab=50368,context=2048,\
         tied=yes,bias=yes"
    );
}

#[test]
fn defaults_of_llama_are_those_of_smollm() {
    let shape = Shape::parse_free("shape:arch=llama, layers=30, d_model=576, kv_heads=3").unwrap();
    assert_eq!(
        shape.to_string(),
        "arch=llama,layers=30,d_model=576,heads=9,kv_heads=3,head_dim=64,d_ff=1536,vocab=49152,context=2048,\
         tied=yes,bias=no,rope_theta=10000,rotary_dims=64"
    );
}

#[test]
fn errors_name_the_field_and_the_remedy() {
    for (text, field, remedy) in [
        ("", "arch", "add arch="),
        ("arch=gpt9,layers=1,d_model=64", "arch", "known: mpt, llama"),
        ("arch=mpt,d_model=64", "layers", "add layers="),
        ("arch=mpt,layers=2", "d_model", "add d_model="),
        ("arch=mpt,layers=2,d_model=100", "d_model", "use 96 or 128"),
        ("arch=mpt,layers=0,d_model=64", "layers", "at least 1"),
        ("arch=mpt,layers=2,d_model=4294967295", "d_model", "most allowed"),
        ("arch=mpt,layers=2,d_model=96", "heads", "add heads="),
        ("arch=mpt,layers=2,d_model=128,heads=3", "heads", "change heads"),
        ("arch=llama,layers=2,d_model=128,heads=4,kv_heads=3", "kv_heads", "use one of 1, 2, 4"),
        ("arch=llama,layers=2,d_model=128,heads=4,kv_heads=0", "kv_heads", "at least 1"),
        ("arch=gpt2,layers=2,d_model=128,heads=4,kv_heads=2", "kv_heads", "leave it out"),
        ("arch=qwen2,layers=2,d_model=128,heads=4,head_dim=64", "head_dim", "heads * head_dim = d_model"),
        ("arch=llama,layers=2,d_model=128,heads=1|2", "heads", "give one number"),
        ("arch=openelm,layers=3,d_model=128,heads=1|2,head_dim=64", "heads", "one per layer"),
        ("arch=llama,layers=2,d_model=128,d_ff=50", "d_ff", "use 32 or 64"),
        ("arch=llama,layers=2,d_model=128,vocab=100", "vocab", "257"),
        ("arch=llama,layers=2,d_model=128,bias=yes", "bias", "bias=no"),
        ("arch=gemma2,layers=2,d_model=256,tied=no", "tied", "tied=yes"),
        ("arch=llama,layers=2,d_model=128,window=9", "window", "leave it out"),
        ("arch=mpt,layers=2,d_model=128,rope_theta=9", "rotary_dims", "leave it"),
        ("arch=llama,layers=2,d_model=128,tied=maybe", "tied", "yes nor no"),
        ("arch=llama,layers=2,d_model=12.5", "d_model", "whole number"),
        ("arch=llama,layers=2,layers=3", "layers", "twice"),
        ("arch=llama,width=3", "width", "the keys are"),
        ("arch=llama,layers", "layers", "key=value"),
    ] {
        let error = error(text);
        assert_eq!(error.field, field, "{text}: {error}");
        assert!(error.problem.contains(remedy), "{text}: {error}");
    }
}

#[test]
fn json_is_checked_too() {
    let shape =
        Shape::parse_free("arch=openelm,layers=2,d_model=128,heads=1|2,kv_heads=1,head_dim=64").unwrap();
    let json = serde_json::to_string(&shape).unwrap();
    assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), shape);
    assert!(serde_json::from_str::<Shape>(&json.replace("128", "129")).is_err());
    assert!(serde_json::from_str::<Shape>(r#"{"arch":"mpt","layers":1,"d_model":64,"wings":2}"#).is_err());
}

/// Drafts near the edge of what is allowed, most of them valid.
fn drafts() -> impl Strategy<Value = String> {
    (
        proptest::sample::select(Arch::ALL.to_vec()),
        1u32..40,
        1u32..64,
        1u32..5,
        proptest::option::of(1u32..300),
        proptest::option::of(257u32..200_000),
        proptest::option::of(any::<bool>()),
        proptest::option::of(any::<bool>()),
    )
        .prop_map(|(arch, layers, width, group, d_ff, vocab, tied, bias)| {
            let heads = width * group;
            let kv = if arch.facts().has(crate::arch::Extra::GroupedQuery) { width } else { heads };
            let yes_no = |key: &str, value: Option<bool>| match value {
                Some(true) => format!(",{key}=yes"),
                Some(false) => format!(",{key}=no"),
                None => String::new(),
            };
            [
                format!("arch={arch},layers={layers},d_model={},heads={heads},kv_heads={kv}", heads * 64),
                d_ff.map(|d_ff| format!(",d_ff={}", d_ff * 32)).unwrap_or_default(),
                vocab.map(|vocab| format!(",vocab={vocab}")).unwrap_or_default(),
                yes_no("tied", tied),
                yes_no("bias", bias),
            ]
            .concat()
        })
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in ".{0,200}") {
        let _ = Shape::parse_free(&text);
    }

    #[test]
    fn any_assignment_is_parsed_or_refused(parts in proptest::collection::vec(
        ("(arch|layers|d_model|heads|kv_heads|head_dim|d_ff|vocab|context|tied|bias|window|rotary_dims|rope_theta)",
         "(mpt|llama|gemma3|openelm|yes|no|0|1|2|31|32|64|4096|4294967295|99999999999|-1|1[|]2|[|])"), 0..14)) {
        let text: Vec<_> = parts.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if let Ok(shape) = Shape::parse_free(&text.join(",")) {
            prop_assert!(shape.params() > 0);
        }
    }

    #[test]
    fn canonical_text_and_json_round_trip(text in drafts()) {
        if let Ok(shape) = Shape::parse_free(&text) {
            prop_assert_eq!(&Shape::parse_free(&shape.to_string()).unwrap(), &shape);
            let json = serde_json::to_string(&shape).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Shape>(&json).unwrap(), &shape);
        }
    }
}

#[test]
fn the_largest_shape_does_not_overflow() {
    let shape = Shape::parse_free(
        "arch=gemma3,layers=512,d_model=65536,heads=4096,kv_heads=4096,head_dim=1024,d_ff=262144,\
         vocab=4194304,context=16777216,tied=no",
    )
    .unwrap();
    assert!(shape.params() < 1 << 50);
    assert!(shape.kv_elements_per_token() > 0);
}
