"""The ports: a store and its units of work, the host, the clock, and who observes."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from licensing_core.accounts import Card, CustomerAccount, DocumentSeries, Numbers
from licensing_core.credits import ActivationPolicy, CreditAccount, CreditPack
from licensing_core.decisions import Event
from licensing_core.directory import Actor, Content, Directory
from licensing_core.enrollments import Enrollments
from licensing_core.holdings import Holding
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.payments import Payment
from licensing_core.plans import Offer, ServicePlan, Switches
from licensing_core.pools import AnyPool
from licensing_core.protocols.values import Aggregate, AggregateKind, Envelope, Page, Remembered, Stored


class UnitOfWork(Protocol):
    """One transaction of a store: all that is saved in it holds together, or none of it.

    Every method takes the tenant, and sees nothing of another. What is loaded by its id stays as it is until the unit
    of work ends: another one that loads it to change it waits, or is refused with `VersionConflict` when it saves. In
    one that is begun for reading nobody waits, and all that is loaded is of one instant.
    """

    def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """The pool with the holdings of *users* (`None`: of all), or `None` when there is no such pool."""
        ...

    def pools(self, tenant: str, page: Page) -> Sequence[AnyPool]:
        """Purchased pools by id, without holdings."""
        ...

    def holders(self, tenant: str, pool_id: str, page: Page) -> Mapping[str, Holding]:
        """Who has a license of a purchased pool, by id, and whether it is held or awaits confirmation."""
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

    def customers(self, tenant: str, page: Page) -> Sequence[CustomerAccount]:
        """Accounts of customers by id, without bills and people."""
        ...

    def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """The numbers of the documents of *tenant*, or `None` when none was ever taken."""
        ...

    def payment(self, tenant: str, payment_id: str) -> Stored[Payment] | None:
        """The payment with all of its attempts, or `None` when there is no such payment."""
        ...

    def payments_due(self, tenant: str, at: datetime, page: Page) -> Sequence[str]:
        """Ids of the payments whose `due` has come at *at*, sorted."""
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

    def license_accounts(self, tenant: str, user: str) -> Sequence[str]:
        """Ids of the license accounts of which *user* has a license, held or awaiting, sorted."""
        ...

    def customers_with(self, tenant: str, person: str) -> Sequence[str]:
        """Ids of the customers that have *person* as administrator or among their people, or a card of them, sorted."""
        ...

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """What somebody may do, as it was kept here; `None` when nothing was.

        It cannot be taken away before the unit of work ends, unless that is begun for reading.
        """
        ...

    def keep_actor(self, tenant: str, actor_id: str, actor: Actor | None) -> bool:
        """Keep what *actor_id* may do, instead of what was kept before; `None` forgets it. Whether that is a change.

        Waits until no other unit of work relies on what was kept before.
        """
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

    def history(
        self, tenant: str, kind: AggregateKind, aggregate_id: str, after: int = 0, most: int | None = None
    ) -> Sequence[Envelope]:
        """The events of the aggregate in order, those that come *after* a number, *most* of them (`None`: all).

        Raises:
            BrokenHistory: An event does not lead to its digest.
        """
        ...

    def stored(self, tenant: str, kind: AggregateKind, page: Page) -> Sequence[str]:
        """Ids of the aggregates of a kind, sorted."""
        ...

    def outbox(self, tenant: str, most: int) -> Sequence[Envelope]:
        """Events that nobody was handed over yet, the earliest first, those of one aggregate in their order."""
        ...

    def handed_over(self, tenant: str, envelopes: Collection[Envelope]) -> None:
        """Take *envelopes* out of the outbox; those that are there no more are passed over."""
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

    def begin(self, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A new unit of work; one that is *read_only* hinders nobody, and refuses to change anything."""
        ...


class Host(Protocol):
    """What the embedding application knows."""

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """The role, permissions and resources of somebody now; `None` when the store is to be asked.

        What a store keeps of an actor (`services.GrantActor`) cannot be taken away between the check and the commit.
        Somebody of whom neither knows anything is a learner.
        """
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


class Observer(Protocol):
    """Is told of each command: its name, `ok` or the code of its refusal, and how long it took."""

    def __call__(self, command: str, outcome: str, seconds: float) -> None:
        """Take note; an exception here is the host's own."""
        ...
