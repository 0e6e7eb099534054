"""A camera's timeline: never ahead of this machine's clock, whatever a camera sends."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.anchor import SLEW, STEP_S, UtcAnchor
from streams.timeline import BACKWARDS_S, BUCKET_S, BUCKETS, Timeline

ORIGIN_S = 1_700_000_000.0
STARTED_S = 500.0
FPS = 25.0
EPSILON_S = 1e-5  # floats near 1.7e9 s have steps of 2.4e-7 s

Stamps = list[tuple[float | None, float]]


def place_all(timeline: Timeline, stamps: Stamps) -> list[float]:
    """Run a session: its first second decides, then everything is placed."""
    first = [stamp for stamp in stamps if stamp[1] - stamps[0][1] < 1.0]
    timeline.begin(first)
    return [timeline.place(pts_s, arrival_s) for pts_s, arrival_s in stamps]


def steady(
    seconds: float,
    *,
    rate: float = 1.0,
    jitter_s: float = 0.0,
    start_s: float = STARTED_S,
    seed: int = 1,
) -> Stamps:
    """Return a camera's packets whose media runs at `rate`; every fifth is not delayed."""
    chance = random.Random(seed)
    stamps: Stamps = []
    arrival_s = start_s
    for number in range(int(seconds * FPS)):
        delay_s = chance.random() * jitter_s if number % 5 else 0.0
        arrival_s = max(arrival_s, start_s + number / FPS + delay_s)
        stamps.append((77.0 + rate * number / FPS, arrival_s))
    return stamps


steps = st.sampled_from([0.0, 0.04, 0.04, 0.04, 0.5, 5.0, 3600.0, -3600.0, -47721.9, -1.5])
waits = st.sampled_from([0.0, 0.0, 0.04, 0.04, 0.04, 1.0, 7.0])


@st.composite
def wild_sessions(draw: st.DrawFn, *, missing: bool) -> list[Stamps]:
    """Sessions whose pts jump both ways and whose packets come in bursts and after pauses."""
    arrival_s, pts_s = STARTED_S, draw(st.floats(-1e5, 1e5))
    sessions: list[Stamps] = []
    for _ in range(draw(st.integers(1, 3))):
        stamps: Stamps = []
        for step_s, wait_s in draw(st.lists(st.tuples(steps, waits), min_size=1, max_size=60)):
            pts_s, arrival_s = pts_s + step_s, arrival_s + wait_s
            gone = missing and draw(st.integers(0, 5)) == 0
            stamps.append((None if gone else pts_s, arrival_s))
        sessions.append(stamps)
        arrival_s += draw(st.floats(0.0, 100.0))
        pts_s = draw(st.floats(-1e5, 1e5))
    return sessions


@given(wild_sessions(missing=True))
def test_never_ahead_of_the_monotonic_clock(sessions: list[Stamps]) -> None:
    """No packet is placed later than the moment it arrived, in any session, after any jump."""
    timeline = Timeline(ORIGIN_S, STARTED_S)
    for stamps in sessions:
        for (_, arrival_s), at_s in zip(stamps, place_all(timeline, stamps), strict=True):
            assert at_s <= ORIGIN_S + arrival_s - STARTED_S + EPSILON_S


@given(wild_sessions(missing=False))
def test_jumps_never_turn_time_back(sessions: list[Stamps]) -> None:
    """Within a session, no jump of more than B-frames reorder leads before what was placed.

    (A new session may: its server can send pictures that are older than the connection.)
    """
    timeline = Timeline(ORIGIN_S, STARTED_S)
    for stamps in sessions:
        placed = place_all(timeline, stamps)
        assert all(after >= before - EPSILON_S for before, after in pairwise(placed))


@settings(max_examples=25)
@given(st.floats(0.0, 0.5), st.integers(0, 1000))
def test_durations_are_those_of_the_media(jitter_s: float, seed: int) -> None:
    """With an honest camera, two pictures are as far apart as their pts, whatever the network."""
    stamps = steady(30.0, jitter_s=jitter_s, seed=seed)
    placed = place_all(Timeline(ORIGIN_S, STARTED_S), stamps)
    for (pts_s, _), at_s in zip(stamps, placed, strict=True):
        assert pts_s is not None
        assert at_s - placed[0] == pytest.approx(pts_s - 77.0, abs=EPSILON_S)


@given(st.floats(0.5, 6.0))
def test_kept_pictures_get_the_time_they_were_seen(age_s: float) -> None:
    """A group of pictures that the server sends at once on connecting is as old as it is."""
    kept = [(10.0 + number / FPS, STARTED_S) for number in range(int(age_s * FPS))]
    live = [(10.0 + age_s + number / FPS, STARTED_S + number / FPS) for number in range(100)]
    placed = place_all(Timeline(ORIGIN_S, STARTED_S), [*kept, *live])
    assert placed[len(kept)] == pytest.approx(ORIGIN_S, abs=EPSILON_S)
    assert placed[0] == pytest.approx(ORIGIN_S - age_s, abs=EPSILON_S)


