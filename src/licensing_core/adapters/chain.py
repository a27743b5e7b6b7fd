"""The chain of a history: each event has a digest that covers it and, through that of the one before, all before it.

Whoever changes, adds or takes away an event has to make all digests after it anew, up to the last, which is kept with
the aggregate as well. It is no signature: somebody who may write everything may make everything anew.
"""

from hashlib import sha256
from typing import Final

BEGINNING: Final = ""
"""What the first event follows on."""


def link(before: str, *parts: str | int) -> str:
    """The digest, 64 hexadecimal digits, of what is said by *parts*, none of which has a line end but the last."""
    return sha256("\n".join((before, *map(str, parts))).encode()).hexdigest()
