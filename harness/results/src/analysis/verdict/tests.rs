use super::*;
use crate::{
    analysis::evidence::{Evidence, Slowed, SlowedBelow},
    schema::ThermalStatus,
};
use slm_protocol::{ContentionSources, CoolDownReport, EngineKind, Ready, StopRule, Timestamps, TrialReport};
use slm_testkit::agent::{ready, report};

const MS: u64 = 1_000_000;

/// 200 prompt tokens in so many nanoseconds, then so many tokens.
fn trial(prefill_ns: u64, gap_ns: u64, n: u64) -> TrialReport {
    let first = 2 * MS + prefill_ns + MS;
    report(
        200,
        Timestamps {
            request_ns: Some(0),
            tokenized_ns: Some(MS),
            prefill_start_ns: Some(2 * MS),
            prefill_end_ns: Some(2 * MS + prefill_ns),
            tokens_ns: (0..n).map(|i| first + i * gap_ns).collect(),
            end_ns: Some(first + (n - 1) * gap_ns),
            first_text_ns: None,
        },
    )
}

fn usual() -> TrialReport {
    trial(100 * MS, 5 * MS, 64)
}

fn known() -> Evidence {
    Evidence { clocks_known: true, ..Evidence::default() }
}

fn judged<'a>(report: &'a TrialReport, change: impl FnOnce(&mut Case<'a>)) -> Judgement {
    // A test may put its own in their places, which live as long as it pleases.
    let (ready, evidence): (&Ready, &Evidence) = (Box::leak(Box::new(ready())), Box::leak(Box::new(known())));
    let mut case = Case {
        report,
        ready,
        stop: StopRule::FixedLength,
        max_new_tokens: 64,
        engine: EngineKind::Llama,
        probes_apply: true,
        contention: Some(ContentionSources { other_cpu: true, run_delay: true }),
        peak_ops_per_s: Some(900e9),
        evidence,
    };
    change(&mut case);
    judge(&case)
}

fn reasons(report: &TrialReport) -> String {
    judged(report, |_| ()).reasons.join("; ")
}

#[test]
fn an_undisturbed_trial_is_valid_and_everything_was_looked_at() {
    let valid = Judgement { verdict: Verdict::Valid, reasons: Vec::new(), not_checked: Vec::new() };
    assert_eq!(judged(&usual(), |_| ()), valid);
}

#[test]
fn a_busy_process_beside_it_is_seen() {
    let mut trial = usual();
    trial.contention.other_cpu_s = Some(0.3);
    assert_eq!(reasons(&trial), "other processes used 72 % of a core");
    trial.contention.other_cpu_s = Some(0.02);
    trial.contention.run_delay_s = Some(0.1);
    assert_eq!(reasons(&trial), "threads waited 24 % of the time for a core");
}

fn with_evidence(trial: &TrialReport, evidence: &Evidence) -> Judgement {
    judged(trial, |case| case.evidence = Box::leak(Box::new(evidence.clone())))
}

#[test]
fn heat_makes_a_trial_throttled_and_a_gate_given_up_makes_it_suspect() {
    let trial = usual();
    let with = |evidence: &Evidence| with_evidence(&trial, evidence);
    let cool = Evidence { thermal_status: Some(ThermalStatus::None), ..known() };
    assert_eq!(with(&cool).verdict, Verdict::Valid);
    let status = Evidence { thermal_status: Some(ThermalStatus::Light), ..known() };
    assert_eq!(with(&status).reasons, ["Android's thermal status was 'light'"]);
    assert_eq!(with(&status).verdict, Verdict::Throttled);
    let wait = CoolDownReport {
        trial_id: "t0001".into(),
        waited_ms: 120_400,
        from_c: 52.0,
        to_c: 41.3,
        limit_c: 36.0,
        sensor: "thermal-cpu-1-0".into(),
        reached: false,
    };
    let gate = Evidence { cool_down: Some(wait.clone()), ..known() };
    let Judgement { verdict, reasons, .. } = with(&gate);
    assert_eq!(verdict, Verdict::Suspect);
    assert_eq!(
        reasons,
        ["it began at 41.3 C (thermal-cpu-1-0), not at 36.0 C: the cool-down was given up after 120 s"]
    );
    let cooled = CoolDownReport { reached: true, ..wait };
    assert_eq!(with(&Evidence { cool_down: Some(cooled), ..known() }).verdict, Verdict::Valid);
    let slowed =
        |below, reference_mhz| Slowed { cpus: "4-7".parse().unwrap(), mhz: 2100.0, reference_mhz, below };
    for (below, words) in [
        (SlowedBelow::Earlier, "ran at 2100 MHz on average, 28 % below the 2900 MHz of before"),
        (SlowedBelow::Maximum, "ran at 2100 MHz on average, 28 % below the 2900 MHz that they can hold"),
        (SlowedBelow::MaximumByLimit, "were limited to 2100 MHz, 28 % below the 2900 MHz that they can hold"),
    ] {
        let slowed = vec![slowed(below, 2900.0)];
        let Judgement { verdict, reasons, .. } = with(&Evidence { slowed, ..gate.clone() });
        assert_eq!(verdict, Verdict::Throttled);
        assert_eq!(reasons[0], format!("CPUs 4-7 {words}"));
    }
}

