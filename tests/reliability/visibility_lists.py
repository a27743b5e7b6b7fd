"""Every item of a list passes its check, and every item that passes is listed; `beneficiaries` lists fewer."""

from collections.abc import Callable, Iterable
from functools import partial

from licensing_core import seat_administration, visibility
from licensing_core.directory import EVERYONE, Scope, ScopeKind
from licensing_core.errors import LicensingError
from licensing_core.pools import LicensePool
from licensing_core.seat_administration import Task
from licensing_core.testing.law import require
from tests.reliability.visibility_drawn import ACTORS, CONTENTS, PEOPLE
from tests.reliability.visibility_library import Library
from tests.reliability.visibility_values import NOW, content_of, switches_of


def the_lists_are_filters(library: Library) -> None:
    """Compare each list with its check.

    Raises:
        LawBroken: They differ.
    """
    _public_catalog(library)
    _audiences(library)
    for actor in ACTORS:
        _plans(library, actor)
        _beneficiaries(library, actor)
        _pools(library, actor)
        for pool in library.pools:
            _candidates(library, actor, pool)
            _contents(library, actor, pool)


def _is_filter(name: str, listed: Iterable[object], things: Iterable[str], passes: Callable[[str], bool]) -> None:
    found, wanted = sorted(map(str, listed)), sorted(thing for thing in things if passes(thing))
    require(found == wanted, "a list is the filter of its check", list=name, listed=found, wanted=wanted)


def _or_nothing(things: Callable[[], Iterable[object]]) -> Iterable[object]:
    """The list, or nothing where it is refused as a whole."""
    try:
        return things()
    except LicensingError:
        return ()


def _public_catalog(library: Library) -> None:
    offers, directory = library.offers, library.directory
    for sold in (library.on_sale, offers.values()):
        _is_filter(
            "public_plans",
            visibility.public_plans(sold, directory),
            offers,
            lambda plan: bool(visibility.can_buy_publicly(None, offers[plan], directory)),
        )


def _audiences(library: Library) -> None:
    directory = library.directory
    for package in library.packages.values():
        _is_filter(
            f"audience_of {package.id}",
            visibility.audience_of(package, directory),
            directory.people,
            partial(visibility.in_audience, package=package, directory=directory),
        )


def _plans(library: Library, actor: str) -> None:
    who, offers, directory = library.actors[actor], library.offers, library.directory
    for sold in (library.on_sale, offers.values()):
        _is_filter(
            f"plans_for {actor}",
            visibility.plans_for(who, sold, directory),
            offers,
            lambda plan: bool(visibility.can_see_plan(who, offers[plan], directory)),
        )


def _beneficiaries(library: Library, actor: str) -> None:
    who, directory = library.actors[actor], library.directory
    for plan, offer in library.offers.items():
        for scope in _or_nothing(partial(visibility.beneficiaries, who, offer, directory)):
            bought = library.about_purchase(actor, plan, str(scope))["buy"]
            require(bought == {"code": "ok"}, "who is offered may be named", actor=actor, plan=plan, scope=str(scope))


def _pools(library: Library, actor: str) -> None:
    who, pools, directory = library.actors[actor], library.pools, library.directory
    _is_filter(
        f"managed by {actor}",
        _or_nothing(lambda: visibility.managed(who, pools.values(), directory)),
        pools,
        lambda pool: bool(visibility.can_manage(who, pools[pool].beneficiary, pool, directory)),
    )


def _candidates(library: Library, actor: str, pool: str) -> None:
    who, it, directory = library.actors[actor], library.pools[pool], library.directory
    checks = {Task.ASSIGN: _may_be_given, Task.UNASSIGN: _would_lose, Task.CONFIRM: _would_be_confirmed}
    for task, check in checks.items():
        _is_filter(
            f"candidates of {pool} for {actor} to {task}",
            _or_nothing(partial(seat_administration.candidates, who, it, directory, task)),
            _asked_about(library, it.beneficiary) if task is Task.ASSIGN else PEOPLE,
            partial(check, library, actor, pool),
        )


def _asked_about(library: Library, beneficiary: Scope) -> set[str]:
    """Of everyone only those are listed whom the directory knows."""
    named = {str(beneficiary.id)} if beneficiary.kind is ScopeKind.USER else set()
    strangers = set() if beneficiary == EVERYONE else {*PEOPLE}
    return {*library.directory.people, *named, *strangers}


def _may_be_given(library: Library, actor: str, pool: str, user: str) -> bool:
    """A license of *pool*, or a seat; that none is left does not matter."""
    it = library.pools[pool]
    if isinstance(it, LicensePool):
        given = library.assigning(actor, pool, [user]).code in ("ok", "pool.licenses_exhausted")
        return given and not it.holds(user)
    before_contents = ("permission.missing", "pool.not_visible", "pool.not_eligible")
    return library.enrolling(actor, pool, [user], [CONTENTS[0]]).code not in before_contents


def _would_lose(library: Library, actor: str, pool: str, user: str) -> bool:
    try:
        decision = seat_administration.unassign(
            library.actors[actor],
            library.pools[pool],
            [user],
            enrollments=library.enrollments,
            directory=library.directory,
            switches=switches_of(library.world, pool),
            now=NOW,
        )
    except LicensingError:
        return False
    return not decision.state.passed_over


def _would_be_confirmed(library: Library, actor: str, pool: str, user: str) -> bool:
    try:
        decision = seat_administration.confirm(
            library.actors[actor], library.pools[pool], [user], directory=library.directory, now=NOW
        )
    except LicensingError:
        return False
    return not decision.state.passed_over


def _contents(library: Library, actor: str, pool: str) -> None:
    who, package = library.actors[actor], library.packages[library.world.pools[pool]["package"]]
    _is_filter(
        f"enrollable by {actor} in {package.id}",
        visibility.enrollable(who, package),
        CONTENTS,
        lambda content: bool(visibility.can_enroll_in(who, package, [content_of(content)], pool)),
    )
