"""`run` opens a model as tuning found it best; where that cannot be it says so and runs anyway."""

import json
import logging
from pathlib import Path

import pytest

from configs import Site, load_site
from models import Choice, beside_cameras, write_choices
from pipeline.plan import load_sight, model_entry, registry_of, watch_of
from tests.block_model import write_block_model
from tests.clips import block_box, synthetic
from tests.devices import DEVICES, working_devices
from tests.faults import frame_of
from tests.site import camera, write_site

TUNED = Choice("openvino", "fp32", threads=1, streams=3)
UNTUNED = ("OnnxRuntimeSession", beside_cameras().streams)
"""Engine and depth where nothing was tuned."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return a site with one camera and the block model."""
    model = write_block_model(tmp_path / "block.onnx")
    return load_site(write_site(tmp_path, [camera("cam", "file:clip.mp4")], model))


def tuned(site: Site, choice: Choice, *, sha256: str | None = None) -> Path:
    """Keep a choice for the site's model, or for another one, as `models tune` does."""
    model = model_entry(site, registry_of(site), site.models[0])
    return write_choices(site.data, {sha256 or model.sha256: ("test", choice, 9.0)})


def opened(site: Site, *, alone: bool = False) -> tuple[str, int]:
    """Load a site's model as `run` does (alone: as `replay`) and look; return engine and depth."""
    one = site.cameras[0]
    sight = load_sight(site, [one], [watch_of(site, one)], alone=alone)
    (model,) = sight._models
    session = model.detector._network.session
    engine = (type(session).__name__, session.depth)
    (found,) = sight.look([frame_of(synthetic(7, 640, 360), 0.0)])
    sight.close()
    if site.models[0].file is not None:
        assert found.xyxy[0] == pytest.approx(block_box(7, 640, 360), abs=4)
    return engine


def test_run_opens_what_was_tuned(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Its engine and its runs side by side, without a word; replay is the same with and without."""
    usual, alone = opened(site), opened(site, alone=True)
    assert usual == UNTUNED
    tuned(site, TUNED)
    name, depth = opened(site)
    assert name == "OpenVinoSession"
    assert depth >= TUNED.streams
    tuned(site, Choice(threads=1, streams=5))
    assert opened(site) == ("OnnxRuntimeSession", 5)
    assert opened(site, alone=True) == alone == ("OnnxRuntimeSession", 1)
    assert caplog.messages == []


def test_the_bundled_model_is_opened_as_tuned(tmp_path: Path) -> None:
    """A model that the site names, not a file of its own, goes another way to the same end."""
    one, bundled = camera("cam", "file:clip.mp4"), [{"name": "street"}]
    site = load_site(write_site(tmp_path, [one], tmp_path, models=bundled))
    tuned(site, TUNED)
    assert opened(site)[0] == "OpenVinoSession"


def test_a_device_that_is_gone_is_told_and_the_site_runs(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Tuned for a GPU that does not open any more: one warning with the reason and the way out."""
    gone = next((name for name in DEVICES if name not in working_devices()), None)
    if gone is None:
        pytest.skip("every device works on this machine")
    tuned(site, Choice(gone, threads=1))
    assert opened(site) == UNTUNED
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "block.onnx: ONNX Runtime cannot load it" in record.getMessage()
    assert "runs untuned" in record.getMessage()
    assert record.getMessage().endswith(f"run: streetwarden models tune --site {site.file}")


def test_what_was_tuned_for_another_box_or_model_is_not_used(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Either way it is named, and the model runs as if nothing had been tuned."""
    tuned(site, TUNED, sha256="0" * 64)
    assert opened(site) == UNTUNED
    file = tuned(site, TUNED)
    record = json.loads(file.read_text(encoding="utf-8"))
    record["machine"]["processor"] = "another"
    file.write_text(json.dumps(record), encoding="utf-8")
    assert opened(site) == UNTUNED
    model, box = caplog.messages
    assert model.startswith("model 'test' has not been tuned; run: streetwarden models tune")
    assert "made on another machine (processor); it is not used; run: " in box
