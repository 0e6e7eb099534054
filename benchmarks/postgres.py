"""Debian's PostgreSQL, real, in a folder of its own, on a free port of the loopback address."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

USER = "streetwarden"
_SERVERS = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server. `password` is asked of `USER` on every connection."""

    folder: Path
    programs: Path
    port: int
    password: str = field(repr=False)

    def url(self, database: str) -> str:
        """Address of a database, without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def url_with_password(self, database: str) -> str:
        """Address of a database as a process is given it."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """Open a connection of the bare driver, each statement its own transaction."""
        return psycopg.connect(self.url_with_password(database), autocommit=True)

    def create(self, *, template: str | None = None, disk: Path | None = None) -> str:
        """Make a new database, a copy of `template` where there is one; returns its name.

        Its tables lie on `disk` where that is given, a folder of the server's account.
        """
        name = f"store_{secrets.token_hex(6)}"
        how = f" TEMPLATE {template}" if template else ""
        with self.connect() as connection:
            if disk is not None:
                connection.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}'".encode())
                how += f" TABLESPACE {name}"
            connection.execute(f"CREATE DATABASE {name}{how}".encode())
        return name

    def own(self, folder: Path) -> None:
        """Give a folder to the server's account."""
        account = _account() if os.geteuid() == 0 else None
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)

    def start(self) -> None:
        """Start the server; its data is what the last one has left."""
        _run(self, "pg_ctl", *self._where(), "-l", f"{self.folder}/log", "-w", "start")

    def crash(self) -> None:
        """Stop the server as a crash does: nothing is written that was not on disk."""
        _run(self, "pg_ctl", *self._where(), "-m", "immediate", "-w", "stop")

    def _where(self) -> tuple[str, str]:
        return "-D", f"{self.folder}/data"

    def drop(self, name: str) -> None:
        """Remove a database, whoever still uses it."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"DROP TABLESPACE IF EXISTS {name}".encode())


def missing() -> str | None:
    """Say why no server can be started here; None when one can."""
    if _programs() is None:
        return f"no PostgreSQL server in {_SERVERS} (apt-get install postgresql)"
    if os.geteuid() == 0 and _account() is None:
        return "PostgreSQL refuses to run as root, and there is no account `postgres`"
    return None


@contextmanager
def cluster(*, fsync: bool) -> Iterator[Cluster]:
    """Run a server as an unprivileged user until the block ends; nothing of it is left behind.

    Without `fsync` it forgets what a power cut would take, and is quick.
    """
    programs = _programs()
    if programs is None:
        raise RuntimeError(missing())
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    made = Cluster(folder, programs, _free_port(), secrets.token_hex(12))
    made.own(folder)
    try:
        _initialise(made, fsync=fsync)
        made.start()
        try:
            yield made
        finally:
            made.crash()
    finally:
        shutil.rmtree(folder)


def _initialise(made: Cluster, *, fsync: bool) -> None:
    secret = made.folder / "password"
    secret.write_text(made.password)
    secret.chmod(0o644)
    _run(
        made,
        "initdb",
        *("-D", f"{made.folder}/data", "-U", USER, "-A", "scram-sha-256"),
        *(f"--pwfile={secret}", "-E", "UTF8", "--no-locale", "-N"),
    )
    settings = {
        "listen_addresses": "'127.0.0.1'",
        "port": made.port,
        "unix_socket_directories": "''",
        "fsync": "on" if fsync else "off",
        "shared_buffers": "'64MB'",
    }
    with (made.folder / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())


def _run(made: Cluster, program: str, *arguments: str) -> None:
    account = _account() if os.geteuid() == 0 else None
    done = subprocess.run(  # noqa: S603  # the server's own programs
        [made.programs / program, *arguments],
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
        cwd=made.folder,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(made.folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


def _programs() -> Path | None:
    found = sorted(_SERVERS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
