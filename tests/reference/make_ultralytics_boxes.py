"""Reference boxes from the Ultralytics package, an independent reader of the same ONNX files.

Run from the repository root in the training environment (the weights are copied to a temporary
folder first, because the package may write beside them):

    YOLO_AUTOINSTALL=false .venv-training/bin/python tests/reference/make_ultralytics_boxes.py

Pictures are read with cv2.imread and predicted one at a time with conf 0.25, iou 0.7 and the
package's default picture size of 640. An ONNX model of fixed input size gets the full square
letterbox (pad value 114, picture centred), as `BasePredictor.pre_transform` does.
Writes ultralytics_NAME.json beside this file: {"versions", "conf", "iou", "imgsz", "pictures":
{file name: [[label, score, x0, y0, x1, y1], ...]}}, boxes in pixels of the picture.
"""

import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import cv2

CONF = 0.25
IOU = 0.7
IMGSZ = 640
MODELS = ("yolov8n_int8", "yolo11n_quantized")
PACKAGES = ("ultralytics-opencv-headless", "onnxruntime", "opencv-python-headless", "torch")


def boxes_of(model: object, picture: Path) -> list[list[str | float]]:
    """Predict one picture; label, score (4 decimals) and x0 y0 x1 y1 (2 decimals) a box."""
    image = cv2.imread(str(picture))
    result = model.predict(  # type: ignore[attr-defined]  # ultralytics lives in .venv-training
        image, conf=CONF, iou=IOU, imgsz=IMGSZ, device="cpu", verbose=False
    )[0]
    rows = []
    for xyxy, score, label in zip(
        result.boxes.xyxy.tolist(),
        result.boxes.conf.tolist(),
        result.boxes.cls.tolist(),
        strict=True,
    ):
        name = result.names[int(label)]
        rows.append([name, round(score, 4), *(round(value, 2) for value in xyxy)])
    return rows


def main() -> int:
    """Write one JSON file a model."""
    # Imported here: the linter's environment has no ultralytics.
    from ultralytics import YOLO  # type: ignore[import-not-found]  # noqa: PLC0415

    here = Path(__file__).resolve().parent
    default = here.parents[1] / ".." / "shared" / "data"
    data = Path(os.environ.get("STREETWARDEN_DATA", default)).resolve()
    pictures = sorted((data / "images" / "vehicles").glob("*.jpg"))
    for name in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / f"{name}.onnx"
            shutil.copyfile(data / "weights" / copy.name, copy)
            model = YOLO(str(copy), task="detect")
            rows = {picture.name: boxes_of(model, picture) for picture in pictures}
        versions = {package: importlib.metadata.version(package) for package in PACKAGES}
        head: dict[str, object] = {"model": f"{name}.onnx", "versions": versions}
        head |= {"conf": CONF, "iou": IOU, "imgsz": IMGSZ}
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in rows.items())
        text = json.dumps(head)[:-1] + f',\n"pictures": {{\n{lines}\n}}}}\n'
        (here / f"ultralytics_{name}.json").write_text(text)
        sys.stdout.write(f"{name}: {sum(map(len, rows.values()))} boxes in {len(rows)} pictures\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
