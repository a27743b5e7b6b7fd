"""Errors: codes, equality, copies, notes and sentences; each class of the library is tried."""

import copy
import pickle
import re
from datetime import UTC, datetime

import attrs
import pytest

from licensing_core.checks import InvalidArgument, InvalidId, TooManyItems
from licensing_core.errors import LicensingError, all_errors
from licensing_core.pools import LicensesExhausted, NotEligible, PoolInUse
from tests.public_classes import an_error, error_classes, value_classes

EACH = pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: kind.__name__)
EACH_BUT_THE_ROOT = pytest.mark.parametrize("kind", error_classes()[1:], ids=lambda kind: kind.__name__)
CODE = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+")
SHORT = LicensesExhausted(pool="p1", requested=3, shortfall=1)


def test_the_root_comes_first_and_no_class_comes_twice() -> None:
    found = list(all_errors())
    assert found[0] is LicensingError
    assert len(found) == len(set(found))
    assert all(issubclass(kind, LicensingError) and attrs.has(kind) for kind in found)


def test_the_errors_below_one_class_can_be_listed() -> None:
    assert set(all_errors(InvalidArgument)) <= set(all_errors())
    assert InvalidId in set(all_errors(InvalidArgument))
    assert TooManyItems not in set(all_errors(InvalidArgument))


def test_a_class_that_attrs_has_not_made_is_not_listed() -> None:
    class Draft(LicensingError):
        """As attrs finds it, before it makes the slotted class anew."""

    assert Draft in LicensingError.__subclasses__()
    assert Draft not in set(all_errors())


def test_an_error_is_equal_to_one_of_the_same_class_and_fields() -> None:
    assert LicensesExhausted(pool="p1", requested=3, shortfall=1) == SHORT
    assert LicensesExhausted(pool="p1", requested=3, shortfall=2) != SHORT
    assert PoolInUse(pool="p1", consumed=3, asked=1) != SHORT
    assert SHORT != "pool.licenses_exhausted"
    assert len({SHORT, LicensesExhausted(pool="p1", requested=3, shortfall=1)}) == 1


def test_a_subclass_with_the_same_fields_is_another_error() -> None:
    fields = {"parameter": "user", "expected": "an id", "got": "None"}
    assert InvalidId(**fields) != InvalidArgument(**fields)


def test_the_fields_are_given_by_name_in_their_order() -> None:
    assert list(SHORT.fields().items()) == [("pool", "p1"), ("requested", 3), ("shortfall", 1)]
    assert LicensingError().fields() == {}
    assert str(LicensingError()) == "licensing.error"


def test_an_error_says_what_was_asked_what_stood_in_the_way_and_what_to_do() -> None:
    assert str(SHORT) == ("pool 'p1' is 1 short for 3 more; release some, buy more, or stop enforcing the limit")


@EACH
def test_a_code_is_words_with_a_dot_between(kind: type[LicensingError]) -> None:
    assert CODE.fullmatch(kind.code)
    assert "code" in vars(kind)


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in error_classes()]
    assert sorted(codes) == sorted(set(codes))


def test_the_rules_of_an_error_are_ids_of_rules() -> None:
    rule = re.compile(r"(DOC|WAL|ALU|PLZ|LAT)-\d+|[DL]-?\d+")
    assert [r for kind in error_classes() for r in kind.rules if not rule.fullmatch(r)] == []


@EACH
def test_an_error_equals_its_copies_and_pickles(kind: type[LicensingError]) -> None:
    error = an_error(kind)
    assert an_error(kind) == error
    again = [copy.copy(error), copy.deepcopy(error), attrs.evolve(error)]
    again += [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for one in again:
        assert type(one) is kind
        assert one == error
        assert hash(one) == hash(error)
        assert str(one) == str(error)


def noted(error: LicensingError, cause: Exception) -> None:
    """Raise *error* from *cause*, and once more with a note."""
    try:
        raise error from cause
    except LicensingError as refusal:
        refusal.add_note("while buying")
        raise


@EACH
def test_an_error_can_be_raised_noted_chained_and_caught(kind: type[LicensingError]) -> None:
    cause = ValueError("cause")
    with pytest.raises(LicensingError) as caught:
        noted(an_error(kind), cause)
    assert caught.value == an_error(kind)
    assert type(caught.value) is kind
    assert caught.value.__cause__ is cause
    assert caught.value.__notes__ == ["while buying"]
    assert caught.value.__traceback__ is not None


@EACH_BUT_THE_ROOT
def test_the_fields_of_an_error_cannot_be_changed(kind: type[LicensingError]) -> None:
    error = an_error(kind)
    for name in error.fields():
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(error, name, "x")
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(error, name)


@EACH
def test_an_error_takes_its_fields_by_name_only(kind: type[LicensingError]) -> None:
    with pytest.raises(TypeError):
        kind("x")  # type: ignore[call-arg]


@EACH_BUT_THE_ROOT
def test_an_error_is_told_in_one_sentence_that_names_no_person(kind: type[LicensingError]) -> None:
    sentence = str(an_error(kind))
    assert sentence != kind.code
    assert len(sentence.split()) >= 4
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    assert "secret" not in sentence


@EACH_BUT_THE_ROOT
def test_an_error_differs_from_those_of_all_other_classes(kind: type[LicensingError]) -> None:
    assert [other for other in error_classes() if an_error(other) == an_error(kind)] == [kind]


def test_an_error_of_many_users_names_none_of_them() -> None:
    assert "ana" not in str(NotEligible(pool="p1", users=("ana", "luis")))


def test_no_error_is_a_value_and_no_value_an_error() -> None:
    assert [kind for kind in value_classes() if issubclass(kind, LicensingError)] == []


def test_a_class_of_ones_own_behaves_alike() -> None:
    @attrs.frozen(kw_only=True)
    class Local(LicensingError):
        at: datetime

    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert Local(at=noon) == Local(at=noon) == copy.deepcopy(Local(at=noon))
    assert Local in set(all_errors())
