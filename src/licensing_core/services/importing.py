"""Use cases of moving in: customers, subscriptions and pools that another system kept so far.

Each refuses with one `ImportRefused` that names every breach; `Licensing.may()` is the dry run of one of them, and
`Licensing.preview()` of a whole customer.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from attrs import evolve, field, frozen

from licensing_core import accounts, enrollments, seat_administration
from licensing_core.accounts import (
    PLAIN_SETTINGS,
    AccountSettings,
    Block,
    Books,
    BooksDecision,
    Card,
    CustomerExists,
    CustomerRow,
    Person,
    customer_row,
)
from licensing_core.billing import DocumentNumber, ScheduledChange
from licensing_core.checks import Count, Day, FrozenMap, Id, Instant, Text, UserId, checked
from licensing_core.decisions import Decision, ImportRefused, tried
from licensing_core.directory import Permission, Scope
from licensing_core.enrollments import Enrollment
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.limits import UnknownPlan
from licensing_core.money import Money
from licensing_core.plans import PackageKind, Switches, Terms
from licensing_core.protocols import AggregateExists
from licensing_core.seat_administration import Row
from licensing_core.services.bills import MANAGE, BooksChanged, decided_on
from licensing_core.services.clients import as_address
from licensing_core.services.customers import authorized, customer_of, service_plan
from licensing_core.services.engine import Command, UseCase, ask, save
from licensing_core.services.loading import actor_of, enrollments_of, offer_of
from licensing_core.subscriptions import Ends, SubscriptionTerms


@frozen(kw_only=True, field_transformer=checked)
class ImportCustomer(Command[CustomerRow]):
    """Take a customer over from another system, with all it has there; as `accounts.import_customer()`.

    Name and e-mail address are kept apart from all that is logged.

    Attributes:
        plan: Its service plan; `None` for none.

    Refuses with `ImportRefused`, whose breaches may be `CustomerExists`, `UnknownPlan`, `InvalidEmail` and those of
    `accounts.import_customer()`.
    """

    rule: ClassVar[str] = "PLZ-4"

    customer: Id
    name: Text = field(repr=False)
    email: Annotated[str, as_address] = field(repr=False)
    plan: Id | None
    trial_ends: Instant | None = None
    settings: AccountSettings = PLAIN_SETTINGS
    blocks: Mapping[Id, Block] = FrozenMap({})
    people: Mapping[UserId, Person] = FrozenMap({})
    balances: tuple[Money, ...] = ()

    def steps(self, now: datetime) -> UseCase[CustomerRow]:
        """Load what there is, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, Permission.ACCOUNTS_MANAGE)
        found: list[LicensingError] = []
        if (yield from customer_of(self, self.customer)) is not None:
            found.append(CustomerExists(customer=self.customer))
        plan = None
        if self.plan is not None:
            try:
                plan = yield from service_plan(self, self.plan)
            except UnknownPlan as unknown:
                found.append(unknown)
        card = tried(found, lambda: Card(name=self.name, email=self.email))
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = tried(
            found,
            lambda: accounts.import_customer(
                self.customer,
                plan,
                zone=zone,
                trial_ends=self.trial_ends,
                settings=self.settings,
                blocks=self.blocks,
                people=self.people,
                balances=self.balances,
                by=actor,
                now=now,
            ),
        )
        if found or decision is None:
            raise ImportRefused(breaches=tuple(found))
        yield from save(self, decision.state, 0, decision.events)
        yield from ask(lambda ports: ports.work.keep_card(self.tenant, self.customer, None, card))
        return customer_row(decision.state, now)


