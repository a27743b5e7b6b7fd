"""Who sees, buys, names, manages, enrolls and enters what, read word by word from the rules: the oracle of L9.

Everything is text and plain dicts, and nothing is imported from the library. Slow, and meant to be. An answer is a
dict: its `code` is `ok` or the first refusal, and beside a refusal stand the details that the rules name.
"""

from collections.abc import Iterable

from tests.naive_world import Pool, World, is_content

Answer = dict[str, object]


def ok() -> Answer:
    return {"code": "ok"}


def refused(code: str, **details: object) -> Answer:
    return {"code": code, **details}


def missing(permission: str) -> Answer:
    """A refusal for a missing permission names it (decision 12)."""
    return refused("permission.missing", permission=permission)


def is_ok(answer: Answer) -> bool:
    return answer["code"] == "ok"


# Buying: DOC-6 to DOC-18, DOC-54


def may_see(world: World, actor: str, plan: str) -> Answer:
    """The refusals of a purchase that have nothing to do with the beneficiary (DOC-6, DOC-7, DOC-9)."""
    if world.role(actor) == "superadmin":
        return refused("purchase.by_superadmin")
    if plan not in world.plans:
        return refused("purchase.not_visible")
    audience = world.packages[world.plans[plan]["package"]]["audience"]
    if not any(world.is_in(actor, scope) for scope in audience):
        return refused("purchase.not_visible")
    if world.role(actor) == "learner" and world.plans[plan]["kind"] != "single_license":
        return refused("purchase.kind_not_allowed")
    return ok()


def plans_page(world: World, actor: str) -> set[str]:
    """DOC-10."""
    return {plan for plan in world.plans if is_ok(may_see(world, actor, plan))}


def public_catalog(world: World) -> set[str]:
    """Single licenses visible to everybody: those offered to everyone, or to the tree of the only root (DOC-11)."""
    roots = [branch for branch, parent in world.branches.items() if parent is None]
    everybody = {"everyone", *(f"branch:{root}/**" for root in roots if len(roots) == 1)}
    singles = [plan for plan, terms in world.plans.items() if terms["kind"] == "single_license"]
    return {plan for plan in singles if everybody & set(world.packages[world.plans[plan]["package"]]["audience"])}


def may_buy_publicly(world: World, actor: str | None, plan: str) -> Answer:
    """Anyone for themselves, known or not, in no branch too (DOC-11); superadmins do not buy (DOC-7)."""
    if actor is not None and world.role(actor) == "superadmin":
        return refused("purchase.by_superadmin")
    return ok() if plan in public_catalog(world) else refused("purchase.not_visible")


def may_name(world: World, actor: str, plan: str, beneficiary: str) -> Answer:
    """DOC-12, DOC-14, DOC-15."""
    single = world.plans[plan]["kind"] == "single_license"
    if beneficiary == "everyone" or single is not beneficiary.startswith("user:"):
        return refused("purchase.beneficiary_kind")
    if beneficiary.startswith("group:") and not world.has(actor, "groups.view"):
        return missing("groups.view")
    return ok() if world.covered(actor, beneficiary) else refused("purchase.beneficiary_not_allowed")


def may_buy(world: World, actor: str, plan: str, beneficiary: str | None) -> Answer:
    """The refusals of `purchase`; whom a single license names not is its buyer."""
    seen = may_see(world, actor, plan)
    if not is_ok(seen):
        return seen
    single = world.plans[plan]["kind"] == "single_license"
    if beneficiary is None:
        return ok() if single else refused("purchase.beneficiary_required")
    if single and beneficiary == f"user:{actor}":
        return ok()
    return may_name(world, actor, plan, beneficiary)


