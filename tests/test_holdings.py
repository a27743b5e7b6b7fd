"""Who holds what, known in whole or in part."""

import copy
import pickle
from typing import Any

import pytest

from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.holdings import NO_HOLDINGS, Holding, Holdings, NotLoaded

HELD, AWAITING = Holding.HELD, Holding.AWAITING


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
        with pytest.raises(NotLoaded) as caught:
            ask()
        assert caught.value == NotLoaded(users=("mei",))


def test_requiring_names_all_who_are_missing_sorted() -> None:
    some = Holdings(loaded={"ana"})
    some.require(["ana"])
    with pytest.raises(NotLoaded) as caught:
        some.require(["noor", "ana", "mei"])
    assert caught.value.users == ("mei", "noor")
    assert "2 users" in str(caught.value)
    assert "mei" not in str(caught.value)
    NO_HOLDINGS.require(["anybody"])


def test_an_entry_outside_the_loaded_part_is_refused() -> None:
    with pytest.raises(NotLoaded) as caught:
        Holdings({"ana": HELD, "luis": HELD}, loaded=["ana"])
    assert caught.value.users == ("luis",)


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
    with pytest.raises(NotLoaded):
        Holdings(loaded={"ana"}).with_changes({"mei": HELD})


def test_many_changes_are_folded_and_nothing_is_lost() -> None:
    plain: dict[str, Holding] = {"old": HELD}
    holdings = Holdings(plain)
    for number in range(700):
        changes: dict[str, Holding | None] = {f"u{number}": HELD, f"u{number - 3}": None}
        holdings = holdings.with_changes(changes)
        plain[f"u{number}"] = HELD
        plain.pop(f"u{number - 3}", None)
    assert holdings == Holdings(plain)
    assert dict(holdings) == plain
    assert len(holdings) == len(plain)


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
        holdings._base = {}
    with pytest.raises(AttributeError):
        del holdings._base
    with pytest.raises(TypeError):
        holdings["ana"] = AWAITING


@pytest.mark.parametrize("loaded", [None, {"ana", "luis"}])
def test_copies_and_pickles_are_equal(loaded: set[str] | None) -> None:
    holdings = Holdings({"ana": HELD}, loaded=loaded).with_changes({"luis": AWAITING})
    for twin in (copy.copy(holdings), copy.deepcopy(holdings), pickle.loads(pickle.dumps(holdings))):
        assert twin == holdings


def test_a_repr_tells_numbers_and_no_users() -> None:
    assert repr(Holdings({"ana": HELD})) == "<Holdings of all: 1>"
    assert repr(Holdings({"ana": HELD}, loaded={"ana", "luis"})) == "<Holdings of 2 users: 1>"
