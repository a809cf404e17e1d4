"""Writes test/fixtures/drift/detectors.json: a stream with changes, and what every detector says at every step.

Run: python scripts/drift-detectors-fixture.py   (needs river)
Page-Hinkley, ADWIN and KSWIN are river's. River has no CUSUM and no EWMA chart: those two are held against the plain
textbook loops below.
"""
import json
from pathlib import Path

import numpy as np
import river
from river.drift import ADWIN, KSWIN, PageHinkley

rng = np.random.default_rng(3)
parts = [rng.normal(0.0, 1.0, 220), rng.normal(1.5, 1.0, 150), rng.normal(1.5, 3.0, 120), rng.normal(-1.0, 0.5, 160),
         np.repeat(np.linspace(-1, 1, 40), 2)]
x = np.concatenate(parts).round(3)


def page_hinkley(**kw):
    d, rows = PageHinkley(**kw), []
    for v in x:
        d.update(float(v))
        rows.append([d._sum_increase - d._min_increase, d._max_decrease - d._sum_decrease, int(d.drift_detected)])
    return rows


def adwin(**kw):
    d, rows = ADWIN(**kw), []
    for v in x:
        d.update(float(v))
        rows.append([int(d.width), d.estimation, int(d.drift_detected)])
    return rows


def kswin(**kw):
    d, rows = KSWIN(**kw), []
    for v in x:
        d.update(float(v))
        rows.append([float(d.p_value), int(d.drift_detected)])
    return rows


def cusum(mean, std, k, h):
    high = low = 0.0
    rows = []
    for v in x:
        z = (v - mean) / std
        high, low = max(0.0, high + z - k), max(0.0, low - z - k)
        rows.append([high, low, int(max(high, low) > h)])
    return rows


def ewma(mean, std, lam, limit):
    a, rows = mean, []
    for t, v in enumerate(x, 1):
        a = (1 - lam) * a + lam * v
        s = std * (lam / (2 - lam) * (1 - (1 - lam) ** (2 * t))) ** 0.5
        rows.append([a, abs(a - mean) / s, int(abs(a - mean) / s > limit)])
    return rows


out = dict(
    river=river.__version__, values=x.tolist(),
    pageHinkley=[dict(options=dict(minInstances=30, delta=0.005, threshold=50.0, alpha=0.9999), steps=page_hinkley()),
                 dict(options=dict(minInstances=10, delta=0.1, threshold=12.0, alpha=0.99),
                      steps=page_hinkley(min_instances=10, delta=0.1, threshold=12.0, alpha=0.99))],
    adwin=[dict(options=dict(delta=0.002), steps=adwin()),
           dict(options=dict(delta=0.2, clock=4, maxBuckets=3, minWindowLength=3, gracePeriod=5),
                steps=adwin(delta=0.2, clock=4, max_buckets=3, min_window_length=3, grace_period=5))],
    kswin=[dict(options=dict(alpha=0.005, windowSize=100, statSize=30, seed=42), steps=kswin(seed=42)),
           dict(options=dict(alpha=0.0001, windowSize=60, statSize=20, seed=7),
                steps=kswin(alpha=0.0001, window_size=60, stat_size=20, seed=7))],
    cusum=[dict(options=dict(mean=0.1, std=1.2, allowance=0.5, threshold=5), steps=cusum(0.1, 1.2, 0.5, 5))],
    ewma=[dict(options=dict(mean=0.1, std=1.2, **{"lambda": 0.2}, limit=3), steps=ewma(0.1, 1.2, 0.2, 3))],
)
Path(__file__).parent.parent.joinpath("test/fixtures/drift/detectors.json").write_text(json.dumps(out))
for name in ("pageHinkley", "adwin", "kswin", "cusum", "ewma"):
    print(name, [[i for i, r in enumerate(c["steps"]) if r[-1]][:8] for c in out[name]])