def may_check_out(world: World, actor: str, lines: list[tuple[str, str | None]], recipient: str | None) -> Answer:
    """Each line by its own beneficiary (DOC-17); one recipient for the cart, whom the buyer may buy for (DOC-54)."""
    codes = [str(may_buy(world, actor, *line)["code"]) for line in lines]
    faults = [f"{number} {code}" for number, code in enumerate(codes, 1) if code != "ok"]
    if faults:
        return refused("cart.refused", faults=faults)
    mine = recipient is None or recipient == actor or world.covered(actor, f"user:{recipient}")
    return ok() if mine else refused("purchase.beneficiary_not_allowed")


def may_record(world: World, actor: str, plan: str, beneficiary: str | None) -> Answer:
    """The refusals of `record_transaction` (DOC-7, DOC-8)."""
    if not world.has(actor, "transactions.create"):
        return missing("transactions.create")
    if beneficiary is None:
        return refused("purchase.beneficiary_required")
    return may_name(world, actor, plan, beneficiary)


def beneficiaries_offered(world: World, actor: str, plan: str) -> set[str]:
    """What the operation `beneficiaries` lists, where `may_see()` is ok."""
    mine = world.resources.get(actor, []) if world.role(actor) == "power_user" else []
    if world.plans[plan]["kind"] == "single_license":
        named = {one.removeprefix("user:") for one in mine if one.startswith("user:")}
        return {f"user:{user}" for user in world.everybody() | named if world.covered(actor, f"user:{user}")} | {
            f"user:{actor}"
        }
    kinds = ("branch:", "group:") if world.has(actor, "groups.view") else ("branch:",)
    return {one for one in mine if one.startswith(kinds)}


def may_renew(world: World, actor: str, pool: str) -> Answer:
    """DOC-50."""
    if world.role(actor) == "learner":
        return refused("permission.missing")
    if world.role(actor) == "power_user" and world.pools[pool]["created_by"] != actor:
        return refused("renewal.not_owner")
    return refused("renewal.not_offered") if world.pools[pool]["renewal"] == "none" else ok()


# Seat administration: DOC-19 to DOC-23, DOC-29 to DOC-34


def may_manage(world: World, actor: str, beneficiary: str) -> Answer:
    """DOC-19 to DOC-22."""
    if not world.has(actor, "seats.manage"):
        return missing("seats.manage")
    return ok() if world.covered(actor, beneficiary) else refused("pool.not_visible")


def covering(world: World, actor: str, beneficiary: str) -> set[str]:
    """The resources through which a power user manages what was bought for *beneficiary*."""
    mine = [one for one in world.resources.get(actor, []) if not is_content(one)]
    return {one for one in mine if world.covers(one, beneficiary)}


def may_list_pools(world: World, actor: str) -> Answer:
    return ok() if world.has(actor, "seats.manage") else missing("seats.manage")


def pools_listed(world: World, actor: str) -> set[str]:
    return {name for name, pool in world.pools.items() if is_ok(may_manage(world, actor, pool["beneficiary"]))}


def may_handle_licenses(world: World, actor: str, pool: str) -> Answer:
    """The refusals of `unassign`, and the first ones of `assign` (DOC-33)."""
    managed = may_manage(world, actor, world.pools[pool]["beneficiary"])
    if is_ok(managed) and world.pools[pool]["type"] == "seats":
        return refused("pool.wrong_type")
    return managed


def may_confirm_release(world: World, actor: str, pool: str) -> Answer:
    """Only a superadmin confirms (DOC-35)."""
    handled = may_handle_licenses(world, actor, pool)
    if is_ok(handled) and world.role(actor) != "superadmin":
        return refused("pool.confirmation_not_allowed")
    return handled


def candidates_to_assign(world: World, pool: str) -> set[str]:
    """DOC-29, DOC-30; on a pool of seats everybody in the beneficiary."""
    return world.members(world.pools[pool]["beneficiary"]) - set(world.pools[pool]["holders"])


def candidates_to_unassign(world: World, actor: str, pool: str) -> set[str]:
    """DOC-34."""
    awaiting = world.pools[pool]["awaiting"] if world.role(actor) == "superadmin" else []
    return {*world.pools[pool]["holders"], *awaiting}


