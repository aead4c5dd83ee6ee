//! Whether prompt and output are those that were asked for.

use super::{case::Case, check::Check, findings::Findings};
use slm_protocol::{StopReason, StopRule};

pub(super) fn check(case: &Case<'_>, findings: &mut Findings) {
    prompt(case, findings);
    output(case, findings);
}

fn prompt(case: &Case<'_>, findings: &mut Findings) {
    let (n_in, evaluated) = (case.report.n_in, case.report.n_evaluated);
    match (n_in, evaluated) {
        (Some(n_in), Some(evaluated)) if n_in != evaluated => {
            findings.doubt(format!("{n_in} prompt tokens but the engine evaluated {evaluated}"));
        }
        (_, None) if case.capabilities().evaluated_tokens => {
            findings.not_reported("prompt tokens that were evaluated");
        }
        (_, None) => findings.skip(Check::EvaluatedTokens),
        _ => {}
    }
    if n_in.is_none() {
        findings.not_reported("prompt tokens");
    }
}

fn output(case: &Case<'_>, findings: &mut Findings) {
    let Some(output) = &case.report.output else {
        findings.doubt("no output");
        return;
    };
    let capabilities = case.capabilities();
    let ended = output.stop == StopReason::EndToken && case.stop == StopRule::Natural;
    if output.n_out < case.max_new_tokens && !ended {
        findings.doubt(format!("{} of {} tokens without an end token", output.n_out, case.max_new_tokens));
    }
    let times = case.report.times.tokens_ns.len();
    if capabilities.token_times && output.n_out as usize != times {
        findings.doubt(format!("{} tokens but {times} times", output.n_out));
    }
    match output.logits_finite {
        Some(false) => findings.doubt("the engine's logits were not finite"),
        None if capabilities.checks_logits => findings.not_reported("whether the logits were finite"),
        _ => {}
    }
}
