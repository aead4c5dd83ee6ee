#!/usr/bin/env python3
"""Known values for the statistics' tests, from numpy and scipy.

usage: python3 -m venv V && V/bin/pip install numpy scipy && V/bin/python tools/stats_reference.py

Writes harness/stats/src/reference.json; run it again only to add cases.
"""
import json
import pathlib

import numpy
import scipy
from scipy import optimize, stats

SETS = {
    "uneven": [3.1, 0.2, 9.7, 4.4, 4.4, 1.0, 12.5],
    "rates of 15 trials": [201.4, 199.8, 203.3, 188.0, 190.2, 204.9, 200.7, 201.1, 176.5, 199.0, 202.2, 197.3, 201.9, 200.1, 195.5],
    "five prompts": [0.2514, 0.2431, 0.2622, 0.2498, 0.2777],
    "two": [1.0, 2.0],
    "an outlier": [10.0, 10.1, 9.9, 10.2, 9.8, 10.0, 31.0, 10.1, 9.9, 10.0],
}


def case(values):
    x = numpy.array(values)
    out = {
        "values": values,
        "mean": x.mean(),
        "standard_deviation": x.std(ddof=1),
        "percentiles": {str(p): numpy.percentile(x, p) for p in (0, 10, 50, 90, 99, 100)},
    }
    first, third = numpy.percentile(x, (25, 75))
    out["fences"] = [first - 1.5 * (third - first), third + 1.5 * (third - first)]
    out["outliers"] = [i for i, v in enumerate(values) if not out["fences"][0] <= v <= out["fences"][1]]
    return out


cases = {name: case(values) for name, values in SETS.items()}
cdf = {str(z): stats.norm.cdf(z) for z in (-3.0, -1.959963984540054, -0.5, 0.0, 1.0, 2.5)}


def holm(p):
    """Holm (1979), written out: scipy has Benjamini-Hochberg only."""
    out, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(numpy.argsort(p, kind="stable")):
        highest = max(highest, min(1.0, p[i] * (len(p) - rank)))
        out[i] = highest
    return out


def two_samples():
    baseline = SETS["rates of 15 trials"]
    candidate = [189.0, 193.5, 188.2, 201.3, 185.0, 190.8, 196.4, 178.9, 191.1, 187.6, 199.2, 184.3]
    b, c = numpy.array(baseline), numpy.array(candidate)
    test = stats.ttest_ind(c, b, equal_var=False)
    welch = test.confidence_interval()
    return {"baseline": baseline, "candidate": candidate, "difference": c.mean() - b.mean(), "p": test.pvalue,
            "freedom": test.df, "interval": [welch.low, welch.high]}


def runs():
    """Two prompts in each of four runs: Student's interval of the runs' mean logarithms."""
    table = [[10.0, 12.0], [11.5, 12.5], [12.5, 14.5], [10.5, 12.5]]
    means = numpy.log(table).mean(axis=1)
    low, high = stats.t.interval(0.95, len(means) - 1, loc=means.mean(), scale=stats.sem(means))
    return {"table": table, "log_mean": means.mean(), "half_width": (high - low) / 2}


def paired():
    baseline, candidate = SETS["five prompts"], [0.2701, 0.2550, 0.2833, 0.2590, 0.2861]
    test = stats.ttest_rel(candidate, baseline)
    interval = test.confidence_interval()
    return {"baseline": baseline, "candidate": candidate, "p": test.pvalue, "interval": [interval.low, interval.high]}


def nnls(seed, truth):
    rng = numpy.random.default_rng(seed)
    x = rng.uniform(0.1, 3.0, (12, 3))
    y = x @ truth + rng.normal(0, 0.3, 12)
    return {"rows": [[list(row), value] for row, value in zip(x, y)], "coefficients": list(optimize.nnls(x, y)[0])}


student = [[t, v, 2 * stats.t.sf(abs(t), v)] for t in (-4.2, 0.0, 0.3, 1.96, 2.5, 7.0) for v in (1, 2.5, 4, 20, 300)]
quantiles = [[v, stats.t.ppf(0.975, v)] for v in (1, 2, 4, 4.7, 20, 500)]
holms = [(p, holm(p)) for p in ([0.01, 0.04, 0.03, 0.005], [0.2, 0.9, 0.0001, 0.0001, 0.05, 0.011], [0.7])]
made_by = f"numpy {numpy.__version__}, scipy {scipy.__version__}"
path = pathlib.Path(__file__).parent.parent / "harness/stats/src/reference.json"
known = {
    "made_by": made_by, "normal_cdf": cdf, "cases": cases, "student": student, "student_quantiles": quantiles,
    "holm": holms, "two_samples": two_samples(), "runs": runs(), "paired": paired(),
    "nnls": [nnls(1, [1.0, 2.0, 0.5]), nnls(2, [1.0, -2.0, 0.5]), nnls(3, [0.0, 1.0, -0.1])],
}
path.write_text(json.dumps(known, indent=1) + "\n")