#[test]
fn work_that_the_machine_cannot_do_so_fast_is_suspect() {
    // 70 MB a step at 0.5 ms.
    let fast = reasons(&trial(100 * MS, MS / 2, 64));
    assert_eq!(fast, "decode would need 140 GB/s where this machine showed 20");
    // 2 x 80 M x 200 operations in 20 ms.
    let fast = reasons(&trial(20 * MS, 5 * MS, 64));
    assert_eq!(fast, "prefill would need 1604 Gop/s where this machine can do 900 at most");
    let fast = reasons(&trial(MS, 5 * MS, 64));
    assert_eq!(
        fast,
        "prefill would need 70 GB/s where this machine showed 20; prefill would need 32086 Gop/s where this machine \
         can do 900 at most"
    );
    let mut burst = usual();
    burst.times.tokens_ns[30] = burst.times.tokens_ns[29] + MS;
    assert_eq!(reasons(&burst), "its fastest decode step would need 70 GB/s where this machine showed 20");
    burst.times.tokens_ns[30] = burst.times.tokens_ns[29];
    assert_eq!(reasons(&burst), "tokens came at the same time");
}

#[test]
fn an_engine_that_does_nothing_or_computes_elsewhere_is_not_bound_by_this_cpu() {
    let fast = trial(1_000, 50, 64);
    let null = judged(&fast, |case| case.engine = EngineKind::Null);
    assert_eq!((null.verdict, null.not_checked), (Verdict::Valid, Vec::new()));
    let elsewhere = judged(&trial(20 * MS, MS / 2, 64), |case| case.probes_apply = false);
    assert_eq!(
        (elsewhere.verdict, elsewhere.not_checked),
        (Verdict::Valid, vec![Check::Compute, Check::Bandwidth])
    );
}

#[test]
fn times_out_of_order_are_told() {
    let swap = |change: fn(&mut Timestamps)| {
        let mut trial = usual();
        change(&mut trial.times);
        reasons(&trial)
    };
    let tokens = swap(|times| times.tokens_ns.swap(9, 10));
    assert!(
        tokens.contains("its times are out of order: token 11 lies 5.000 ms before token 10"),
        "{tokens}"
    );
    let prefill = swap(|times| times.prefill_end_ns = Some(times.tokens_ns[1]));
    assert!(prefill.contains("token 1 lies 5.000 ms before the prefill's end"), "{prefill}");
    let begin = swap(|times| times.prefill_start_ns = Some(0));
    assert!(begin.contains("the prefill's begin lies 1.000 ms before the end of tokenization"), "{begin}");
    let end = swap(|times| times.end_ns = Some(times.tokens_ns[62]));
    assert!(end.contains("the trial's end lies 5.000 ms before token 64"), "{end}");
}

