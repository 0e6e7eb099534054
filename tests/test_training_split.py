"""What teaches never judges."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from training.example import Example
from training.split import SEAM, is_held_out_seed, split_real, split_scenes, split_series


def example(series: str, number: int) -> Example:
    """Make an example that is only its place in a set."""
    return Example(Path(f"{series}{number}.jpg"), 10, 10, (), "set", (series, number))


@given(st.sets(st.integers(0, 10_000), min_size=1, max_size=80))
def test_a_real_sets_third_is_one_block_behind_the_training_block(numbers: set[int]) -> None:
    """Held out is the last third; before it come the seam and then what teaches."""
    train, held_out = split_real([example("frame", number) for number in numbers])
    assert len(held_out) == len(numbers) // 3
    ordered = sorted(numbers)
    assert [e.order[1] for e in held_out] == ordered[len(numbers) - len(held_out) :]
    assert [e.order[1] for e in train] == ordered[: max(0, len(numbers) - len(held_out) - SEAM)]


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3)), unique=True))
def test_all_views_of_a_seed_are_on_one_side(views: list[tuple[int, int]]) -> None:
    """No scene is seen in training from one camera and in evaluation from another."""
    examples = [example("sun", seed) for seed, _ in views]
    train, held_out = split_scenes(examples)
    assert len(train) + len(held_out) == len(examples)
    assert not {e.order[1] for e in train} & {e.order[1] for e in held_out}
    assert all(is_held_out_seed(e.order[1]) for e in held_out)


def test_every_series_of_a_set_is_judged() -> None:
    """By series, a third of each is held out, though one series sorts before the other."""
    examples = [example(name, number) for name in ("a", "b") for number in range(30)]
    train, held_out = split_series(examples)
    assert {one.order for one in held_out} == {(s, n) for s in ("a", "b") for n in range(20, 30)}
    assert {one.order for one in train} == {(s, n) for s in ("a", "b") for n in range(20 - SEAM)}
