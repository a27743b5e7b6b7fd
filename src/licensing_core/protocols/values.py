"""What goes through the ports: kinds of aggregates, states with their version, events in their envelopes, refusals."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Generic, TypeVar

from attrs import frozen

from licensing_core.accounts import CustomerAccount, Numbers
from licensing_core.checks import Count, FrozenMap, Id, Positive, Text, Value, as_is, checked, shown, whole
from licensing_core.credits import CreditAccount
from licensing_core.decisions import Event
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.payments import Payment
from licensing_core.pools import AnyPool

S = TypeVar("S", covariant=True)
MOST_OF_PAGE: Final = 1000
"""How many items a page has at most."""
Aggregate = AnyPool | LicenseAccount | Usage | CreditAccount | CustomerAccount | Numbers | Payment
"""What is stored and changed as one: a purchased pool, an account with the pools of its license types, what a customer
uses of its limits, its credits, its account with subscriptions and bills, the numbers of a tenant's documents, or a
payment."""
NUMBERS: Final = "documents"
"""The id of the numbers of each tenant's documents."""


class AggregateKind(StrEnum):
    """Within which ids are unique: one customer has its account, licenses, usage and credits under one id."""

    LICENSES = "licenses"
    """Purchased pools, and accounts with their pools."""
    USAGE = "usage"
    CREDITS = "credits"
    CUSTOMERS = "customers"
    """Accounts of customers, with their subscriptions and bills."""
    NUMBERS = "numbers"
    PAYMENTS = "payments"


_KINDS: Final[Mapping[type[Value], AggregateKind]] = FrozenMap(
    {
        Usage: AggregateKind.USAGE,
        CreditAccount: AggregateKind.CREDITS,
        CustomerAccount: AggregateKind.CUSTOMERS,
        Numbers: AggregateKind.NUMBERS,
        Payment: AggregateKind.PAYMENTS,
    }
)


def kind_of(aggregate: Aggregate) -> AggregateKind:
    """The kind of *aggregate*."""
    return _KINDS.get(type(aggregate), AggregateKind.LICENSES)


@frozen(field_transformer=checked)
class Stored(Value, Generic[S]):
    """A *state* as it was loaded, and its *version*: how many events it has had."""

    state: Annotated[S, as_is]
    version: Count


@frozen(kw_only=True, field_transformer=checked)
class Envelope(Value):
    """An event as it is stored: its place in the history of one aggregate, from 1, without a gap.

    Attributes:
        schema: Of which version the fields of the event were when it was stored; *event* has been led on to today's.
        digest: What the event and all before it come to, as the store works it out: whoever changes one of them, or
            takes one away, changes the digests of all that follow.
    """

    tenant: Id
    kind: AggregateKind
    aggregate: Id
    sequence: Positive
    schema: Positive
    digest: Text
    event: Event


@frozen(field_transformer=checked)
class Page(Value):
    """Which part of a list to load: *most* of its items at most, those that come *after* an id; from the first on."""

    after: Id | None = None
    most: Annotated[int, whole(1, MOST_OF_PAGE)] = 100


@frozen(kw_only=True, field_transformer=checked)
class Remembered(Value):
    """What a key was used for: the fingerprint of the command, and the answer that was given."""

    fingerprint: Text
    answer: Value


@frozen(kw_only=True)
class VersionConflict(LicensingError):
    """Somebody else changed the aggregate since it was loaded; the services load it again and decide anew."""

    code: ClassVar[str] = "store.version_conflict"
    aggregate: str
    expected: int

    def __str__(self) -> str:
        return f"{self.aggregate!r} is no longer at version {self.expected}; load it again and decide anew"


@frozen(kw_only=True)
class IdempotencyConflict(LicensingError):
    """The key was used before, for another command."""

    code: ClassVar[str] = "command.key_conflict"
    key: str

    def __str__(self) -> str:
        return f"the key {self.key!r} was used for another command; use a new key for each new intent"


@frozen(kw_only=True)
class BrokenHistory(LicensingError):
    """The history of an aggregate is not whole: an event is missing, comes twice, was changed, or belongs to another.

    Attributes:
        sequence: The number of the first event that is wrong; 1 when there is none at all.
    """

    code: ClassVar[str] = "history.broken"
    rules: ClassVar[tuple[str, ...]] = ("L7",)
    sequence: int

    def __str__(self) -> str:
        return f"the history is broken at event {shown(self.sequence)}; restore it from a backup"


@frozen(kw_only=True)
class AggregateExists(LicensingError):
    """There is one of this kind and id already."""

    code: ClassVar[str] = "store.id_taken"
    aggregate: str

    def __str__(self) -> str:
        return f"the id {self.aggregate!r} is taken; choose another"


_UNAVAILABLE: Final = {
    "busy": "others kept it to themselves, and nothing was changed; try again later with the same key",
    "closed": "it, or the unit of work, was left before, and nothing was changed; begin a new store or unit of work",
    "conflict": "others were at the same things at the same time, and nothing was changed; try again with the same key",
    "read_only": "the unit of work was begun for reading, and nothing was changed; begin one that is not read_only",
    "unusable": (
        "it has other tables or none, or cannot be opened or written, and nothing was changed; create() the tables or "
        "check the path, for trying again does not help"
    ),
}
_FAILED: Final = (
    "the database refused or was lost, and it is not known whether this took effect; "
    "try again later with the same key, under which it takes effect once at most"
)


@frozen(kw_only=True)
class StoreUnavailable(LicensingError):
    """The store could not carry out the unit of work; sent again under the same key, it takes effect once at most.

    Attributes:
        reason: `busy` (others kept it to themselves), `conflict` (others were at the same things; the services try
            again by themselves), `closed` (the store, or the unit of work, was left before), `read_only` (it was begun
            for reading), `unusable` (without tables, no database, not to be opened or written; trying again does not
            help), or `failed` (the database refused or was lost; it is not known whether the unit of work took
            effect; the services try a query once more by themselves).
    """

    code: ClassVar[str] = "store.unavailable"
    reason: str

    def __str__(self) -> str:
        return f"the store is unavailable ({self.reason}): {_UNAVAILABLE.get(self.reason, _FAILED)}"
