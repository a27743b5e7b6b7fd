"""What library and oracle are both asked, and the oracle's answers: the naive reading of the rules."""

from collections.abc import Callable, Iterable
from typing import Protocol

from tests import naive_visibility as naive
from tests.naive_visibility import Answer
from tests.naive_world import World

Answers = dict[str, Answer]


class Side(Protocol):
    """What library and oracle are both asked; the answers by the name of the question."""

    def about_lists(self, actor: str) -> Answers:
        """Which plans and pools are listed to *actor*."""
        ...

    def about_public(self, plan: str) -> Answers:
        """Whether somebody unknown may buy *plan*."""
        ...

    def about_plan(self, actor: str, plan: str) -> Answers:
        """Whether *actor* sees *plan*, and for whom it may be bought."""
        ...

    def about_purchase(self, actor: str, plan: str, beneficiary: str | None) -> Answers:
        """Whether *actor* may buy and record *plan* for *beneficiary*."""
        ...

    def about_cart(self, actor: str, lines: list[tuple[str, str | None]], recipient: str | None) -> Answers:
        """Which *lines* of a cart *actor* may buy."""
        ...

    def about_pool(self, actor: str, pool: str) -> Answers:
        """What *actor* may do with *pool*, and with whom."""
        ...

    def about_command(self, actor: str, pool: str, users: list[str], contents: list[str]) -> Answers:
        """Whether *actor* may assign licenses of *pool* to *users*, and enroll them in *contents*."""
        ...

    def about_enrollment(self, actor: str, pool: str, user: str, content: str) -> Answers:
        """What *actor* may do with the enrollment of *user* in *content* through *pool*."""
        ...

    def about_entry(self, user: str, content: str) -> Answers:
        """What *user* may do with *content*."""
        ...

    def about_page(self, actor: str, content: str) -> Answers:
        """How the page with the enrollments of *content* opens for *actor*."""
        ...


class Oracle:
    """The naive reading of the rules."""

    def __init__(self, world: World) -> None:
        self.world = world

    def about_lists(self, actor: str) -> Answers:
        allowed = naive.may_list_pools(self.world, actor)
        pools = lambda: naive.pools_listed(self.world, actor)  # noqa: E731
        return {
            "plans page": {"code": "ok", "listed": sorted(naive.plans_page(self.world, actor))},
            "public catalog": {"code": "ok", "listed": sorted(naive.public_catalog(self.world))},
            "pools": _listed_if(allowed, pools),
        }

    def about_public(self, plan: str) -> Answers:
        return {"public": naive.may_buy_publicly(self.world, None, plan)}

    def about_plan(self, actor: str, plan: str) -> Answers:
        seen = naive.may_see(self.world, actor, plan)
        offered = lambda: naive.beneficiaries_offered(self.world, actor, plan)  # noqa: E731
        return {
            "see": seen,
            "public": naive.may_buy_publicly(self.world, actor, plan),
            "beneficiaries": _listed_if(seen, offered),
        }

    def about_purchase(self, actor: str, plan: str, beneficiary: str | None) -> Answers:
        return {
            "buy": naive.may_buy(self.world, actor, plan, beneficiary),
            "record": naive.may_record(self.world, actor, plan, beneficiary),
        }

    def about_cart(self, actor: str, lines: list[tuple[str, str | None]], recipient: str | None) -> Answers:
        return {
            "check out": naive.may_check_out(self.world, actor, lines, recipient),
            **{f"line {n}": naive.may_buy(self.world, actor, *line) for n, line in enumerate(lines)},
        }

    def about_pool(self, actor: str, pool: str) -> Answers:
        world, handled = self.world, naive.may_handle_licenses(self.world, actor, pool)
        managed = naive.may_manage(world, actor, world.pools[pool]["beneficiary"])
        package = world.pools[pool]["package"]
        return {
            "covering": {
                "code": "ok",
                "listed": sorted(naive.covering(world, actor, world.pools[pool]["beneficiary"])),
            },
            "manage": managed,
            "row": _listed_if(managed, lambda: [pool]),
            "renew": naive.may_renew(world, actor, pool),
            "candidates": _listed_if(managed, lambda: naive.candidates_to_assign(world, pool)),
            "to unassign": _listed_if(handled, lambda: naive.candidates_to_unassign(world, actor, pool)),
            "to confirm": _listed_if(
                naive.may_confirm_release(world, actor, pool), lambda: world.pools[pool]["awaiting"]
            ),
            "enrollable": {"code": "ok", "listed": sorted(naive.contents_offered(world, actor, package))},
        }

    def about_command(self, actor: str, pool: str, users: list[str], contents: list[str]) -> Answers:
        return {
            "assign": naive.may_assign(self.world, actor, pool, users),
            "unassign": naive.may_handle_licenses(self.world, actor, pool),
            "confirm": naive.may_confirm_release(self.world, actor, pool),
            "enroll": naive.may_enroll(self.world, actor, pool, users, contents),
            "content": naive.may_enroll_in(self.world, actor, self.world.pools[pool]["package"], contents),
        }

    def about_enrollment(self, actor: str, pool: str, user: str, content: str) -> Answers:
        world, place = self.world, (pool, user, content)
        near = naive.in_reach(world, actor, user, world.pools[pool]["beneficiary"])
        return {
            "confirm": naive.may_touch(world, actor, "enrollments.activate", *place),
            "reject": naive.may_reject(world, actor, *place),
            "readmit": naive.may_readmit(world, actor, *place),
            "unenroll": naive.may_unenroll(world, actor, *place),
            "reach": {"listed": ["pool"] * near + ["user"] * naive.in_reach(world, actor, user, None)},
        }

    def about_entry(self, user: str, content: str) -> Answers:
        return {
            "access": naive.access(self.world, user, content),
            "self-enroll": naive.may_self_enroll(self.world, user, content),
        }

    def about_page(self, actor: str, content: str) -> Answers:
        mode = naive.page_mode(self.world, actor, content)
        return {"page": {"code": "permission.missing" if mode == "none" else "ok", "mode": mode}}


def _listed_if(allowed: Answer, things: Callable[[], Iterable[str]]) -> Answer:
    return {"code": "ok", "listed": sorted(things())} if naive.is_ok(allowed) else allowed
