"""Lists are answered page by page: nothing is left out, nothing comes twice, whatever is shown to whom."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest

from licensing_core.checks import InvalidArgument, InvalidQuantity
from licensing_core.directory import Actor, Permission, Role, Scope
from licensing_core.protocols import Page, Store
from licensing_core.seat_administration import Task
from licensing_core.services import (
    AddPerson,
    Licensing,
    ListBeneficiaries,
    ListBills,
    ListCandidates,
    ListCustomers,
    ListNotices,
    ListPeople,
    ListPools,
    Query,
    RecordTransaction,
)
from licensing_core.services.paging import cut, looked_through, part_of
from tests.client_commands import order, pay
from tests.service_world import TENANT, USERS, Clock, add, assign, buy, host, of, refused, sent, to, unassign

BOSS: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}


def paged(licensing: Licensing, asked: Any, shown: Callable[[Any], Sequence[Any]]) -> list[list[Any]]:
    """What each page shows, from the first to the last."""
    pages = []
    for _ in range(100):
        answer = licensing.run(asked)
        pages.append(list(shown(answer)))
        assert len(pages[-1]) <= asked.most
        if answer.next is None:
            return pages
        asked = attrs.evolve(asked, after=answer.next)
    raise AssertionError(pages)


@pytest.fixture
def licensing(store: Store) -> Licensing:
    return Licensing(store, host(), Clock())


def codes(answer: Any) -> list[str]:
    return [row.code for row in answer.rows]


def test_pools_come_page_by_page_and_only_those_in_reach(licensing: Licensing, store: Store) -> None:
    for number in range(7):
        licensing.run(buy(f"p{number}"))
    elsewhere = Scope.branch("top")
    for name in ("p00", "p31", "p9"):
        licensing.run(RecordTransaction(plan="five", pool=name, beneficiary=elsewhere, **sent(name, "root")))
    mine = [f"p{number}" for number in range(7)]
    for most in range(1, 12):
        pages = paged(licensing, ListPools(most=most, **BOSS), codes)
        assert [code for page in pages for code in page] == mine
        every = paged(licensing, ListPools(most=most, tenant=TENANT, actor="root"), codes)
        assert [code for page in every for code in page] == sorted([*mine, "p00", "p31", "p9"])
        assert all(len(page) == most for page in every[:-1])
    answer = licensing.run(ListPools(**BOSS))
    assert (codes(answer), answer.next) == (mine, None)
    assert codes(licensing.run(ListPools(after="p5", **BOSS))) == ["p6"]
    assert codes(licensing.run(ListPools(after="p31", most=1, **BOSS))) == ["p4"]


def test_who_manages_nothing_sees_pages_without_rows_that_end(licensing: Licensing, store: Store) -> None:
    licensing.run(buy("p1"))
    stranger = Actor("boss", Role.POWER_USER, permissions=frozenset({Permission.SEATS_MANAGE}))

    class Host(type(host())):  # type: ignore[misc]
        def actor(self, tenant: str, actor_id: str) -> Actor:
            return stranger

    known = host()
    theirs = Host(TENANT, zone="UTC", directory=known.directory(TENANT), offers=known.offers(TENANT))
    assert paged(Licensing(store, theirs, Clock()), ListPools(most=1, **BOSS), codes) == [[]]


def test_customers_and_their_people_come_page_by_page(licensing: Licensing) -> None:
    names = [f"c{number}" for number in range(5)]
    for name in names:
        licensing.run(add(name, None))
    for most in (1, 2, 5, 9):
        pages = paged(licensing, ListCustomers(most=most, **BOSS), lambda answer: [r.customer for r in answer.rows])
        assert [name for page in pages for name in page] == names
    people = ("mia", "leo", "u1", "u2", "zoe")
    for one in people:
        licensing.run(AddPerson(person=one, **to(f"add-{one}", "c1")))
    for most in (1, 2, 5, 9):
        pages = paged(licensing, ListPeople(most=most, **of("c1")), lambda answer: list(answer.rows))
        assert [name for page in pages for name in page] == sorted(people)
    assert list(licensing.run(ListPeople(after="m", **of("c1"))).rows) == ["mia", "u1", "u2", "zoe"]


def test_bills_and_notices_come_page_by_page(licensing: Licensing) -> None:
    licensing.run(add("a1"))
    for number in range(6):
        licensing.run(order(f"s{number}"))
        licensing.run(pay(f"proforma:{number + 1}"))
    asked = ListBills(**of())
    every = licensing.run(asked).rows
    assert len(every) == 6
    for most in (1, 4, 6, 7):
        pages = paged(licensing, attrs.evolve(asked, most=most), lambda answer: answer.rows)
        assert tuple(row for page in pages for row in page) == every
    assert isinstance(refused(licensing.run, attrs.evolve(asked, after="proforma:99")), InvalidArgument)
    told = licensing.run(ListNotices(**of()))
    assert len(told.rows) >= 12
    for most in (1, 3, 100):
        pages = paged(licensing, ListNotices(most=most, **of()), lambda answer: answer.rows)
        assert tuple(row for page in pages for row in page) == told.rows
    assert told.upto > 0
    assert licensing.run(ListNotices(after=told.upto, **of())) == attrs.evolve(told, rows=())
    licensing.run(order("late"))
    new = licensing.run(ListNotices(after=told.upto, **of()))
    assert len(new.rows) == 1
    assert new.upto > told.upto


def test_beneficiaries_come_page_by_page(licensing: Licensing) -> None:
    asked = ListBeneficiaries(plan="one", **BOSS)
    every = licensing.run(asked).scopes
    assert len(every) == len(USERS) + 1
    for most in (1, 5, 21):
        pages = paged(licensing, attrs.evolve(asked, most=most), lambda answer: answer.scopes)
        assert tuple(one for page in pages for one in page) == every


@pytest.mark.parametrize("most", [1, 2, 3, 7, 20, 100])
def test_candidates_come_page_by_page(licensing: Licensing, most: int) -> None:
    licensing.run(buy("p1", "five"))
    licensing.run(buy("s1", "three"))
    licensing.run(assign("u1", "u10", "u19", "boss", key="some"))
    licensing.run(unassign("u10", key="back"))

    def listed(task: Task, actor: str, pool: str = "p1") -> list[str]:
        asked = ListCandidates(pool=pool, task=task, most=most, tenant=TENANT, actor=actor)
        return [user for page in paged(licensing, asked, lambda answer: answer.ids) for user in page]

    everybody = sorted({*USERS, "boss"})
    assert listed(Task.ASSIGN, "boss") == [user for user in everybody if user not in ("u1", "u19", "boss")]
    assert listed(Task.UNASSIGN, "boss") == ["boss", "u1", "u19"]
    assert listed(Task.UNASSIGN, "root") == ["boss", "u1", "u10", "u19"]
    assert listed(Task.CONFIRM, "root") == ["u10"]
    assert listed(Task.ENROLL, "boss") == ["boss", "u1", "u19"]
    assert listed(Task.ENROLL, "boss", "s1") == listed(Task.ASSIGN, "root", "s1") == everybody


@pytest.mark.parametrize("kind", [ListPools, ListCustomers, ListBeneficiaries])
@pytest.mark.parametrize("most", [0, 1001, True, 2.0])
def test_a_page_has_a_thousand_at_most(kind: type[Query[Any]], most: Any) -> None:
    more = {"plan": "one"} if kind is ListBeneficiaries else {}
    with pytest.raises(InvalidQuantity):
        kind(most=most, **more, **BOSS)  # type: ignore[call-arg]


# Pure


def driven(page: Page, ids: Sequence[str], shown: Callable[[str], bool], asked: list[Page]) -> Any:
    """What `looked_through()` gives for a list of *ids*, and in *asked* what it looked at."""

    def look(part: Page) -> Any:
        asked.append(part)
        yield from ()
        later = [name for name in ids if part.after is None or name > part.after][: part.most]
        return [(name, name if shown(name) else None) for name in later]

    steps = looked_through(page, look)
    with pytest.raises(StopIteration) as end:
        next(steps)
    return end.value.value


IDS = [f"i{number:05}" for number in range(5000)]


def test_it_looks_at_a_thousand_at_most_in_ever_larger_parts() -> None:
    asked: list[Page] = []
    found, following = driven(Page(None, 100), IDS, lambda name: name == IDS[4000], asked)
    assert (found, following) == ((), IDS[999])
    assert [part.most for part in asked] == [100, 200, 400, 300]
    assert [part.after for part in asked] == [None, IDS[99], IDS[299], IDS[699]]
    asked.clear()
    assert driven(Page(IDS[3999], 100), IDS, lambda name: name == IDS[4000], asked)[0] == (IDS[4000],)


def test_it_stops_when_the_page_is_full_or_the_list_ends() -> None:
    asked: list[Page] = []
    assert driven(Page(None, 3), IDS, lambda name: int(name[1:]) % 2 == 0, asked) == (
        (IDS[0], IDS[2], IDS[4]),
        IDS[4],
    )
    assert [part.most for part in asked] == [3, 6]
    asked.clear()
    assert driven(Page(None, 1000), IDS[:1000], lambda _: True, asked) == (tuple(IDS[:1000]), IDS[999])
    assert driven(Page(IDS[999], 1000), IDS[:1000], lambda _: True, asked) == ((), None)
    assert driven(Page(IDS[997], 5), IDS[:1000], lambda _: True, asked) == ((IDS[998], IDS[999]), None)
    assert driven(Page(None, 2), IDS[:3], lambda name: name != IDS[0], asked) == ((IDS[1], IDS[2]), None)


def test_a_part_of_a_list_that_was_loaded_whole() -> None:
    ids = IDS[:5]
    assert part_of(ids, ids, Page(None, 2)) == (tuple(IDS[:2]), IDS[1])
    assert part_of(ids, ids, Page(IDS[2], 2)) == (tuple(IDS[3:5]), None)
    assert part_of(ids, ids, Page("i00001x", 1)) == ((IDS[2],), IDS[2])
    assert part_of([], [], Page(None, 2)) == ((), None)
    assert cut(ids, range(5), 3, 1) == ((IDS[3],), 3)
