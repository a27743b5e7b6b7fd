"""What users write with commands, questions and refusals; read by the type checkers, never run."""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from typing import assert_type

from licensing_core import (
    Actor,
    Decision,
    Directory,
    LicenseAccount,
    LicensePool,
    LicensingError,
    Quote,
    Scope,
    SeatPool,
    Verdict,
    enrollments,
    license_cycle,
    orders,
    pools,
    seat_administration,
    visibility,
)
from licensing_core.directory import Content
from licensing_core.enrollments import Enrolled, Enrollment, EnrollmentConfirmed, Roster, UsersEnrolled
from licensing_core.errors import all_errors
from licensing_core.license_cycle import LicenseRow
from licensing_core.payments import PaymentOutcome
from licensing_core.plans import Offer, Package, Switches
from licensing_core.pools import LicensesAssigned, LicensesExhausted, PoolResized
from licensing_core.seat_administration import Assigned


def of_pools(pool: LicensePool, seats: SeatPool, root: Actor, now: datetime) -> None:
    decision = pools.assign(pool, ["ana"], eligible={"ana"}, switches=Switches(), by=root, now=now)
    assert_type(decision, Decision[LicensePool, LicensesAssigned])
    assert_type(decision.state, LicensePool)
    assert_type(decision.events, tuple[LicensesAssigned, ...])
    assert_type(reduce(pools.apply, decision.events, pool), LicensePool)
    assert_type(pools.resize(pool, 60, by=Actor("ana"), now=now), Decision[LicensePool, PoolResized])
    assert_type(pools.can_resize(pool, 60, by=Actor("ana"), now=now), Verdict)
    assert_type(pool.free, int)
    pools.assign(seats, ["ana"], eligible=["ana"], switches=Switches(), by=root, now=now)  # type: ignore[arg-type]
    pools.resize(pool, "60", by=Actor("ana"), now=now)  # type: ignore[arg-type]
    pools.can_resize(pool, 60, by=Actor("ana"))  # type: ignore[call-arg]
    pools.can_resize(pool, "60", by=Actor("ana"), now=now)  # type: ignore[arg-type]
    decision.state = pool  # type: ignore[misc]


def of_the_use_cases(actor: Actor, pool: LicensePool, directory: Directory, offer: Offer, now: datetime) -> None:
    given = seat_administration.assign(actor, pool, ["ana"], directory=directory, switches=Switches(), now=now)
    assert_type(given, Decision[Assigned, LicensesAssigned])
    assert_type(given.state.added, tuple[str, ...])
    bought = orders.purchase(actor, offer, Scope.tree("sales"), directory=directory, pool_id="p1", zone="UTC", now=now)
    assert_type(bought.state.pool, LicensePool | SeatPool)
    assert_type(bought.state.quote, Quote | None)
    verdict = visibility.can_see_plan(actor, offer, directory)
    assert_type(verdict.refusal, LicensingError | None)
    assert_type(bool(verdict), bool)
    orders.purchase(actor, offer, "branch:sales/**", directory=directory, pool_id="p1", zone="UTC", now=now)  # type: ignore[arg-type]


def of_enrollments(actor: Actor, roster: Roster, package: Package, now: datetime) -> None:
    fire = Content.course("fire")
    placed = enrollments.enroll(
        roster, ["ana"], [fire], package=package, eligible=["ana"], switches=Switches(), by=actor, now=now
    )
    assert_type(placed, Decision[Enrolled, UsersEnrolled])
    assert_type(placed.state.skipped, tuple[Enrollment, ...])
    assert_type(enrollments.confirm(roster, "ana", fire, by=actor, now=now), Decision[Roster, EnrollmentConfirmed])
    assert_type(enrollments.can_confirm(roster, "ana", fire, by=actor, now=now), Verdict)
    assert_type(roster.enrollments.of("ana"), Mapping[Content, Enrollment])
    seen = enrollments.access("ana", fire, pools=[], enrollments=roster.enrollments, now=now)
    assert_type(seen.entry, Verdict)
    enrollments.confirm(roster, "ana", "course:fire", by=actor, now=now)  # type: ignore[arg-type]


def of_accounts(account: LicenseAccount, now: datetime) -> None:
    quotes = license_cycle.quotes(account, {"base": 2}, now=now)
    assert_type(quotes, tuple[Quote, ...])
    bought = license_cycle.buy(
        account, {"base": 2}, order_id="o1", payment=PaymentOutcome.SUCCEEDED, by=Actor("ana"), now=now
    )
    assert_type(bought.state, LicenseAccount)
    assert_type(license_cycle.license_table(account), Mapping[str, LicenseRow])
    license_cycle.quotes(account, ["base"], now=now)  # type: ignore[arg-type]
    license_cycle.buy(account, {}, order_id="o1", payment="succeeded", by=Actor("ana"), now=now)  # type: ignore[arg-type]


def of_refusals(refusal: LicensingError) -> int:
    assert_type(refusal.code, str)
    assert_type(refusal.rules, tuple[str, ...])
    for kind in all_errors():
        assert_type(kind, type[LicensingError])
    if isinstance(refusal, LicensesExhausted):
        assert_type(refusal.shortfall, int)
        return refusal.shortfall
    LicensesExhausted("p1", 3, 1)  # type: ignore[call-arg]
    Verdict.refuse("no")  # type: ignore[arg-type]
    return 0
