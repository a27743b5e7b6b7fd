"""What the contract of pages, histories, the outbox and grants sees: each planted fault breaks some of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.holdings import Holding
from licensing_core.protocols import AggregateKind, Page
from licensing_core.testing.contracts_reading import ReadingContract
from tests.faulty import Fault, Faulty, broken, laws_of

LAWS = laws_of(ReadingContract)


class Undivided:
    """A store in memory whose units of work for reading may change things."""

    def __init__(self) -> None:
        self._store = MemoryStore()

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        with self._store.begin() as work:
            yield work


def from_the_first_on(name: str) -> Fault:
    def fault(work: Any, *of: Any) -> Any:
        *place, page = of
        return getattr(work, name)(*place, page) if not isinstance(page, Page) or page.after is None else ()

    return fault


def with_the_last_one_again(name: str) -> Fault:
    def fault(work: Any, *of: Any) -> Any:
        *place, page = of
        if not isinstance(page, Page):
            return getattr(work, name)(*of)
        found = getattr(work, name)(*place, Page(None, 1000))
        kept = [one for one in found if page.after is None or getattr(one, "id", one) >= page.after]
        return kept[: page.most] if len(kept) > 1 else ()

    return fault


def all_held(work: Any, tenant: str, pool: str, page: Page) -> Any:
    return dict.fromkeys(work.holders(tenant, pool, page), Holding.HELD)


def holders_of_any_pool(work: Any, tenant: str, pool: str, page: Page) -> Any:
    return {**work.holders(tenant, "p1", page), **work.holders(tenant, "p2", page)}


def of_the_tenant_acme(name: str) -> Fault:
    return lambda work, _tenant, *of: getattr(work, name)("acme", *of)


def any_kind(work: Any, tenant: str, _kind: Any, page: Page) -> Any:
    return work.stored(tenant, AggregateKind.LICENSES, page)


def pools_too(work: Any, tenant: str, user: str) -> Any:
    return sorted({*work.license_accounts(tenant, user), *(one.id for one in work.licenses(tenant, user))})


def whole_history(work: Any, tenant: str, kind: Any, name: str, *_part: int) -> Any:
    return work.history(tenant, kind, name)


def one_digest(work: Any, *of: Any) -> Any:
    return [attrs.evolve(one, digest="d1") for one in work.history(*of)]


def digest_of_the_number(work: Any, *of: Any) -> Any:
    return [attrs.evolve(one, digest=f"d{one.sequence}") for one in work.history(*of)]


def of_schema_2(work: Any, *of: Any) -> Any:
    return [attrs.evolve(one, schema=2) for one in work.history(*of)]


def latest_first(work: Any, tenant: str, most: int) -> Any:
    return [*reversed(work.outbox(tenant, most))]


def earliest_first_once_the_first_is_out(work: Any, tenant: str, most: int) -> Any:
    """In the order of their times, but that the very first event of an aggregate comes before all others."""
    tables = work._open()
    found = [tables.events[place] for place in tables.outbox if place[0] == tenant]
    return sorted(found, key=lambda one: (one.sequence > 1, one.event.at, one.kind, one.aggregate))[:most]


def all_that_waits(work: Any, tenant: str, most: int) -> Any:
    return work.outbox(tenant, 1000)


def nothing(_work: Any, *_of: Any, **_more: Any) -> None:
    return None


def one_of_them(work: Any, tenant: str, envelopes: Any) -> None:
    work.handed_over(tenant, [*envelopes][:1])


def out_of_any_kind(work: Any, tenant: str, envelopes: Any) -> None:
    places = {(one.aggregate, one.sequence) for one in envelopes}
    work.handed_over(tenant, [one for one in work.outbox(tenant, 1000) if (one.aggregate, one.sequence) in places])


def out_with_those_before(work: Any, tenant: str, envelopes: Any) -> None:
    last = {(one.kind, one.aggregate): one.sequence for one in sorted(envelopes, key=lambda one: one.sequence)}
    found = [one for one in work.outbox(tenant, 1000) if one.sequence <= last.get((one.kind, one.aggregate), 0)]
    work.handed_over(tenant, [*envelopes, *found])


def out_with_those_after(work: Any, tenant: str, envelopes: Any) -> None:
    of = {(one.kind, one.aggregate) for one in envelopes}
    first = min((one.sequence for one in envelopes), default=0)
    found = [one for one in work.outbox(tenant, 1000) if (one.kind, one.aggregate) in of and one.sequence >= first]
    work.handed_over(tenant, [*envelopes, *found])


def with_all_holdings(work: Any, tenant: str, name: str, _users: Any) -> Any:
    return work.account(tenant, name, None)


def kept_in_the_index(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    """Who has a license of which account is found by an index that no error undoes."""
    work.save(tenant, aggregate, expected=expected, events=events)
    rows = work._tables.typed.values()
    work._undo[:] = [undone for undone in work._undo if not any(undone[0] is row for row in rows)]


def only_new(work: Any, tenant: str, name: str, actor: Any) -> None:
    if work.actor(tenant, name) is None:
        work.keep_actor(tenant, name, actor)


FAULTS: list[tuple[str, Fault]] = [
    *((name, from_the_first_on(name)) for name in ("pools", "stored")),
    *((name, with_the_last_one_again(name)) for name in ("pools", "stored")),
    *((name, of_the_tenant_acme(name)) for name in ("holders", "license_accounts", "outbox", "actor")),
    ("holders", all_held),
    ("holders", holders_of_any_pool),
    ("stored", any_kind),
    ("license_accounts", pools_too),
    ("history", whole_history),
    ("history", one_digest),
    ("history", digest_of_the_number),
    ("history", of_schema_2),
    ("outbox", latest_first),
    ("outbox", all_that_waits),
    ("handed_over", nothing),
    ("handed_over", one_of_them),
    ("keep_actor", nothing),
    ("keep_actor", only_new),
]
SEEN_BY_ONE: list[tuple[str, Fault, str]] = [
    ("handed_over", out_of_any_kind, "test_no_event_but_those_that_were_handed_over_leaves_the_outbox"),
    ("handed_over", out_with_those_before, "test_no_event_but_those_that_were_handed_over_leaves_the_outbox"),
    ("handed_over", out_with_those_after, "test_no_event_but_those_that_were_handed_over_leaves_the_outbox"),
    (
        "outbox",
        earliest_first_once_the_first_is_out,
        "test_no_event_overtakes_another_of_its_aggregate_that_was_dated_back",
    ),
    ("account", with_all_holdings, "test_the_holdings_of_an_account_that_are_asked_for_are_loaded_and_no_others"),
    ("save", kept_in_the_index, "test_an_error_undoes_in_which_account_somebody_has_a_license"),
]


def test_a_store_in_memory_breaks_nothing_of_it() -> None:
    assert [*broken(MemoryStore, LAWS)] == []


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=lambda one: getattr(one, "__qualname__", one).split(".")[0])
def test_each_planted_fault_about_reading_is_seen(method: str, fault: Fault) -> None:
    assert any(broken(lambda: Faulty(**{method: fault}), LAWS))


def test_a_store_that_does_not_tell_reading_from_changing_is_seen() -> None:
    assert [*broken(Undivided, LAWS)] == ["test_a_unit_of_work_for_reading_changes_nothing"]


@pytest.mark.parametrize(
    ("method", "fault", "law"), SEEN_BY_ONE, ids=lambda one: getattr(one, "__name__", one).removeprefix("test_")
)
def test_a_fault_that_few_notice_is_seen_by_the_test_that_is_about_it(method: str, fault: Fault, law: str) -> None:
    assert law in broken(lambda: Faulty(**{method: fault}), LAWS)
