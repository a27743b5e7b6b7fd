"""The root of every refusal: a stable code, typed fields, and a sentence that says what to do."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import attrs
from attrs import frozen


def _rebuilt(make: Callable[..., Any], fields: dict[str, Any]) -> Any:
    return make(**fields)


def rebuild(value: attrs.AttrsInstance) -> tuple[Any, ...]:
    """What `__reduce__` returns for *value*, so that copies and pickles go through its constructor.

    attrs restores slots behind the constructor's back, and cannot unpickle an exception whose fields are
    keyword-only (attrs issue 734); this does neither.
    """
    fields = {
        field.alias or field.name: getattr(value, field.name) for field in attrs.fields(type(value)) if field.init
    }
    return (_rebuilt, (type(value), fields))


@frozen(kw_only=True)
class LicensingError(Exception):
    """Something was refused, and nothing was changed, unless the class says otherwise.

    Two errors are equal when they are of one class and their fields are equal; they can be hashed, copied and
    pickled. Show users the text that `messages.explain()` makes of `code` and the fields, not the English
    sentence of `str()`.
    """

    code: ClassVar[str] = "licensing.error"
    """Stable name, to branch on and to translate by; never reused for another meaning."""
    rules: ClassVar[tuple[str, ...]] = ()
    """Ids of the rules that this refusal follows from, such as `DOC-31`; see the page of rules."""

    @property
    def rule(self) -> str:
        """The rule that this very refusal follows from, empty when it is of no product."""
        return self.rules[0] if self.rules else ""

    def fields(self) -> dict[str, Any]:
        """The typed values of this refusal by name, in the order in which the class declares them."""
        return {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.fields() == other.fields()

    def __hash__(self) -> int:
        return hash((type(self), *self.fields().values()))

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def __str__(self) -> str:
        return self.code


@frozen(kw_only=True)
class Mistake(LicensingError):
    """The caller asked wrongly: nothing was decided. A question raises it, where it answers any other refusal."""

    code: ClassVar[str] = "licensing.mistake"

    def __str__(self) -> str:
        return "this cannot be asked so; correct what was passed and ask again"


def all_errors(root: type[LicensingError] = LicensingError) -> Iterator[type[LicensingError]]:
    """*root* and every class of error below it in the modules that are imported, each once."""
    yield root
    for child in root.__subclasses__():
        if "__attrs_attrs__" in vars(child):  # attrs makes slotted classes anew; the first draft lingers
            yield from all_errors(child)
