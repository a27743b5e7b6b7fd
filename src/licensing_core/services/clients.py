"""Use cases of customers: add, list and block them, let people in, and show the dashboard and the owner's panel."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from attrs import field, frozen

from licensing_core import accounts, limits
from licensing_core.accounts import (
    PLAIN_SETTINGS,
    AccountSettings,
    Card,
    CustomerAccount,
    CustomerExists,
    CustomerRow,
    Dashboard,
    OwnerPanel,
    Person,
    customer_row,
)
from licensing_core.accounts.clients import ClientDecision
from licensing_core.accounts.values import InvalidEmail
from licensing_core.checks import Id, Instant, InvalidArgument, Text, UserId, Value, checked, shown
from licensing_core.directory import Actor, Permission
from licensing_core.protocols import AggregateKind, Page
from licensing_core.services.customers import (
    authorized,
    customer_of,
    limits_of,
    named,
    service_plan,
    stored_customer,
)
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.following import follow
from licensing_core.services.loading import actor_of, every
from licensing_core.services.paging import Looked, PagedQuery, looked_through, part_of

_RECENT: Final = 20
"""How many events the dashboard shows."""


def as_address(name: str, value: Any) -> str:
    """What may be an e-mail address, whether it is one being decided when the customer is added."""
    if type(value) is str and len(value) <= 320:
        return value
    raise InvalidEmail(parameter=name, expected="something, one @, something", got=shown(value))


@frozen(field_transformer=checked)
class CustomerRows(Value):
    """Customers, by id; *next* is the one to ask for more after, `None` where there are no more."""

    rows: tuple[CustomerRow, ...]
    next: Id | None = None


@frozen(field_transformer=checked)
class PeopleRows(Value):
    """Users and contacts of a customer, by id; *next* is the one to ask for more after, `None` where there are none."""

    rows: Mapping[Id, Person]
    next: Id | None = None


@frozen(kw_only=True, field_transformer=checked)
class CardShown(Value):
    """Name and address of a customer, or of one of its people; `None` where they are not known."""

    card: Card | None


@frozen(kw_only=True, field_transformer=checked)
class AddCustomer(Command[CustomerRow]):
    """Add a customer, on trial for as long as its plan says; it has no users yet (PLZ-4, PLZ-5).

    Name and e-mail address are kept apart from all that is logged.

    Attributes:
        plan: Its service plan; `None` for none.

    Refuses with `CustomerExists`, `UnknownPlan` and `InvalidEmail`, in this order.
    """

    rule: ClassVar[str] = "PLZ-4"

    customer: Id
    name: Text = field(repr=False)
    email: Annotated[str, as_address] = field(repr=False)
    plan: Id | None
    settings: AccountSettings = PLAIN_SETTINGS

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Decide and save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        if (yield from customer_of(self, self.customer)) is not None:
            raise CustomerExists(customer=self.customer)
        plan = None if self.plan is None else (yield from service_plan(self, self.plan))
        card = Card(name=self.name, email=self.email)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = accounts.add_customer(self.customer, plan, zone=zone, settings=self.settings, by=actor, now=now)
        yield from save(self, decision.state, 0, decision.events)
        yield from ask(lambda ports: ports.work.keep_card(self.tenant, self.customer, None, card))
        return customer_row(decision.state, now)


def _changed(
    command: Command[Any],
    actor: Actor,
    customer: str,
    decide: Callable[[CustomerAccount], ClientDecision],
    now: datetime,
    people: frozenset[str] = frozenset(),
) -> UseCase[CustomerRow]:
    """Load the account, decide, save, and let the pools follow that its subscriptions pay for."""
    stored = yield from stored_customer(command, customer, people=people)
    decision = decide(stored.state)
    yield from save(command, decision.state, stored.version, decision.events)
    yield from follow(command, actor, stored.state, decision.state, now)
    return customer_row(decision.state, now)


@frozen(kw_only=True, field_transformer=checked)
class BlockCustomer(Command[CustomerRow]):
    """Block a customer for a cause, until it is lifted or *until* comes; refuses as `accounts.block()` does.

    The pools that its subscriptions pay for open nothing meanwhile; after *until* they do once `DunCustomer` has run.
    """

    rule: ClassVar[str] = "PLZ-7"

    customer: Id
    cause: Id
    until: Instant | None = None

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)

        def decide(account: CustomerAccount) -> ClientDecision:
            return accounts.block(account, self.cause, until=self.until, by=actor, now=now)

        return (yield from _changed(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class UnblockCustomer(Command[CustomerRow]):
    """Lift the block for one cause; refuses as `accounts.unblock()` does."""

    rule: ClassVar[str] = "PLZ-7"

    customer: Id
    cause: Id

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)

        def decide(account: CustomerAccount) -> ClientDecision:
            return accounts.unblock(account, self.cause, by=actor, now=now)

        return (yield from _changed(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class ConfigureCustomer(Command[CustomerRow]):
    """Set other settings for a customer: administrator, plans it may choose, dunning, automatic debit."""

    rule: ClassVar[str] = "D-16"

    customer: Id
    settings: AccountSettings

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)

        def decide(account: CustomerAccount) -> ClientDecision:
            return accounts.configure(account, self.settings, by=actor, now=now)

        return (yield from _changed(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class AddPerson(Command[CustomerRow]):
    """Let somebody be a user or contact of a customer, with permissions there; refuses as `accounts.add_person()` does.

    The main administrator of the customer may, too (LAT-4). It counts against no limit of the plan: where the plan
    limits users, send `UseLimit` before.

    Attributes:
        person: Their id.
        contact: Who is only written to, and no user of the service.
    """

    rule: ClassVar[str] = "PLZ-8"

    customer: Id
    person: UserId
    permissions: frozenset[Id] = frozenset()
    contact: bool = False

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Load whether they are one, decide, save."""
        permission = Permission.ACCOUNTS_MANAGE
        actor = yield from authorized(self, self.actor, self.customer, permission, administrator=True)

        def decide(account: CustomerAccount) -> ClientDecision:
            return accounts.add_person(account, self.person, self.permissions, contact=self.contact, by=actor, now=now)

        return (yield from _changed(self, actor, self.customer, decide, now, frozenset({self.person})))


