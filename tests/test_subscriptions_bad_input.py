"""What is no argument of a command or question is refused by its name, and nothing else happens."""

from collections.abc import Callable
from datetime import datetime
from itertools import product
from typing import Any, Final

import pytest

from licensing_core import dunning
from licensing_core import subscriptions as lib
from licensing_core.billing import When
from licensing_core.checks import InvalidArgument
from licensing_core.dunning import DEFAULT_DUNNING
from licensing_core.periods import Cycle, Duration
from licensing_core.pools import LicensePool
from licensing_core.subscriptions import EndOf, RenewalBasis
from licensing_core.testing.cases_subscriptions import BY
from tests.builders import a_pool
from tests.subscription_world import FIRST, FIVE, MANUAL, at, did, ordered, running, scheduled, terms, tried

WHO: Final[dict[str, Any]] = {"by": BY, "now": at(1, 5)}
RUNNING, WAITING, TRIED = running().state, scheduled(running(), FIVE, When.END_OF_PERIOD).state, tried().state
BY_HAND, PAUSED = running(**MANUAL).state, did(running(), lib.pause).state
LEAVING, POOL = did(running(), lib.cancel).state, a_pool(holders={"ana"})
ONE: Final[dict[str, Any]] = {"subscription": RUNNING.subscription}

Call = tuple[Callable[..., Any], dict[str, Any]]
CALLS: Final[tuple[Call, ...]] = (
    (
        lib.start,
        {
            "subscription_id": "web",
            "terms": terms(),
            "ledger": RUNNING.ledger,
            "document": "d1",
            "trial_ends": at(2, 1),
            "converts": True,
            "pools": frozenset({"p1"}),
            **WHO,
        },
    ),
    (lib.settle, {"state": ordered().state, "document": "d1", **WHO}),
    (lib.bill_next, {"state": RUNNING, "document": "new", **WHO}),
    (lib.convert, {"state": TRIED, "document": "new", **WHO}),
    (lib.renew, {"state": BY_HAND, "document": "new", **WHO}),
    (lib.align, {"state": RUNNING, "cycle": Cycle(FIRST.date(), Duration(days=30), "UTC"), **WHO}),
    (lib.change, {"state": RUNNING, "change": FIVE, "document": "new", "confirmed": None, **WHO}),
    (lib.quote_change, {"state": RUNNING, "change": FIVE, "now": at(1, 5)}),
    (lib.change_trial, {"state": TRIED, "change": FIVE, **WHO}),
    (lib.schedule_change, {"state": RUNNING, "change": FIVE, "effective": at(1, 9), "change_id": "c1", **WHO}),
    (lib.withdraw_change, {"state": WAITING, "change_id": "c1", **WHO}),
    (lib.cancel, {"state": RUNNING, "access": EndOf.NOW, "billing": EndOf.NOW, "credit": True, **WHO}),
    (lib.withdraw_cancellation, {"state": LEAVING, **WHO}),
    (lib.suspend, {"state": RUNNING, **WHO}),
    (lib.terminate, {"state": RUNNING, **WHO}),
    (lib.pause, {"state": RUNNING, **WHO}),
    (lib.resume, {"state": PAUSED, "document": "new", **WHO}),
    (
        lib.ends,
        {
            "start": FIRST,
            "now": at(1, 5),
            "access": at(1, 9),
            "billing": EndOf.NOW,
            "charged_through": at(1, 9),
            "pending_end": at(2, 1),
        },
    ),
    (
        lib.renewed_expiry,
        {
            "expires_at": at(1, 9),
            "every": Duration(days=1),
            "basis": RenewalBasis.FROM_NOW,
            "zone": "UTC",
            "now": at(1, 5),
        },
    ),
    (lib.state_at, {**ONE, "now": at(1, 5)}),
    (lib.can_access, {**ONE, "now": at(1, 5)}),
    (lib.next_due, {**ONE, "now": at(1, 5)}),
    (lib.next_start, ONE),
    (lib.change_due, ONE),
    (lib.charged_through, ONE),
    (lib.goes_on, ONE),
    (lib.renewals_left, ONE),
    (lib.runs_out, ONE),
    (dunning.proforma_due, {**ONE, "policy": DEFAULT_DUNNING, "now": at(1, 5)}),
    (dunning.days_overdue, {**ONE, "now": at(1, 5)}),
    (dunning.steps_due, {**ONE, "policy": DEFAULT_DUNNING, "now": at(1, 5)}),
    (dunning.release_holdings, {"pool": POOL, **WHO}),
    (DEFAULT_DUNNING.due, {"days_overdue": 7}),
)
OPTIONAL: Final = {
    ("start", "document"),
    ("start", "trial_ends"),
    ("change", "confirmed"),
    ("cancel", "billing"),
    ("ends", "billing"),
    ("ends", "charged_through"),
    ("ends", "pending_end"),
}
"""What may be left out, as `None`."""
HOSTILE: Final[dict[str, Any]] = {
    "nothing": None,
    "a bool": True,
    "a number": 1.5,
    "a text": "no id, no day",
    "an empty text": "",
    "a long text": "x" * 65,
    "bytes": b"web",
    "a list": [],
    "an object": object(),
    "a day": FIRST.date(),
    "a naive instant": datetime(2026, 1, 5),  # noqa: DTZ001
    "a class": LicensePool,
}
FREE: Final = {
    ("start", "converts", "a bool"),
    ("cancel", "credit", "a bool"),
    ("ends", "start", "a day"),  # then the others are to be days
}


@pytest.mark.parametrize(("call", "given"), CALLS, ids=lambda thing: getattr(thing, "__name__", ""))
def test_a_valid_call_is_taken(call: Callable[..., Any], given: dict[str, Any]) -> None:
    call(**given)
    for name in given:
        if (call.__name__, name) in OPTIONAL:
            call(**{**given, name: None})


def may_be(call: Callable[..., Any], name: str, kind: str) -> bool:
    """Whether *kind* is an argument that is taken for *name*."""
    left_out = kind == "nothing" and (call.__name__, name) in OPTIONAL
    return left_out or (call.__name__, name, kind) in FREE


@pytest.mark.parametrize(("call", "given"), CALLS, ids=lambda thing: getattr(thing, "__name__", ""))
def test_what_is_no_argument_is_refused_by_its_name(call: Callable[..., Any], given: dict[str, Any]) -> None:
    for name, kind in product(given, HOSTILE):
        if not may_be(call, name, kind):
            with pytest.raises(InvalidArgument) as refusal:
                call(**{**given, name: HOSTILE[kind]})
            assert refusal.value.parameter == name, kind
            assert "no id, no day" not in str(refusal.value)


def test_every_public_function_is_here() -> None:
    called = {call.__name__ for call, _ in CALLS}
    public = {name for name in lib.__all__ if callable(getattr(lib, name)) and not isinstance(getattr(lib, name), type)}
    questions = {name for name in public if name.startswith("can_") and name != "can_access"}
    not_called = public - questions - called - {"SubscriptionDecision", "SubscriptionEvent"}
    assert not_called == {"apply", "apply_to_both"}
    assert {name.removeprefix("can_") for name in questions} <= called
