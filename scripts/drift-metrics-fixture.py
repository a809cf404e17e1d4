"""Writes test/fixtures/drift/metrics.json: predictions and what scikit-learn and SciPy say of them.

Run: python scripts/drift-metrics-fixture.py   (needs numpy, scipy, scikit-learn)
ECE has no scikit-learn function; it is the textbook sum over 15 equal-width bins, right edge included.
"""
import json
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import (accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score,
                             recall_score)

rng = np.random.default_rng(7)
labels = ["ASPHALT", "FLOORING", "ICE", "SNOW"]
n, k = 240, len(labels)
truth = rng.choice(3, n)  # SNOW never occurs in the truth
p = rng.dirichlet(np.ones(k) * 0.7, n)
p[np.arange(n), truth] += rng.random(n)
p /= p.sum(1, keepdims=True)
p = p.round(6)
other = rng.dirichlet(np.ones(k), n)
other[np.arange(n), truth] += 0.4 * rng.random(n)
pred = p.argmax(1)
conf, hit = p.max(1), pred == truth
ece = 0.0
for lo, hi in zip(np.linspace(0, 1, 16)[:-1], np.linspace(0, 1, 16)[1:]):
    m = (conf > lo) & (conf <= hi)
    if m.any():
        ece += m.mean() * abs(conf[m].mean() - hit[m].mean())
first, second = hit, other.argmax(1) == truth
b, c = int((first & ~second).sum()), int((~first & second).sum())
out = dict(
    labels=labels, truth=truth.tolist(), probabilities=p.tolist(),
    expected=dict(
        accuracy=accuracy_score(truth, pred), balancedAccuracy=balanced_accuracy_score(truth, pred),
        macroF1=f1_score(truth, pred, average="macro"), ece=ece,
        brier=float(((p - np.eye(k)[truth]) ** 2).sum(1).mean()),
        recall=recall_score(truth, pred, average=None, labels=[0, 1, 2]).tolist(),
        confusion=confusion_matrix(truth, pred, labels=range(k)).tolist()),
    mcnemar=dict(first=first.tolist(), second=second.tolist(), onlyFirst=b, onlySecond=c,
                 pValue=binomtest(min(b, c), b + c).pvalue))
path = Path(__file__).parent.parent / "test/fixtures/drift/metrics.json"
path.write_text(json.dumps(out))
