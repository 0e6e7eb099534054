"""The card says what the manifest knows, and what the model cannot do."""

import json
from pathlib import Path
from typing import Any

import pytest

from training.beside import BEGIN, END, NO_OTHERS, readme_with
from training.card import card_of, limits_of, main
from training.example import CLASSES, DatasetError


def entry(data: dict[str, int], scores: dict[str, Any]) -> dict[str, Any]:
    """Make a manifest entry."""
    made = {"data": data, "architecture": "YOLO26n", "start": "random weights", "steps": 9}
    made |= {"batch": 2, "seed": 4, "pictures": 3, "scene_seeds": [5, 6], "teacher_conf": 0.4}
    made |= {"classes_learned": ["car"], "commit": "0123456789ab+"}
    table = {"threshold": 0.3, "sets": {}, "pictures": {}} | scores
    return {
        "name": "street",
        "file": "street.onnx",
        "input_size": [288, 512],
        "layout": "ultralytics",
    } | {
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
    # Scores of before this was counted are still read.
    assert "how many of them are false was not counted" in text
    assert "commit 0123456789ab+" in text
    assert "(`training/scenes`, seeds 5 to 6): 3 pictures." in text


def test_the_figure_of_look_alikes_says_what_it_leaves_out() -> None:
    """Cars and people truly stand in those scenes: their boxes are another figure."""
    alike = {"pictures": 40, "false_a_picture": 0.03, "common_false_a_picture": 1.25}
    line = next(
        one for one in limits_of(entry({"scenes": 3}, {"look_alikes": alike})) if "0.03" in one
    )
    assert "Boxes of car, bus, truck, two_wheeler, person, sign are left out" in line
    assert "because such things truly stand in those scenes; of these boxes 1.25 a picture" in line


def test_a_dash_is_said_in_words() -> None:
    """A recall never reached, nothing asked or found, a precision without boxes."""
    rows = {
        "one": {"recall": 0.9, "precision": 0.8, "other_precision": None},
        "two": {"recall": 0.9, "precision": 0.8, "other_precision": 0.25},
        "three": {"recall": None, "precision": None, "other_precision": None},
    }
    text = card_of(entry({"scenes": 3}, {"equal_recall": {"model": "other", "sets": rows}}))
    assert "one: at recall 0.900 precision 0.800, a recall that `other` never reaches.\n" in text
    assert "two: at recall 0.900 precision 0.800, `other` there 0.250.\n" in text
    assert "three: no vehicle was asked for, or none was found.\n" in text
    assert "A dash" not in text
    row = {"asked": 3, "recall": 0.0, "precision": None, "ap50": 0.0, "ap50_95": 0.0}
    table = {"sets": {"scenes": {"stall": row}}, "pictures": {"scenes": 9}}
    assert "| 0.000 | - | 0.000 | 0.000 |\n\nA dash: " in card_of(entry({"scenes": 3}, table))


def test_the_readme_keeps_all_but_its_table(tmp_path: Path) -> None:
    """Only what stands between the comments changes; without them nothing is written."""
    readme = tmp_path / "README.md"
    readme.write_text(f"# A\n\n{BEGIN}\nold\n{END}\n\nB\n", encoding="utf-8")
    row = {"recall": 0.5, "precision": None, "ap50": 0.25}
    sets = {"sets": {"vehicles": {"vehicle": row}}}
    one = entry({"scenes": 3}, {**sets, "others": {"small": {"threshold": 0.25, "sets": {}}}})
    text = readme_with(readme, one)
    assert text.startswith(f"# A\n\n{BEGIN}\n\n")
    assert text.endswith(f"\n\n{END}\n\nB\n")
    assert "| street | 0.3 | 0.500 / - (0.250) | - / - (-) | - / - (-) |\n" in text
    assert "| small | 0.25 | - / - (-) | - / - (-) | - / - (-) |\n\nA dash: " in text
    assert "\nold\n" not in text
    readme.write_text(text, encoding="utf-8")
    assert readme_with(readme, one) == text
    assert f"{BEGIN}\n\n{NO_OTHERS}\n\n{END}" in readme_with(readme, entry({"scenes": 3}, {}))
    readme.write_text(f"# A\n{END}\n{BEGIN}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no place for the table"):
        readme_with(readme, one)


def test_a_card_is_written_anew_from_the_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of another folder than the bundled one only the card; without a street model exit 2."""
    one = entry({"scenes": 3}, {})
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"models": [{"name": "other"}, one]}), encoding="utf-8")
    assert main(["--weights", str(tmp_path)]) == 0
    assert (tmp_path / "CARD.md").read_text(encoding="utf-8") == card_of(one)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CARD.md", "manifest.json"]
    manifest.write_text('{"models": [{"name": "other"}]}', encoding="utf-8")
    assert main(["--weights", str(tmp_path)]) == 2
    assert "lists no street model" in capsys.readouterr().err
