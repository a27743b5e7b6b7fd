"""Plays the steps about limits and credits, by pure functions and by services."""

from collections.abc import Callable, Mapping
from typing import Any

from licensing_core import credits as credit
from licensing_core import limits, services
from licensing_core.accounts import AccountSettings
from licensing_core.credits import CreditAccount, CreditOrder, Standing, UnknownOrder, UnknownPack
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.limits import Limits, Panel, PlacesRow, PlanFit, UnknownPlan, Usage, UsageRow
from licensing_core.plans import ServicePlan
from licensing_core.services import CreditsStanding, Licensing, OrderStanding
from tests.spec.form import NotUnderstood
from tests.spec.world import OPERATOR, World

_BY = Actor(OPERATOR)
TENANT = "spec"


class PureCustomers:
    """The pure functions, with the states in memory."""

    def __init__(self, world: World) -> None:
        self.world = world
        zone, now = world.zone(TENANT), world.now
        self._usage = {
            name: limits.open_usage(name, plan=form.plan, zone=zone, by=_BY, now=now).state
            for name, form in world.tenants.items()
        }
        self._credits = {name: credit.open_credits(name, zone=zone, by=_BY, now=now).state for name in world.tenants}
        self._ordered: dict[str, str] = {}

    def _of(self, customer: str) -> tuple[Usage, Limits]:
        if customer not in self._usage:
            raise NotUnderstood(f"unknown tenant {customer!r}")
        usage = self._usage[customer]
        plan = None if usage.plan is None else self.world.service_plan(TENANT, usage.plan)
        return usage, Limits() if plan is None else plan.limits

    def use(self, customer: str, limit: str, amount: int, within: str | None) -> UsageRow:
        return self._move(limits.use, customer, limit, amount, within)

    def release(self, customer: str, limit: str, amount: int, within: str | None) -> UsageRow:
        return self._move(limits.release, customer, limit, amount, within)

    def _move(
        self, move: Callable[..., Decision[Usage, Any]], customer: str, limit: str, amount: int, within: str | None
    ) -> UsageRow:
        usage, plan = self._of(customer)
        now = self.world.now
        after = move(usage, limit, amount, limits=plan, within=within, by=_BY, now=now).state
        self._usage[customer] = after
        return limits.row(after, limit, limits=plan, within=within, now=now)

    def usage(self, customer: str) -> Mapping[str, UsageRow | PlacesRow]:
        return limits.rows(*self._of(customer), self.world.now)

    def panel(self, actor: str, customer: str) -> Panel:
        usage, plan = self._of(customer)
        administrator = self.world.tenants[customer].admin if customer in self.world.tenants else None
        by = self.world.actor(TENANT, actor)
        return limits.panel(usage, plan, administrator=administrator, by=by, now=self.world.now)

    def _plan(self, plan: str) -> ServicePlan:
        found = self.world.service_plan(TENANT, plan)
        if found is None:
            raise UnknownPlan(plan=plan)
        return found

    def preview_plan(self, customer: str, plan: str) -> PlanFit:
        usage, _ = self._of(customer)
        return limits.preview_plan(usage, self._plan(plan).limits, now=self.world.now)

    def change_plan(self, customer: str, plan: str, *, accept_excess: bool) -> PlanFit:
        fit = self.preview_plan(customer, plan)
        decision = limits.change_plan(
            self._usage[customer],
            plan,
            limits=self._plan(plan).limits,
            accept_excess=accept_excess,
            by=_BY,
            now=self.world.now,
        )
        self._usage[customer] = decision.state
        return fit

    def order_pack(self, customer: str, pack: str, order: str) -> CreditOrder:
        found = self.world.credit_pack(TENANT, pack)
        if found is None:
            raise UnknownPack(pack=pack)
        self._keep(credit.order_pack(self._credits[customer], found, order, by=_BY, now=self.world.now))
        self._ordered[order] = customer
        return self._credits[customer].orders[order]

    def _keep(self, decision: Decision[CreditAccount, Any]) -> None:
        self._credits[decision.state.id] = decision.state

    def _account(self, order: str) -> CreditAccount:
        if order not in self._ordered:
            raise UnknownOrder(order=order)
        return self._credits[self._ordered[order]]

    def note_payment(self, order: str) -> CreditOrder:
        account, policy = self._account(order), self.world.activation(TENANT)
        self._keep(credit.note_payment(account, order, policy=policy, by=_BY, now=self.world.now))
        return self._account(order).orders[order]

    def activate(self, order: str) -> OrderStanding:
        self._keep(credit.activate(self._account(order), order, by=_BY, now=self.world.now))
        account = self._account(order)
        return OrderStanding(order=account.orders[order], standing=credit.standing(account, self.world.now))

    def spend(self, customer: str, amount: int) -> CreditsStanding:
        decision = credit.spend(self._credits[customer], amount, by=_BY, now=self.world.now)
        self._keep(decision)
        return CreditsStanding(standing=self.credits(customer), burned=decision.events[0].movements)

    def credits(self, customer: str) -> Standing:
        return credit.standing(self._credits[customer], self.world.now)


