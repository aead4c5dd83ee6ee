//! Labels that distinguish subjects.

use super::{ReportData, Subject};

impl ReportData {
    /// Gives every subject a unique label: the model's name, then what distinguishes it
    /// from others of that name. Where there are several engines, each is named, since
    /// a model's name differs between them.
    pub fn name_subjects(&mut self) {
        const BACKEND: usize = 2;
        const RUN: usize = 5;
        let parts = |subject: &Subject| {
            let run = self.runs.get(subject.run).map_or("", |run| run.id.as_str());
            let variant = subject.variant.as_deref().unwrap_or_default();
            [&subject.quant, &subject.device, &subject.backend, &subject.weights, variant, run]
                .map(str::to_owned)
        };
        let all: Vec<(String, [String; 6])> =
            self.subjects.iter().map(|subject| (subject.model.clone(), parts(subject))).collect();
        for (subject, (model, own)) in self.subjects.iter_mut().zip(&all) {
            let others = || all.iter().filter(|(name, _)| name == model);
            let differs = |i: usize, (_, other): &(String, [String; 6])| other[i] != own[i];
            // Readers do not know runs: they are named only where nothing else differs.
            let is_alone = others().filter(|(_, other)| other[..RUN] == own[..RUN]).count() == 1;
            let tells = |&i: &usize| match i {
                BACKEND => all.iter().any(|other| differs(i, other)),
                RUN => !is_alone && others().any(|other| differs(i, other)),
                _ => others().any(|other| differs(i, other)),
            };
            let telling = (0..own.len()).filter(tells).map(|i| own[i].as_str());
            subject.label = std::iter::once(model.as_str()).chain(telling).collect::<Vec<_>>().join(" · ");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(subjects: &[[&str; 4]]) -> Vec<String> {
        let subject = |&[model, quant, device, backend]: &[&str; 4]| Subject {
            run: 0,
            device: device.into(),
            soc: None,
            backend: backend.into(),
            model: model.into(),
            weights: "synthetic".into(),
            quant: quant.into(),
            variant: None,
            params: None,
            label: String::new(),
            ready: None,
            threads: None,
            loads_s: Vec::new(),
            answers: Vec::new(),
        };
        let mut data =
            ReportData { subjects: subjects.iter().map(subject).collect(), ..ReportData::default() };
        data.name_subjects();
        data.subjects.into_iter().map(|subject| subject.label).collect()
    }

    #[test]
    fn of_several_engines_each_is_named() {
        assert_eq!(
            labels(&[["a", "q4_0", "s24", "llama.cpp"], ["b", "q4_0", "s24", "llama.cpp"]]),
            ["a", "b"]
        );
        let mixed = [["a", "q4_0", "s24", "llama.cpp"], ["a-MLC", "q4f16_1", "s24", "tvm-relax-vm"]];
        assert_eq!(labels(&mixed), ["a · llama.cpp", "a-MLC · tvm-relax-vm"]);
    }

    #[test]
    fn a_model_that_differs_in_two_ways_is_named_by_both() {
        let two = ["s24", "s25"].map(|device| ["q4_0", "f16"].map(|quant| ["a", quant, device, "llama.cpp"]));
        let names = labels(two.as_flattened());
        assert_eq!(names, ["a · q4_0 · s24", "a · f16 · s24", "a · q4_0 · s25", "a · f16 · s25"]);
    }
}