def may_assign(world: World, actor: str, pool: str, users: list[str]) -> Answer:
    """The refusals of `assign`; who awaits confirmation takes the same license back (decision 2)."""
    handled = may_handle_licenses(world, actor, pool)
    if not is_ok(handled):
        return handled
    it = world.pools[pool]
    outsiders = {user for user in users if user not in it["holders"] and not world.is_in(user, it["beneficiary"])}
    if outsiders:
        return refused("pool.not_eligible", users=sorted(outsiders))
    needed = len(set(users) - {*it["holders"], *it["awaiting"]})
    return exhausted(it, needed, "pool.licenses_exhausted")


def exhausted(pool: Pool, needed: int, code: str) -> Answer:
    shortfall = pool["assigned"] + needed - pool["total"]
    if pool["enforce_limit"] and needed > 0 and shortfall > 0:
        return refused(code, shortfall=shortfall)
    return ok()


# Enrolling: DOC-40 to DOC-49


def contents_offered(world: World, actor: str, package: str) -> set[str]:
    """A superadmin the whole package; a power user what is also among their own resources (DOC-43)."""
    if world.role(actor) == "superadmin":
        return world.contents_of(package)
    mine = world.resources.get(actor, []) if world.role(actor) == "power_user" else []
    return world.contents_of(package) & set(mine)


def may_enroll_in(world: World, actor: str, package: str, contents: Iterable[str]) -> Answer:
    elsewhere = set(contents) - world.contents_of(package)
    if elsewhere:
        return refused("content.not_in_package", contents=sorted(elsewhere))
    withheld = set(contents) - contents_offered(world, actor, package)
    return refused("content.not_assigned", contents=sorted(withheld)) if withheld else ok()


def may_enroll(world: World, actor: str, pool: str, users: list[str], contents: list[str]) -> Answer:
    """The refusals of `enroll`."""
    it = world.pools[pool]
    managed = may_manage(world, actor, it["beneficiary"])
    if not is_ok(managed):
        return managed
    if it["type"] == "licenses":
        outsiders = set(users) - set(it["holders"])
    else:
        outsiders = {user for user in users if not world.is_in(user, it["beneficiary"])}
    if outsiders:
        return refused("pool.not_eligible", users=sorted(outsiders))
    offered = may_enroll_in(world, actor, it["package"], contents)
    if not is_ok(offered) or it["type"] == "licenses":
        return offered
    return exhausted(it, len(new_courses(world, users, contents)), "pool.seats_exhausted")


def new_courses(world: World, users: Iterable[str], contents: Iterable[str]) -> set[tuple[str, str]]:
    """Each user with the courses newly enrolled; a learning plan brings its courses unless it is skipped itself."""
    pairs = set()
    for user in users:
        for content in contents:
            if world.enrollment(user, content) is None:
                pairs |= {(user, course) for course in world.learning_plans.get(content, [content])}
    return {(user, course) for user, course in pairs if world.enrollment(user, course) is None}


def page_mode(world: World, actor: str, content: str) -> str:
    """The operation `enrollment_page` (DOC-49)."""
    if world.role(actor) == "superadmin":
        return "edit"
    if content.startswith("course:"):
        return "read" if world.has(actor, "courses.view") and world.has(actor, "enrollments.view") else "none"
    return "edit" if world.has(actor, "learning_plans.view") and world.has(actor, "enrollments.manage") else "none"


def in_reach(world: World, actor: str, user: str, beneficiary: str | None) -> bool:
    """Who covers the user, or the beneficiary of the pool that the enrollment came through, may act on it."""
    through = beneficiary is not None and world.covered(actor, beneficiary)
    return through or world.covered(actor, f"user:{user}")


def may_touch(world: World, actor: str, permission: str, pool: str, user: str, content: str) -> Answer:
    """Confirming and readmitting through *pool*: unknown and invisible things are refused alike (decision 12)."""
    if not world.has(actor, permission):
        return missing(permission)
    return may_reach(world, actor, pool, user, content)


