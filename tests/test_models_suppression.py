"""Non-maximum suppression against the definition, written out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.suppression import suppress

Box = tuple[int, int, int, int]

boxes = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.integers(0, 30),
        st.integers(1, 20),
        st.integers(1, 20),
        st.sampled_from([0.9, 0.7, 0.5, 0.50001, 0.3]),
        st.integers(0, 2),
    ),
    max_size=40,
)


def arrays(
    drawn: list[tuple[int, int, int, int, float, int]],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
    """Turn (x, y, w, h, score, label) into xyxy, score, label."""
    table = np.array(drawn, np.float64).reshape(-1, 6)
    xyxy = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
    return xyxy.astype(np.float32), table[:, 4].astype(np.float32), table[:, 5].astype(np.int32)


def by_definition(
    xyxy: NDArray[np.float32],
    score: NDArray[np.float32],
    label: NDArray[np.int32],
    iou: float,
    limit: int,
) -> list[int]:
    """Take boxes from the best to the worst; one stays unless a kept one of its label covers it."""
    kept: list[int] = []
    for index in sorted(range(len(score)), key=lambda i: (-score[i], i)):
        if all(
            label[index] != label[other] or overlap(xyxy[index], xyxy[other]) <= iou
            for other in kept
        ):
            kept.append(index)
    return kept[:limit]


def overlap(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    """Intersection over union."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    inside = float(max(width, 0) * max(height, 0))
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, two)]
    return inside / (sum(areas) - inside)


@settings(deadline=None)  # machines are slow at times
@given(boxes, st.sampled_from([0.31, 0.47, 0.7, 0.93]), st.sampled_from([3, 300]))
def test_the_same_boxes_stay_as_by_definition(
    drawn: list[tuple[int, int, int, int, float, int]], iou: float, limit: int
) -> None:
    """Indices, order and limit are those of the slow way."""
    xyxy, score, label = arrays(drawn)
    expected = by_definition(xyxy, score, label, iou, limit)
    assert suppress(xyxy, score, label, iou, limit).tolist() == expected


def test_labels_do_not_suppress_each_other() -> None:
    """A rider on a motorcycle leaves both boxes, however much they overlap."""
    xyxy, score, label = arrays([(0, 0, 10, 20, 0.9, 0), (0, 0, 10, 20, 0.7, 1)])
    assert suppress(xyxy, score, label, 0.5).tolist() == [0, 1]


def test_equal_scores_keep_their_order() -> None:
    """Of boxes that are equally sure the first one stays, run after run."""
    xyxy, score, label = arrays([(i % 3, 0, 30, 30, 0.5, 0) for i in range(9)])
    assert suppress(xyxy, score, label, 0.7).tolist() == [0]


def test_nothing_gives_nothing() -> None:
    """No candidate, no box."""
    xyxy, score, label = arrays([])
    assert suppress(xyxy, score, label, 0.7).tolist() == []


def test_thousands_of_candidates_are_bounded() -> None:
    """At absurdly low thresholds at most 300 boxes stay, the best ones first."""
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 600, (20_000, 2))
    xyxy = np.concatenate([corner, corner + rng.uniform(5, 40, (20_000, 2))], axis=1)
    score = rng.random(20_000).astype(np.float32)
    kept = suppress(xyxy.astype(np.float32), score, np.zeros(20_000, np.int32), 0.7)
    assert len(kept) == 300
    assert (np.diff(score[kept]) <= 0).all()
    assert kept[0] == score.argmax()


def test_more_candidates_than_are_compared_at_first() -> None:
    """When the best thousand leave too few boxes, the others have their turn, as by definition."""
    rng = np.random.default_rng(4)
    place = rng.integers(0, 12, (1500, 2)) * 50  # 144 places, about ten boxes at each
    drawn = [
        (*map(float, corner + rng.integers(0, 6, 2)), 40.0, 40.0, score, 0)
        for corner, score in zip(place, rng.random(1500), strict=True)
    ]
    xyxy, score, label = arrays(drawn)
    expected = by_definition(xyxy, score, label, 0.7, 300)
    assert 100 < len(expected) < 300
    assert suppress(xyxy, score, label, 0.7).tolist() == expected
