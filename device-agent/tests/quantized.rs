//! Synthetic files in llama.cpp's quantizations against what llama.cpp's own quantizer
//! makes of the same shape: every tensor has the same type and size.
#![allow(clippy::unwrap_used)] // helpers of tests, outside of test functions
#![allow(unsafe_code)] // the quantizer's C interface

mod made_models;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_sys_2 as sys;
use slm_models::{FileType, Header, MakeOptions, Shape, WeightTypes, make, read_header};
use std::{collections::BTreeMap, ffi::CString, path::Path};

/// Shapes with rows that are whole groups of 256 and rows that are not, tied and not,
/// with fused matrices and grouped queries, and enough layers for every rule of the mixtures.
const SHAPES: [&str; 6] = [
    "arch=mpt,layers=17,d_model=256,heads=4,d_ff=1024",
    "arch=llama,layers=9,d_model=256,heads=4,kv_heads=2,d_ff=768,tied=no",
    "arch=llama,layers=3,d_model=192,heads=3,kv_heads=3,d_ff=512,tied=yes",
    "arch=llama,layers=2,d_model=192,heads=3,d_ff=512,tied=no",
    "arch=phi3,layers=3,d_model=256,heads=4,kv_heads=2,d_ff=512",
    "arch=gpt2,layers=2,d_model=256,heads=4",
];

fn write(shape: &Shape, types: WeightTypes, path: &Path) -> Header {
    make(shape, &MakeOptions { types, seed: 3 }, path, &mut |_, _| {}).unwrap();
    read_header(path).unwrap()
}

/// llama.cpp's own quantizer.
fn quantize(input: &Path, output: &Path, kind: FileType) -> Header {
    made_models::engine();
    let path = |path: &Path| CString::new(path.to_str().unwrap()).unwrap();
    // SAFETY: returns plain data; the paths outlive the call.
    let status = unsafe {
        let mut params = sys::llama_model_quantize_default_params();
        params.ftype = sys::llama_ftype::from(kind.number());
        params.nthread = 2;
        sys::llama_model_quantize(path(input).as_ptr(), path(output).as_ptr(), &raw const params)
    };
    assert_eq!(status, 0, "{kind}");
    read_header(output).unwrap()
}

fn tensors(header: &Header) -> BTreeMap<&str, (&str, u64)> {
    header
        .tensors
        .iter()
        .map(|tensor| (tensor.name.as_str(), (tensor.ggml_type.name(), tensor.bytes)))
        .collect()
}

#[test]
fn tensors_are_those_of_the_quantizer() {
    let folder = tempfile::tempdir().unwrap();
    let (float, theirs, ours) =
        (folder.path().join("f16.gguf"), folder.path().join("theirs.gguf"), folder.path().join("ours.gguf"));
    for text in SHAPES {
        let shape = Shape::parse_free(&format!("{text},vocab=300,context=256")).unwrap();
        write(&shape, WeightTypes::of(FileType::F16), &float);
        for kind in FileType::ALL.into_iter().filter(|kind| !kind.is_float()) {
            let types = WeightTypes::as_quantized(kind, &shape);
            let (theirs, ours) = (quantize(&float, &theirs, kind), write(&shape, types, &ours));
            assert_eq!(tensors(&ours), tensors(&theirs), "{text} {kind}");
            assert_eq!(ours.file_type(), theirs.file_type());
            assert!((ours.bits_per_weight() - theirs.bits_per_weight()).abs() < 1e-12);
        }
    }
}

#[test]
fn every_quantization_loads_and_gives_ordinary_logits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    for text in [SHAPES[0], SHAPES[2]] {
        let shape = Shape::parse_free(&format!("{text},vocab=1000,context=256")).unwrap();
        for kind in FileType::ALL {
            write(&shape, WeightTypes::of(kind), &path);
            let model = made_models::load(&path);
            let prompt = [5, 17, 300, 42, 9];
            let run = |following: &[u32]| {
                made_models::logits(&model, LlamaContextParams::default(), &prompt, following)
            };
            let first = run(&[]).remove(0);
            let all = run(&[made_models::most_likely(&first)]);
            for logits in &all {
                assert!(logits.iter().all(|logit| logit.is_finite()), "{text} {kind}");
                let mean = logits.iter().sum::<f32>() / logits.len() as f32;
                let spread =
                    (logits.iter().map(|l| (l - mean).powi(2)).sum::<f32>() / logits.len() as f32).sqrt();
                assert!((0.01..10.0).contains(&spread), "{text} {kind}: logits spread by {spread}");
            }
            assert_ne!(all[0], all[1], "{text} {kind}: the second token changed nothing");
        }
    }
}
