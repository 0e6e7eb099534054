"""The packet ring: what it keeps, what it gives up first, and that what it returns decodes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import CodecParameters, Excerpt, Packet, decode_still
from streams.ring import PacketRing
from tests.clips import clip, read_counter, resized_clip
from tests.packets import PARAMETERS, packet, packets_of

SMALL = {"width": 320, "height": 176}
PLENTY = 1 << 24


def filled(
    packets: list[tuple[Packet, CodecParameters]], *, ring_s: float, ring_bytes: int = PLENTY
) -> PacketRing:
    """Run a whole stream through a ring."""
    ring = PacketRing("cam", ring_s=ring_s, ring_bytes=ring_bytes)
    for one, parameters in packets:
        ring.add(one, parameters, 0, 1e9)
    return ring


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[Packet, int]]:
    """Packets with their sessions: GOPs of any length and size, some with recovery points."""
    found: list[tuple[Packet, int]] = []
    at_s, session = 0.0, 0
    for length, size, warmup, new in draw(
        st.lists(
            st.tuples(
                st.integers(1, 40),
                st.integers(1, 5000),
                st.sampled_from([0, 0, 0, 5]),
                st.sampled_from([False, False, False, True]),
            ),
            min_size=1,
            max_size=30,
        )
    ):
        session += new
        for number in range(length):
            key = number == 0
            one = packet(at_s, key=key, warmup=warmup if key else 0, size=size * (10 if key else 1))
            found.append((one, session))
            at_s += 0.1
    return found


@settings(max_examples=60)
@given(streams(), st.floats(0.0, 30.0), st.integers(1000, 300_000))
def test_memory_is_bounded_and_every_excerpt_starts_at_a_key(
    found: list[tuple[Packet, int]], ring_s: float, limit: int
) -> None:
    """Whatever comes, the ring stays below its limit and hands out decodable runs, in order."""
    ring = PacketRing("cam", ring_s=ring_s, ring_bytes=limit)
    for one, session in found:
        ring.add(one, PARAMETERS, session, 1e9)
        assert ring.bytes <= limit
    excerpts = ring.excerpts(0.0, 1e6)
    for excerpt in excerpts:
        assert excerpt.packets[0].key
    times = [one.at_s for excerpt in excerpts for one in excerpt.packets]
    assert all(after > before for before, after in pairwise(times))


@settings(max_examples=60)
@given(streams(), st.floats(0.0, 30.0))
def test_everything_of_the_last_seconds_is_kept(
    found: list[tuple[Packet, int]], ring_s: float
) -> None:
    """With room enough, no packet younger than ring_s is missing."""
    ring = PacketRing("cam", ring_s=ring_s, ring_bytes=PLENTY)
    for one, session in found:
        ring.add(one, PARAMETERS, session, 1e9)
    newest_s = found[-1][0].at_s
    kept = {one.at_s for excerpt in ring.excerpts(0.0, 1e6) for one in excerpt.packets}
    assert {one.at_s for one, _ in found if one.at_s > newest_s - ring_s} <= kept


@settings(max_examples=60)
@given(streams())
def test_clean_key_packets_are_kept_beyond(found: list[tuple[Packet, int]]) -> None:
    """Older runs keep their key packet when it shows something alone, and nothing else."""
    ring = PacketRing("cam", ring_s=0.0, ring_bytes=PLENTY)
    for one, session in found:
        ring.add(one, PARAMETERS, session, 1e9)
    last_key_s = max(one.at_s for one, _ in found if one.key)
    kept = [one for excerpt in ring.excerpts(0.0, 1e6) for one in excerpt.packets]
    older = [one for one in kept if one.at_s < last_key_s]
    clean = [one for one, _ in found if one.key and not one.warmup and one.at_s < last_key_s]
    assert older == clean


def test_an_endless_run_is_given_up() -> None:
    """A stream with one key packet ever cannot grow the ring; it waits for the next entry."""
    ring = PacketRing("cam", ring_s=20.0, ring_bytes=50_000)
    ring.add(packet(0.0, key=True), PARAMETERS, 0, 1e9)
    for number in range(1, 1000):
        ring.add(packet(number / 25), PARAMETERS, 0, 1e9)
        assert ring.bytes <= 50_000
    assert ring.excerpts(0.0, 100.0) == ()
    assert ring.open_run() is None
    ring.add(packet(50.0, key=True), PARAMETERS, 0, 1e9)
    assert len(ring.excerpts(0.0, 100.0)) == 1


def test_packets_before_the_first_key_are_left_out() -> None:
    """Joined in the middle of a GOP, there is nothing to decode from."""
    ring = PacketRing("cam", ring_s=20.0, ring_bytes=PLENTY)
    for number in range(30):
        ring.add(packet(number / 25, key=number == 20), PARAMETERS, 0, 1e9)
    (excerpt,) = ring.excerpts(0.0, 10.0)
    assert [one.at_s for one in excerpt.packets] == [number / 25 for number in range(20, 30)]


@pytest.mark.parametrize(
    ("from_s", "to_s", "first_s", "last_s"),
    [
        (2.5, 3.5, 2.0, 3.48),  # from the key packet before, to the last packet before to_s
        (2.0, 2.0, None, None),  # half-open: empty
        (0.0, 2.04, 0.0, 2.0),
        (4.99, 99.0, 4.0, 5.96),
        (-5.0, -1.0, None, None),  # before everything
    ],
)
def test_excerpts_are_aligned_to_key_packets(
    from_s: float, to_s: float, first_s: float | None, last_s: float | None
) -> None:
    """[from_s, to_s), widened at the front to where decoding can start."""
    ring = filled(packets_of(clip(seconds=6, **SMALL)), ring_s=20.0)
    excerpts = ring.excerpts(from_s, to_s)
    if first_s is None:
        assert excerpts == ()
        return
    (excerpt,) = excerpts
    assert excerpt.packets[0].at_s == pytest.approx(first_s)
    assert max(one.at_s for one in excerpt.packets) == pytest.approx(last_s)


def test_sessions_and_clock_steps_are_kept_apart() -> None:
    """An excerpt is of one session and one UTC offset."""
    ring = PacketRing("cam", ring_s=20.0, ring_bytes=PLENTY)
    for at_s, session, offset_s in (
        (0.0, 0, 1e9),
        (2.0, 0, 1e9 + 0.001),
        (4.0, 1, 1e9),
        (6.0, 1, 2e9),
    ):
        ring.add(packet(at_s, key=True), PARAMETERS, session, offset_s)
        ring.add(packet(at_s + 1.0), PARAMETERS, session, offset_s)
    found = [(one.session, one.utc_offset_s, len(one.packets)) for one in ring.excerpts(0.0, 9.0)]
    assert found == [(0, 1e9, 4), (1, 1e9, 2), (1, 2e9, 2)]


def test_a_change_of_size_splits() -> None:
    """Each parameter set has its own excerpt, and each decodes to its own size."""
    clip_path = resized_clip(seconds=1, gop=25, sizes=((320, 176), (176, 144)))
    first, second = filled(packets_of(clip_path), ring_s=20.0).excerpts(0.0, 9.0)
    assert decode_still(first, 0.5).shape == (176, 320, 3)
    assert decode_still(second, 1.5).shape == (144, 176, 3)


@pytest.mark.parametrize(
    "options",
    [{}, {"b_frames": 3}, {"b_frames": 3, "open_gop": True}, {"intra_refresh": True}],
    ids=["plain", "B-frames", "open GOP", "intra refresh"],
)
@pytest.mark.parametrize("ring_s", [2.0, 20.0])
def test_every_moment_has_its_picture(options: dict[str, bool], ring_s: float) -> None:
    """A still out of the ring is the picture shown then, bit for bit; older ones the last key's."""
    packets = packets_of(clip(seconds=8, **options, **SMALL))
    ring = filled(packets, ring_s=ring_s)
    whole = Excerpt("cam", 0, packets[0][1], tuple(one for one, _ in packets), 1e9)
    for moment_s in (0.0, 1.3, 3.99, 5.02, 6.5, 7.96):
        excerpt = ring.excerpts(moment_s, moment_s + 0.04)[0]
        still = decode_still(excerpt, moment_s)
        number = read_counter(still)
        assert number is not None
        shown = int(moment_s * 25 + 1e-6)
        assert number == shown if moment_s >= 8.0 - ring_s else number <= shown
        assert np.array_equal(still, decode_still(whole, number / 25 + 0.001))


def test_thinned_runs_do_not_feed_recovery_points() -> None:
    """Intra refresh after a lone key packet would repair a picture that was never decoded."""
    packets = packets_of(clip(seconds=8, intra_refresh=True, **SMALL))
    excerpts = filled(packets, ring_s=2.0).excerpts(0.0, 99.0)
    assert [(len(one.packets), one.packets[0].warmup > 0) for one in excerpts] == [
        (1, False),
        (100, True),
    ]
