"""The academy twice, as plain dicts and as the library has it, led through the same commands and compared."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs

from licensing_core.decisions import Decision, Event
from licensing_core.errors import LicensingError
from licensing_core.testing.law import require
from tests.machines import academy_library as library
from tests.machines import academy_plain_enrollments, academy_plain_pools
from tests.machines.academy import USERS
from tests.machines.academy_library import State, Surroundings
from tests.machines.academy_plain import Academy, Plain, PlainSwitches, Refused

Snapshot = tuple[dict[str, tuple[Any, ...]], dict[tuple[str, str], Plain]]
"""What is known of each pool, and all enrollments."""
PLAIN: dict[str, Callable[..., str]] = {
    name: getattr(academy_plain_pools, name, None) or getattr(academy_plain_enrollments, name)
    for name in library.COMMANDS
}


@attrs.frozen
class Step:
    """A command, with what it found and what it left."""

    name: str
    arguments: dict[str, Any]
    at: Surroundings
    before: State
    found: str
    decision: Decision[Any, Any] | None

    @property
    def events(self) -> tuple[Event, ...]:
        return () if self.decision is None else self.decision.events

    def again(self, state: State, **other: Any) -> tuple[str, tuple[Event, ...]]:
        """What the same command does to *state*, or one with *other* arguments."""
        found, decision = _tried(self.name, {**self.arguments, **other}, state, self.at)
        return found, () if decision is None else decision.events


def _tried(
    name: str, arguments: dict[str, Any], state: State, at: Surroundings
) -> tuple[str, Decision[Any, Any] | None]:
    try:
        return library.COMMANDS[name](state, at, **arguments)
    except LicensingError as refusal:
        return library.refused(refusal), None


class AcademyTwin:
    """Both academies, and what has happened to them."""

    def __init__(self, *, bought: dict[str, int], switches: dict[str, PlainSwitches]) -> None:
        self.plain = Academy.of(bought, switches)
        self.start = self.state = self.replayed = self.past = State.of(bought)
        self.at = Surroundings(self.plain)
        self.events, self.told, self.last = list[Event](), "", None
        self.remembered: dict[datetime, Snapshot] = {self.plain.now: self.snapshot()}
        self.read_back = self.past_events = self.turn = 0
        self.touched = set(USERS)
        self.never_off = set(bought)
        self._note_limits()

    last: Step | None
    """The command just done; `None` after a change of what surrounds it."""

    # What happens

    def change(self, name: str, *arguments: Any) -> None:
        """What surrounds the commands changes."""
        getattr(self.plain, name)(*arguments)
        self.at = Surroundings(self.plain)
        self.last, self.touched = None, set(USERS)
        self._note_limits()
        self.told = f"{name} {arguments}"
        self._remember()

    def _note_limits(self) -> None:
        for pool, switches in self.plain.switches.items():
            if not switches.enforce or switches.overage != "block":
                self.never_off.discard(pool)

    def do(self, name: str, **arguments: Any) -> None:
        """Both do a command; what the library does or refuses must be what the dicts expected."""
        try:
            expected = PLAIN[name](self.plain, **arguments)
        except Refused as refusal:
            expected = str(refusal)
        before = self.state
        found, decision = _tried(name, arguments, before, self.at)
        self.last = step = Step(name, arguments, self.at, before, found, decision)
        require(found == expected, "the library does what the rules say", step=name, expected=expected, found=found)
        self.events.extend(step.events)
        self.state = _left_by(step)
        self.replayed = self.replayed.after(step.events)
        self.touched = _users_of(arguments) if step.events else set()
        self.told = f"{name} {found} {[pool.consumed for pool in self.state.pools.values()]}"
        self._remember()

    def _remember(self) -> None:
        self.remembered[self.plain.now] = self.snapshot()
        self.turn += 1

    def snapshot(self) -> Snapshot:
        """The dicts as they are now."""
        return {pool: self.plain.row(pool) for pool in self.plain.pools}, dict(self.plain.enrollments)


def _left_by(step: Step) -> State:
    """The state that the decision of *step* itself gives: where it gives no enrollments, those of its events."""
    if step.decision is None:
        return step.before
    pools, them = library.parts_of(step.decision.state)
    if them is None:
        them = step.before.after(step.events).enrollments
    return State({**step.before.pools, **{pool.id: pool for pool in pools}}, them)


def _users_of(arguments: dict[str, Any]) -> set[str]:
    """Those whom a command names, or who did it themselves; all, when it names none."""
    named = {*arguments.get("users", ()), arguments.get("user"), arguments["by"]} & set(USERS)
    return named if "users" in arguments or "user" in arguments or "content" in arguments else set(USERS)
