"""What holds of the academy after every step (L1, L2, L7, I1 to I7, decision 10)."""

from collections.abc import Callable
from datetime import datetime

from licensing_core import enrollments, seat_administration, visibility
from licensing_core.errors import LicensingError
from licensing_core.pools import LicensePool, LicensesAssigned, LicensesUnassigned, PoolResized
from licensing_core.testing.law import require
from tests.machines import academy_library as library
from tests.machines.academy import CONTENT, LICENSES, SEATS, TEXT, USERS
from tests.machines.academy_library import State
from tests.machines.academy_plain_enrollments import access
from tests.machines.academy_twin import AcademyTwin, Snapshot

ONCE_ONLY = ("renew", "unenroll", "reject_enrollment", "self_enroll")
"""Commands that, done again, do more or are refused; all others change nothing."""


def _is(state: State, wanted: Snapshot, what: str, at: datetime) -> None:
    rows, them = wanted
    found = {pool: library.row(one) for pool, one in state.pools.items()}
    require(found == rows, f"{what}: the pools", at=at, wanted=rows, found=found)
    theirs = {(one.user, TEXT[one.content]): library.plain(one) for one in state.enrollments.values()}
    require(theirs == them, f"{what}: the enrollments", at=at, wanted=them, found=theirs)


def the_state_is_that_of_the_dicts(twin: AcademyTwin) -> None:
    _is(twin.state, twin.remembered[twin.plain.now], "the state is that of the dicts", twin.plain.now)


def consumed_is_held_and_awaiting_or_spent(twin: AcademyTwin) -> None:
    """L1, I2."""
    seats = dict.fromkeys(SEATS, 0)
    for one in twin.state.enrollments.values():
        if one.pool in seats and one.takes_a_seat:
            seats[one.pool] += 1
    for name, pool in twin.state.pools.items():
        if isinstance(pool, LicensePool):
            states = list(pool.holdings.values())
            counts = (states.count(library.HELD), states.count(library.AWAITING))
            require((pool.held, pool.awaiting) == counts, "those who hold and those who await it", pool=pool)
            require(pool.consumed == sum(counts), "consumed = held + awaiting", pool=pool, states=states)
        else:
            spent = twin.plain.pools[name].spent
            require(pool.held == seats[name], "held = enrollments through the pool", pool=pool, held=seats[name])
            require((pool.spent, pool.consumed) == (spent, pool.held + spent), "consumed = held + spent", pool=pool)


def free_and_overrun_are_what_is_left_and_too_much(twin: AcademyTwin) -> None:
    """L1."""
    for pool in twin.state.pools.values():
        left = pool.bought - pool.consumed
        require((pool.free, pool.overrun) == (max(0, left), max(0, -left)), "free and overrun", pool=pool)


def nothing_ends_above_an_enforced_limit(twin: AcademyTwin) -> None:
    """I1: what adds to the consumed ends at the ceiling at most."""
    if twin.last is None or not twin.last.events:
        return
    for name, pool in twin.state.pools.items():
        ceiling = twin.plain.ceiling(name)
        grown = pool.consumed > twin.last.before.pools[name].consumed
        require(not grown or ceiling is None or pool.consumed <= ceiling, "an enforced limit is kept", pool=pool)


def enforced_at_every_step_there_is_no_overrun(twin: AcademyTwin) -> None:
    """I1, L1."""
    for name in twin.never_off:
        pool = twin.state.pools[name]
        require(pool.overrun == 0, "enforced at every step there is no overrun", pool=pool)


def a_release_waits_for_a_superadmin(twin: AcademyTwin) -> None:
    """I3: a power user without refund leaves consumed as it was; a superadmin lowers it once."""
    if twin.last is None:
        return
    for event in twin.last.events:
        if not isinstance(event, LicensesUnassigned):
            continue
        before, after = twin.last.before.pools[event.pool], twin.state.pools[event.pool]
        waits = event.by != "root" and not twin.plain.switches[event.pool].refund
        given_back = 0 if waits else len(event.released)
        fell = before.consumed - after.consumed
        require(fell == given_back and not (waits and event.released), "a release waits", before=before, after=after)


def who_got_something_is_in_the_beneficiary(twin: AcademyTwin) -> None:
    """I4: when it is given; leaving the beneficiary takes nothing away (decision 4)."""
    for event in twin.last.events if twin.last is not None else ():
        pairs = set[tuple[str, str]]()
        if isinstance(event, LicensesAssigned):
            pairs = {(user, event.pool) for user in event.users}
        if isinstance(event, enrollments.UsersEnrolled) and event.pool in SEATS:
            pairs = {(one.user, event.pool) for one in event.enrollments}
        for user, pool in pairs:
            require(twin.plain.eligible(user, pool), "who gets it is in the beneficiary", user=user, pool=pool)


def there_is_one_license_and_one_enrollment_at_most(twin: AcademyTwin) -> None:
    """I5: of each user, in each pool and each content."""
    places = [(one.user, TEXT[one.content]) for one in twin.state.enrollments.values()]
    require(len(places) == len(set(places)), "one enrollment for each user and content", places=places)
    for name in LICENSES:
        pool = twin.state.pools[name]
        if isinstance(pool, LicensePool):
            holders = list(pool.holdings)
            require(len(holders) == len(set(holders)) == pool.consumed, "one license for each user", pool=pool)


