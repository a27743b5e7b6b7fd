"""What every store must refuse, whatever was given to it by mistake; part of `contracts.StoreContract`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.protocols import AggregateKind, Remembered, Store, UnitOfWork
from licensing_core.services import Ids
from licensing_core.testing.contracts_given import T1, equal, loaded, opened, refused, save_new

NO_COLLECTIONS: Final[tuple[Any, ...]] = ("ana", "", "\ud800", b"ana", b"", 1, -1, 2**63, 1.5, True, object())
"""What is no collection of ids or events: a text is not that of its letters."""
NO_NUMBERS: Final[tuple[Any, ...]] = (None, -1, True, 1.5, float("nan"), 2**31, 2**63, "1", "\ud800", b"1", [], {})
"""What is no number of an event."""
NO_VALUES: Final[tuple[Any, ...]] = (None, 0, 1, True, 1.5, "p1", "\ud800", b"", (), [], {}, object(), Ids(("p1",)))
"""What is no aggregate, no event, and no answer that was given under a key."""
_ID: Final = "1 to 64 ASCII letters, digits and ._:- (first a letter or digit)"


def mistakes(work: UnitOfWork) -> Mapping[str, tuple[Callable[[Any], object], tuple[Any, ...]]]:
    """By what is wrong with it: a call, and what it is to refuse."""
    pool, events = opened("p9")
    return {
        "users of a pool": (lambda bad: work.pool(T1, "p1", bad), NO_COLLECTIONS),
        "users who are enrolled": (lambda bad: work.enrollments(T1, bad), NO_COLLECTIONS),
        "users of an account": (lambda bad: work.account(T1, "a1", bad), NO_COLLECTIONS),
        "places": (lambda bad: work.usage(T1, "c1", bad), NO_COLLECTIONS),
        "ids of grants": (lambda bad: work.credits(T1, "c1", bad), NO_COLLECTIONS),
        "documents": (lambda bad: work.customer(T1, "c1", bad, ()), NO_COLLECTIONS),
        "people": (lambda bad: work.customer(T1, "c1", (), bad), NO_COLLECTIONS),
        "envelopes": (lambda bad: work.handed_over(T1, bad), (None, *NO_COLLECTIONS)),
        "an envelope": (lambda bad: work.handed_over(T1, [bad]), NO_VALUES),
        "an aggregate": (lambda bad: work.save(T1, bad, expected=0, events=events), NO_VALUES),
        "events": (lambda bad: work.save(T1, pool, expected=0, events=bad), (None, (), *NO_COLLECTIONS)),
        "an event": (lambda bad: work.save(T1, pool, expected=0, events=[bad]), NO_VALUES),
        "an expected version": (lambda bad: work.save(T1, pool, expected=bad, events=events), NO_NUMBERS),
        "an owner": (lambda bad: work.save(bad, pool, expected=0, events=events), (None, 1, "", "a b", "\ud800")),
        "the number before a history": (lambda bad: work.history(T1, AggregateKind.LICENSES, "p1", bad), NO_NUMBERS),
        "an answer": (lambda bad: work.remember(T1, "k1", bad), NO_VALUES),
        "a key": (lambda bad: work.remember(T1, bad, Remembered(fingerprint="f", answer=Ids(("x",)))), (None, 1, "")),
    }


class ArgumentContract:
    """What a store must refuse, each test with a store of its own that is empty at first."""

    def test_what_is_no_such_argument_is_refused_and_changes_nothing(self, store: Store) -> None:
        save_new(store, *opened())
        before = loaded(store)
        with store.begin() as work:
            for call, given in mistakes(work).values():
                for bad in given:
                    refused(InvalidArgument, call, bad)
        with store.begin() as work:
            equal(work.pool(T1, "p1", None), before, "what is refused changes nothing")
            equal(work.pool(T1, "p9", None), None, "what is refused changes nothing")
            equal(work.recall(T1, "k1"), None, "what is refused changes nothing")
            equal(len(work.outbox(T1, 10)), 1, "what is refused changes nothing")

    def test_of_two_wrong_arguments_the_first_is_refused(self, store: Store) -> None:
        """So that whoever moves to another store is told the same."""
        wrong = InvalidId(parameter="id", expected=_ID, got="str of 3 characters")
        with store.begin() as work:
            refused(wrong, work.pool, T1, "a b", ("c d",))
            refused(wrong, work.account, T1, "a b", ("c d",))
            refused(wrong, work.usage, T1, "a b", ("c d",))
            refused(wrong, work.credits, T1, "a b", ("c d",))
            refused(wrong, work.customer, T1, "a b", ("c d",), ("e f",))