def may_readmit(world: World, actor: str, pool: str, user: str, content: str) -> Answer:
    """Whoever may edit enrollments; on a learning plan's editable page re-admission is allowed, too (DOC-49)."""
    on_its_page = content.startswith("learning_plan:") and page_mode(world, actor, content) == "edit"
    if not world.has(actor, "enrollments.edit") and not on_its_page:
        return missing("enrollments.edit")
    return may_reach(world, actor, pool, user, content)


def may_reach(world: World, actor: str, pool: str, user: str, content: str) -> Answer:
    found = world.enrollment(user, content)
    if found is None or found["pool"] != pool:
        return refused("enrollment.none")
    near = in_reach(world, actor, user, world.pools[pool]["beneficiary"])
    return ok() if near else refused("enrollment.none")


def may_reject(world: World, actor: str, pool: str, user: str, content: str) -> Answer:
    """Only what waits for confirmation is rejected (decision 1)."""
    touched = may_touch(world, actor, "enrollments.activate", pool, user, content)
    found = world.enrollment(user, content)
    if is_ok(touched) and found is not None and found["status"] != "to_confirm":
        return refused("enrollment.confirmed")
    return touched


def may_unenroll(world: World, actor: str, pool: str, user: str, content: str) -> Answer:
    managed = may_manage(world, actor, world.pools[pool]["beneficiary"])
    if not is_ok(managed):
        return managed
    found = world.enrollment(user, content)
    return ok() if found is not None and found["pool"] == pool else refused("enrollment.none")


# Access: DOC-28, DOC-37, DOC-38, DOC-52, decision 10


def licenses_covering(world: World, user: str, content: str) -> list[str]:
    """The pools of which *user* holds a license in force whose package lists *content*."""
    return [
        name
        for name, pool in world.pools.items()
        if pool["type"] == "licenses"
        and user in pool["holders"]
        and not world.passed(pool["expires_at"])
        and content in world.contents_of(pool["package"])
    ]


def is_subscribed(world: World, user: str, content: str) -> bool:
    """A license in force covers it: held, and the subscription has not expired."""
    return bool(licenses_covering(world, user, content))


def why(world: World, user: str, content: str) -> str:
    """`ok`, or the first reason for which *user* may not enter."""
    found = world.enrollment(user, content)
    if found is None:
        return "enrollment.none"
    if found["status"] == "to_confirm":
        return "enrollment.to_confirm"
    if found["locked"]:
        return "enrollment.locked"
    if found["since"] is not None and world.now < found["since"]:
        return "enrollment.not_started"
    if world.passed(found["until"]):
        return "enrollment.ended"
    if found["pool"] is None:
        return "ok"
    through = world.pools[found["pool"]]
    shut = world.passed(through["expires_at"]) and through["enforce_expiration"]
    return "subscription.expired" if shut and not is_subscribed(world, user, content) else "ok"


def access(world: World, user: str, content: str) -> Answer:
    subscribed, reason = is_subscribed(world, user, content), why(world, user, content)
    return {
        "subscribed": subscribed,
        "can_enroll": subscribed and world.enrollment(user, content) is None,
        "can_enter": reason == "ok",
        "why": reason,
    }


def may_self_enroll(world: World, user: str, content: str) -> Answer:
    """Through the license that expires last, of equals that of the first id."""
    covering = licenses_covering(world, user, content)
    if not covering:
        return refused("license.none")
    if world.enrollment(user, content) is not None:
        return refused("enrollment.exists")
    ends = {name: world.pools[name]["expires_at"] for name in covering}
    never = [name for name, end in ends.items() if end is None]
    latest = max((end for end in ends.values() if end is not None), default=None)
    return {"code": "ok", "pool": min(never or [name for name, end in ends.items() if end == latest])}
