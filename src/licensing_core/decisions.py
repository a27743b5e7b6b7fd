"""What a command decided and what a question was answered."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Generic, NamedTuple, ParamSpec, TypeVar

from attrs import field, frozen

from licensing_core.checks import (
    Check,
    Instant,
    InvalidArgument,
    UserId,
    Value,
    as_id,
    as_is,
    checked,
    instance,
    shown,
)
from licensing_core.errors import LicensingError, Mistake

S = TypeVar("S")
E = TypeVar("E", bound="Event", covariant=True)
H = TypeVar("H", bound="Event")
P = ParamSpec("P")
R = TypeVar("R")


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


@frozen(field_transformer=checked, weakref_slot=False)
class Decision(Value, Generic[S, E]):
    """The *state* after a command, and the *events* that led there; none when there was nothing to do."""

    state: Annotated[S, as_is]
    events: Annotated[tuple[E, ...], _as_events] = ()
    _apply: Callable[[Any, Any], S] | None = field(init=False, default=None, eq=False, repr=False)
    """What makes the state of what was *before* and the event, where `decided()` left that for later."""
    _before: Any = field(init=False, default=None, eq=False, repr=False)

    # Hidden from type checkers, which would let any attribute be read.
    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> Any:
            """The state, made at the first look at it."""
            if name != "state":
                raise AttributeError(f"a Decision has no attribute {name!r}", name=name, obj=self)
            state = self._apply(self._before, *self.events)
            object.__setattr__(self, "state", state)
            return state


# As `money` does for its results: a draft with the very same slots is filled in and then becomes the value.
class _DecisionDraft(Value):
    __slots__ = ("_apply", "_before", "events", "state")


def decided(apply: Callable[..., S], before: S, *events: H) -> Decision[S, H]:
    """The decision for *events*, whose state is `apply(before, *events)`, made when it is read: many only save events.

    The parts are past their checks, and *apply* refuses nothing.
    """
    draft: Any = _DecisionDraft()
    draft.events = events
    draft._apply = apply  # noqa: SLF001
    draft._before = before  # noqa: SLF001
    draft.__class__ = Decision
    decision: Decision[S, H] = draft
    return decision


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
    _grounds: LicensingError | tuple[Callable[[Any], LicensingError], Any] | None = field(
        init=False, eq=False, repr=False
    )
    """`None` when allowed; else the refusal, or a function and its argument that make it when it is read."""

    def __attrs_post_init__(self) -> None:
        _set_grounds(self, self.refusal)

    @classmethod
    def allow(cls, rule: str) -> "Verdict":
        """Yes, by *rule*."""
        return cls(rule)

    @classmethod
    def refuse(cls, error: LicensingError) -> "Verdict":
        """No, for the reason that *error* gives."""
        instance(LicensingError)("error", error)
        return cls(error.rule, error)

    @staticmethod
    def refuse_when_read(make: Callable[[R], LicensingError], about: R) -> "Verdict":
        """No, for the reason that `make(about)` gives; it is made when it is read, for many refusals never are."""
        verdict = _new(Verdict)
        _set_grounds(verdict, (make, about))
        return verdict

    def __bool__(self) -> bool:
        return self._grounds is None

    # Hidden from type checkers, which would let any attribute be read.
    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> Any:
            """The refusal and its rule, made at the first look at one of them."""
            if name not in ("rule", "refusal"):
                raise AttributeError(f"a Verdict has no attribute {name!r}", name=name, obj=self)
            make, about = self._grounds
            error = make(about)
            object.__setattr__(self, "refusal", error)
            object.__setattr__(self, "rule", error.rule)
            return getattr(self, name)

    @property
    def code(self) -> str:
        """`ok`, or the code of the refusal."""
        return "ok" if self.refusal is None else self.refusal.code

    def require(self) -> None:
        """Raise the refusal, if there is one."""
        if self.refusal is not None:
            raise self.refusal


_new: Final = object.__new__
_set_grounds: Final = vars(Verdict)["_grounds"].__set__


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
    question.__wrapped__ = command  # type: ignore[attr-defined]  # so that help() shows its arguments
    question.__doc__ = f"Would `{command.__name__}()` with these arguments be allowed? Its refusal, if not."
    return question


_TOLD: Final = 5


@frozen(kw_only=True)
class ImportRefused(LicensingError):
    """What is to be taken over from another system breaks rules of this one. Nothing was taken over.

    Attributes:
        breaches: What each of them would be refused with by itself: all there are, not the first alone.
    """

    code: ClassVar[str] = "import.refused"
    breaches: tuple[LicensingError, ...]

    def __str__(self) -> str:
        told = ", ".join(one.code for one in self.breaches[:_TOLD])
        more = f" and {len(self.breaches) - _TOLD} more" if len(self.breaches) > _TOLD else ""
        return f"nothing was taken over for {len(self.breaches)} breaches: {told}{more}; correct them and try again"


class ImportRule(NamedTuple, Generic[R]):
    """A rule of an import: of which arguments it speaks, and what it finds wrong with them."""

    about: frozenset[str]
    breaches: Callable[[R], Iterable[LicensingError]]


def tried(found: list[LicensingError], attempt: Callable[[], R]) -> R | None:
    """What *attempt* gives; `None` when it is refused, which is then among those *found*."""
    try:
        return attempt()
    except ImportRefused as refused:
        found.extend(refused.breaches)
    except LicensingError as refusal:
        found.append(refusal)
    return None


def refusals(attempt: Callable[[], object]) -> tuple[LicensingError, ...]:
    """What *attempt* is refused with; nothing when it is not."""
    found: list[LicensingError] = []
    tried(found, attempt)
    return tuple(found)


def brought(
    make: Callable[..., R], given: Mapping[str, Any], forms: Mapping[str, Check], rules: Iterable[ImportRule[R]]
) -> R:
    """What *make* makes of all that is *given*, when each has its form and no rule is broken.

    Args:
        given: The arguments by name, as they came.
        forms: The check of each.
        rules: Each is asked when all that it speaks of has its form.

    Raises:
        ImportRefused: Something has not its form, or breaks a rule; it names all of that.
    """
    found: list[LicensingError] = []
    sound: dict[str, Any] = {}
    for name, value in given.items():
        before = len(found)
        kept = tried(found, lambda name=name, value=value: forms[name](name, value))  # type: ignore[misc]
        if len(found) == before:
            sound[name] = kept
    made = make(**{**given, **sound})
    for rule in rules:
        if sound.keys() >= rule.about:
            found.extend(rule.breaches(made))
    if found:
        raise ImportRefused(breaches=tuple(found))
    return made