@pytest.mark.parametrize(
    ("rate", "expected_s"),
    [
        (1.5, 100.0),  # media runs faster: the machine's clock counts
        (1.05, 100.0),
        (0.95, 95.0),  # media runs slower: the media counts
        (0.5, 50.0),
    ],
)
def test_a_lying_rate_is_declared_and_the_smaller_clock_counts(
    rate: float, expected_s: float
) -> None:
    """Media more than 2 % off is declared; a duration is the smaller of the two clocks'."""
    timeline = Timeline(ORIGIN_S, STARTED_S)
    placed = place_all(timeline, steady(100.0, rate=rate, jitter_s=0.1))
    # the first second, which decides the anchor, is still counted by the media
    assert placed[-1] - placed[0] == pytest.approx(expected_s, abs=abs(rate - 1.0) + 0.05)
    assert timeline.declared
    assert timeline.media_rate == pytest.approx(rate, abs=0.01)


@settings(max_examples=25)
@given(st.floats(-0.015, 0.015))
def test_an_honest_rate_is_not_declared(error: float) -> None:
    """Less than 2 % off is a clock like others."""
    timeline = Timeline(ORIGIN_S, STARTED_S)
    place_all(timeline, steady(60.0, rate=1.0 + error, jitter_s=0.05))
    assert not timeline.declared


def test_a_lie_is_found_within_half_a_minute() -> None:
    """Ten seconds' worth of buckets and one more: then the rate has been wrong twice."""
    timeline = Timeline(ORIGIN_S, STARTED_S)
    place_all(timeline, steady((BUCKETS + 3) * BUCKET_S, rate=1.1))
    assert timeline.declared


@settings(max_examples=25)
@given(st.floats(0.5, 1000.0), st.floats(-1e6, 1e6), st.floats(0.9, 1.1))
def test_between_sessions_the_monotonic_clock_counts(
    gap_s: float, new_pts_s: float, rate: float
) -> None:
    """From the last picture of a session to the first of the next it takes as long as it took."""
    timeline = Timeline(ORIGIN_S, STARTED_S)
    first = steady(20.0, rate=rate)
    placed = place_all(timeline, first)
    begin_s = first[-1][1] + gap_s
    second: Stamps = [(new_pts_s + number / FPS, begin_s + number / FPS) for number in range(50)]
    after = place_all(timeline, second)
    # media that loses time is behind by at most one bucket's worth when its session ends
    slack_s = abs(1.0 - rate) * 2 * BUCKET_S + 0.01
    assert after[0] - placed[-1] == pytest.approx(gap_s, abs=slack_s)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, -(2**32) / 90_000, -BACKWARDS_S - 0.5])
def test_a_jump_takes_no_time(jump_s: float) -> None:
    """Pts that jump, go back or wrap change nothing but a counter."""
    timeline = Timeline(ORIGIN_S, STARTED_S)
    stamps = steady(20.0)
    half = len(stamps) // 2
    broken: Stamps = [
        (None if pts_s is None else pts_s + (jump_s if number >= half else 0.0), arrival_s)
        for number, (pts_s, arrival_s) in enumerate(stamps)
    ]
    placed = place_all(timeline, broken)
    assert timeline.jumps == 1
    for before, after in pairwise(placed):
        assert after - before == pytest.approx(1 / FPS, abs=EPSILON_S)


def test_time_that_a_camera_lost_is_not_given_back() -> None:
    """Five seconds that the media lost stay missing, though its pts jump ahead by five later."""
    timeline = Timeline(ORIGIN_S, STARTED_S)
    before = steady(20.0)
    late = [(pts_s, arrival_s + 5.0) for pts_s, arrival_s in steady(40.0)[500:]]
    caught_up = [((pts_s or 0.0) + 5.0, arrival_s) for pts_s, arrival_s in steady(100.0)[1125:]]
    placed = place_all(timeline, [*before, *late, *caught_up])
    elapsed_s = caught_up[-1][1] - before[0][1]
    assert placed[-1] - placed[0] == pytest.approx(elapsed_s - 5.0, abs=0.05)


def test_packets_without_pts_go_by_the_clock() -> None:
    """A camera that sends no pts at all is placed by arrival."""
    stamps: Stamps = [(None, STARTED_S + number / 5) for number in range(50)]
    placed = place_all(Timeline(ORIGIN_S, STARTED_S), stamps)
    assert placed[-1] - placed[0] == pytest.approx(49 / 5, abs=EPSILON_S)


@given(st.lists(st.tuples(st.floats(0.0, 60.0), st.floats(-STEP_S, STEP_S)), max_size=50))
def test_the_offset_is_slewed(moves: list[tuple[float, float]]) -> None:
    """While the host's clock is right within a second, captured_at never steps."""
    anchor = UtcAnchor()
    now_s = 0.0
    offset_s = anchor.update(100.0, now_s)
    for wait_s, error_s in moves:
        now_s += wait_s
        before_s, offset_s = offset_s, anchor.update(offset_s + error_s, now_s)
        assert abs(offset_s - before_s) <= SLEW * wait_s + 1e-9
    assert anchor.steps == 0


def test_a_clock_that_was_set_is_followed_at_once() -> None:
    """A host that boots in 1970 and then learns the time does not keep cases there."""
    anchor = UtcAnchor()
    anchor.update(0.0, 10.0)
    assert anchor.update(1.7e9, 11.0) == 1.7e9
    assert anchor.steps == 1


def test_an_anchor_that_was_never_set_says_so() -> None:
    """No time is better than a wrong one."""
    with pytest.raises(ValueError, match="never set"):
        _ = UtcAnchor().offset_s
