use super::*;
use crate::reference;

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random::<f64>().max(1e-300), rng.random());
    (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

/// Five prompts of quite other lengths, three repetitions of 2 % noise.
fn sweep(rng: &mut ChaCha8Rng, shift: f64) -> Vec<Stratum> {
    let side = |centre: f64, rng: &mut ChaCha8Rng| (0..3).map(|_| centre + 0.02 * normal(rng)).collect();
    (0..5)
        .map(|prompt| {
            let centre = f64::from(prompt);
            Stratum { baseline: side(centre, rng), candidate: side(centre + shift, rng) }
        })
        .collect()
}

#[test]
fn one_stratum_agrees_with_scipys_permutation_test() {
    let case = reference::two_samples();
    let stratum = Stratum { baseline: case.baseline, candidate: case.candidate };
    let found = stratified_difference(&[stratum], 1).unwrap();
    assert!((found.estimate - case.difference).abs() < 1e-12);
    // 20 extreme permutations leave an error of about 22 %.
    assert!((found.p.unwrap() / case.permutation_p).ln().abs() < 0.6, "{found:?} {}", case.permutation_p);
    let interval = found.interval.unwrap();
    let width = case.welch_interval[1] - case.welch_interval[0];
    assert!((interval.low - case.welch_interval[0]).abs() < 0.12 * width, "{interval:?}");
    assert!((interval.high - case.welch_interval[1]).abs() < 0.12 * width, "{interval:?}");
}

#[test]
fn without_repetitions_it_is_the_paired_t_test() {
    let case = reference::paired();
    let strata: Vec<Stratum> = std::iter::zip(&case.baseline, &case.candidate)
        .map(|(&b, &c)| Stratum { baseline: vec![b], candidate: vec![c] })
        .collect();
    let found = stratified_difference(&strata, 1).unwrap();
    assert!((found.p.unwrap() - case.p).abs() < 1e-9);
    assert!((found.interval.unwrap().low - case.interval[0]).abs() < 1e-6);
    assert_eq!(stratified_difference(&strata[..1], 1).unwrap().p, None);
    assert_eq!(stratified_difference(&[], 1), None);
}

#[test]
fn intervals_cover_and_p_is_uniform_enough() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut covered, mut small) = (0, 0);
    for seed in 0..1000 {
        let found = stratified_difference(&sweep(&mut rng, 0.03), seed).unwrap();
        let interval = found.interval.unwrap();
        covered += u32::from(interval.low <= 0.03 && 0.03 <= interval.high);
        let same = stratified_difference(&sweep(&mut rng, 0.0), seed).unwrap();
        small += u32::from(same.p.unwrap() < 0.05);
    }
    assert!((935..=965).contains(&covered), "{covered} of 1000 cover");
    assert!((33..=67).contains(&small), "{small} of 1000 below 0.05");
}

#[test]
fn equal_sides_and_lone_values_are_handled() {
    let equal = Stratum { baseline: vec![1.0; 3], candidate: vec![1.0; 3] };
    let found = stratified_difference(std::slice::from_ref(&equal), 1).unwrap();
    assert_eq!((found.estimate, found.noise), (0.0, Some(0.0)));
    assert!(found.p.unwrap() > 0.9);
    let lone = Stratum { baseline: vec![1.0], candidate: vec![1.0] };
    assert!(stratified_difference(&[equal, lone], 1).unwrap().interval.is_some());
}
