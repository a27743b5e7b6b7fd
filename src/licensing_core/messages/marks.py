"""Marks for the extraction of texts, and what a marked text is: parts with placeholders, plurals and conditions.

`tools/messages.sh` reads the first arguments of `say()`, `by()` and `word()` into the catalogs. A placeholder names
a field of the error or event: `{pool}`, or `{offered:list}` with a way to show it.
"""

from typing import NamedTuple


class Part(NamedTuple):
    """One sentence of a text.

    Attributes:
        text: In English, with placeholders; the singular where there is a plural.
        plural: The same for other numbers; empty where no number rules the sentence.
        number: The field that rules it: a number, or a collection, whose length counts.
        field: The field on which it depends whether the sentence is said; empty for always.
        wanted: The value that this field must have, as text; `None`: any but none, zero and empty; empty: one of those.
            A quote without lines is empty; of a bill it is the kind of its document, of a subscription its state,
            of somebody at a customer whether they are a `user` or a `contact`, of what is paid for its class.
    """

    text: str
    plural: str = ""
    number: str = ""
    field: str = ""
    wanted: str | None = None


Text = tuple[Part, ...]
"""Sentences, said one after the other."""


def say(text: str) -> Part:
    """A sentence."""
    return Part(text)


def by(number: str, one: str, other: str) -> Part:
    """A sentence that the field *number* rules."""
    return Part(one, other, number)


def where(field: str, part: Part, wanted: str | None = None) -> Part:
    """*part*, said only where *field* is neither none, zero nor empty, or has the value *wanted*."""
    return part._replace(field=field, wanted=wanted)


def without(field: str, part: Part) -> Part:
    """*part*, said only where *field* is none, zero or empty."""
    return part._replace(field=field, wanted="")


def word(context: str, text: str) -> tuple[str, str]:
    """A word or title by itself; *context* tells translators where it stands."""
    return (context, text)
