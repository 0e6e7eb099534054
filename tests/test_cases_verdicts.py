"""Verdicts of people beside the evidence, and cases that wait for one."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cases import DeliveryState, Review, Store
from cases.verdicts import VERDICTS_NAME, Verdicts, VerdictsBroken
from configs import parse_site
from pipeline.review import approve_case, catch_up, reject_case
from tests.case_payloads import make_case
from tests.case_server import CaseServer, preload_days
from tests.couriers import Couriers
from tests.site_text import GOOD
from tests.violations import make_violation

SECRETS = {"CAM_PASSWORD": "x", "API_TOKEN": "y"}


def hold(store: Store, number: int) -> str:
    """Confirm a case that waits for a person; returns its id."""
    violation = make_violation(number)
    store.confirm(violation, None, make_case(number).to_json(), review=Review.HELD)
    return violation.violation_id


def test_a_verdict_stands_beside_the_evidence(tmp_path: Path) -> None:
    """Who, when, what and why, once, however often it is appended."""
    root = tmp_path / "evidence"
    verdicts = Verdicts(root)
    with Store.open(tmp_path / "store.sqlite3") as store:
        first, second = hold(store, 0), hold(store, 1)
        store.approve(first, by="li", reason="clear")
        store.reject(second, by="王", reason="装卸")
        counts = [verdicts.append(store, first) for _ in range(2)]
        verdicts.append(store, second)
        at = store.case(second).history[-1].at
    assert counts == [1, 0]
    found = [
        (each["violation_id"], each["verdict"], each["by"], each["reason"])
        for each in verdicts.entries()
    ]
    assert found == [(first, "approved", "li", "clear"), (second, "rejected", "王", "装卸")]
    assert verdicts.entries()[1]["at"] == at.isoformat()
    assert (root / VERDICTS_NAME).stat().st_mode & 0o777 == 0o600


def test_what_a_crash_left_out_is_caught_up_with(tmp_path: Path) -> None:
    """A verdict that was only made in the store, and a line that was only half written."""
    verdicts = Verdicts(tmp_path)
    with Store.open(tmp_path / "store.sqlite3") as store:
        ids = [hold(store, number) for number in range(3)]
        for violation_id in ids:
            store.approve(violation_id, by="li")
        verdicts.append(store, ids[0])
        verdicts.append(store, ids[1])
        file = tmp_path / VERDICTS_NAME
        file.write_bytes(file.read_bytes()[:-20])
        assert verdicts.catch_up(store) == 2
        assert verdicts.catch_up(store) == 0
    assert sorted(each["violation_id"] for each in verdicts.entries()) == sorted(ids)


def test_several_can_append_at_once(tmp_path: Path) -> None:
    """Two processes' worth of threads: every verdict once, in one chain."""
    with Store.open(tmp_path / "store.sqlite3") as store:
        ids = [hold(store, number) for number in range(8)]
        for violation_id in ids:
            store.reject(violation_id, by="li", reason="no")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: Verdicts(tmp_path).append(store, name), ids * 2))
    assert sorted(each["violation_id"] for each in Verdicts(tmp_path).entries()) == sorted(ids)


def test_the_command_appends_it(tmp_path: Path) -> None:
    """`cases approve` writes beside the evidence; where it cannot, the verdict still stands."""
    site = parse_site(GOOD, tmp_path / "site.yaml", SECRETS)
    file = site.data / "evidence" / VERDICTS_NAME
    with Store.open(tmp_path / "store.sqlite3") as store:
        first, second = hold(store, 0), hold(store, 1)
        approve_case(site, store, first, by="li")
        file.write_text("no verdict\n")
        reject_case(site, store, second, by="li", reason="loading")
        catch_up(site, store)
        assert store.case(second).case.review is Review.REJECTED
        file.unlink()
        catch_up(site, store)
    entries = Verdicts(site.data / "evidence").entries()
    assert sorted(each["violation_id"] for each in entries) == sorted([first, second])


@pytest.mark.parametrize("change", ["word", "removed", "swapped", "garbage"])
def test_a_changed_file_is_told(tmp_path: Path, change: str) -> None:
    """A changed word, a removed line, another order: named; nothing is appended to it."""
    verdicts = Verdicts(tmp_path)
    with Store.open(tmp_path / "store.sqlite3") as store:
        ids = [hold(store, number) for number in range(4)]
        for violation_id in ids:
            store.approve(violation_id, by="li")
        for violation_id in ids[:3]:
            verdicts.append(store, violation_id)
        file = tmp_path / VERDICTS_NAME
        one, two, three = file.read_text().splitlines(keepends=True)
        changed = {
            "word": one.replace("approved", "rejected") + two + three,
            "removed": one + three,
            "swapped": two + one + three,
            "garbage": one + "{]\n" + three,
        }[change]
        file.write_text(changed)
        with pytest.raises(VerdictsBroken, match="line"):
            verdicts.entries()
        with pytest.raises(VerdictsBroken, match="line"):
            verdicts.append(store, ids[3])
    assert json.loads(three)["verdict"] == "approved"


def test_a_held_case_is_never_posted_through_kills(tmp_path: Path) -> None:
    """Kill -9 among posts, over and over: what waits for a person stays; what is approved goes."""
    chance = random.Random(20260105)
    path = tmp_path / "store.sqlite3"
    with CaseServer(hang_s=1.0) as server, Store.open(path) as store:
        preload_days(server)
        held = [hold(store, number) for number in range(6)]
        with closing(Couriers(path, server.url)) as couriers:
            for number in range(6, 18):
                case = make_case(number)
                store.confirm(make_violation(number), None, case.to_json())
                if number % 3 == 0:
                    couriers.start()
                    time.sleep(chance.uniform(0.05, 0.4))
                    couriers.kill()
            store.approve(held[0], by="li")
            store.reject(held[1], by="li", reason="loading")
            couriers.start()
            end_s = time.monotonic() + 60.0
            while store.counts().deliveries[DeliveryState.DELIVERED] < 13:
                assert time.monotonic() < end_s, store.counts().deliveries
                time.sleep(0.05)
        posted = [key for key in server.keys if key]
        approved = make_case(0).case_key
        assert sorted(posted) == sorted([approved, *(make_case(n).case_key for n in range(6, 18))])
        assert store.counts().deliveries[DeliveryState.HELD] == 4
        assert store.counts().deliveries[DeliveryState.REJECTED] == 1
