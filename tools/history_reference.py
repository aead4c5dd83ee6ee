#!/usr/bin/env python3
"""Known values for the statistics of `bench history`, from numpy, scipy, pymannkendall and ruptures.

usage: python3 -m venv V && V/bin/pip install numpy scipy pymannkendall ruptures && V/bin/python tools/history_reference.py

Writes harness/stats/src/history_reference.json; run it again only to add cases.
"""
import importlib.metadata
import json
import pathlib

import numpy
import pymannkendall
import ruptures
from scipy import stats


def series(seed, n, step=0.0, at=None, drift=0.0, noise=0.03, lone=None):
    rng = numpy.random.default_rng(seed)
    y = rng.normal(0, noise, n) + drift * numpy.arange(n)
    if at is not None:
        y[at:] += step
    if lone is not None:
        y[lone] += 10 * noise
    return y


SERIES = [series(1, 5), series(2, 8, step=0.2, at=5), series(3, 12, drift=-0.01), series(4, 20, step=-0.05, at=13),
          series(5, 20, lone=7), series(6, 60, step=0.04, at=20, drift=0.0005), series(7, 33)]
TIED = [[1.0, 2.0, 2.0, 3.0, 1.0, 4.0, 4.0, 4.0, 5.0, 3.0, 6.0, 6.0], [5.0, 5.0, 5.0, 4.0, 5.0, 5.0, 4.0, 4.0]]


def benjamini_hochberg(p):
    return [p, list(stats.false_discovery_control(p))]


def trend(y):
    """Exact by scipy without ties and up to 40 values, else the normal's by pymannkendall."""
    y, x = numpy.asarray(y), numpy.arange(len(y))
    s = sum(numpy.sign(y[j] - y[i]) for i in x for j in x if j > i)
    if len(set(y)) == len(y) and len(y) <= 40:
        p = stats.kendalltau(x, y, method="exact").pvalue
    else:
        p = pymannkendall.original_test(y).p
    return {"values": list(y), "s": float(s), "p": float(p)}


def slope(x, y):
    found = stats.theilslopes(y, x)
    return {"x": list(map(float, x)), "y": list(y), "slope": [found.slope, found.low_slope, found.high_slope]}


def cuts(y, count, shortest):
    found = ruptures.Dynp(model="l2", min_size=shortest, jump=1).fit(numpy.asarray(y)).predict(n_bkps=count)
    return {"values": list(y), "shortest": shortest, "cuts": found[:-1]}


def stretches(n):
    """A stretch from the start, or one in the middle, of three values or more with as many on either side."""
    return [(0, j) for j in range(3, n - 2)] + [(i, j) for i in range(3, n - 2) for j in range(i + 3, n - 2)]


def shift(y):
    y = numpy.asarray(y)

    def t(i, j):
        inside = numpy.zeros(len(y), bool)
        inside[i:j] = True
        return abs(stats.ttest_ind(y[inside], y[~inside]).statistic)

    best = max(stretches(len(y)), key=lambda s: t(*s))
    return {"values": list(y), "stretch": list(best), "t": t(*best)}


def clip(y):
    """Values far from the median of the five around them brought back, row by row."""
    reach = 3 * numpy.median(numpy.abs(numpy.diff(y)), axis=1) / (numpy.sqrt(2) * stats.norm.ppf(0.75))
    n = y.shape[1]
    starts = numpy.clip(numpy.arange(n) - 2, 0, n - 5)
    centre = numpy.median(y[:, starts[:, None] + numpy.arange(5)], axis=2)
    return numpy.clip(y, centre - reach[:, None], centre + reach[:, None])


def clipped(y):
    y = numpy.asarray(y)
    out = clip(y[None, :])[0]
    return {"values": list(y), "clipped": list(out), "outliers": [int(i) for i in numpy.flatnonzero(out != y)]}


def no_shift(n, draws=100_000):
    y = clip(numpy.random.default_rng(n).normal(size=(draws, n)))
    y -= y.mean(axis=1, keepdims=True)
    total = (y**2).sum(axis=1)
    sums = numpy.concatenate([numpy.zeros((draws, 1)), y.cumsum(axis=1)], axis=1)
    between = numpy.zeros(draws)
    for i, j in stretches(n):
        k = j - i
        between = numpy.maximum(between, (sums[:, j] - sums[:, i]) ** 2 * n / (k * (n - k)))
    largest = numpy.sqrt(between / (total - between) * (n - 2))
    return {"values": n, "chances": [[t, float((largest >= t).mean())]
                                     for t in map(float, numpy.quantile(largest, (0.3, 0.8, 0.95, 0.99)))]}


rng = numpy.random.default_rng(11)
uneven = lambda n: numpy.cumsum(rng.uniform(0.2, 3.0, n))
packages = ("numpy", "scipy", "pymannkendall", "ruptures")
known = {
    "made_by": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages),
    "benjamini_hochberg": [benjamini_hochberg(p) for p in (
        [0.01, 0.04, 0.03, 0.005], [0.2, 0.9, 0.0001, 0.0001, 0.05, 0.011], [0.7], list(rng.uniform(0, 0.2, 24)))],
    "trends": [trend(y) for y in SERIES + TIED],
    "slopes": [slope(uneven(len(y)), y) for y in SERIES] + [slope(range(len(y)), y) for y in TIED]
    + [slope([0, 0, 1, 2, 2, 3, 4, 5], SERIES[1])],
    "cuts": [cuts(series(21, 20, step=0.1, at=8), 1, 2), cuts(SERIES[5], 1, 2), cuts(SERIES[5], 3, 2), cuts(SERIES[2], 2, 3),
             cuts(SERIES[0], 1, 2), cuts(series(22, 90, step=-0.2, at=87), 4, 2)],
    "shifts": [shift(y) for y in SERIES if len(y) > 5],
    "no_shifts": [no_shift(n) for n in (6, 8, 12, 20, 40)],
    "clipped": [clipped(y) for y in SERIES if len(y) > 5],
}
path = pathlib.Path(__file__).parent.parent / "harness/stats/src/history_reference.json"
# A line for each case.
compact = lambda value: json.dumps(value, default=float, separators=(",", ":"))
parts = (f"{json.dumps(name)}: " + (compact(value) if isinstance(value, str)
                                    else "[\n " + ",\n ".join(map(compact, value)) + "\n]")
         for name, value in known.items())
path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
