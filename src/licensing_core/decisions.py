"""What a command decided and what a question was answered."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Generic, ParamSpec, TypeVar

from attrs import frozen

from licensing_core.checks import Instant, InvalidArgument, UserId, Value, as_id, as_is, checked, instance, shown
from licensing_core.errors import LicensingError, Mistake

S = TypeVar("S")
E = TypeVar("E", bound="Event", covariant=True)
P = ParamSpec("P")


@frozen(kw_only=True, field_transformer=checked)
class Event(Value):
    """Something that has happened. Its sequence number belongs to the envelope in which it is stored.

    Attributes:
        at: When it happened.
        by: Who did it; a person's id is a pseudonym.
    """

    type: ClassVar[str] = "event"
    """Stable name under which the event is stored."""
    schema: ClassVar[int] = 1
    """Version of the fields; a stored event of an older one is led on when it is read."""

    at: Instant
    by: UserId


def _as_events(name: str, value: Any) -> tuple[Event, ...]:
    if type(value) is tuple and all(isinstance(event, Event) for event in value):
        return value
    raise InvalidArgument(parameter=name, expected="a tuple of events", got=shown(value))


def _as_rule(name: str, value: Any) -> str:
    return "" if type(value) is str and not value else as_id(name, value)


@frozen(field_transformer=checked)
class Decision(Value, Generic[S, E]):
    """The *state* after a command, and the *events* that led there; none when there was nothing to do."""

    state: Annotated[S, as_is]
    events: Annotated[tuple[E, ...], _as_events] = ()


@frozen(field_transformer=checked)
class Verdict(Value):
    """The answer to a question: allowed, or the very error that the command would raise.

    It is true when allowed. *rule* is the rule that allows; a refusal names its own.

    >>> Verdict.allow("DOC-20").require()
    >>> bool(Verdict.allow("DOC-20"))
    True
    """

    rule: Annotated[str, _as_rule]
    refusal: LicensingError | None = None

    @classmethod
    def allow(cls, rule: str) -> "Verdict":
        """Yes, by *rule*."""
        return cls(rule)

    @classmethod
    def refuse(cls, error: LicensingError) -> "Verdict":
        """No, for the reason that *error* gives."""
        instance(LicensingError)("error", error)
        return cls(error.rule, error)

    def __bool__(self) -> bool:
        return self.refusal is None

    @property
    def code(self) -> str:
        """`ok`, or the code of the refusal."""
        return "ok" if self.refusal is None else self.refusal.code

    def require(self) -> None:
        """Raise the refusal, if there is one."""
        if self.refusal is not None:
            raise self.refusal


def twin(command: Callable[P, object], rule: str) -> Callable[P, Verdict]:
    """The question that belongs to *command*: with the same arguments, would it be refused, and why?

    A `Mistake` of the caller (a bad argument, holdings that were not loaded) is raised all the same.
    """

    def question(*args: P.args, **kwargs: P.kwargs) -> Verdict:
        try:
            command(*args, **kwargs)
        except Mistake:
            raise
        except LicensingError as refusal:
            return Verdict.refuse(refusal)
        return Verdict.allow(rule)

    question.__name__ = question.__qualname__ = f"can_{command.__name__}"
    question.__module__ = command.__module__
    question.__doc__ = f"Would `{command.__name__}()` with these arguments be allowed? Its refusal, if not."
    return question
