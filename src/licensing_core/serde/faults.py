"""What is wrong with a document, by place."""

from collections.abc import Iterable
from typing import ClassVar, Final

from attrs import frozen

from licensing_core.checks import InvalidArgument, as_id
from licensing_core.errors import LicensingError

MAX_FAULTS: Final = 1000
"""The most faults that one refusal lists."""
_SHOWN: Final = 5

Path = tuple[str | int, ...]
"""From the root of the document: names of fields, keys of mappings, places in lists."""


@frozen(kw_only=True)
class InvalidDocument(LicensingError):
    """A document is no JSON, or not the text of a value of the kind that was expected.

    Attributes:
        faults: Path and code of each fault, sorted by path; the path begins with `$`, the code is that of the error
            that the value would raise, or one of `document.too_large`, `document.too_deep`, `document.not_json`,
            `document.contradicted` (what is stored beside it says otherwise),
            `name.missing`, `name.unknown`, `name.duplicate`, `number.fraction`, `type.wrong`, `kind.unknown`,
            `schema.unknown`.
    """

    code: ClassVar[str] = "document.invalid"
    faults: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        told = ", ".join(" ".join(fault) for fault in self.faults[:_SHOWN])
        more = f" and {len(self.faults) - _SHOWN} more" if len(self.faults) > _SHOWN else ""
        return f"the document has {len(self.faults)} faults: {told}{more}; correct them"


class Faults(Exception):
    """Raised inside the reader: where, seen from here, and what; `loads()` turns it into `InvalidDocument`."""

    def __init__(self, faults: Iterable[tuple[Path, str]]) -> None:
        super().__init__()
        self.faults = tuple(faults)

    @classmethod
    def here(cls, code: str) -> "Faults":
        """One fault, at this very place."""
        return cls([((), code)])

    def under(self, step: str | int) -> Iterable[tuple[Path, str]]:
        """The same faults as seen from one level up."""
        return (((step, *path), code) for path, code in self.faults)

    def document(self) -> InvalidDocument:
        """The refusal that callers see."""
        told = sorted({("$" + "".join(map(_step, path)), code) for path, code in self.faults})
        return InvalidDocument(faults=tuple(told[:MAX_FAULTS]))


def _step(step: str | int) -> str:
    """A key that is no id may be anything, so it is not repeated."""
    if isinstance(step, int):
        return f"[{step}]"
    try:
        return f".{as_id('path', step)}"
    except InvalidArgument:
        return f".{step}" if step.replace("_", "").isalnum() and step.isascii() and len(step) <= 64 else ".*"
