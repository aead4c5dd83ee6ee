//! What becomes of each tensor, by the engine's own decision.

use slm_models::{GgmlType, Header};
use slm_protocol::QuantizeEvent;
use std::collections::BTreeMap;

/// A tensor that does not get the type meant for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Its name.
    pub tensor: String,
    /// The type meant for it.
    pub wanted: String,
    /// The type it gets.
    pub used: String,
}

/// The types of a result's tensors and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantPlan {
    /// Version of the engine.
    pub engine: String,
    /// Type of each tensor, by name.
    pub types: BTreeMap<String, GgmlType>,
    /// Tensors whose rows are no whole blocks of the type meant for them.
    pub fallbacks: Vec<Fallback>,
    /// Bytes of all weights, without the header.
    pub bytes: u64,
    /// Bits per weight over all tensors.
    pub bits_per_weight: f64,
}

impl QuantPlan {
    /// From the source's header and the events of a dry run, which must tell of every
    /// tensor once.
    pub(super) fn new(source: &Header, engine: String, events: &[QuantizeEvent]) -> Result<Self, String> {
        let (mut types, mut fallbacks, mut bytes) = (BTreeMap::new(), Vec::new(), 0_u64);
        for event in events {
            match event {
                QuantizeEvent::Tensor { tensor, to, .. } => {
                    let ggml_type = GgmlType::from_name(to).ok_or(format!("type {to:?} of {tensor:?}"))?;
                    let listed = source.tensors.iter().find(|listed| listed.name == *tensor);
                    let listed = listed.ok_or(format!("no tensor {tensor:?}"))?;
                    let size = ggml_type.bytes_of(listed.elements);
                    let size = size.ok_or(format!("{tensor:?} cannot be {to}"))?;
                    bytes = bytes.saturating_add(size);
                    if types.insert(tensor.clone(), ggml_type).is_some() {
                        return Err(format!("tensor {tensor:?} twice"));
                    }
                }
                QuantizeEvent::Fallback { tensor, wanted, used } => {
                    let (tensor, wanted, used) = (tensor.clone(), wanted.clone(), used.clone());
                    fallbacks.push(Fallback { tensor, wanted, used });
                }
                _ => {}
            }
        }
        if types.len() != source.tensors.len() {
            return Err(format!("{} of {} tensors", types.len(), source.tensors.len()));
        }
        let bits_per_weight = bytes as f64 * 8.0 / source.params().max(1) as f64;
        Ok(Self { engine, types, fallbacks, bytes, bits_per_weight })
    }

    /// Whether a file has exactly these tensors in these types.
    pub(super) fn agrees_with(&self, header: &Header) -> Result<(), String> {
        if header.tensors.len() != self.types.len() {
            return Err(format!("it has {} tensors, not {}", header.tensors.len(), self.types.len()));
        }
        match header.tensors.iter().find(|t| self.types.get(&t.name) != Some(&t.ggml_type)) {
            None => Ok(()),
            Some(tensor) => Err(format!("tensor {:?} is {}, not as planned", tensor.name, tensor.ggml_type)),
        }
    }

    /// How many tensors have which type, the commonest first.
    pub fn counts(&self) -> Vec<(GgmlType, usize)> {
        let mut counts: Vec<(GgmlType, usize)> = Vec::new();
        for ggml_type in self.types.values() {
            match counts.iter_mut().find(|(known, _)| known == ggml_type) {
                Some((_, count)) => *count += 1,
                None => counts.push((*ggml_type, 1)),
            }
        }
        counts.sort_by_key(|&(ggml_type, count)| (std::cmp::Reverse(count), ggml_type.name()));
        counts
    }

    /// The fallbacks in a few words: `6 of 26 tensors fall back: 5 q4_K -> q5_0, …`; `None`
    /// without any.
    pub fn fallbacks_in_words(&self) -> Option<String> {
        let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for fallback in &self.fallbacks {
            *kinds.entry((&fallback.wanted, &fallback.used)).or_default() += 1;
        }
        let kinds: Vec<String> =
            kinds.iter().map(|((wanted, used), count)| format!("{count} {wanted} -> {used}")).collect();
        let (some, all) = (self.fallbacks.len(), self.types.len());
        let first = self.fallbacks.first()?;
        Some(format!(
            "{some} of {all} tensors have rows that are no whole blocks and fall back, {} first: {}",
            first.tensor,
            kinds.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slm_models::{FileType, MakeOptions, Shape, WeightTypes, make, read_header};

    fn source() -> Header {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.gguf");
        let shape: Shape = "arch=llama,layers=1,d_model=32,heads=1,vocab=257,d_ff=32".parse().unwrap();
        let options = MakeOptions { types: WeightTypes::of(FileType::F16), seed: 1 };
        make(&shape, &options, &path, &mut |_, _| {}).unwrap();
        read_header(&path).unwrap()
    }

    fn events(header: &Header, to: &str) -> Vec<QuantizeEvent> {
        let event = |(index, tensor): (u32, &slm_models::TensorInfo)| QuantizeEvent::Tensor {
            index,
            of: 0,
            tensor: tensor.name.clone(),
            from: tensor.ggml_type.name().into(),
            to: if tensor.dims.len() > 1 { to.into() } else { "f32".into() },
        };
        (1..).zip(&header.tensors).map(event).collect()
    }

    #[test]
    fn sizes_follow_from_types() {
        let header = source();
        let plan = QuantPlan::new(&header, "e".into(), &events(&header, "f16")).unwrap();
        assert_eq!(plan.bytes, header.weight_bytes());
        assert!(plan.agrees_with(&header).is_ok() && plan.fallbacks_in_words().is_none());
        let small = QuantPlan::new(&header, "e".into(), &events(&header, "q4_0")).unwrap();
        assert!(small.bits_per_weight < plan.bits_per_weight && small.agrees_with(&header).is_err());
        assert_eq!(small.counts().iter().map(|(_, count)| count).sum::<usize>(), header.tensors.len());
    }

    #[test]
    fn an_answer_that_is_not_whole_is_refused() {
        let header = source();
        let good = events(&header, "q4_0");
        let tensor = |tensor: &str, to: &str| QuantizeEvent::Tensor {
            index: 1,
            of: 1,
            tensor: tensor.into(),
            from: "f16".into(),
            to: to.into(),
        };
        let with = |event| [good.clone(), vec![event]].concat();
        for bad in [
            good[1..].to_vec(),
            with(tensor("token_embd.weight", "q4_0")),
            with(tensor("made.up", "q4_0")),
            with(tensor("made.up", "q99")),
        ] {
            assert!(QuantPlan::new(&header, "e".into(), &bad).is_err());
        }
        let fallback = |wanted: &str| QuantizeEvent::Fallback {
            tensor: "a".into(),
            wanted: wanted.into(),
            used: "q5_0".into(),
        };
        let plan =
            QuantPlan::new(&header, "e".into(), &[with(fallback("q4_K")), vec![fallback("q6_K")]].concat());
        let words = plan.unwrap().fallbacks_in_words().unwrap();
        assert!(words.starts_with("2 of ") && words.ends_with("1 q4_K -> q5_0, 1 q6_K -> q5_0"), "{words}");
    }
}