class ServedCustomers:
    """The services over a store; each step is a command under a key of its own."""

    def __init__(self, licensing: Licensing, world: World, sent: Callable[[str], dict[str, Any]]) -> None:
        self._run, self._keyed = licensing.run, sent
        self._names = tuple(world.tenants)
        self._ordered: dict[str, str] = {}
        for name, form in world.tenants.items():
            settings = AccountSettings(administrator=form.admin)
            self._run(
                services.AddCustomer(
                    **self._sent(),
                    customer=name,
                    name=name,
                    email=f"{name}@example.com",
                    plan=None,
                    settings=settings,
                )
            )
            self._run(services.OpenUsage(**self._sent(), customer=name, plan=form.plan))
            self._run(services.OpenCredits(**self._sent(), customer=name))

    def _sent(self) -> dict[str, Any]:
        return self._keyed(OPERATOR)

    def _known(self, customer: str) -> str:
        if customer not in self._names:
            raise NotUnderstood(f"unknown tenant {customer!r}")
        return customer

    def use(self, customer: str, limit: str, amount: int, within: str | None) -> UsageRow:
        known = self._known(customer)
        command = services.UseLimit(**self._sent(), customer=known, limit=limit, amount=amount, within=within)
        return self._run(command).row

    def release(self, customer: str, limit: str, amount: int, within: str | None) -> UsageRow:
        known = self._known(customer)
        command = services.ReleaseLimit(**self._sent(), customer=known, limit=limit, amount=amount, within=within)
        return self._run(command).row

    def usage(self, customer: str) -> Mapping[str, UsageRow | PlacesRow]:
        return self._run(services.ReadUsage(tenant=TENANT, actor=OPERATOR, customer=self._known(customer))).rows

    def panel(self, actor: str, customer: str) -> Panel:
        found = self._run(services.ReadPanel(tenant=TENANT, actor=actor, customer=customer)).usage
        if found is None:
            raise NotUnderstood(f"tenant {customer!r} has no usage")
        return found

    def preview_plan(self, customer: str, plan: str) -> PlanFit:
        return self._run(services.PreviewServicePlan(tenant=TENANT, actor=OPERATOR, customer=customer, plan=plan))

    def change_plan(self, customer: str, plan: str, *, accept_excess: bool) -> PlanFit:
        return self._run(
            services.ChangeServicePlan(**self._sent(), customer=customer, plan=plan, accept_excess=accept_excess)
        )

    def order_pack(self, customer: str, pack: str, order: str) -> CreditOrder:
        command = services.OrderPack(**self._sent(), customer=self._known(customer), pack=pack, order=order)
        answer = self._run(command)
        self._ordered[order] = customer
        return answer.order

    def _customer(self, order: str) -> str:
        return self._ordered.get(order, self._names[0])

    def note_payment(self, order: str) -> CreditOrder:
        return self._run(services.NotePackPayment(**self._sent(), customer=self._customer(order), order=order)).order

    def activate(self, order: str) -> OrderStanding:
        return self._run(services.ActivatePack(**self._sent(), customer=self._customer(order), order=order))

    def spend(self, customer: str, amount: int) -> CreditsStanding:
        return self._run(services.SpendCredits(**self._sent(), customer=self._known(customer), amount=amount))

    def credits(self, customer: str) -> Standing:
        found = services.ReadCredits(tenant=TENANT, actor=OPERATOR, customer=self._known(customer))
        return self._run(found).standing
