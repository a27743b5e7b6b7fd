"""Moving holders from one pool to another, so that nobody is without a license in between."""

from collections.abc import Collection
from datetime import datetime

from attrs import evolve, frozen

from licensing_core.checks import InvalidArgument, UserId, Value, bulk, checked
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor
from licensing_core.holdings import Holding
from licensing_core.plans import Switches
from licensing_core.pools.events import LicensesAssigned, LicensesUnassigned
from licensing_core.pools.licenses import assign, unassign
from licensing_core.pools.values import LicensePool


@frozen(kw_only=True, field_transformer=checked)
class Transfer(Value):
    """Both pools after a transfer."""

    source: LicensePool
    target: LicensePool


def transfer(
    source: LicensePool,
    target: LicensePool,
    users: Collection[UserId],
    *,
    eligible: Collection[UserId],
    source_switches: Switches,
    target_switches: Switches,
    by: Actor,
    now: datetime,
) -> Decision[Transfer, LicensesUnassigned | LicensesAssigned]:
    """Move each of *users* who holds a license of *source* to one of *target*, or none of them.

    It is assigning from *target* and unassigning from *source* in one step: with refund off and a power user acting,
    the license that is left behind awaits confirmation. Who holds none of *source*, or one of *target* already, is
    passed over. To try it out, make the decision and let it go.

    Args:
        eligible: Which of *users* belong to the beneficiary of *target*.

    Returns:
        Both pools, and an event of each pool, or none at all.

    Raises:
        InvalidArgument: The two are the same pool.
        HoldingsNotLoaded: The holdings of one of *users* were not loaded, in one of the pools.
        NotEligible, LicensesExhausted: As `assign()` from *target* refuses.
        RevocationsExhausted: As `unassign()` from *source* refuses.

    Source: WAL-12, DOC-29 to DOC-36.
    """
    if source.id == target.id:
        raise InvalidArgument(parameter="target", expected="another pool than the source", got="the same")
    wanted = bulk("users", users)
    source.holdings.require(wanted)
    target.holdings.require(wanted)
    moving = [user for user in wanted if source.holds(user) and target.holdings.get(user) is not Holding.HELD]
    given = assign(target, moving, eligible=eligible, switches=target_switches, by=by, now=now)
    taken = unassign(source, moving, switches=source_switches, by=by, now=now)
    out = [evolve(event, moved_to=target.id) for event in taken.events]
    into = [evolve(event, moved_from=source.id) for event in given.events]
    return Decision(Transfer(source=taken.state, target=given.state), (*out, *into))


can_transfer = twin(transfer, "WAL-12")
