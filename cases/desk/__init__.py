"""The case desk: a small Open311 server with a page that lists what arrived.

For the demo, for tests and for trying things out. It keeps what it is sent and gives it back, and
does nothing else a case system does. Every post becomes a new request: it is for its clients to
post each case once.
"""

from cases.desk.server import Desk, DeskError, serve

__all__ = ["Desk", "DeskError", "serve"]
