"""Measure the time from a confirmed violation to the receipt of the case desk.

What it measures: 200 violations (`--cases`) are confirmed one after the other, `--per-second` of
them (10), each with two pictures of 200 kB; a courier with the default times posts each to a case
desk in a process of its own, which keeps them in a folder. The clock starts when the confirmation
is on disk and stops when the desk's number is on disk here. Review none, no limit a minute.

Against: a person's second. Limit: everything runs on one machine; a city's server adds its own time
and the network's. Making the evidence comes before, the clip follows as an update.

    python -m benchmarks.receipt [--store postgresql] [--cases N] [--per-second N] [--folder DIR]

The last line is one JSON object: p50_s, p99_s, most_s, cases.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.outbox import violation
from cases import (
    CaseCode,
    CaseMedia,
    CasePayload,
    Courier,
    CourierSettings,
    Delivery,
    Store,
    case_key,
)
from cases.open311 import Open311
from detectors import Violation

PICTURE_BYTES = 200_000
PICTURES = 2
PATIENCE_S = 60.0


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with ExitStack() as stack:
        name = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="receipt-", dir=arguments.folder)
        )
        folder = Path(name)
        where: str | Path = folder / "store.sqlite3"
        if arguments.store == "postgresql":
            from benchmarks import outbox_postgres  # noqa: PLC0415  # its driver is an extra

            running = stack.enter_context(outbox_postgres.server())
            where = running.url_with_password(running.create())
        url = stack.enter_context(_desk(folder / "desk"))
        store = stack.enter_context(Store.open(where, site_id="bench"))
        waits_s = _measure(store, url, folder, arguments.cases, arguments.per_second)
    waits_s.sort()
    result = {
        "p50_s": waits_s[len(waits_s) // 2],
        "p99_s": waits_s[min(len(waits_s) - 1, int(len(waits_s) * 0.99))],
        "most_s": waits_s[-1],
        "cases": float(len(waits_s)),
    }
    print(", ".join(f"{key} {value:.3f}" for key, value in result.items()))
    print(json.dumps({key: round(value, 4) for key, value in result.items()}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.receipt",
        description="From a confirmed violation to the desk's receipt.",
    )
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--cases", type=int, default=200, help="violations (default 200)")
    parser.add_argument("--per-second", type=float, default=10.0, help="of them (default 10)")
    parser.add_argument("--folder", type=Path, help="where store, desk and pictures are")
    return parser.parse_args()


@contextmanager
def _desk(folder: Path) -> Iterator[str]:
    """Run a desk in a process of its own; yields the address for a client."""
    program = (
        "import sys; from pathlib import Path; from cases.desk import Desk\n"
        "desk = Desk(port=0, folder=Path(sys.argv[1])).start()\n"
        "print(desk.open311_url, flush=True); sys.stdin.read(); desk.stop()\n"
    )
    process = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", program, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101  # asked for
    assert process.stdout is not None  # noqa: S101
    try:
        url = process.stdout.readline().strip()
        if not re.fullmatch(r"http://127\.0\.0\.1:\d+/\S+", url):
            raise SystemExit("the desk did not start")
        yield url
    finally:
        process.stdin.close()
        process.wait(timeout=30)


def _measure(store: Store, url: str, folder: Path, cases: int, per_second: float) -> list[float]:
    """Return the seconds between confirmation and receipt of each case."""
    media = tuple(_picture(folder / "evidence", number) for number in range(PICTURES))
    received: dict[str, float] = {}
    everything = threading.Event()

    def told(row: Delivery) -> None:
        received[row.case_key] = time.monotonic()
        if len(received) == cases:
            everything.set()

    system = Open311(url, media_root=folder / "evidence")
    courier = Courier(store, system, on_delivered=told, settings=CourierSettings())
    courier.start()
    confirmed: dict[str, float] = {}
    for number in range(cases):
        each = violation(number)
        store.confirm(each, None, replace(_case(each), media=media).to_json())
        confirmed[case_key(each.violation_id)] = time.monotonic()
        courier.wake()
        time.sleep(1.0 / per_second)
    if not everything.wait(PATIENCE_S):
        raise SystemExit(f"only {len(received)} of {cases} cases arrived")
    courier.stop()
    return [received[key] - at for key, at in confirmed.items()]


def _picture(folder: Path, number: int) -> CaseMedia:
    """Write noise that says of itself that it is a JPEG."""
    folder.mkdir(exist_ok=True)
    content = b"\xff\xd8\xff" + os.urandom(PICTURE_BYTES)
    (folder / f"{number}.jpg").write_bytes(content)
    return CaseMedia(path=f"{number}.jpg", sha256=hashlib.sha256(content).hexdigest())


def _case(each: Violation) -> CasePayload:
    key = case_key(each.violation_id)
    return CasePayload(
        case_key=key,
        kind=each.kind,
        code=CaseCode(standard="GB/T 47678.5-2026", entry="matter", code="09009", name="x"),
        language="zh-CN",
        title="机动车乱停放：市北区营口路",
        description=f"机动车乱停放：市北区营口路\n案件编号：{key}",
        lat=36.0986,
        lon=120.3719,
        address="市北区营口路",
        grid="",
        department="",
        captured_at=each.opened_at,
        confirmed_at=each.last_at,
        manifest_sha256="",
    )


if __name__ == "__main__":
    main()
