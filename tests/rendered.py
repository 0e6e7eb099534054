"""Pictures with their truth, as the renderer writes them, without rendering."""

import json
from pathlib import Path

import cv2
import numpy as np


def rendered(folder: Path, seeds: range) -> None:
    """Write small pictures with one car each, as the renderer would."""
    folder.mkdir()
    for seed in seeds:
        name = f"{seed:06d}-0"
        image = np.full((360, 640, 3), 60, np.uint8)
        image[100:160, 200:300] = 220
        cv2.imwrite(str(folder / f"{name}.jpg"), image)
        things = [{"label": "car", "xyxy": [200, 100, 300, 160], "visible": 1, "visible_px": 6000}]
        record = {"file": f"{name}.jpg", "width": 640, "height": 360, "weather": "sun"}
        record |= {"seed": seed, "things": things}
        (folder / f"{name}.json").write_text(json.dumps(record), encoding="utf-8")
