"""Who holds what, known in whole or in part."""

import copy
import pickle
from typing import Any, ClassVar

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.holdings import NO_HOLDINGS, Holding, Holdings, HoldingsNotLoaded
from licensing_core.partial import ById

HELD, AWAITING = Holding.HELD, Holding.AWAITING
USERS = [f"user-{number}" for number in range(12)]
entries = st.dictionaries(st.sampled_from(USERS), st.sampled_from(Holding))
changes = st.dictionaries(st.sampled_from(USERS), st.none() | st.sampled_from(Holding))


def after(plain: dict[str, Holding], change: dict[str, Holding | None]) -> dict[str, Holding]:
    """A plain dict after *change*."""
    return {user: state for user, state in {**plain, **change}.items() if state is not None}


def alike(holdings: Holdings, plain: dict[str, Holding]) -> bool:
    """Whether both say the same, whoever is asked and however."""
    return (
        dict(holdings) == plain == dict(holdings.items())
        and len(holdings) == len(plain)
        and sorted(holdings) == sorted(holdings.keys()) == sorted(plain)
        and sorted(holdings.values()) == sorted(plain.values())
        and all(holdings.get(user) is plain.get(user) for user in USERS)
        and all(holdings.users(state) == tuple(sorted(u for u in plain if plain[u] is state)) for state in Holding)
        and all(holdings.count(state) == len(holdings.users(state)) for state in Holding)
    )


def test_holdings_are_a_mapping_of_those_who_have_a_license() -> None:
    holdings = Holdings({"ana": HELD, "luis": AWAITING})
    assert dict(holdings) == {"ana": HELD, "luis": AWAITING}
    assert holdings["ana"] is HELD
    assert "mei" not in holdings
    assert len(holdings) == 2
    assert holdings.loaded is None
    with pytest.raises(KeyError):
        holdings["mei"]


def test_nobody_holds_anything_and_all_is_known() -> None:
    assert not NO_HOLDINGS
    assert NO_HOLDINGS.loaded is None
    assert Holdings() == NO_HOLDINGS


def test_a_part_says_so_when_asked_beyond_it() -> None:
    some = Holdings({"ana": HELD}, loaded={"ana", "luis"})
    assert some.loaded == frozenset({"ana", "luis"})
    assert some.get("luis") is None
    for ask in (lambda: some["mei"], lambda: some.get("mei"), lambda: "mei" in some):
        with pytest.raises(HoldingsNotLoaded) as caught:
            ask()
        assert caught.value == HoldingsNotLoaded(ids=("mei",))


def test_requiring_names_all_who_are_missing_sorted() -> None:
    some = Holdings(loaded={"ana"})
    some.require(["ana"])
    with pytest.raises(HoldingsNotLoaded) as caught:
        some.require(["noor", "ana", "mei"])
    assert caught.value.ids == ("mei", "noor")
    assert "2 users" in str(caught.value)
    assert "mei" not in str(caught.value)
    NO_HOLDINGS.require(["anybody"])


def test_an_entry_outside_the_loaded_part_is_refused() -> None:
    with pytest.raises(HoldingsNotLoaded) as caught:
        Holdings({"ana": HELD, "luis": HELD}, loaded=["ana"])
    assert caught.value.ids == ("luis",)


@pytest.mark.parametrize("entries", [{"": HELD}, {"no spaces please": HELD}, {7: HELD}])
def test_a_user_needs_an_id(entries: Any) -> None:
    with pytest.raises(InvalidId):
        Holdings(entries)
    with pytest.raises(InvalidId):
        Holdings(loaded=list(entries))


def test_entries_are_a_mapping_and_the_loaded_a_collection() -> None:
    entries: Any
    for entries in (["ana"], "ana", 7):
        with pytest.raises(InvalidArgument, match="entries"):
            Holdings(entries)
        if entries != ["ana"]:
            with pytest.raises(InvalidArgument, match="loaded"):
                Holdings(loaded=entries)


@pytest.mark.parametrize("state", ["held", None, True])
def test_a_state_is_a_holding(state: Any) -> None:
    with pytest.raises(InvalidArgument, match="of type Holding"):
        Holdings({"ana": state})


def test_a_change_makes_new_holdings_and_leaves_the_old_ones() -> None:
    before = Holdings({"ana": HELD, "luis": HELD})
    after = before.with_changes({"ana": None, "luis": AWAITING, "mei": HELD})
    assert dict(before) == {"ana": HELD, "luis": HELD}
    assert dict(after) == {"luis": AWAITING, "mei": HELD}
    assert "ana" not in after
    assert len(after) == 2
    with pytest.raises(KeyError):
        after["ana"]


def test_a_change_of_a_change_is_one_change() -> None:
    holdings = Holdings().with_changes({"ana": HELD}).with_changes({"ana": AWAITING}).with_changes({"ana": None})
    assert holdings == NO_HOLDINGS
    assert list(holdings) == []


def test_a_change_beyond_the_loaded_part_is_refused() -> None:
    with pytest.raises(HoldingsNotLoaded):
        Holdings(loaded={"ana"}).with_changes({"mei": HELD})


@given(entries, st.lists(changes, max_size=20))
def test_every_version_is_what_a_dict_would_be_and_stays_so(
    start: dict[str, Holding], steps: list[dict[str, Holding | None]]
) -> None:
    versions = [(Holdings(start), start)]
    for step in steps:
        holdings, plain = versions[-1]
        versions.append((holdings.with_changes(step), after(plain, step)))
    assert all(alike(holdings, plain) for holdings, plain in versions)
    assert all(pickle.loads(pickle.dumps(holdings)) == Holdings(plain) for holdings, plain in versions)


