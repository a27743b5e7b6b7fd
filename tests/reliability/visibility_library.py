"""The library asked about a world of the oracle, its answers in the words of the oracle."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypedDict

from licensing_core import enrollments, orders, plans, seat_administration, visibility
from licensing_core.decisions import Verdict
from licensing_core.directory import Content, Coverage, Directory, Scope
from licensing_core.enrollments import LivePool, Roster
from licensing_core.errors import LicensingError
from licensing_core.seat_administration import Task
from tests.naive_visibility import Answer
from tests.naive_world import World, is_content
from tests.reliability import visibility_values as values
from tests.reliability.visibility_oracle import Answers
from tests.reliability.visibility_values import NOW, content_of, scope_of, switches_of

FAR = NOW + timedelta(days=1000)


def told(error: LicensingError | None, *, named: bool = True) -> Answer:
    """`ok` or a refusal in the words of the oracle, with the details that the rules name."""
    if error is None:
        return {"code": "ok"}
    answer: Answer = {"code": error.code}
    for detail in ("users", "contents"):
        if hasattr(error, detail):
            answer[detail] = sorted(map(str, getattr(error, detail)))
    if hasattr(error, "shortfall"):
        answer["shortfall"] = error.shortfall
    if hasattr(error, "faults"):
        answer["faults"] = [f"{line} {code}" for line, code in error.faults]
    if hasattr(error, "permission") and named:
        answer["permission"] = str(error.permission)
    return answer


def listed(things: Callable[[], Iterable[object]]) -> Answer:
    """What a list holds, or how it was refused."""
    try:
        return {"code": "ok", "listed": sorted(map(str, things()))}
    except LicensingError as refusal:
        return told(refusal)


class At(TypedDict):
    """Where and when a purchase is made, and by what id."""

    directory: Directory
    zone: str
    now: datetime


class Library:
    """The library, given the same world as values of its own."""

    def __init__(self, world: World, coverage: Coverage = Coverage.STRUCTURE) -> None:
        plain = Directory.of(branches=world.branches, users=world.users, groups=world.groups)
        self.directory = Directory(plain.forest, plain.people, coverage)
        self.world = world
        self.at: At = {"directory": self.directory, "zone": "UTC", "now": NOW}
        names = {*world.roles, *world.users, *world.everybody(), "u6", "outsider"}
        self.actors = {name: values.actor_of(world, name) for name in names}
        self.packages = values.packages_of(world)
        self.offers = {
            name: values.offer_of(self.packages, name, plan["package"], plan["kind"])
            for name, plan in world.plans.items()
        }
        self.on_sale = plans.Offers.of(self.offers.values())
        self.pools = {name: values.pool_of(world, name) for name in world.pools}
        self.live = tuple(
            LivePool(pool, self.packages[world.pools[name]["package"]], switches_of(world, name))
            for name, pool in self.pools.items()
        )
        self.enrollments = values.enrollments_of(world)
        self.courses = {
            content_of(plan): tuple(map(content_of, courses)) for plan, courses in world.learning_plans.items()
        }

    def about_lists(self, actor: str) -> Answers:
        who, offers, pools = self.actors[actor], self.offers.values(), self.pools.values()
        return {
            "plans page": listed(lambda: visibility.plans_for(who, self.on_sale, self.directory)),
            "public catalog": listed(lambda: visibility.public_plans(offers, self.directory)),
            "pools": listed(lambda: visibility.managed(who, pools, self.directory)),
        }

    def about_public(self, plan: str) -> Answers:
        return {"public": told(visibility.can_buy_publicly(None, self.offers[plan], self.directory).refusal)}

    def about_plan(self, actor: str, plan: str) -> Answers:
        who, offer = self.actors[actor], self.offers[plan]
        return {
            "see": told(visibility.can_see_plan(who, offer, self.directory).refusal),
            "public": told(orders.can_purchase_publicly(who, offer, pool_id="p", **self.at).refusal),
            "beneficiaries": listed(lambda: visibility.beneficiaries(who, offer, self.directory)),
        }

    def about_purchase(self, actor: str, plan: str, beneficiary: str | None) -> Answers:
        who, offer = self.actors[actor], self.offers[plan]
        scope = None if beneficiary is None else scope_of(beneficiary)
        return {
            "buy": told(orders.can_purchase(who, offer, scope, pool_id="p", **self.at).refusal),
            "record": told(orders.can_record_transaction(who, offer, scope, pool_id="p", **self.at).refusal),
        }

    def about_cart(self, actor: str, lines: list[tuple[str, str | None]], recipient: str | None) -> Answers:
        scopes = [None if scope is None else scope_of(scope) for _plan, scope in lines]
        cart = orders.Cart(
            lines=tuple(
                orders.CartLine(plan=plan, pool=f"new-{n}", beneficiary=scopes[n]) for n, (plan, _) in enumerate(lines)
            ),
            recipient=recipient,
        )
        verdicts = orders.check_cart(self.actors[actor], cart, offers=self.offers, **self.at)
        checked_out = orders.can_check_out(self.actors[actor], cart, offers=self.offers, **self.at)
        return {
            "check out": told(checked_out.refusal),
            **{f"line {n}": told(verdict.refusal) for n, verdict in enumerate(verdicts)},
        }

    def about_pool(self, actor: str, pool: str) -> Answers:
        who, it, directory = self.actors[actor], self.pools[pool], self.directory
        package = self.packages[self.world.pools[pool]["package"]]

        def candidates(task: Task) -> Answer:
            return listed(lambda: seat_administration.candidates(who, it, directory, task))

        return {
            "covering": listed(lambda: self.covering(actor, it.beneficiary)),
            "manage": told(visibility.can_manage(who, it.beneficiary, pool, directory).refusal),
            "row": listed(lambda: [seat_administration.row(who, it, directory).code]),
            "renew": told(orders.can_renew(who, it, zone="UTC", now=NOW).refusal, named=False),
            "candidates": candidates(Task.ASSIGN),
            "to unassign": candidates(Task.UNASSIGN),
            "to confirm": candidates(Task.CONFIRM),
            "enrollable": listed(lambda: visibility.enrollable(who, package)),
        }

    def covering(self, actor: str, beneficiary: Scope) -> list[Scope]:
        mine = [scope_of(one) for one in self.world.resources.get(actor, ()) if not is_content(one)]
        return [one for one in set(mine) if self.directory.covers(one, beneficiary)]

    def about_command(self, actor: str, pool: str, users: list[str], contents: list[str]) -> Answers:
        package = self.packages[self.world.pools[pool]["package"]]
        things = list(map(content_of, contents))
        return {
            "assign": told(self.assigning(actor, pool, users).refusal),
            "unassign": told(self.unassigning(actor, pool, users).refusal),
            "confirm": told(self.confirming(actor, pool, users).refusal),
            "enroll": told(self.enrolling(actor, pool, users, contents).refusal),
            "content": told(visibility.can_enroll_in(self.actors[actor], package, things, pool).refusal),
        }

    def assigning(self, actor: str, pool: str, users: list[str]) -> Verdict:
        return seat_administration.can_assign(
            self.actors[actor],
            self.pools[pool],
            users,
            directory=self.directory,
            switches=switches_of(self.world, pool),
            now=NOW,
        )

    def unassigning(self, actor: str, pool: str, users: list[str]) -> Verdict:
        return seat_administration.can_unassign(
            self.actors[actor],
            self.pools[pool],
            users,
            enrollments=self.enrollments,
            directory=self.directory,
            switches=switches_of(self.world, pool),
            now=NOW,
        )

    def confirming(self, actor: str, pool: str, users: list[str]) -> Verdict:
        return seat_administration.can_confirm(
            self.actors[actor], self.pools[pool], users, directory=self.directory, now=NOW
        )

    def enrolling(self, actor: str, pool: str, users: list[str], contents: list[str]) -> Verdict:
        return seat_administration.can_enroll(
            self.actors[actor],
            Roster(pool=self.pools[pool], enrollments=self.enrollments),
            users,
            list(map(content_of, contents)),
            package=self.packages[self.world.pools[pool]["package"]],
            courses=self.courses,
            directory=self.directory,
            switches=switches_of(self.world, pool),
            now=NOW,
        )

    def about_enrollment(self, actor: str, pool: str, user: str, content: str) -> Answers:
        who, what, directory = self.actors[actor], content_of(content), self.directory
        roster = Roster(pool=self.pools[pool], enrollments=self.enrollments)
        place = (who, roster, user, what)
        confirmed = seat_administration.can_confirm_enrollment(*place, directory=directory, now=NOW)
        rejected = seat_administration.can_reject_enrollment(*place, directory=directory, now=NOW)
        readmitted = seat_administration.can_readmit(*place, FAR, directory=directory, now=NOW)
        left = seat_administration.can_unenroll(
            *place, directory=directory, switches=switches_of(self.world, pool), now=NOW
        )
        near = visibility.manages_enrollment(who, user, roster.pool.beneficiary, directory)
        nearest = visibility.manages_enrollment(who, user, None, directory)
        return {
            "confirm": told(confirmed.refusal),
            "reject": told(rejected.refusal),
            "readmit": told(readmitted.refusal),
            "unenroll": told(left.refusal),
            "reach": {"listed": ["pool"] * near + ["user"] * nearest},
        }

    def about_entry(self, user: str, content: str) -> Answers:
        what = content_of(content)
        found = enrollments.access(user, what, pools=self.live, enrollments=self.enrollments, now=NOW)
        answer: Answer = {
            "subscribed": found.subscribed,
            "can_enroll": found.can_enroll,
            "can_enter": found.can_enter,
            "why": found.entry.code,
        }
        return {"access": answer, "self-enroll": self.enrolling_oneself(user, what)}

    def enrolling_oneself(self, user: str, content: Content) -> Answer:
        try:
            decision = enrollments.self_enroll(
                self.actors[user],
                content,
                pools=self.live,
                enrollments=self.enrollments,
                courses=self.courses,
                now=NOW,
            )
        except LicensingError as refusal:
            return told(refusal)
        return {"code": "ok", "pool": decision.state.roster.pool.id}

    def about_page(self, actor: str, content: str) -> Answers:
        who, what = self.actors[actor], content_of(content)
        opened = visibility.can_open_enrollment_page(who, what)
        return {"page": {"code": opened.code, "mode": str(visibility.enrollment_page(who, what))}}
