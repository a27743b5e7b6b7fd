"""More users than one command takes: a plan of commands, which is previewed and then run one by one."""

from typing import Generic, TypeVar

from attrs import evolve, frozen

from licensing_core.checks import (
    MAX_BULK,
    MAX_COUNT,
    Id,
    InvalidArgument,
    Value,
    as_id,
    bulk,
    checked,
    instance,
    shown,
    whole,
)
from licensing_core.services.engine import Command

A = TypeVar("A", bound=Value)
_as_command = instance(Command)


@frozen(field_transformer=checked)
class CommandPlan(Value, Generic[A]):
    """Commands of one kind that do together what one would do, were it not too large.

    Each is all or nothing by itself, and is made once for its key, so that a plan that was interrupted is run again
    from its beginning. Preview it first: `Licensing.preview(*plan.commands)` carries out all of them in one unit of
    work that is undone, and refuses when there is not enough for the last of them.
    """

    commands: tuple[Command[A], ...]


def split(command: Command[A], *, most: int | None = None) -> CommandPlan[A]:
    """A plan that does what *command* asks, with so many of its users in each command as one takes, or *most*.

    The users are taken in the order of their ids; the key of each command is that of *command* with its number.

    Args:
        command: A command that has `users`, or `ResizePool` with those to drop; any number of them.
        most: 1 to 10,000. By itself it is what *command* takes, which for `EnrollUsers` follows its contents; give less
            where learning plans bring more courses than that leaves room for.

    Raises:
        InvalidArgument: *command* is none, or has no users to split.
        InvalidId: One of the users is no id, or the key is too long to take a number (of up to 6 digits).
        InvalidQuantity: *most* is out of bounds.
    """
    users = _as_command("command", command).named
    if users is None:
        raise InvalidArgument(parameter="command", expected="a command with users", got=shown(command))
    size = whole(1, MAX_BULK)("most", command.most_users if most is None else most)
    ordered = sorted(bulk("users", users, most=MAX_COUNT))
    starts = range(0, max(1, len(ordered)), size)
    parts = [(frozenset(ordered[start : start + size]), max(0, len(ordered) - start - size)) for start in starts]
    return CommandPlan(tuple(_part(command, number, *part) for number, part in enumerate(parts, 1)))


def _part(command: Command[A], number: int, users: frozenset[str], left: int) -> Command[A]:
    key: Id = as_id("key", f"{command.key}.{number}")
    return evolve(command, key=key, **command.narrowed(users, left))