@frozen(kw_only=True, field_transformer=checked)
class RemovePerson(Command[CustomerRow]):
    """Let somebody be a user or contact of a customer no more; refuses as `accounts.remove_person()` does.

    Their card is forgotten. The main administrator of the customer may, too (LAT-4).
    """

    rule: ClassVar[str] = "PLZ-8"

    customer: Id
    person: UserId

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Load whether they are one, decide, save."""
        permission = Permission.ACCOUNTS_MANAGE
        actor = yield from authorized(self, self.actor, self.customer, permission, administrator=True)

        def decide(account: CustomerAccount) -> ClientDecision:
            return accounts.remove_person(account, self.person, by=actor, now=now)

        row = yield from _changed(self, actor, self.customer, decide, now, frozenset({self.person}))
        yield from ask(lambda ports: ports.work.keep_card(self.tenant, self.customer, self.person, None))
        return row


@frozen(kw_only=True, field_transformer=checked)
class KeepCard(Command[CustomerRow]):
    """Keep another name and e-mail address of a customer, or of one of its people.

    The main administrator of the customer may, too, those of its people (LAT-4); by that of the customer itself its
    payments are matched (ALU-7), and so it takes the permission. Refuses with `InvalidEmail`, and with
    `InvalidArgument` who is none of its people.

    Attributes:
        person: `None` for the customer itself.
    """

    rule: ClassVar[str] = "LAT-4"

    customer: Id
    person: UserId | None = None
    name: Text = field(repr=False)
    email: Annotated[str, as_address] = field(repr=False)

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Load whether they are one, and keep the card."""
        permission, of_people = Permission.ACCOUNTS_MANAGE, self.person is not None
        yield from authorized(self, self.actor, self.customer, permission, administrator=of_people)
        account = (yield from stored_customer(self, self.customer, people=named(self.person))).state
        if self.person is not None and account.people.get(self.person) is None:
            raise InvalidArgument(parameter="person", expected="one of the people of the customer", got="another")
        card = Card(name=self.name, email=self.email)
        yield from ask(lambda ports: ports.work.keep_card(self.tenant, self.customer, self.person, card))
        return customer_row(account, now)


@frozen(kw_only=True, field_transformer=checked)
class ReadCard(Query[CardShown]):
    """Name and e-mail address of a customer, or of one of its people; for its main administrator, too."""

    actor: UserId
    customer: Id
    person: UserId | None = None

    def steps(self, now: datetime) -> UseCase[CardShown]:
        """See whether there is such a customer, and read the card."""
        permission = Permission.ACCOUNTS_MANAGE
        yield from authorized(self, self.actor, self.customer, permission, administrator=True)
        yield from stored_customer(self, self.customer)
        card = yield from ask(lambda ports: ports.work.card(self.tenant, self.customer, self.person))
        return CardShown(card=card)


