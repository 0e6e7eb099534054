"""Roboflow's InferencePipeline with the model as custom logic, all cameras in one pipeline.

Settings from its documentation for live cameras: the newest picture wins (DROP_OLDEST, EAGER), at
most one look a second and camera (max_fps counts the looks of all cameras together), threads for
decoding of its own.
"""

import os
from importlib.metadata import version

# Set before it is imported: models that are not used here are not asked for.
for _name in ("CORE_MODEL_SAM_ENABLED", "CORE_MODEL_SAM2_ENABLED", "CORE_MODEL_YOLO_WORLD_ENABLED"):
    os.environ.setdefault(_name, "False")
os.environ.setdefault("TELEMETRY_OPT_OUT", "True")
os.environ.setdefault("METRICS_ENABLED", "False")

from inference import InferencePipeline  # type: ignore[import-not-found, unused-ignore]  # noqa: E402
from streamvision.camera.video_source import (  # type: ignore[import-not-found, unused-ignore]  # noqa: E402
    BufferConsumptionStrategy,
    BufferFillingStrategy,
)

from benchmarks.cameras.looks import Looks, say  # noqa: E402
from benchmarks.cameras.rows.network import Network  # noqa: E402
from benchmarks.cameras.rows.task import task  # noqa: E402

MAX_FPS = 1
"""A camera."""


def main() -> None:
    """Run until ended."""
    given = task()
    looks = Looks(given.ledger)
    network = Network(given.model)

    def look(frames: list) -> list:  # type: ignore[type-arg]
        found = []
        for frame in frames:
            found.append({"boxes": network.boxes(frame.image[:, :, ::-1])})
            looks.note(frame.source_id or 0, frame.image)
        return found

    say(
        settings=f"inference-cpu {version('inference-cpu')}, ONNX Runtime {version('onnxruntime')} "
        f"fp32, init_with_custom_logic, DROP_OLDEST, EAGER, max_fps={MAX_FPS} a camera"
    )
    pipeline = InferencePipeline.init_with_custom_logic(
        video_reference=given.urls,
        on_video_frame=look,
        on_prediction=lambda _predictions, _frames: None,
        max_fps=MAX_FPS * len(given.urls),
        source_buffer_filling_strategy=BufferFillingStrategy.DROP_OLDEST,
        source_buffer_consumption_strategy=BufferConsumptionStrategy.EAGER,
    )
    pipeline.start(use_main_thread=True)


if __name__ == "__main__":
    main()
