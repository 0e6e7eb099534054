"""The card says what the manifest knows, and what the model cannot do."""

from typing import Any

from training.card import card_of, limits_of
from training.example import CLASSES


def entry(data: dict[str, int], scores: dict[str, Any]) -> dict[str, Any]:
    """Make a manifest entry."""
    made = {"data": data, "architecture": "YOLO26n", "start": "random weights", "steps": 9}
    made |= {"batch": 2, "seed": 4, "pictures": 3, "scene_seeds": [5, 6], "teacher_conf": 0.4}
    made |= {"classes_learned": ["car"], "commit": "0123456789ab+"}
    table = {"threshold": 0.3, "sets": {}, "pictures": {}} | scores
    return {"file": "street.onnx", "input_size": [288, 512], "layout": "ultralytics"} | {
        "classes": list(CLASSES),
        "licence": "AGPL-3.0",
        "threshold": 0.3,
        "made": made,
        "scores": table,
    }


def test_what_was_only_rendered_is_said() -> None:
    """With signs from a real set, sign is no longer among the classes only ever rendered."""
    only = limits_of(entry({"scenes": 3}, {}))[0]
    assert "car" in only
    assert "sign," in only
    both = limits_of(entry({"scenes": 3, "shop_signs": 2}, {}))[0]
    assert "stall" in both
    assert "sign," not in both
    assert "car," not in both  # the teacher labels cars on real pictures


def test_weak_conditions_are_said() -> None:
    """Weather and sizes below the mark are listed, what was not measured too."""
    row = {"pictures": 9, "map50": 0.5, "recall": 0.5, "precision": 0.9}
    by = {"weather": {"night": row}, "size": {"00 to 16 px": {"asked": 9, "recall": 0.25}}}
    alike = {"pictures": 40, "false_a_picture": 0.03, "by_class": {}}
    text = card_of(entry({"scenes": 3}, {"by": by, "look_alikes": alike}))
    assert "In night it finds 50%" in text
    assert "Not measured in: sun, cloud, dusk, rain, haze." in text
    assert "00 to 16 px (side at its input) it finds 25%" in text
    assert "0.03 false boxes a picture" in text
    assert "commit 0123456789ab+" in text
    assert "(`training/scenes`, seeds 5 to 6): 3 pictures." in text