@given(entries, changes)
def test_a_part_changes_as_the_whole_does(start: dict[str, Holding], change: dict[str, Holding | None]) -> None:
    known = start.keys() | change.keys()
    part = Holdings(start, loaded=known).with_changes(change)
    assert part == Holdings(after(start, change), loaded=known)
    assert part.loaded == frozenset(known)


def test_old_versions_stay_readable_after_thousands_of_changes() -> None:
    versions, plain = [Holdings({"old": HELD})], {"old": HELD}
    plains = [dict(plain)]
    for number in range(3000):
        change: dict[str, Holding | None] = {f"u{number}": HELD, f"u{number - 3}": None, f"u{number - 1}": AWAITING}
        versions.append(versions[-1].with_changes(change))
        plain = after(plain, change)
        plains.append(plain)
    for number in (0, 1, 2, 500, 1777, 3000):
        assert versions[number] == Holdings(plains[number])
        assert versions[number].users(AWAITING) == Holdings(plains[number]).users(AWAITING)


def test_the_users_of_a_state_are_sorted() -> None:
    holdings = Holdings({"luis": AWAITING, "ana": HELD, "mei": AWAITING}).with_changes({"bob": HELD, "luis": HELD})
    assert holdings.users(HELD) == ("ana", "bob", "luis")
    assert holdings.users(AWAITING) == ("mei",)
    assert (holdings.count(HELD), holdings.count(AWAITING)) == (3, 1)


@pytest.mark.parametrize("state", ["held", None, 1])
def test_only_a_holding_is_counted_or_listed(state: Any) -> None:
    for ask in (NO_HOLDINGS.count, NO_HOLDINGS.users):
        with pytest.raises(InvalidArgument, match="of type Holding"):
            ask(state)


def test_equal_holdings_are_equal_however_they_came_about() -> None:
    whole, changed = Holdings({"ana": HELD}), Holdings().with_changes({"ana": HELD})
    assert whole == changed
    assert hash(whole) == hash(changed)
    assert whole != Holdings({"ana": HELD}, loaded={"ana"})
    assert whole != Holdings({"ana": AWAITING})
    assert whole != {"ana": HELD}


def test_holdings_cannot_be_changed_in_place() -> None:
    holdings: Any = Holdings({"ana": HELD})
    with pytest.raises(AttributeError):
        holdings.loaded = None
    with pytest.raises(AttributeError):
        holdings._entries = {}
    with pytest.raises(AttributeError):
        del holdings._entries
    with pytest.raises(TypeError):
        holdings["ana"] = AWAITING


@pytest.mark.parametrize("loaded", [None, {"ana", "luis"}])
def test_copies_and_pickles_are_equal(loaded: set[str] | None) -> None:
    holdings = Holdings({"ana": HELD}, loaded=loaded).with_changes({"luis": AWAITING})
    for twin in (copy.copy(holdings), copy.deepcopy(holdings), pickle.loads(pickle.dumps(holdings))):
        assert twin == holdings


@frozen(kw_only=True)
class PointsNotLoaded(HoldingsNotLoaded):
    """The points of a user were not looked up."""

    code: ClassVar[str] = "points.not_loaded"


class Points(ById[int]):
    """Points by user, with a check and a refusal of their own."""

    __slots__ = ()
    not_loaded: ClassVar[type[HoldingsNotLoaded]] = PointsNotLoaded

    @staticmethod
    def as_entry(name: str, value: Any) -> Any:
        if type(value) is not int:
            raise InvalidArgument(parameter=name, expected="points", got="none")
        return value


def test_a_mapping_of_another_kind_has_its_own_check_and_refusal() -> None:
    points = Points({"ana": 3}, loaded=["ana", "luis"])
    assert (points.get("luis", 0), points.get("ana", 0), points["ana"]) == (0, 3, 3)
    with pytest.raises(InvalidArgument, match="points"):
        Points({"ana": "three"})  # type: ignore[dict-item]
    for ask in (lambda: points.get("mei"), lambda: points.require({"mei"}), lambda: points.with_changes({"mei": 1})):
        with pytest.raises(PointsNotLoaded):
            ask()
    with pytest.raises(PointsNotLoaded):
        Points({"mei": 3}, loaded=["ana"])


def test_a_mapping_of_another_kind_changes_into_its_own_kind() -> None:
    points = Points({"ana": 3}).with_changes({"luis": 1})
    assert type(points) is Points
    assert type(pickle.loads(pickle.dumps(points))) is Points
    assert points == Points({"luis": 1, "ana": 3})
    assert points != ById({"luis": 1, "ana": 3})
    assert repr(points) == "<Points of all: 2>"


def test_what_a_user_had_and_lost_is_the_default() -> None:
    points = ById({"ana": 3, "luis": 4, "mei": 5}).with_changes({"ana": None})
    assert points.get("ana", 7) == 7
    assert "ana" not in points


def test_a_repr_tells_numbers_and_no_users() -> None:
    assert repr(Holdings({"ana": HELD})) == "<Holdings of all: 1>"
    assert repr(Holdings({"ana": HELD}, loaded={"ana", "luis"})) == "<Holdings of 2 ids: 1>"
