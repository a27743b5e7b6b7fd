"""Use cases of a learning platform: buy plans, and administer what was bought."""

from datetime import datetime
from typing import Any, Final

from attrs import frozen

from licensing_core import orders, seat_administration, visibility
from licensing_core.billing import Quote
from licensing_core.checks import Id, UserId, Value, bulk, checked
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Directory, Permission, Scope
from licensing_core.holdings import Holding
from licensing_core.money import Money
from licensing_core.plans import Offer, Switches
from licensing_core.pools import AnyPool, LicensesUnassigned
from licensing_core.protocols import Stored
from licensing_core.seat_administration import Row, Unassigned, unknown_pool
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.visibility import PlanNotVisible, PurchaseBySuperadmin

_MANY: Final = 20
"""How much dearer it is to look one holding up than to read one of a whole pool."""


@frozen(kw_only=True, field_transformer=checked)
class PlanBought(Value):
    """The row of the pool that a purchase opened, and the quote that was charged; `None` when recorded by hand."""

    row: Row
    quote: Quote | None


@frozen(kw_only=True, field_transformer=checked)
class LicensesGiven(Value):
    """The row afterwards, who got a license, and who was passed over because they hold one; sorted."""

    row: Row
    added: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]


@frozen(kw_only=True, field_transformer=checked)
class LicensesTaken(Value):
    """The row afterwards, whose license went back, whose awaits confirmation, and who had none; sorted."""

    row: Row
    released: tuple[UserId, ...]
    awaiting: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]


@frozen(field_transformer=checked)
class Ids(Value):
    """Ids, sorted."""

    ids: tuple[Id, ...]


@frozen(field_transformer=checked)
class Rows(Value):
    """Rows of seat administration, by their code."""

    rows: tuple[Row, ...]


@frozen(field_transformer=checked)
class Scopes(Value):
    """Scopes, sorted by their text."""

    scopes: tuple[Scope, ...]


def _setting(asked: Query[Any], actor_id: str) -> UseCase[tuple[Actor, Directory]]:
    actor = yield from ask(lambda ports: ports.host.actor(asked.tenant, actor_id))
    directory = yield from ask(lambda ports: ports.host.directory(asked.tenant))
    return actor, directory


def _offer(asked: Query[Any], plan: str) -> UseCase[Offer | None]:
    return (yield from ask(lambda ports: ports.host.offer(asked.tenant, plan)))


def _buyable(asked: Query[Any], actor: Actor, plan: str) -> UseCase[Offer]:
    offer = yield from _offer(asked, plan)
    if offer is None:  # refused as a plan that the actor does not see
        raise PurchaseBySuperadmin if actor.is_superadmin else PlanNotVisible(plan=plan)
    return offer


def _switches(asked: Query[Any], pool: AnyPool) -> UseCase[Switches]:
    platform = yield from ask(lambda ports: ports.host.platform(asked.tenant))
    offer = None if pool.terms is None else (yield from _offer(asked, pool.terms.plan))
    return platform if offer is None else offer.plan.settings.over(platform)


def _pool(asked: Query[Any], actor: Actor, pool_id: str, users: frozenset[str] | None) -> UseCase[Stored[AnyPool]]:
    stored = yield from ask(lambda ports: ports.work.pool(asked.tenant, pool_id, users))
    if stored is None:
        raise unknown_pool(actor, pool_id)
    return stored


@frozen(kw_only=True, field_transformer=checked)
class BuyPlan(Command[PlanBought]):
    """Buy through *plan* for *beneficiary* (nobody named: the actor), once the payment was taken.

    *confirmed* is the amount that was taken: a price that has changed since is refused, so that what was paid and
    what is recorded are the same. To be sent by the host's payment code. Refuses as `orders.purchase()` does.
    """

    plan: Id
    pool: Id
    beneficiary: Scope | None = None
    currency: Currency | None = None
    confirmed: Money | None = None

    def steps(self, now: datetime) -> UseCase[PlanBought]:
        """Decide the purchase; save the pool with the charge."""
        actor, directory = yield from _setting(self, self.actor)
        offer = yield from _buyable(self, actor, self.plan)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.purchase(
            actor,
            offer,
            self.beneficiary,
            directory=directory,
            pool_id=self.pool,
            zone=zone,
            now=now,
            currency=self.currency,
            confirmed=self.confirmed,
        )
        yield from save(self, decision.state.pool, 0, decision.events)
        return PlanBought(row=seat_administration.row_of(decision.state.pool), quote=decision.state.quote)


