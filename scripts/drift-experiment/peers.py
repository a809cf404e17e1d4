"""Detectors of river and alibi-detect on the confidence streams of scripts/drift-experiment.ts --streams DIR:
`python3 scripts/drift-experiment/peers.py DIR/husky-a200-1ch.json`, with river and alibi-detect installed.
Prints Markdown: false alarms on stable driving, and the share of runs with an alarm within 20 and 200 windows of a change.
"""

import json
import random
import sys

import numpy as np
from river import drift

RUNS, BEFORE, AFTER, DWELL = 50, 500, 200, 30
DAY = 24 * 3600 * 6.5 / 10
CHANGES = ["load x 1.25", "load x 1.5", "gain x 1.5", "load x 2", "one channel dead", "another robot (simulated)"]


def drive(values, length, rng):
    """Stretches of up to DWELL consecutive windows."""
    out = []
    while len(out) < length:
        stay = rng.randint(1, DWELL)
        start = rng.randrange(max(1, len(values) - stay))
        out += values[start : start + stay]
    return out[:length]


class River:
    def __init__(self, make):
        self.make = make

    def start(self, _reference):
        self.detector = self.make()

    def update(self, x):
        self.detector.update(x)
        return self.detector.drift_detected


class Alibi:
    """Cramer and von Mises' test, online; its own expected run time between false alarms is 2,000 windows."""

    def __init__(self, reference):
        from alibi_detect.cd import CVMDriftOnline

        x = np.array(reference, dtype=np.float32)[:, None]
        self.detector = CVMDriftOnline(x, ert=2000, window_sizes=[20, 60], n_bootstraps=25_000, verbose=False)

    def start(self, _reference):
        self.detector.reset_state()

    def update(self, x):
        return bool(self.detector.predict(np.array([x], dtype=np.float32))["data"]["is_drift"])


def main():
    streams = json.load(open(sys.argv[1]))
    stable = streams["none"]
    rng = random.Random(1)
    detectors = {
        "river PageHinkley": River(lambda: drift.PageHinkley()),
        "river ADWIN": River(lambda: drift.ADWIN()),
        "river KSWIN": River(lambda: drift.KSWIN(seed=1)),
        "alibi-detect CVMDriftOnline": Alibi(drive(stable, 1000, rng)),
    }
    print("| detector | false alarms in 24 h | " + " | ".join(CHANGES) + " |")
    print("|" + " --- |" * (len(CHANGES) + 2))
    for name, detector in detectors.items():
        length = int(DAY) if isinstance(detector, River) else 10_000
        detector.start(stable)
        alarms = 0
        for x in drive(stable, length, rng):
            if detector.update(x):
                alarms += 1
                detector.start(stable)
        cells = [f"{alarms * DAY / length:.0f}"]
        for change in CHANGES:
            soon = ever = 0
            for _ in range(RUNS):
                detector.start(stable)
                for x in drive(stable, BEFORE, rng):
                    if detector.update(x):
                        detector.start(stable)
                delay = next((i + 1 for i, x in enumerate(drive(streams[change], AFTER, rng)) if detector.update(x)), None)
                soon += delay is not None and delay <= 20
                ever += delay is not None
            cells.append(f"{100 * soon // RUNS} % / {100 * ever // RUNS} %")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


main()
