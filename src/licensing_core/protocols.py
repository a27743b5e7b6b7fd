"""What the services need from outside: where things are stored, what the host knows, and what time it is.

All are matched by shape. Each protocol has an asynchronous twin with the same names; the services are written once.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Generic, Protocol, TypeVar

from attrs import frozen

from licensing_core.accounts import Card, CustomerAccount, DocumentSeries, Numbers
from licensing_core.checks import Count, FrozenMap, Id, Positive, Text, Value, as_is, checked
from licensing_core.credits import ActivationPolicy, CreditAccount, CreditPack
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Content, Directory
from licensing_core.enrollments import Enrollments
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.plans import Offer, ServicePlan, Switches
from licensing_core.pools import AnyPool

S = TypeVar("S", covariant=True)
Aggregate = AnyPool | LicenseAccount | Usage | CreditAccount | CustomerAccount | Numbers
"""What is stored and changed as one: a purchased pool, an account with the pools of its license types, what a customer
uses of its limits, its credits, its account with subscriptions and bills, or the numbers of a tenant's documents."""
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


_KINDS: Final[Mapping[type[Value], AggregateKind]] = FrozenMap(
    {
        Usage: AggregateKind.USAGE,
        CreditAccount: AggregateKind.CREDITS,
        CustomerAccount: AggregateKind.CUSTOMERS,
        Numbers: AggregateKind.NUMBERS,
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
    """An event as it is stored: its place in the history of one aggregate, from 1, without a gap."""

    tenant: Id
    kind: AggregateKind
    aggregate: Id
    sequence: Positive
    event: Event


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
class AggregateExists(LicensingError):
    """There is one of this kind and id already."""

    code: ClassVar[str] = "store.id_taken"
    aggregate: str

    def __str__(self) -> str:
        return f"the id {self.aggregate!r} is taken; choose another"


_UNAVAILABLE: Final = {
    "busy": "others kept it to themselves, and nothing was changed; try again later with the same key",
    "closed": "it, or the unit of work, was left before, and nothing was changed; begin a new store or unit of work",
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
        reason: `busy` (others kept it to themselves), `closed` (the store, or the unit of work, was left before),
            `unusable` (without tables, no database, not to be opened or written; trying again does not help), or
            `failed` (the database refused or was lost; it is not known whether the unit of work took effect).
    """

    code: ClassVar[str] = "store.unavailable"
    reason: str

    def __str__(self) -> str:
        return f"the store is unavailable ({self.reason}): {_UNAVAILABLE.get(self.reason, _FAILED)}"


class UnitOfWork(Protocol):
    """One transaction of a store: all that is saved in it holds together, or none of it.

    Every method takes the tenant, and sees nothing of another.
    """

    def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """The pool with the holdings of *users* (`None`: of all), or `None` when there is no such pool."""
        ...

    def pools(self, tenant: str) -> Sequence[AnyPool]:
        """The purchased pools by id, without holdings."""
        ...

    def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """The purchased pools by id of which *user* has a license, held or awaiting, with the holding of *user*."""
        ...

    def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """All of the enrollments of *users* (`None`: of everybody), whichever pool they came through."""
        ...

    def account(self, tenant: str, account_id: str, users: Collection[str] | None) -> Stored[LicenseAccount] | None:
        """The account with the holdings of *users* (`None`: of all), or `None` when there is no such account."""
        ...

    def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """What *customer* uses, with what it uses in *places* (`None`: in all), or `None` when it is not counted."""
        ...

    def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """The credits of *customer*, or `None` when it has no account of them.

        With the grants that are open, which may have a balance yet, the orders that are paid and wait for activation,
        and the grants and orders of *ids* (`None`: all). An order that awaits its payment is loaded when it is named.
        """
        ...

    def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """The account of *customer*, or `None` when there is none.

        With the bills that `accounts.open_documents()` names and those of *documents* (`None`: all), and those of its
        *people* (`None`: all) who are any.
        """
        ...

    def customers(self, tenant: str) -> Sequence[CustomerAccount]:
        """All accounts of customers by id, without bills and people."""
        ...

    def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """The numbers of the documents of *tenant*, or `None` when none was ever taken."""
        ...

    def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """Name and e-mail address of *customer*, or of one of its people; `None` when they are not known."""
        ...

    def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """Keep *card* apart from all that is logged, instead of the one before; `None` forgets it."""
        ...

    def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """Ids of the customers whose own card has this very address, sorted (ALU-7)."""
        ...

    def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """Store *aggregate* and append *events* after number *expected*, which is 0 for a new one.

        The holdings, enrollments, places, grants, orders, bills and people that the events changed are stored with it.
        Of a save that is refused nothing is kept, even where the unit of work goes on; a store may refuse what follows
        in it as well.

        Raises:
            AggregateExists: *expected* is 0 and the id is taken by another of its kind.
            VersionConflict: It is not at version *expected*, or an enrollment that is to be made is there already.
        """
        ...

    def history(self, tenant: str, kind: AggregateKind, aggregate_id: str) -> Sequence[Envelope]:
        """The events of the aggregate in order."""
        ...

    def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """The last events of all aggregates of a kind, *most* of them, the latest first; of equals by id and number."""
        ...

    def recall(self, tenant: str, key: str) -> Remembered | None:
        """What *key* was used for."""
        ...

    def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """Keep the answer given under *key*.

        Raises:
            VersionConflict: The key was used meanwhile; the command is tried again, and then answered from memory.
        """
        ...


class Store(Protocol):
    """Begins units of work; leaving one without an error commits it, with one rolls it back."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """A new unit of work."""
        ...


class Host(Protocol):
    """What the embedding application knows."""

    def actor(self, tenant: str, actor_id: str) -> Actor:
        """The role, permissions and resources of somebody now; a learner when nothing is known of them."""
        ...

    def directory(self, tenant: str) -> Directory:
        """The branches, groups and people now."""
        ...

    def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """The plan with its package as they are now, or `None` when there is no such plan."""
        ...

    def offers(self, tenant: str) -> Collection[Offer]:
        """Every plan with its package; a `plans.Offers` that is kept spares going through them for each list."""
        ...

    def courses(self, tenant: str, learning_plan: Content) -> Collection[Content]:
        """The courses of a learning plan; none when there is no such plan."""
        ...

    def platform(self, tenant: str) -> Switches:
        """The switches that hold where a plan says nothing."""
        ...

    def zone(self, tenant: str) -> str:
        """The zone in whose local time the tenant counts."""
        ...

    def series(self, tenant: str) -> DocumentSeries:
        """The series that its documents are numbered in; it holds from the first document on."""
        ...

    def service_plan(self, tenant: str, plan_id: str) -> ServicePlan | None:
        """The service plan as it is now, or `None` when there is no such plan."""
        ...

    def credit_pack(self, tenant: str, pack_id: str) -> CreditPack | None:
        """The pack of credits as it is now, or `None` when there is no such pack."""
        ...

    def activation(self, tenant: str) -> ActivationPolicy:
        """By when paid credits are to be active."""
        ...


class Clock(Protocol):
    """What time it is."""

    def __call__(self) -> datetime:
        """An aware instant."""
        ...


class AsyncUnitOfWork(Protocol):
    """`UnitOfWork`, awaited."""

    async def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        ...

    async def pools(self, tenant: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        ...

    async def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.licenses()`."""
        ...

    async def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """As `UnitOfWork.enrollments()`."""
        ...

    async def account(
        self, tenant: str, account_id: str, users: Collection[str] | None
    ) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`."""
        ...

    async def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """As `UnitOfWork.usage()`."""
        ...

    async def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """As `UnitOfWork.credits()`."""
        ...

    async def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """As `UnitOfWork.customer()`."""
        ...

    async def customers(self, tenant: str) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        ...

    async def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        ...

    async def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        ...

    async def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        ...

    async def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        ...

    async def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        ...

    async def history(self, tenant: str, kind: AggregateKind, aggregate_id: str) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        ...

    async def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.recent()`."""
        ...

    async def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        ...

    async def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`."""
        ...


class AsyncStore(Protocol):
    """`Store`, awaited."""

    def begin(self) -> AbstractAsyncContextManager[AsyncUnitOfWork]:
        """A new unit of work."""
        ...


class AsyncHost(Protocol):
    """`Host`, awaited."""

    async def actor(self, tenant: str, actor_id: str) -> Actor:
        """As `Host.actor()`."""
        ...

    async def directory(self, tenant: str) -> Directory:
        """As `Host.directory()`."""
        ...

    async def offer(self, tenant: str, plan_id: str) -> Offer | None:
        """As `Host.offer()`."""
        ...

    async def offers(self, tenant: str) -> Collection[Offer]:
        """As `Host.offers()`."""
        ...

    async def courses(self, tenant: str, learning_plan: Content) -> Collection[Content]:
        """As `Host.courses()`."""
        ...

    async def platform(self, tenant: str) -> Switches:
        """As `Host.platform()`."""
        ...

    async def zone(self, tenant: str) -> str:
        """As `Host.zone()`."""
        ...

    async def series(self, tenant: str) -> DocumentSeries:
        """As `Host.series()`."""
        ...

    async def service_plan(self, tenant: str, plan_id: str) -> ServicePlan | None:
        """As `Host.service_plan()`."""
        ...

    async def credit_pack(self, tenant: str, pack_id: str) -> CreditPack | None:
        """As `Host.credit_pack()`."""
        ...

    async def activation(self, tenant: str) -> ActivationPolicy:
        """As `Host.activation()`."""
        ...


class Observer(Protocol):
    """Is told of each command: its name, `ok` or the code of its refusal, and how long it took."""

    def __call__(self, command: str, outcome: str, seconds: float) -> None:
        """Take note; an exception here is the host's own."""
        ...
