"""Checks model folders with the ONNX project's own checker and Python's ONNX Runtime against the card's self-test:
scripts/check-onnx.py FOLDER... Needs onnx, onnxruntime and numpy."""
import json, os, sys
import numpy as np, onnx, onnxruntime as ort

for folder in sys.argv[1:]:
    card = json.load(open(os.path.join(folder, "card.json")))
    path = os.path.join(folder, "model.onnx")
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for window in card["selfTest"]["windows"]:
        x = np.asarray(window["data"], np.float32).reshape(1, card["steps"], -1)
        if card["normalisation"]["kind"] == "standard":
            x = ((x - card["normalisation"]["mean"]) / card["normalisation"]["std"]).astype(np.float32)
        y = session.run(None, {"x": x})[0][0].astype(np.float64)
        z = y if card["output"] == "logits" else np.log(np.maximum(y, 1e-12))
        vector = card.get("vectorScaling")
        z = z * vector["scale"] + vector["bias"] if vector else z / card["temperature"]
        p = np.exp(z - z.max())
        worst = max(worst, np.abs(p / p.sum() - window["probabilities"]).max())
    print(f"{folder}: checker passed, self-test within {worst:.1e}")
    assert worst < card["selfTest"]["tolerance"], folder
