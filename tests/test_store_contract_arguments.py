"""What the contract of arguments sees: each mistake that a store does not refuse, and how it refuses it otherwise."""

from collections.abc import Callable
from typing import Any

import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.rows import known_ids
from licensing_core.adapters.sql import SqlStore
from licensing_core.errors import LicensingError
from licensing_core.protocols import Store
from licensing_core.testing.contracts_arguments import ArgumentContract, mistakes
from tests.faulty import Fault, Faulty, broken, laws_of

LAWS = laws_of(ArgumentContract)
ORDERED, REFUSED = LAWS


def of_the_letters(name: str) -> Fault:
    """A text is taken for the collection of its letters."""

    def fault(work: Any, tenant: str, *of: Any) -> Any:
        return getattr(work, name)(tenant, *(tuple(one) if one == "ana" else one for one in of))

    return fault


def whatever_is_remembered(work: Any, tenant: str, key: str, used: Any) -> None:
    work._put(work._changing().commands, (tenant, key), used)


def of_any_version(work: Any, tenant: str, aggregate: Any, *, expected: Any, events: Any) -> None:
    work.save(tenant, aggregate, expected=expected if isinstance(expected, int) else 0, events=events)


def nothing_saved_for_nothing(work: Any, tenant: str, aggregate: Any, *, expected: Any, events: Any) -> None:
    if events is not None:
        work.save(tenant, aggregate, expected=expected, events=events)


def whatever_is_handed_over(work: Any, tenant: str, envelopes: Any) -> None:
    if envelopes is not None:
        work.handed_over(tenant, envelopes)


def the_last_argument_first(work: Any, tenant: str, customer: str, *of: Any) -> Any:
    for one in reversed(of):
        known_ids("documents", one)
    return work.customer(tenant, customer, *of)


FAULTS: list[tuple[str, Fault]] = [
    ("enrollments", of_the_letters("enrollments")),
    ("handed_over", whatever_is_handed_over),
    ("remember", whatever_is_remembered),
    ("save", of_any_version),
    ("save", nothing_saved_for_nothing),
]


@pytest.mark.parametrize("store", [MemoryStore, lambda: SqlStore("sqlite://")])
def test_each_mistake_is_refused_with_a_typed_error(store: Callable[[], Store]) -> None:
    made = store()
    if isinstance(made, SqlStore):
        made.create()
    assert [*broken(lambda: made, LAWS)] == []


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=lambda one: getattr(one, "__qualname__", one).split(".")[0])
def test_each_planted_fault_about_arguments_is_seen(method: str, fault: Fault) -> None:
    assert [*broken(lambda: Faulty(**{method: fault}), LAWS)] == [REFUSED]


def test_a_store_that_looks_at_the_last_argument_first_is_seen() -> None:
    assert [*broken(lambda: Faulty(customer=the_last_argument_first), LAWS)] == [ORDERED]


@pytest.mark.parametrize("what", list(mistakes(None)))  # type: ignore[arg-type]
def test_a_mistake_is_told_by_its_parameter_and_not_by_what_was_given(what: str) -> None:
    with MemoryStore().begin() as work:
        call, given = mistakes(work)[what]
        for bad in given:
            with pytest.raises(LicensingError) as refused:
                call(bad)
            assert str(refused.value).count(" must be ") == 1
            assert "ana" not in str(refused.value)
