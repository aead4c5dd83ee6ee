use std::collections::HashMap;

use super::*;
use crate::WeightTypes;

/// Rows whose computed count is more than 3 % off the published one, in percent,
/// and why. All others agree within 3 %.
const KNOWN_DIFFERENCES: [(&str, f64); 10] = [
    // Derived shapes: no width fits the count in the name.
    ("slimlm-270m", -5.48),
    ("slimlm-1b", 31.6),
    // Rounded names and README figures.
    ("mobillama-1b", 5.13),
    ("fox-1-1.6b", 4.08),
    ("qwen1.5-0.5b", -7.20),
    ("opt-350m", -5.37),
    ("stablelm-zephyr-3b", -6.82),
    ("minicpm-1b", 3.95),
    // The vendor counts one of the two 51200 x 2048 matrices.
    ("phi-1.5", 9.10),
    // 534.9M with the shared feed-forward block; the file stores 22 copies of it.
    ("mobillama-0.5b", 152.3),
];

fn counted(entry: &Entry) -> u64 {
    if entry.params_without_embeddings {
        entry.shape.params_without_embeddings()
    } else {
        entry.shape.params()
    }
}

#[test]
fn the_embedded_table_is_whole() {
    let entries = parse(TABLE).unwrap();
    assert_eq!(entries.len(), 74);
    let mut names = HashMap::new();
    for entry in &entries {
        for name in std::iter::once(&entry.name).chain(&entry.aliases) {
            assert_eq!(name, &name.to_lowercase());
            assert_eq!(names.insert(name.clone(), &entry.name), None, "{name} is ambiguous");
        }
        assert!(!entry.source.is_empty());
        assert_eq!(entry.unsupported.is_some(), entry.shape.unsupported().is_some(), "{}", entry.name);
    }
    assert_eq!(entries.iter().filter(|entry| entry.in_slimlm_table1).count(), 10 - 1);
    assert_eq!(entries.iter().filter(|entry| entry.unsupported.is_some()).count(), 7);
}

#[test]
fn parameter_counts_agree_with_the_published_ones() {
    let known: HashMap<_, _> = KNOWN_DIFFERENCES.into();
    let mut to_the_unit = 0;
    for entry in Catalogue::builtin().entries() {
        let difference = 100.0 * (counted(entry) as f64 / entry.params_reported as f64 - 1.0);
        match known.get(entry.name.as_str()) {
            Some(expected) => {
                assert!((difference - expected).abs() < 0.06, "{}: {difference:.2}", entry.name);
            }
            None => assert!(difference.abs() < 3.0, "{}: {difference:.2}", entry.name),
        }
        // Counts published to the unit may leave out a few small tensors (biases of
        // norms) or count a table that is no weight (rotary frequencies).
        if !entry.params_reported.is_multiple_of(1_000_000) {
            assert!(difference.abs() < 0.01, "{}: {difference}", entry.name);
            to_the_unit += u32::from(counted(entry) == entry.params_reported);
        }
    }
    assert_eq!(to_the_unit, 18);
}

/// The file of `MobiLlama-0.5B` stores its shared feed-forward block once per layer;
/// with one copy its count is the model's.
#[test]
fn sharing_cannot_be_expressed_but_counted() {
    let shape = &Catalogue::builtin().find("mobillama-0.5b").unwrap().shape;
    let block = 3 * u64::from(shape.d_model()) * u64::from(shape.d_ff().max());
    assert_eq!(shape.params() - u64::from(shape.layers() - 1) * block, 534_865_920);
}

#[test]
fn data_bytes_are_the_sum_of_the_tensors() {
    for entry in Catalogue::builtin().entries() {
        for types in ["q4_0", "q4_0+embd-q8_0", "f16", "f32"] {
            let types: WeightTypes = types.parse().unwrap();
            let tensors = entry.shape.tensors(&types);
            // Every tensor is whole blocks, so its bytes are known.
            assert!(tensors.iter().all(|tensor| tensor.bytes() > 0), "{}", entry.name);
            let sum: u64 = tensors.iter().map(crate::TensorSpec::bytes).sum();
            let padded = entry.shape.data_bytes(&types);
            assert!((sum..sum + 32 * tensors.len() as u64).contains(&padded));
            assert!(entry.shape.decode_bytes(&types) <= sum);
        }
        // Q4_0 is 4.5 bits per weight; norms and learned positions are larger.
        let bits = 8.0 * entry.shape.data_bytes(&WeightTypes::default()) as f64 / entry.shape.params() as f64;
        assert!((4.5..5.4).contains(&bits), "{}: {bits}", entry.name);
    }
}

#[test]
fn names_and_aliases_are_found() {
    let catalogue = Catalogue::builtin();
    for (name, found) in [
        ("SlimLM-125M", "slimlm-125m"),
        (" smollm-135m ", "smollm-135m-instruct"),
        ("smollm2-135m", "smollm2-135m"),
        ("mistral-7b", "mistral-7b-instruct-v0.3"),
        ("Llama-3.1-8B", "llama-3.1-8b-instruct"),
        ("gemma-2-2b", "gemma-2-2b-it"),
    ] {
        assert_eq!(catalogue.find(name).map(|entry| entry.name.as_str()), Ok(found));
    }
}

#[test]
fn unknown_names_get_near_ones() {
    let near = |name: &str| Catalogue::builtin().find(name).unwrap_err();
    assert_eq!(near("slimlm-125").near[0], "slimlm-125m");
    assert_eq!(near("smolm-135m").near[0], "smollm-135m-instruct");
    assert!(near("smolm-135m").to_string().contains("did you mean smollm-135m-instruct"));
    assert!(near("gpt-9").to_string().contains("shape:arch="));
    assert!(near("").near.is_empty());
}