@frozen(kw_only=True, field_transformer=checked)
class RecordTransaction(Command[PlanBought]):
    """Record by hand a purchase through *plan* that was paid elsewhere; refuses as `orders.record_transaction()`."""

    plan: Id
    pool: Id
    beneficiary: Scope | None = None

    def steps(self, now: datetime) -> UseCase[PlanBought]:
        """Decide the transaction; save the pool."""
        actor, directory = yield from _setting(self, self.actor)
        offer = yield from _offer(self, self.plan)
        if offer is None:
            actor.require(Permission.TRANSACTIONS_CREATE)
            raise PlanNotVisible(plan=self.plan)
        zone = yield from ask(lambda ports: ports.host.zone(self.tenant))
        decision = orders.record_transaction(
            actor, offer, self.beneficiary, directory=directory, pool_id=self.pool, zone=zone, now=now
        )
        yield from save(self, decision.state.pool, 0, decision.events)
        return PlanBought(row=seat_administration.row_of(decision.state.pool), quote=None)


@frozen(kw_only=True, field_transformer=checked)
class AssignLicenses(Command[LicensesGiven]):
    """Give a license of *pool* to each of *users*, or to none; refuses as `seat_administration.assign()` does."""

    pool: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesGiven]:
        """Load the holdings of these users, decide, save."""
        actor, directory = yield from _setting(self, self.actor)
        stored = yield from _pool(self, actor, self.pool, bulk("users", self.users))
        switches = yield from _switches(self, stored.state)
        decision = seat_administration.assign(
            actor, stored.state, self.users, directory=directory, switches=switches, now=now
        )
        given = decision.state
        yield from save(self, given.pool, stored.version, decision.events)
        row = seat_administration.row_of(given.pool)
        return LicensesGiven(row=row, added=given.added, passed_over=given.passed_over)


@frozen(kw_only=True, field_transformer=checked)
class UnassignLicenses(Command[LicensesTaken]):
    """Take the license of *pool* from each of *users*; refuses as `seat_administration.unassign()` does."""

    pool: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesTaken]:
        """Load the holdings of these users, decide, save."""
        actor, directory = yield from _setting(self, self.actor)
        stored = yield from _pool(self, actor, self.pool, bulk("users", self.users))
        switches = yield from _switches(self, stored.state)
        decision = seat_administration.unassign(
            actor, stored.state, self.users, directory=directory, switches=switches, now=now
        )
        return (yield from _taken(self, stored, decision))


@frozen(kw_only=True, field_transformer=checked)
class ConfirmReleases(Command[LicensesTaken]):
    """Confirm that the licenses of *users* go back to *pool*; refuses as `seat_administration.confirm()` does."""

    pool: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesTaken]:
        """Load the holdings of these users, decide, save."""
        actor, directory = yield from _setting(self, self.actor)
        stored = yield from _pool(self, actor, self.pool, bulk("users", self.users))
        decision = seat_administration.confirm(actor, stored.state, self.users, directory=directory, now=now)
        return (yield from _taken(self, stored, decision))


def _taken(
    asked: Command[LicensesTaken], stored: Stored[AnyPool], decision: Decision[Unassigned, LicensesUnassigned]
) -> UseCase[LicensesTaken]:
    taken = decision.state
    yield from save(asked, taken.pool, stored.version, decision.events)
    return LicensesTaken(
        row=seat_administration.row_of(taken.pool),
        released=taken.released,
        awaiting=taken.awaiting,
        passed_over=taken.passed_over,
    )


@frozen(kw_only=True, field_transformer=checked)
class ListPlans(Query[Ids]):
    """The ids of the plans on the plans page of *actor* (DOC-10); without an actor, of the public catalog (DOC-11)."""

    actor: UserId | None = None

    def steps(self, now: datetime) -> UseCase[Ids]:
        """Ask the host for the plans, and list those that may be bought."""
        offers = yield from ask(lambda ports: ports.host.offers(self.tenant))
        if self.actor is None:
            directory = yield from ask(lambda ports: ports.host.directory(self.tenant))
            return Ids(visibility.public_plans(offers, directory))
        actor, directory = yield from _setting(self, self.actor)
        return Ids(visibility.plans_for(actor, offers, directory))