#[test]
fn times_must_account_for_the_time_that_passed() {
    let elapsed = |ns: Option<u64>| {
        let mut trial = usual();
        trial.elapsed_ns = ns;
        judged(&trial, |_| ())
    };
    let span = 418 * MS;
    assert_eq!(elapsed(Some(span + 2 * MS)).verdict, Verdict::Valid);
    let slept = elapsed(Some(span + 400 * MS)).reasons;
    assert_eq!(slept, ["its times account for 0.418 s where 0.818 s passed on the device"]);
    assert_eq!(elapsed(Some(span / 2)).verdict, Verdict::Suspect);
    let unknown = elapsed(None);
    assert_eq!((unknown.verdict, unknown.not_checked), (Verdict::Valid, vec![Check::Elapsed]));
}

#[test]
fn what_engine_and_device_ought_to_tell_is_missed() {
    let without = |change: fn(&mut TrialReport)| {
        let mut trial = usual();
        change(&mut trial);
        let judgement = judged(&trial, |_| ());
        assert_eq!(judgement.verdict, Verdict::Suspect);
        judgement.reasons.join("; ")
    };
    assert_eq!(without(|t| t.n_evaluated = None), "prompt tokens that were evaluated not reported");
    assert_eq!(without(|t| t.n_in = None), "prompt tokens not reported");
    assert_eq!(without(|t| t.contention.other_cpu_s = None), "CPU time of other processes not reported");
    assert_eq!(
        without(|t| t.contention.run_delay_s = None),
        "time that threads waited for a core not reported"
    );
    assert_eq!(without(|t| t.times.prefill_end_ns = None), "the time of the prefill's end not reported");
    assert_eq!(without(|t| t.times.end_ns = None), "the end's time not reported");
    let logits = without(|t| t.output.as_mut().unwrap().logits_finite = None);
    assert_eq!(logits, "whether the logits were finite not reported");
}

#[test]
fn what_they_cannot_tell_is_named_and_not_doubted() {
    let mut trial = usual();
    trial.contention.other_cpu_s = None;
    let phone = |case: &mut Case<'_>| {
        case.contention = Some(ContentionSources { other_cpu: false, run_delay: true });
    };
    let judgement = judged(&trial, phone);
    assert_eq!(
        (judgement.verdict, judgement.not_checked),
        (Verdict::Valid, Vec::new()),
        "waiting was counted"
    );
    trial.contention.run_delay_s = None;
    let judgement = judged(&trial, |case| case.contention = Some(ContentionSources::default()));
    assert_eq!((judgement.verdict, judgement.not_checked), (Verdict::Valid, vec![Check::Contention]));
    let (trial, unknown) = (usual(), Evidence::default());
    let judgement = judged(&trial, |case| {
        case.peak_ops_per_s = None;
        case.evidence = &unknown;
    });
    assert_eq!(
        (judgement.verdict, &judgement.not_checked[..]),
        (Verdict::Valid, &[Check::Compute, Check::Clocks][..])
    );
    assert_eq!(Check::join(&judgement.not_checked).as_deref(), Some("compute clocks"));
    assert_eq!(Check::join(&[]), None);
}

#[test]
fn an_engine_that_gives_text_is_held_to_what_it_tells() {
    let mut trial = report(
        200,
        Timestamps {
            request_ns: Some(0),
            first_text_ns: Some(100 * MS),
            end_ns: Some(700 * MS),
            ..Timestamps::default()
        },
    );
    trial.n_evaluated = None;
    let output = trial.output.as_mut().unwrap();
    (output.n_out, output.logits_finite) = (64, None);
    let text = |trial: &TrialReport| judged(trial, |case| case.engine = EngineKind::MlcLlm);
    let judgement = text(&trial);
    assert_eq!((judgement.verdict, judgement.not_checked), (Verdict::Valid, vec![Check::EvaluatedTokens]));
    trial.times.end_ns = Some(101 * MS);
    trial.elapsed_ns = Some(101 * MS);
    assert_eq!(text(&trial).reasons, ["decode would need 44 GB/s where this machine showed 20"]);
    trial.times.end_ns = Some(90 * MS);
    assert!(text(&trial).reasons[0].contains("the trial's end lies 10.000 ms before the first text"));
}

#[test]
fn short_outputs_and_lost_prompt_tokens_are_suspect() {
    let mut trial = trial(100 * MS, 5 * MS, 10);
    trial.n_evaluated = Some(100);
    assert_eq!(
        reasons(&trial),
        "200 prompt tokens but the engine evaluated 100; 10 of 64 tokens without an end token"
    );
}
