"""The ports, awaited: the same names, for tasks."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
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


class AsyncUnitOfWork(Protocol):
    """`UnitOfWork`, awaited."""

    async def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        ...

    async def pools(self, tenant: str, page: Page) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        ...

    async def holders(self, tenant: str, pool_id: str, page: Page) -> Mapping[str, Holding]:
        """As `UnitOfWork.holders()`."""
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

    async def customers(self, tenant: str, page: Page) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        ...

    async def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        ...

    async def payment(self, tenant: str, payment_id: str) -> Stored[Payment] | None:
        """As `UnitOfWork.payment()`."""
        ...

    async def payments_due(self, tenant: str, at: datetime, page: Page) -> Sequence[str]:
        """As `UnitOfWork.payments_due()`."""
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

    async def license_accounts(self, tenant: str, user: str) -> Sequence[str]:
        """As `UnitOfWork.license_accounts()`."""
        ...

    async def customers_with(self, tenant: str, person: str) -> Sequence[str]:
        """As `UnitOfWork.customers_with()`."""
        ...

    async def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """As `UnitOfWork.actor()`."""
        ...

    async def keep_actor(self, tenant: str, actor_id: str, actor: Actor | None) -> bool:
        """As `UnitOfWork.keep_actor()`."""
        ...

    async def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        ...

    async def history(
        self, tenant: str, kind: AggregateKind, aggregate_id: str, after: int = 0, most: int | None = None
    ) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        ...

    async def stored(self, tenant: str, kind: AggregateKind, page: Page) -> Sequence[str]:
        """As `UnitOfWork.stored()`."""
        ...

    async def outbox(self, tenant: str, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.outbox()`."""
        ...

    async def handed_over(self, tenant: str, envelopes: Collection[Envelope]) -> None:
        """As `UnitOfWork.handed_over()`."""
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

    def begin(self, *, read_only: bool = False) -> AbstractAsyncContextManager[AsyncUnitOfWork]:
        """As `Store.begin()`."""
        ...


class AsyncHost(Protocol):
    """`Host`, awaited."""

    async def actor(self, tenant: str, actor_id: str) -> Actor | None:
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
