"""Fixtures of the services, and Hypothesis profiles: `test`, or `ci` or `quick` by the variable HYPOTHESIS_PROFILE."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from licensing_core.adapters.memory import MemoryStore
from licensing_core.protocols import Store
from licensing_core.services import Licensing
from tests.postgres import Server, stop_the_server, the_server
from tests.service_samples import furnish
from tests.service_world import Clock, a_store, copied, host
from tests.shared_store import SharedStore
from tests.spec.plugin import pytest_addoption, pytest_configure

__all__ = ["pytest_addoption", "pytest_configure"]

settings.register_profile("test", max_examples=50, deadline=None, print_blob=True, derandomize=False)
settings.register_profile(
    "ci",
    settings.get_profile("test"),
    max_examples=1000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("quick", settings.get_profile("test"), max_examples=25)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedStore]:
    """The store over SQLite that the tests of this process use in turn."""
    with closing(SharedStore(tmp_path_factory.mktemp("shared"))) as made:
        yield made


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which there is nothing yet, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    with a_store("sqlite", folder):
        return folder / "licenses.db"


@pytest.fixture(scope="session")
def furnished_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which `furnish()` was done, to be copied."""
    folder = tmp_path_factory.mktemp("furnished")
    with a_store("sqlite", folder) as made:
        furnish(Licensing(made, host(), Clock()))
    return folder / "licenses.db"


@pytest.fixture(scope="session")
def furnished_memory() -> MemoryStore:
    """A store in which `furnish()` was done, to be copied."""
    made = MemoryStore()
    furnish(Licensing(made, host(), Clock()))
    return made


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, shared_store: SharedStore, empty_database: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    with shared_store.holding(empty_database) as made:
        yield made


@pytest.fixture(params=["memory", "sqlite"])
def furnished(
    request: pytest.FixtureRequest,
    shared_store: SharedStore,
    furnished_database: Path,
    furnished_memory: MemoryStore,
) -> Iterator[Store]:
    """A store of each kind, in which `furnish()` was done."""
    if request.param == "memory":
        yield copied(furnished_memory)
        return
    with shared_store.holding(furnished_database) as made:
        yield made


@pytest.fixture(scope="session")
def postgres() -> Server:
    """The PostgreSQL that the tests of this process share, started when the first of them asks for it; not durable."""
    return the_server()


def pytest_sessionfinish() -> None:
    stop_the_server()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is set."""
    return Clock()
