"""The network as a peer without a runner of its own calls it: OpenCV, numpy, ONNX Runtime."""

import os
from pathlib import Path

import cv2
import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

from benchmarks.cameras.rows.task import CONF, INPUT_HEIGHT, INPUT_WIDTH

IOU = 0.7


class Network:
    """One session on all cores whose threads sleep while others work."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._name = self._session.get_inputs()[0].name

    def boxes(self, picture: NDArray[np.uint8]) -> int:
        """Return how many things are in an RGB picture, (h, w, 3), after NMS."""
        if picture.shape[:2] != (INPUT_HEIGHT, INPUT_WIDTH):
            picture = np.asarray(cv2.resize(picture, (INPUT_WIDTH, INPUT_HEIGHT)), np.uint8)
        blob = cv2.dnn.blobFromImage(picture, 1 / 255)
        rows = self._session.run(None, {self._name: blob})[0][0]
        scores = rows[4:].max(axis=0)
        kept = scores > CONF
        corners = rows[:2, kept] - rows[2:4, kept] / 2
        boxes = np.concatenate([corners, rows[2:4, kept]]).T
        return len(cv2.dnn.NMSBoxes(boxes.tolist(), scores[kept].tolist(), CONF, IOU))
