"""One vocabulary, and models' own classes in it."""

import numpy as np
import pytest

from models import COCO_CLASSES, STREET_CLASSES, VOCABULARY, Detections, Vocabulary


def detections(*labels: int) -> Detections:
    """Return a box a label, told apart by its score and place."""
    count = len(labels)
    xyxy = np.arange(4 * count, dtype=np.float32).reshape(count, 4)
    return Detections(xyxy, np.linspace(0.9, 0.5, count, dtype=np.float32), np.array(labels, "i4"))


def test_the_default_is_coco_then_the_street() -> None:
    """COCO's 80 come first under their own labels; the street's follow, none of them twice."""
    assert VOCABULARY.names[:80] == COCO_CLASSES
    assert VOCABULARY.index("person") == 0
    assert VOCABULARY.index("car") == 2
    assert set(VOCABULARY.names) == set(COCO_CLASSES) | set(STREET_CLASSES)
    assert VOCABULARY.names[80:] == (
        *("muck_truck", "muck_truck_open", "two_wheeler", "stall", "goods", "muck", "garbage"),
        *("sign", "sign_damaged", "banner", "floating_debris"),
    )


def test_names_and_labels_are_each_other() -> None:
    """Every label has one name and the other way round."""
    assert [VOCABULARY.index(name) for name in VOCABULARY.names] == list(range(len(VOCABULARY)))
    assert all(VOCABULARY.name(VOCABULARY.index(name)) == name for name in VOCABULARY.names)
    assert "stall" in VOCABULARY
    assert "kiosk" not in VOCABULARY
    with pytest.raises(KeyError, match="kiosk"):
        VOCABULARY.index("kiosk")
    for label in (-1, len(VOCABULARY)):
        with pytest.raises(IndexError, match="outside"):
            VOCABULARY.name(label)


def test_a_models_classes_are_found_by_name() -> None:
    """Labels in another order arrive as the vocabulary's; unknown ones are dropped."""
    relabelling = VOCABULARY.adopt(["stall", "unicorn", "car"])
    found = relabelling.relabel(detections(0, 1, 2, 0))
    assert [VOCABULARY.name(label) for label in found.label] == ["stall", "car", "stall"]
    np.testing.assert_array_equal(found.xyxy, detections(0, 1, 2, 0).xyxy[[0, 2, 3]])
    np.testing.assert_allclose(found.score, np.linspace(0.9, 0.5, 4)[[0, 2, 3]], rtol=1e-6)


def test_a_mapping_goes_before_equal_names() -> None:
    """A manifest may say that its "van" is a car, and that its "truck" is a muck truck."""
    relabelling = VOCABULARY.adopt(["van", "truck"], {"van": "car", "truck": "muck_truck"})
    found = relabelling.relabel(detections(0, 1))
    assert [VOCABULARY.name(label) for label in found.label] == ["car", "muck_truck"]


def test_a_mapping_onto_nothing_is_refused() -> None:
    """A name that the vocabulary does not have would silently drop the class."""
    with pytest.raises(KeyError, match="lorry"):
        VOCABULARY.adopt(["truck"], {"truck": "lorry"})


def test_nothing_stays_nothing() -> None:
    """No detection is relabelled into none."""
    assert len(VOCABULARY.adopt(COCO_CLASSES).relabel(Detections.empty())) == 0


def test_a_rule_for_two_wheelers_takes_what_coco_calls_them() -> None:
    """two_wheeler means bicycle and motorcycle too; every other name means itself."""
    assert VOCABULARY.expand("two_wheeler") == ("two_wheeler", "bicycle", "motorcycle")
    assert VOCABULARY.expand("car") == ("car",)
    assert Vocabulary(("two_wheeler", "car")).expand("two_wheeler") == ("two_wheeler",)


def test_a_name_stands_once() -> None:
    """Two labels of one name could not be told apart."""
    with pytest.raises(ValueError, match="twice: car"):
        Vocabulary(("car", "bus", "car"))