@frozen(kw_only=True, field_transformer=checked)
class ListBeneficiaries(Query[Scopes]):
    """The scopes to offer to *actor* for a purchase through *plan*; refuses as `visibility.beneficiaries()` does."""

    actor: UserId
    plan: Id

    def steps(self, now: datetime) -> UseCase[Scopes]:
        """Ask the host alone: nothing stored is read."""
        actor, directory = yield from _setting(self, self.actor)
        offer = yield from _buyable(self, actor, self.plan)
        return Scopes(visibility.beneficiaries(actor, offer, directory))


@frozen(kw_only=True, field_transformer=checked)
class QuotePlan(Query[Quote]):
    """What one purchase through *plan* costs *actor*, who must be able to see it as a buyer.

    Refuses as `visibility.can_see_plan()` and `orders.quote_plan()` do.
    """

    actor: UserId
    plan: Id
    currency: Currency | None = None

    def steps(self, now: datetime) -> UseCase[Quote]:
        """Ask the host alone: nothing stored is read."""
        actor, directory = yield from _setting(self, self.actor)
        offer = yield from _buyable(self, actor, self.plan)
        visibility.can_see_plan(actor, offer, directory).require()
        return orders.quote_plan(offer, self.currency)


@frozen(kw_only=True, field_transformer=checked)
class ListPools(Query[Rows]):
    """The rows of the purchased pools that *actor* manages (DOC-24); refuses as `visibility.managed()` does."""

    actor: UserId

    def steps(self, now: datetime) -> UseCase[Rows]:
        """Load the pools without holdings, and show those in reach."""
        actor, directory = yield from _setting(self, self.actor)
        actor.require(Permission.SEATS_MANAGE)
        purchased = yield from ask(lambda ports: ports.work.pools(self.tenant))
        managed = frozenset(visibility.managed(actor, purchased, directory))
        return Rows(tuple(seat_administration.row_of(pool) for pool in purchased if pool.id in managed))


@frozen(kw_only=True, field_transformer=checked)
class ReadPool(Query[Row]):
    """The row of *pool* for *actor*; refuses as `seat_administration.row()` does."""

    actor: UserId
    pool: Id

    def steps(self, now: datetime) -> UseCase[Row]:
        """Load the pool without holdings, and read its row."""
        actor, directory = yield from _setting(self, self.actor)
        stored = yield from _pool(self, actor, self.pool, frozenset())
        return seat_administration.row(actor, stored.state, directory)


@frozen(kw_only=True, field_transformer=checked)
class ListCandidates(Query[Ids]):
    """The users who may be given a license of *pool*; refuses as `seat_administration.candidates()` does."""

    actor: UserId
    pool: Id

    def steps(self, now: datetime) -> UseCase[Ids]:
        """See whether the actor may look, load the holdings of the eligible, and list those without a license."""
        actor, directory = yield from _setting(self, self.actor)
        pool = (yield from _pool(self, actor, self.pool, frozenset())).state
        visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
        eligible = frozenset(visibility.eligible(pool.beneficiary, directory))
        users = eligible if len(eligible) * _MANY < pool.consumed else None
        pool = (yield from _pool(self, actor, self.pool, users)).state
        return Ids(seat_administration.candidates(actor, pool, directory))


@frozen(kw_only=True, field_transformer=checked)
class ListHolders(Query[Ids]):
    """The users who hold a license of *pool*, or whose release awaits confirmation; refuses as `ReadPool` does."""

    actor: UserId
    pool: Id
    holding: Holding = Holding.HELD

    def steps(self, now: datetime) -> UseCase[Ids]:
        """See whether the actor may look, and load all holdings."""
        actor, directory = yield from _setting(self, self.actor)
        pool = (yield from _pool(self, actor, self.pool, frozenset())).state
        visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
        pool = (yield from _pool(self, actor, self.pool, None)).state
        return Ids(seat_administration.holders(actor, pool, self.holding, directory))
