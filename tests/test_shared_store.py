"""The store that tests share: nothing of one test is there in the next, and who leaves it in use is told so."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from licensing_core.services import Licensing
from tests.service_world import TENANT, Clock, add, copied, host, snapshot
from tests.shared_store import SharedStore


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedStore]:
    with closing(SharedStore(tmp_path)) as made:
        yield made


def test_each_test_finds_what_it_is_given_and_nothing_of_the_test_before(
    shared: SharedStore, empty_database: Path, furnished_database: Path
) -> None:
    with shared.holding(empty_database) as store:
        nothing = snapshot(store)
        Licensing(store, host(), Clock()).run(add("a9"))
    with shared.holding(furnished_database) as store:
        furnished = snapshot(store)
        Licensing(store, host(), Clock()).run(add("a9"))
    for content, expected in ((empty_database, nothing), (furnished_database, furnished)):
        with shared.holding(content) as store:
            assert snapshot(store) == expected
    assert furnished != nothing
    assert not any(nothing.values())


@pytest.mark.parametrize("read_only", [True, False])
def test_who_leaves_a_unit_of_work_open_is_told_so(shared: SharedStore, empty_database: Path, read_only: bool) -> None:
    with (
        ExitStack() as later,
        pytest.raises(AssertionError, match="left a"),
        shared.holding(empty_database) as store,
    ):
        later.enter_context(store.begin(read_only=read_only))


def test_who_closes_the_store_is_told_so(shared: SharedStore, empty_database: Path) -> None:
    with pytest.raises(AssertionError, match="closed"), shared.holding(empty_database) as store:
        store.close()


def test_a_copy_in_memory_has_all_and_is_changed_alone(furnished_memory: Any) -> None:
    before = snapshot(furnished_memory)
    other = copied(furnished_memory)
    assert snapshot(other) == before
    Licensing(other, host(), Clock()).run(add("a9"))
    assert snapshot(furnished_memory) == before != snapshot(other)


def test_what_is_stored_is_told_by_tenant(furnished_memory: Any) -> None:
    assert snapshot(furnished_memory, TENANT) == snapshot(furnished_memory)
    assert not any(snapshot(furnished_memory, "globex").values())
