"""Couriers in processes of their own, for tests that kill them: `STORE URL OWNER`.

Imports once, then forks a courier for every line on stdin: prints its process id, then `ready`
once it delivers, then `gone` when it has been killed.
"""

import os
import sys
import time

from cases import Backoff, Courier, CourierSettings, Store
from cases.open311 import Open311
from tests.case_server import API_KEY

DEADLINE_S = 0.6
SETTINGS = CourierSettings(
    threads=12,
    lease_s=2.0,
    settle_s=1.0,
    poll_s=0.02,
    row=Backoff(base_s=0.02, cap_s=0.1),
    pause=Backoff(base_s=0.002, cap_s=0.02),
)


def say(text: object) -> None:
    """Print a line, now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def deliver(where: str, url: str, owner: str) -> None:
    """Deliver until killed."""
    system = Open311(url, api_key=API_KEY, deadline_s=DEADLINE_S)
    Courier(Store.open(where), system, settings=SETTINGS, owner=owner).start()
    say("ready")
    while True:
        time.sleep(3600)


def main() -> None:
    """Fork couriers until stdin ends."""
    where, url, owner = sys.argv[1:]
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            deliver(where, url, owner)
        say(child)
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