def a_pool_is_seen_by_who_covers_its_beneficiary(twin: AcademyTwin) -> None:
    """I6: as soon as a resource covers it, and no longer."""
    pools, at = twin.state.pools, twin.at
    for by in ("pu", "px", "root"):
        wanted = [name for name in sorted(pools) if twin.plain.manages(by, name)]
        found = list(visibility.managed(at.actors[by], pools.values(), at.directory))
        require(found == wanted, "a pool is seen by who covers its beneficiary", by=by, wanted=wanted, found=found)
    name = sorted(pools)[twin.turn % len(pools)]
    wanted_code = "ok" if twin.plain.manages("pu", name) else "pool.not_visible"
    try:
        code, row = "ok", seat_administration.row(at.actors["pu"], pools[name], at.directory)
        require(row.consumed == pools[name].consumed, "a row shows its pool", row=row)
    except LicensingError as refusal:
        code = refusal.code
    require(code == wanted_code, "who covers it sees its row", pool=name, code=code)


def a_license_lost_ends_its_enrollments(twin: AcademyTwin) -> None:
    """I7: those made through it, at that instant at the latest, and no others."""
    if twin.last is None:
        return
    for event in twin.last.events:
        if isinstance(event, LicensesUnassigned):
            _ended(twin, event.pool, event.released | event.awaiting)
        if isinstance(event, PoolResized):
            _ended(twin, event.pool, event.dropped)


def _ended(twin: AcademyTwin, pool: str, lost: frozenset[str]) -> None:
    """Of those who *lost* a license of *pool*, what came through it is locked; nothing else was locked by that."""
    before = twin.last.before if twin.last is not None else twin.state
    source = before.pools[pool]
    holders = {user for user in lost if isinstance(source, LicensePool) and source.holds(user)}
    for user in USERS if lost else ():
        for content, one in twin.state.enrollments.of(user).items():
            if user in holders and one.pool == pool:
                ended = one.locked and one.until is not None and one.until <= twin.plain.now
                require(ended, "a license lost ends its enrollments", enrollment=one)
            elif one.locked:
                was = before.enrollments.of(user).get(content)
                require(was == one, "and no others", enrollment=one, was=was)


def a_command_done_again_changes_nothing(twin: AcademyTwin) -> None:
    """L2; a command that was refused is refused alike."""
    step = twin.last
    if step is None or step.name in ONCE_ONLY:
        return
    found, events = step.again(twin.state)
    require(events == (), "twice is once", step=step.name, arguments=step.arguments, again=found)
    same = step.decision is not None or found == step.found
    require(same, "refused again for the same reason", first=step.found, again=found)


def the_order_of_users_does_not_matter(twin: AcademyTwin) -> None:
    """L2; and a user named twice counts once."""
    step = twin.last
    if step is None or len(step.arguments.get("users", ())) < 2:
        return
    users = step.arguments["users"]
    found = step.again(step.before, users=[*reversed(users), users[0]])
    require(found == (step.found, step.events), "the order of users does not matter", step=step.name, found=found)


def the_events_replayed_are_the_state(twin: AcademyTwin) -> None:
    """L7, I12."""
    same = twin.replayed.pools == twin.state.pools and twin.replayed.enrollments == twin.state.enrollments
    require(same, "the events replayed are the state", state=twin.state, replayed=twin.replayed)


def the_past_can_be_read_back(twin: AcademyTwin) -> None:
    """L7: of the log, as of an earlier instant; a reader follows one instant with each step, from the opening on."""
    done, log = twin.read_back, list(twin.remembered)
    if done >= len(log) - 1:
        return
    instant, first = log[done], twin.past_events
    until = first
    while until < len(twin.events) and twin.events[until].at <= instant:
        until += 1
    twin.past = twin.past.after(twin.events[first:until])
    twin.read_back, twin.past_events = done + 1, until
    _is(twin.past, twin.remembered[instant], "the past can be read back", instant)


def who_may_open_what_is_as_the_rules_say(twin: AcademyTwin) -> None:
    """DOC-28, DOC-37, DOC-38, DOC-52, decision 10; of whom the step touched, and of one more."""
    pools = twin.at.live(twin.state)
    for user in sorted({*twin.touched, USERS[twin.turn % len(USERS)]}):
        for text, content in CONTENT.items():
            found = enrollments.access(
                user, content, pools=pools, enrollments=twin.state.enrollments, now=twin.plain.now
            )
            why = "ok" if found.entry.refusal is None else library.refused(found.entry.refusal)
            told, wanted = f"{found.subscribed} {found.can_enroll} {why}", access(twin.plain, user, text)
            require(told == wanted, "who may open what", user=user, content=text, wanted=wanted, found=told)
            require(found.can_enter == (why == "ok"), "may enter when there is no refusal", found=found)


INVARIANTS: tuple[Callable[[AcademyTwin], None], ...] = (
    the_state_is_that_of_the_dicts,
    consumed_is_held_and_awaiting_or_spent,
    free_and_overrun_are_what_is_left_and_too_much,
    nothing_ends_above_an_enforced_limit,
    enforced_at_every_step_there_is_no_overrun,
    a_release_waits_for_a_superadmin,
    who_got_something_is_in_the_beneficiary,
    there_is_one_license_and_one_enrollment_at_most,
    a_pool_is_seen_by_who_covers_its_beneficiary,
    a_license_lost_ends_its_enrollments,
    a_command_done_again_changes_nothing,
    the_order_of_users_does_not_matter,
    the_events_replayed_are_the_state,
    the_past_can_be_read_back,
    who_may_open_what_is_as_the_rules_say,
)
