"""A random forest's figures on scaled currents, beside the net's: same recordings, windows and folds.

python3 scripts/recover-forest.py DATA FOLDS.json OUT.json   (needs numpy and scikit-learn)

FOLDS.json: {"folds": {"LABEL/recording": 0 to 4, or null for those that are always trained on}}, as
scripts/recover-experiment.ts writes it into docs/drift/recover.json.
"""
import json
import pathlib
import sys

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score

STEPS, STRIDE, TRAINING_STRIDE, GAINS = 100, 10, 5, [1, 1.25, 1.5, 2]


def features(window):
    out = []
    for c in range(window.shape[1]):
        x = window[:, c]
        power = np.abs(np.fft.rfft(x - x.mean()))[1:] ** 2
        bands = [b.sum() / (power.sum() + 1e-9) for b in np.array_split(power, 5)]
        out += [x.mean(), x.std(), x.min(), x.max(), np.abs(np.diff(x)).mean()]
        out += list(np.quantile(x, [0.1, 0.25, 0.5, 0.75, 0.9])) + bands
    if window.shape[1] == 2:
        a, b = window.T
        out.append(np.corrcoef(a, b)[0, 1] if a.std() > 0 and b.std() > 0 else 0)
    return out


def table(recordings, channels, stride, gain=1):
    return [
        (name, [features(gain * x[i : i + STEPS, :channels]) for i in range(0, len(x) - STEPS + 1, stride)])
        for name, x in recordings.items()
    ]


def main(data, folds_file, out):
    folds = json.loads(pathlib.Path(folds_file).read_text())["folds"]
    recordings = {
        f"{p.parent.name}/{p.stem}": np.genfromtxt(p, delimiter=",", skip_header=1)[:, 1:3]
        for p in sorted(pathlib.Path(data).glob("*/*.csv"))
    }
    result = {}
    for channels in (1, 2):
        training = table(recordings, channels, TRAINING_STRIDE)
        judged = {gain: table(recordings, channels, STRIDE, gain) for gain in GAINS}
        truth, said = {g: [] for g in GAINS}, {g: [] for g in GAINS}
        for fold in range(5):
            kept = [(n, rows) for n, rows in training if folds.get(n) != fold and rows]
            x = np.array([row for _, rows in kept for row in rows])
            y = [n.split("/")[0] for n, rows in kept for _ in rows]
            weight = np.array([1 / len(rows) for _, rows in kept for _ in rows])
            for label in set(y):
                own = np.array([v == label for v in y])
                weight[own] /= weight[own].sum()
            forest = RandomForestClassifier(500, min_samples_leaf=3, random_state=fold, n_jobs=1)
            forest.fit(x, y, sample_weight=weight)
            for gain in GAINS:
                for name, rows in judged[gain]:
                    if folds.get(name) == fold and rows:
                        said[gain] += list(forest.predict(np.array(rows)))
                        truth[gain] += [name.split("/")[0]] * len(rows)
        result[f"{channels}ch"] = [
            {
                "gain": gain,
                "accuracy": round(accuracy_score(truth[gain], said[gain]), 4),
                "balancedAccuracy": round(balanced_accuracy_score(truth[gain], said[gain]), 4),
            }
            for gain in GAINS
        ]
        print(channels, result[f"{channels}ch"], flush=True)
    pathlib.Path(out).write_text(json.dumps(result, indent=1) + "\n")


main(*sys.argv[1:])
