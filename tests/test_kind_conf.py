"""The score that each kind asks a model for: how it is chosen, entered, and used."""

import json
from pathlib import Path

import pytest

from benchmarks.clips import ClipTally
from benchmarks.kind_conf import GRID, choose, write
from configs import parse_site
from models import ModelEntry, Registry
from models.manifest import read_manifest
from pipeline.plan import conf_of
from tests.site_text import GOOD

SECRETS = {"CAM_PASSWORD": "x", "API_TOKEN": "y"}


def _tallies(wrong: dict[float, int]) -> dict[float, ClipTally]:
    """Make the counts of a kind: none wrong but at these scores."""
    return {conf: ClipTally(expected=4, found=4, false=wrong.get(conf, 0)) for conf in GRID}


def _above(score: float) -> dict[float, int]:
    return dict.fromkeys((conf for conf in GRID if conf > score), 1)


@pytest.mark.parametrize(
    ("wrong", "chosen", "run"),
    [
        ({}, 0.3, (0.1, 0.62)),
        (_above(0.36), 0.3, (0.1, 0.36)),
        (_above(0.3), 0.18, (0.1, 0.3)),  # a step more, and something is lost
        (_above(0.15), 0.12, (0.1, 0.15)),
        ({conf: 1 for conf in GRID if conf < 0.4}, 0.52, (0.43, 0.62)),
        ({conf: 2 for conf in GRID if conf != 0.22}, 0.22, (0.22, 0.22)),
        ({0.3: 1, 0.26: 1, 0.22: 1}, 0.43, (0.36, 0.62)),  # the nearer of two runs
    ],
)
def test_the_middle_of_what_loses_nothing_is_chosen(
    wrong: dict[float, int], chosen: float, run: tuple[float, float]
) -> None:
    """The model's threshold stays where it is safe."""
    found = choose(_tallies(wrong), 0.3)
    assert (found.conf, (found.lowest, found.highest)) == (chosen, run)


def test_a_missed_violation_is_worse_than_a_dwell() -> None:
    """Dwells decide only between scores that find the same."""
    tallies = {
        conf: ClipTally(expected=2, found=2 if conf < 0.3 else 1, dwells=2, dwells_right=1)
        for conf in GRID
    }
    tallies[0.22].dwells_right = 2
    assert choose(tallies, 0.3).conf == 0.22


@pytest.fixture
def entry(tmp_path: Path) -> ModelEntry:
    """Return a listed model of a site in tmp_path."""
    record = next(one for one in Registry().entries() if one.name == "street")
    written = {
        "name": "mine",
        "file": "mine.onnx",
        "sha256": "0" * 64,
        "layout": record.layout,
        "input_size": record.input_size,
        "classes": record.classes,
        "licence": "",
        "threshold": 0.4,
    }
    folder = tmp_path / "data" / "models"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"models": [written]}), encoding="utf-8")
    return read_manifest(folder)[0]


def test_scores_are_entered_and_used(tmp_path: Path, entry: ModelEntry) -> None:
    """A kind's score from the manifest, else the model's; the site and the rule go before both."""
    assert entry.kind_conf == {}
    manifest = write(entry, {"street_stall": 0.55})
    assert read_manifest(manifest.parent)[0].kind_conf == {"street_stall": 0.55}
    text = GOOD.replace("models: [{name: street}]", "models: [{name: mine}]")
    assert text != GOOD
    for model, asked in (("mine", (0.55, 0.4)), ("mine, conf: 0.2", (0.2, 0.2))):
        site = parse_site(
            text.replace("{name: mine}", f"{{name: {model}}}"), tmp_path / "s.yaml", SECRETS
        )
        site = site.model_copy(update={"data": tmp_path / "data"})
        camera = site.cameras[0]
        rule = camera.rules[0].model_copy(update={"conf": None})
        kinds = ("street_stall", "illegal_parking")
        rules = [rule.model_copy(update={"kind": kind}) for kind in kinds]
        assert tuple(conf_of(site, camera, one) for one in rules) == asked
        own = rule.model_copy(update={"conf": 0.7, "kind": "street_stall"})
        assert conf_of(site, camera, own) == 0.7
