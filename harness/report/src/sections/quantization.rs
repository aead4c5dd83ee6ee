//! The effect of quantization: size and latencies of a model in each type.

use super::section::Section;
use crate::{
    data::{Measured, ReportData},
    names, plots,
    studies::{self, Study},
    table::{Field, Table},
};

/// The section.
pub(super) fn section(data: &ReportData) -> Section {
    Section::new("quantization", "By quantization")
        .plots(plots::quantization::plots(data))
        .table("", table(data))
}

/// One group for each model and context length; empty where no model has several types.
fn table(data: &ReportData) -> Table {
    let mut table = Table::new(&[
        "Type",
        "#Bits per weight",
        "#Weights (MiB)",
        "Repacked",
        "#First token (ms)",
        "#ratio",
        "#Decode (ms/token)",
        "#ratio",
    ]);
    for study in studies::studies(data) {
        for context in data.contexts() {
            let cells: Vec<&Measured> = study
                .subjects
                .iter()
                .filter_map(|&subject| data.cells_of(subject).find(|m| m.cell.key.context == context))
                .collect();
            if !cells.is_empty() {
                table.group(format!("{}, {}", study.name(data), names::context(context)));
                let reference = reference(data, &study, &cells);
                for measured in &cells {
                    table.push(row(data, measured, reference));
                }
            }
        }
    }
    table.notes.push(
        "Bits per weight: bytes of all tensors by the engine's own report, over the parameters. Ratio: to the type with \
         most bits; below 1 is faster. Decode: the inverse of OTPS. Repacked: whether the engine rearranged weights for \
         its kernels, by its own report."
            .into(),
    );
    table
}

/// The cell that others are compared with: that of the type with most bits.
fn reference<'a>(data: &ReportData, study: &Study, cells: &[&'a Measured]) -> Option<&'a Measured> {
    let bits = |&subject: &usize| studies::bits_per_weight(data, &data.subjects[subject]).unwrap_or(0.0);
    let most = study.subjects.iter().max_by(|a, b| bits(a).total_cmp(&bits(b)))?;
    cells.iter().find(|measured| measured.subject == *most).copied()
}

fn row(data: &ReportData, measured: &Measured, reference: Option<&Measured>) -> Vec<Field> {
    let subject = &data.subjects[measured.subject];
    let bits = studies::bits_per_weight(data, subject);
    let repacked = subject.ready.as_ref().and_then(|ready| ready.options.repack);
    let mark = if measured.is_doubtful() { "! " } else { "" };
    let mut fields = vec![
        Field::text(format!("{mark}{}", subject.quant)),
        bits.map_or_else(|| Field::text("–"), |bits| Field::shown(format!("{bits:.2}"), bits)),
        Field::number(measured.cell.model_mib),
        Field::text(repacked.map_or("–", |yes| if yes { "yes" } else { "no" })),
    ];
    for latency in [studies::first_token_ms, studies::decode_ms] {
        let own = latency(measured);
        let mut field = Field::number(own.map(|(mean, _)| mean));
        if let Some((_, Some((low, high)))) = own {
            field.aside = format!("({} to {})", slm_plan::text::figure(low), slm_plan::text::figure(high));
        }
        let ratio = own.zip(reference.and_then(latency)).map(|((mean, _), (of, _))| mean / of);
        fields.push(field);
        fields
            .push(ratio.map_or_else(|| Field::text("–"), |ratio| Field::shown(format!("{ratio:.2}"), ratio)));
    }
    fields
}