@frozen(kw_only=True, field_transformer=checked)
class FindCustomers(Query[CustomerRows]):
    """The customers that have this very e-mail address, as a payment gateway knows them by it (ALU-7).

    More than one may have it. Refuses with `InvalidEmail`.
    """

    actor: UserId
    email: Annotated[str, as_address] = field(repr=False)

    def steps(self, now: datetime) -> UseCase[CustomerRows]:
        """Look the address up, and read those who have it."""
        actor = yield from actor_of(self, self.actor)
        actor.require(Permission.ACCOUNTS_MANAGE)
        found = yield from ask(lambda ports: ports.work.customers_of(self.tenant, self.email))
        rows = []
        for customer in found:
            account = (yield from stored_customer(self, customer)).state
            rows.append(customer_row(account, now))
        return CustomerRows(tuple(rows))


@frozen(kw_only=True, field_transformer=checked)
class ReadCustomer(Query[CustomerRow]):
    """A customer as the list shows it (PLZ-3); for its main administrator, too."""

    actor: UserId
    customer: Id

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Read it."""
        permission = Permission.ACCOUNTS_MANAGE
        yield from authorized(self, self.actor, self.customer, permission, administrator=True)
        return customer_row((yield from stored_customer(self, self.customer)).state, now)


@frozen(kw_only=True, field_transformer=checked)
class ListCustomers(PagedQuery[CustomerRows]):
    """The customers with plan and status (PLZ-3), *most* of them that come *after* an id."""

    actor: UserId

    def steps(self, now: datetime) -> UseCase[CustomerRows]:
        """Read them, without bills and people."""
        actor = yield from actor_of(self, self.actor)
        actor.require(Permission.ACCOUNTS_MANAGE)
        return CustomerRows(*(yield from looked_through(self.page, lambda page: self._look(page, now))))

    def _look(self, page: Page, now: datetime) -> UseCase[Looked[CustomerRow]]:
        found = yield from ask(lambda ports: ports.work.customers(self.tenant, page))
        return [(account.id, customer_row(account, now)) for account in found]


@frozen(kw_only=True, field_transformer=checked)
class ListPeople(PagedQuery[PeopleRows]):
    """Users and contacts of a customer with their permissions (PLZ-8, LAT-4); for its main administrator, too.

    It answers with *most* of them that come *after* an id.
    """

    actor: UserId
    customer: Id

    def steps(self, now: datetime) -> UseCase[PeopleRows]:
        """Read them all."""
        permission = Permission.ACCOUNTS_MANAGE
        yield from authorized(self, self.actor, self.customer, permission, administrator=True)
        account = (yield from stored_customer(self, self.customer, people=None)).state
        names = sorted(account.people)
        shown, following = part_of(names, names, self.page)
        return PeopleRows({name: account.people[name] for name in shown}, following)


@frozen(kw_only=True, field_transformer=checked)
class ReadDashboard(Query[Dashboard]):
    """What a partner sees of all its customers, with the last 20 things that happened to them (PLZ-2)."""

    actor: UserId

    def steps(self, now: datetime) -> UseCase[Dashboard]:
        """Read the customers, without bills and people, and the last events."""
        actor = yield from actor_of(self, self.actor)
        actor.require(Permission.ACCOUNTS_MANAGE)
        found = yield from every(lambda ports, page: ports.work.customers(self.tenant, page))
        recent = yield from ask(lambda ports: ports.work.recent(self.tenant, AggregateKind.CUSTOMERS, _RECENT))
        return accounts.dashboard(found, recent=tuple(one.event for one in recent), now=now)


@frozen(kw_only=True, field_transformer=checked)
class ReadPanel(Query[OwnerPanel]):
    """The panel of *customer*, for its main administrator and nobody else (ALU-1 to ALU-6, ALU-11)."""

    actor: UserId
    customer: Id

    def steps(self, now: datetime) -> UseCase[OwnerPanel]:
        """Refuse who is not the administrator, whether there is a customer or not; then load bills and all places."""
        actor = yield from actor_of(self, self.actor)
        known = yield from customer_of(self, self.customer)
        administrator = None if known is None else known.settings.administrator
        limits.require_administrator(administrator, actor)
        account = (yield from stored_customer(self, self.customer, documents=None)).state
        usage = yield from ask(lambda ports: ports.work.usage(self.tenant, self.customer, None))
        used = None
        if usage is not None:
            plan = yield from limits_of(self, usage.state)
            used = limits.panel(usage.state, plan, administrator=administrator, by=actor, now=now)
        return accounts.owner_panel(account, used, by=actor, now=now)
