"""A unit of work, awaited, over one that blocks: each adapter says how a step of it is done."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from licensing_core.accounts import Card, CustomerAccount, Numbers
from licensing_core.credits import CreditAccount
from licensing_core.decisions import Event
from licensing_core.directory import Actor
from licensing_core.enrollments import Enrollments
from licensing_core.holdings import Holding
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.payments import Payment
from licensing_core.pools import AnyPool
from licensing_core.protocols import Aggregate, AggregateKind, Envelope, Page, Remembered, Stored, UnitOfWork

T = TypeVar("T")


class Do(Protocol):
    """Takes a step of a unit of work, and gives what it gives."""

    def __call__(self, step: Callable[[], T]) -> Awaitable[T]:
        """What *step* gives, once it is awaited."""
        ...


async def at_once(step: Callable[[], T]) -> T:
    """The way of an adapter that waits for nothing."""
    return step()


class AwaitedUnitOfWork:
    """A `protocols.AsyncUnitOfWork` whose steps are those of *work*, taken by *do*."""

    def __init__(self, work: UnitOfWork, do: Do) -> None:
        self._work, self._do = work, do

    async def pool(self, tenant: str, pool_id: str, users: Collection[str] | None) -> Stored[AnyPool] | None:
        """As `UnitOfWork.pool()`."""
        return await self._do(lambda: self._work.pool(tenant, pool_id, users))

    async def pools(self, tenant: str, page: Page) -> Sequence[AnyPool]:
        """As `UnitOfWork.pools()`."""
        return await self._do(lambda: self._work.pools(tenant, page))

    async def holders(self, tenant: str, pool_id: str, page: Page) -> Mapping[str, Holding]:
        """As `UnitOfWork.holders()`."""
        return await self._do(lambda: self._work.holders(tenant, pool_id, page))

    async def licenses(self, tenant: str, user: str) -> Sequence[AnyPool]:
        """As `UnitOfWork.licenses()`."""
        return await self._do(lambda: self._work.licenses(tenant, user))

    async def enrollments(self, tenant: str, users: Collection[str] | None) -> Enrollments:
        """As `UnitOfWork.enrollments()`."""
        return await self._do(lambda: self._work.enrollments(tenant, users))

    async def account(
        self, tenant: str, account_id: str, users: Collection[str] | None
    ) -> Stored[LicenseAccount] | None:
        """As `UnitOfWork.account()`."""
        return await self._do(lambda: self._work.account(tenant, account_id, users))

    async def usage(self, tenant: str, customer: str, places: Collection[str] | None) -> Stored[Usage] | None:
        """As `UnitOfWork.usage()`."""
        return await self._do(lambda: self._work.usage(tenant, customer, places))

    async def credits(self, tenant: str, customer: str, ids: Collection[str] | None) -> Stored[CreditAccount] | None:
        """As `UnitOfWork.credits()`."""
        return await self._do(lambda: self._work.credits(tenant, customer, ids))

    async def customer(
        self, tenant: str, customer: str, documents: Collection[str] | None, people: Collection[str] | None
    ) -> Stored[CustomerAccount] | None:
        """As `UnitOfWork.customer()`."""
        return await self._do(lambda: self._work.customer(tenant, customer, documents, people))

    async def customers(self, tenant: str, page: Page) -> Sequence[CustomerAccount]:
        """As `UnitOfWork.customers()`."""
        return await self._do(lambda: self._work.customers(tenant, page))

    async def numbers(self, tenant: str) -> Stored[Numbers] | None:
        """As `UnitOfWork.numbers()`."""
        return await self._do(lambda: self._work.numbers(tenant))

    async def payment(self, tenant: str, payment_id: str) -> Stored[Payment] | None:
        """As `UnitOfWork.payment()`."""
        return await self._do(lambda: self._work.payment(tenant, payment_id))

    async def payments_due(self, tenant: str, at: datetime, page: Page) -> Sequence[str]:
        """As `UnitOfWork.payments_due()`."""
        return await self._do(lambda: self._work.payments_due(tenant, at, page))

    async def card(self, tenant: str, customer: str, person: str | None) -> Card | None:
        """As `UnitOfWork.card()`."""
        return await self._do(lambda: self._work.card(tenant, customer, person))

    async def keep_card(self, tenant: str, customer: str, person: str | None, card: Card | None) -> None:
        """As `UnitOfWork.keep_card()`."""
        await self._do(lambda: self._work.keep_card(tenant, customer, person, card))

    async def customers_of(self, tenant: str, email: str) -> Sequence[str]:
        """As `UnitOfWork.customers_of()`."""
        return await self._do(lambda: self._work.customers_of(tenant, email))

    async def license_accounts(self, tenant: str, user: str) -> Sequence[str]:
        """As `UnitOfWork.license_accounts()`."""
        return await self._do(lambda: self._work.license_accounts(tenant, user))

    async def customers_with(self, tenant: str, person: str) -> Sequence[str]:
        """As `UnitOfWork.customers_with()`."""
        return await self._do(lambda: self._work.customers_with(tenant, person))

    async def actor(self, tenant: str, actor_id: str) -> Actor | None:
        """As `UnitOfWork.actor()`."""
        return await self._do(lambda: self._work.actor(tenant, actor_id))

    async def keep_actor(self, tenant: str, actor_id: str, actor: Actor | None) -> bool:
        """As `UnitOfWork.keep_actor()`."""
        return await self._do(lambda: self._work.keep_actor(tenant, actor_id, actor))

    async def save(self, tenant: str, aggregate: Aggregate, *, expected: int, events: Sequence[Event]) -> None:
        """As `UnitOfWork.save()`."""
        await self._do(lambda: self._work.save(tenant, aggregate, expected=expected, events=events))

    async def history(
        self, tenant: str, kind: AggregateKind, aggregate_id: str, after: int = 0, most: int | None = None
    ) -> Sequence[Envelope]:
        """As `UnitOfWork.history()`."""
        return await self._do(lambda: self._work.history(tenant, kind, aggregate_id, after, most))

    async def stored(self, tenant: str, kind: AggregateKind, page: Page) -> Sequence[str]:
        """As `UnitOfWork.stored()`."""
        return await self._do(lambda: self._work.stored(tenant, kind, page))

    async def outbox(self, tenant: str, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.outbox()`."""
        return await self._do(lambda: self._work.outbox(tenant, most))

    async def handed_over(self, tenant: str, envelopes: Collection[Envelope]) -> None:
        """As `UnitOfWork.handed_over()`."""
        await self._do(lambda: self._work.handed_over(tenant, envelopes))

    async def recent(self, tenant: str, kind: AggregateKind, most: int) -> Sequence[Envelope]:
        """As `UnitOfWork.recent()`."""
        return await self._do(lambda: self._work.recent(tenant, kind, most))

    async def recall(self, tenant: str, key: str) -> Remembered | None:
        """As `UnitOfWork.recall()`."""
        return await self._do(lambda: self._work.recall(tenant, key))

    async def remember(self, tenant: str, key: str, used: Remembered) -> None:
        """As `UnitOfWork.remember()`."""
        await self._do(lambda: self._work.remember(tenant, key, used))