@frozen(kw_only=True, field_transformer=checked)
class ImportSubscription(Command[BooksChanged]):
    """Take a subscription of *customer* over from another system; as `accounts.import_subscription()`.

    Attributes:
        anchor, charged, paid, since, number, renewals, scheduled, trial_ends, converts, ends, pools: As there.
    """

    rule: ClassVar[str] = "LAT-5"

    customer: Id
    subscription: Id
    terms: SubscriptionTerms
    anchor: Instant | Day | None
    charged: Money | None
    paid: Money | None = None
    since: Instant | Day | None = None
    number: DocumentNumber | None = None
    renewals: Count = 0
    scheduled: tuple[ScheduledChange, ...] = ()
    trial_ends: Instant | None = None
    converts: bool = True
    ends: Ends | None = None
    pools: frozenset[Id] = frozenset()

    def steps(self, now: datetime) -> UseCase[BooksChanged]:
        """Load, decide, save."""
        actor = yield from authorized(self, self.actor, self.customer, MANAGE)

        def decide(books: Books) -> BooksDecision:
            decision = accounts.import_subscription(
                books.account,
                self.subscription,
                self.terms,
                anchor=self.anchor,
                charged=self.charged,
                paid=self.paid,
                since=self.since,
                number=self.number,
                renewals=self.renewals,
                scheduled=self.scheduled,
                trial_ends=self.trial_ends,
                converts=self.converts,
                ends=self.ends,
                pools=self.pools,
                by=actor,
                now=now,
            )
            return Decision(Books(decision.state, books.numbers), decision.events)

        return (yield from decided_on(self, actor, self.customer, decide, now))


@frozen(kw_only=True, field_transformer=checked)
class ImportPool(Command[Row]):
    """Take a pool over from another system, with all that was consumed of it there; as `enrollments.import_pool()`.

    It takes the permission to manage accounts, not that to record transactions: who has the latter names only what
    they manage, and hands out only within the limit, while an import says who holds what and was there before.

    Attributes:
        holders, spent, enrollments, expires_at, renewals, revoked, terms: As there.
        overrun: More may be consumed than the limit allows, which was enforced only since (decision 3).

    Refuses with `ImportRefused`, whose breaches may be `AggregateExists` and those of `enrollments.import_pool()`.
    """

    rule: ClassVar[str] = "DOC-7"

    pool: Id
    kind: PackageKind
    beneficiary: Scope
    bought: Count
    holders: Mapping[UserId, Holding] = FrozenMap({})
    spent: Count = 0
    enrollments: tuple[Enrollment, ...] = ()
    expires_at: Instant | None = None
    renewals: Count = 0
    revoked: Count = 0
    terms: Terms | None = None
    overrun: bool = False

    def steps(self, now: datetime) -> UseCase[Row]:
        """Load what there is and what the plan says, decide, save."""
        actor = yield from actor_of(self, self.actor)
        actor.require(Permission.ACCOUNTS_MANAGE)
        found: list[LicensingError] = []
        if (yield from self._taken()):
            found.append(AggregateExists(aggregate=self.pool))
        switches = yield from self._switches()
        enrolled = yield from enrollments_of(self, {one.user for one in self.enrollments})
        decision = tried(
            found,
            lambda: enrollments.import_pool(
                self.pool,
                self.kind,
                beneficiary=self.beneficiary,
                bought=self.bought,
                holders=self.holders,
                spent=self.spent,
                enrollments=self.enrollments,
                enrolled=enrolled,
                expires_at=self.expires_at,
                renewals=self.renewals,
                revoked=self.revoked,
                terms=self.terms,
                switches=switches,
                by=actor,
                now=now,
            ),
        )
        if found or decision is None:
            raise ImportRefused(breaches=tuple(found))
        pool = decision.state.pool
        yield from save(self, pool, 0, decision.events)
        return seat_administration.row_of(pool)

    def _taken(self) -> UseCase[bool]:
        """Whether a pool, or an account of licenses, has this id."""
        pool = yield from ask(lambda ports: ports.work.pool(self.tenant, self.pool, frozenset()))
        account = yield from ask(lambda ports: ports.work.account(self.tenant, self.pool, frozenset()))
        return pool is not None or account is not None

    def _switches(self) -> UseCase[Switches]:
        """Those of the plan as they are now, or of the platform; the limit is enforced unless there is an overrun."""
        platform: Switches = yield from ask(lambda ports: ports.host.platform(self.tenant))
        offer = None if self.terms is None else (yield from offer_of(self, self.terms.plan))
        switches = platform if offer is None else offer.plan.settings.over(platform)
        return evolve(switches, enforce_limit=False) if self.overrun else switches
