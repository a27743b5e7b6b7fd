"""Plays stories by the pure functions, with the states in memory."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import reduce
from typing import Any, NoReturn

from licensing_core import enrollments, license_cycle, orders, seat_administration, visibility
from licensing_core.billing import Quote
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Content, Directory, Permission, Scope
from licensing_core.enrollments import Access, Enrolled, Enrollment, Enrollments, LivePool, NotEnrolled, Roster
from licensing_core.license_cycle import (
    AccountEvent,
    CycleClosed,
    LicenseAccount,
    LicensedUser,
    LicenseRow,
    LicensesOrdered,
    OrderPaid,
)
from licensing_core.orders import Purchase
from licensing_core.payments import PaymentOutcome
from licensing_core.plans import Offer
from licensing_core.pools import AnyPool
from licensing_core.protocols import AggregateExists
from licensing_core.seat_administration import Row
from licensing_core.services import (
    CycleClosing,
    LicenseChanged,
    LicensesBought,
    LicensesGiven,
    LicensesTaken,
    PlanBought,
    UsersPlaced,
)
from licensing_core.visibility import PageMode, PlanNotVisible, PoolNotVisible, PurchaseBySuperadmin
from tests.spec.clients import PureClients
from tests.spec.customers import PureCustomers
from tests.spec.drivers import ACCOUNT, TENANT, Driver, no_account
from tests.spec.world import OPERATOR, World


@contextmanager
def by_pure_functions(world: World) -> Iterator[Driver]:
    """A driver that calls the pure functions."""
    yield PureDriver(world)


class PureDriver:
    """The pure functions, which take the states that are kept here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._pools: dict[str, AnyPool] = {}
        self._enrollments = Enrollments()
        self._account: LicenseAccount | None = None
        self._orders = 0
        self.customers = PureCustomers(world)
        self.clients = PureClients(world)
        if (form := world.account) is not None:
            self._account = license_cycle.open_account(
                ACCOUNT,
                cycle=form.cycle,
                types=form.types,
                totals=form.totals,
                by=Actor(OPERATOR),
                now=world.now,
            ).state

    @property
    def _directory(self) -> Directory:
        return self.world.directory(TENANT)

    def _actor(self, actor: str) -> Actor:
        return self.world.actor(TENANT, actor)

    def _offer(self, actor: Actor, plan: str) -> Offer:
        offer = self.world.offer(TENANT, plan)
        if offer is None:
            raise PurchaseBySuperadmin() if actor.is_superadmin else PlanNotVisible(plan=plan)
        return offer

    def _pool(self, actor: Actor, pool: str) -> AnyPool:
        if pool not in self._pools:
            raise seat_administration.unknown_pool(actor, pool)
        return self._pools[pool]

    def _live(self, pool: AnyPool) -> LivePool:
        offer = None if pool.terms is None else self.world.offer(TENANT, pool.terms.plan)
        platform = self.world.platform(TENANT)
        if offer is None:
            return LivePool(pool, None, platform)
        return LivePool(pool, offer.package, offer.plan.settings.over(platform))

    def _roster(self, pool: AnyPool) -> Roster:
        return Roster(pool=pool, enrollments=self._enrollments)

    def _keep(self, roster: Roster) -> None:
        self._pools[roster.pool.id], self._enrollments = roster.pool, roster.enrollments

    def plans(self, actor: str | None) -> Sequence[str]:
        offers, directory = self.world.offers(TENANT), self._directory
        if actor is None:
            return visibility.public_plans(offers, directory)
        return visibility.plans_for(self._actor(actor), offers, directory)

    def beneficiaries(self, actor: str, plan: str) -> Sequence[Scope]:
        who = self._actor(actor)
        return visibility.beneficiaries(who, self._offer(who, plan), self._directory)

    def purchase(self, actor: str, plan: str, pool: str, beneficiary: Scope | None) -> PlanBought:
        who = self._actor(actor)
        return self._open(
            orders.purchase(
                who,
                self._offer(who, plan),
                beneficiary,
                directory=self._directory,
                pool_id=pool,
                zone=self.world.zone(TENANT),
                now=self.world.now,
            )
        )

    def record(self, actor: str, plan: str, pool: str, beneficiary: Scope | None) -> PlanBought:
        who = self._actor(actor)
        offer = self.world.offer(TENANT, plan)
        if offer is None:
            who.require(Permission.TRANSACTIONS_CREATE)
            raise PlanNotVisible(plan=plan)
        return self._open(
            orders.record_transaction(
                who,
                offer,
                beneficiary,
                directory=self._directory,
                pool_id=pool,
                zone=self.world.zone(TENANT),
                now=self.world.now,
            )
        )

    def _open(self, decision: Decision[Purchase, Any]) -> PlanBought:
        bought = decision.state
        if bought.pool.id in self._pools:
            raise AggregateExists(aggregate=bought.pool.id)
        self._pools[bought.pool.id] = bought.pool
        return PlanBought(row=seat_administration.row_of(bought.pool), quote=bought.quote)

    def pools(self, actor: str) -> Sequence[str]:
        return visibility.managed(self._actor(actor), self._pools.values(), self._directory)

    def row(self, actor: str, pool: str) -> Row:
        who = self._actor(actor)
        return seat_administration.row(who, self._pool(who, pool), self._directory)

    def candidates(self, actor: str, pool: str) -> Sequence[str]:
        who = self._actor(actor)
        return seat_administration.candidates(who, self._pool(who, pool), self._directory)

    def assign(self, actor: str, pool: str, users: Sequence[str]) -> LicensesGiven:
        who = self._actor(actor)
        before = self._pool(who, pool)
        given = seat_administration.assign(
            who,
            before,
            users,
            directory=self._directory,
            switches=self._live(before).switches,
            now=self.world.now,
        ).state
        self._pools[pool] = given.pool
        return LicensesGiven(
            row=seat_administration.row_of(given.pool), added=given.added, passed_over=given.passed_over
        )

    def unassign(self, actor: str, pool: str, users: Sequence[str]) -> LicensesTaken:
        who = self._actor(actor)
        before = self._pool(who, pool)
        decision = seat_administration.unassign(
            who,
            before,
            users,
            enrollments=self._enrollments,
            directory=self._directory,
            switches=self._live(before).switches,
            now=self.world.now,
        )
        taken = decision.state
        self._keep(reduce(enrollments.apply, decision.events, self._roster(before)))
        return LicensesTaken(
            row=seat_administration.row_of(taken.pool),
            released=taken.released,
            awaiting=taken.awaiting,
            passed_over=taken.passed_over,
            locked=len(taken.locked),
        )

    def enroll(
        self,
        actor: str,
        pool: str,
        users: Sequence[str],
        contents: Sequence[Content],
        level: str | None,
        until: datetime | None,
    ) -> UsersPlaced:
        who = self._actor(actor)
        live = self._live(self._pool(who, pool))
        decision = seat_administration.enroll(
            who,
            self._roster(live.pool),
            users,
            contents,
            package=live.package,
            courses=self.world.learning_plans,
            directory=self._directory,
            switches=live.switches,
            now=self.world.now,
            level=level,
            until=until,
        )
        return self._placed(decision.state)

    def _placed(self, placed: Enrolled) -> UsersPlaced:
        self._keep(placed.roster)
        row = seat_administration.row_of(placed.roster.pool)
        return UsersPlaced(row=row, enrolled=placed.enrolled, skipped=placed.skipped)

    def self_enroll(self, actor: str, content: Content) -> UsersPlaced:
        decision = enrollments.self_enroll(
            self._actor(actor),
            content,
            pools=[self._live(pool) for pool in self._pools.values()],
            enrollments=self._enrollments,
            courses=self.world.learning_plans,
            now=self.world.now,
        )
        return self._placed(decision.state)

    def unenroll(self, actor: str, pool: str, user: str, content: Content) -> Row:
        who = self._actor(actor)
        before = self._pool(who, pool)
        decision = seat_administration.unenroll(
            who,
            self._roster(before),
            user,
            content,
            directory=self._directory,
            switches=self._live(before).switches,
            now=self.world.now,
        )
        self._keep(decision.state)
        return seat_administration.row_of(decision.state.pool)

    def _place(self, who: Actor, user: str, content: Content) -> tuple[Actor, Roster]:
        pool = self.enrollment(user, content).pool
        if pool is None:
            raise NotEnrolled(content=content)
        return who, self._roster(self._pools[pool])

    def confirm_enrollment(self, actor: str, user: str, content: Content) -> Enrollment:
        self._actor(actor).require(Permission.ENROLLMENTS_ACTIVATE)
        who, roster = self._place(self._actor(actor), user, content)
        decision = seat_administration.confirm_enrollment(
            who, roster, user, content, directory=self._directory, now=self.world.now
        )
        self._keep(decision.state)
        return self.enrollment(user, content)

    def readmit(self, actor: str, user: str, content: Content, until: datetime) -> Enrollment:
        visibility.can_edit_enrollment(self._actor(actor), content).require()
        who, roster = self._place(self._actor(actor), user, content)
        decision = seat_administration.readmit(
            who, roster, user, content, until, directory=self._directory, now=self.world.now
        )
        self._keep(decision.state)
        return self.enrollment(user, content)

    def enrollment(self, user: str, content: Content) -> Enrollment:
        found = self._enrollments.of(user).get(content)
        if found is None:
            raise NotEnrolled(content=content)
        return found

    def access(self, user: str, content: Content) -> Access:
        pools = [self._live(pool) for pool in self._pools.values()]
        return enrollments.access(user, content, pools=pools, enrollments=self._enrollments, now=self.world.now)

    def renew(self, actor: str, pool: str) -> PlanBought:
        who = self._actor(actor)
        if pool not in self._pools:
            who.require(Permission.SUBSCRIPTIONS_RENEW)
            raise PoolNotVisible(pool=pool) if who.is_superadmin else orders.RenewalNotOwner(pool=pool)
        renewed = orders.renew(who, self._pools[pool], zone=self.world.zone(TENANT), now=self.world.now).state
        self._pools[pool] = renewed.pool
        return PlanBought(row=seat_administration.row_of(renewed.pool), quote=renewed.quote)

    def enrollment_page(self, actor: str, content: Content) -> PageMode:
        return visibility.enrollment_page(self._actor(actor), content)

    @property
    def _licenses(self) -> LicenseAccount:
        if self._account is None:
            raise no_account()
        return self._account

    def license_table(self) -> Mapping[str, LicenseRow]:
        return license_cycle.license_table(self._licenses)

    def quotes(self, wanted: Mapping[str, int]) -> Sequence[Quote]:
        return license_cycle.quotes(self._licenses, wanted, now=self.world.now)

    def buy(self, wanted: Mapping[str, int], payment: PaymentOutcome) -> LicensesBought:
        self._orders += 1
        decision = license_cycle.buy(
            self._licenses,
            wanted,
            order_id=f"order-{self._orders}",
            payment=payment,
            by=Actor(OPERATOR),
            now=self.world.now,
        )
        order = next(event.order for event in decision.events if isinstance(event, LicensesOrdered))
        return self._bought(decision, order.quotes)

    def settle(self) -> LicensesBought:
        waiting = self._licenses.orders
        decision = license_cycle.settle(self._licenses, by=Actor(OPERATOR), now=self.world.now)
        paid = {event.order for event in decision.events if isinstance(event, OrderPaid)}
        return self._bought(decision, next(order.quotes for order in waiting if order.id in paid))

    def _bought(self, decision: Decision[LicenseAccount, AccountEvent], quotes: tuple[Quote, ...]) -> LicensesBought:
        self._account = decision.state
        invoice = next((event.invoice for event in decision.events if isinstance(event, OrderPaid)), None)
        return LicensesBought(quotes=quotes, invoice=invoice, rows=self.license_table())

    def grant(self, user: str, license_type: str) -> LicenseChanged:
        who = self._actor(OPERATOR)
        decision = license_cycle.grant(self._licenses, user, license_type, by=who, now=self.world.now)
        return self._changed(decision, user)

    def revoke(self, user: str, license_type: str) -> LicenseChanged:
        who = self._actor(OPERATOR)
        decision = license_cycle.revoke(self._licenses, user, license_type, by=who, now=self.world.now)
        return self._changed(decision, user)

    def _changed(self, decision: Decision[LicenseAccount, AccountEvent], user: str) -> LicenseChanged:
        self._account = decision.state
        return LicenseChanged(rows=self.license_table(), user=self.licensed_user(user))

    def licensed_user(self, user: str) -> LicensedUser:
        return license_cycle.licensed_user(self._licenses, user)

    def refund(self) -> NoReturn:
        license_cycle.refund(self._licenses)

    def close_cycle(self) -> CycleClosing:
        decision = license_cycle.close_cycle(self._licenses, by=Actor(OPERATOR), now=self.world.now)
        closed = next(event for event in decision.events if isinstance(event, CycleClosed))
        self._account = decision.state
        return CycleClosing(removed=closed.removed, kept=closed.kept, bills=closed.bills, period=closed.period)
