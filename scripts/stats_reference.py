#!/usr/bin/env python3
"""Known values for the statistics' tests, from numpy and scipy.

usage: python3 -m venv V && V/bin/pip install numpy scipy && V/bin/python scripts/stats_reference.py

Writes harness/tests/fixtures/stats.json; run it again only to add cases.
"""
import json
import pathlib

import numpy
import scipy
from scipy import stats

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
    if len(values) > 2:
        # 400,000 resamples: the reference's own noise is far below the tolerance.
        bca = stats.bootstrap((x,), numpy.mean, method="BCa", n_resamples=400_000, batch=20_000, random_state=7)
        out["bca"] = [bca.confidence_interval.low, bca.confidence_interval.high]
    return out


cases = {name: case(values) for name, values in SETS.items()}
cdf = {str(z): stats.norm.cdf(z) for z in (-3.0, -1.959963984540054, -0.5, 0.0, 1.0, 2.5)}
made_by = f"numpy {numpy.__version__}, scipy {scipy.__version__}"
path = pathlib.Path(__file__).parent.parent / "harness/tests/fixtures/stats.json"
path.write_text(json.dumps({"made_by": made_by, "normal_cdf": cdf, "cases": cases}, indent=1) + "\n")
