"""Looking for a case on a server that lists only so many requests, and what its answers mean."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.open311 import replies
from cases.open311.search import Row, Search
from cases.retry_after import retry_after_s
from cases.system import DeliveryError
from tests.violations import NOON

KEY = "SW-0123456789abcdef0123"
START, END = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


@dataclass
class Server:
    """Lists at most `cap` of its requests, chosen in one of several ways."""

    at: list[float]
    """Seconds from noon of every request; the first one is the case."""
    present: bool
    cap: int
    order: str
    bounds_in: bool
    questions: int = 0

    def ask(self, start: datetime, end: datetime) -> list[Row]:
        """Answer as GeoReport servers do; whether bounds count in is up to the server."""
        self.questions += 1
        found: list[dict[str, Any]] = []
        for number, seconds in enumerate(self.at):
            at = NOON + timedelta(seconds=seconds)
            within = start <= at <= end if self.bounds_in else start < at < end
            if within and (number > 0 or self.present):
                text = f"case {KEY}." if number == 0 else f"request {number}"
                row = {
                    "service_request_id": number,
                    "requested_datetime": at.isoformat(),
                    "description": text,
                }
                found.append(row)
        if self.order == "any":
            random.Random(len(found)).shuffle(found)
        else:
            found.sort(key=lambda row: row["requested_datetime"], reverse=self.order == "newest")
        return list(found[: self.cap])


SERVERS = st.builds(
    Server,
    at=st.lists(
        st.one_of(
            st.floats(-3500, 3500),  # anywhere in the hour around
            st.integers(-3, 3).map(float),  # many in one second
            st.floats(-86400, -7300),  # before
        ),
        min_size=1,
        max_size=120,
    ).filter(lambda at: abs(at[0]) <= 3500),
    present=st.booleans(),
    cap=st.sampled_from([10, 16, 20, 25, 30, 32, 50, 60]),
    order=st.sampled_from(["newest", "oldest", "any"]),
    bounds_in=st.booleans(),
)


@settings(deadline=None, max_examples=150)
@given(SERVERS)
def test_a_case_that_is_there_is_never_said_to_be_absent(server: Server) -> None:
    """Whatever the server cuts off; where it cannot be told, that is said."""
    search = Search()
    try:
        found = search.find(server.ask, KEY, START, END)
    except DeliveryError:
        return
    assert (found is not None) is server.present


@settings(deadline=None, max_examples=100)
@given(SERVERS, st.integers(4, 9), st.integers(0, 9))
def test_requests_seconds_apart_are_always_told(
    server: Server, apart_s: int, cap_more: int
) -> None:
    """Where no second is crowded the answer is certain, whatever the length of a page."""
    shuffled = list(range(len(server.at)))
    random.Random(len(shuffled)).shuffle(shuffled)
    server.cap += cap_more
    server.at = [float(apart_s * (place - 60)) for place in shuffled]
    found = Search().find(server.ask, KEY, START, END)
    assert (found is not None) is server.present


def test_a_short_list_needs_few_questions() -> None:
    """The usual case, a handful of requests and none is ours: a few questions, then one."""
    server = Server([0.0, 1.0, 2.0, 3.0], present=False, cap=1000, order="newest", bounds_in=True)
    search = Search()
    assert search.find(server.ask, KEY, START, END) is None
    assert server.questions <= 8
    server.questions = 0
    server.at += [-7200.0 - 60 * number for number in range(50)]
    search.find(server.ask, KEY, START - timedelta(days=1), END)  # has now seen a longer list
    server.questions = 0
    assert search.find(server.ask, KEY, START, END) is None
    assert server.questions == 1


def test_an_empty_server_that_got_a_crowd_at_once_is_believed_unless_it_looks_cut() -> None:
    """37 in one second are no page; 40 may be one, and then more has to come first."""
    server = Server([0.0] * 38, present=False, cap=1000, order="newest", bounds_in=True)
    assert Search().find(server.ask, KEY, START, END) is None
    server.at = [0.0] * 41
    with pytest.raises(DeliveryError, match="may list fewer"):
        Search().find(server.ask, KEY, START, END)
    server.at.append(60.0)
    assert Search().find(server.ask, KEY, START, END) is None


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_upset_the_readers(body: bytes) -> None:
    """A reply is understood or not; nothing else can come of it."""
    read_all(body)


def read_all(body: bytes) -> None:
    """Give a body to every reader."""
    for read in (replies.rows, replies.receipt):
        try:
            read(body)
        except replies.NotUnderstood:
            continue
    replies.problems(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["code", "description", "errors", "service_request_id", "token", "id", "detail"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_no_json_upsets_the_readers(value: Any) -> None:
    """The same for anything that parses."""
    read_all(json.dumps(value).encode())


def test_deep_json_is_not_understood() -> None:
    """A nesting bomb is refused like any other nonsense."""
    with pytest.raises(replies.NotUnderstood):
        replies.rows(b"[" * 100_000)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999", 3600.0),  # an hour at most
        ("Mon, 05 Jan 2026 04:01:00 GMT", 60.0),
        ("Mon, 05 Jan 2026 03:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    """RFC 9110, 10.2.3; anything else says nothing."""
    assert retry_after_s(text, NOON) == seconds


def test_times_without_offset_are_taken_as_utc() -> None:
    """Some servers leave it out, though GeoReport asks for it."""
    assert replies.requested_at({"requested_datetime": "2026-01-05T04:00:00"}) == NOON
    assert replies.requested_at({"requested_datetime": "2026-01-05T12:00:00+08:00"}) == NOON
    assert replies.requested_at({"requested_datetime": "yesterday"}) is None
    assert NOON.tzinfo is UTC
