"""Values as JSON text and back: one text for one value, and nothing but a valid value from a text.

`dumps()` writes canonical JSON: names sorted, sets sorted, no floats, instants in UTC, money as `12.50 EUR`. `loads()`
is given the kind of value to expect, and takes no other; names of classes never stand in the text.

>>> from licensing_core.periods import Span
>>> loads('{"end":"2026-02-01","kind":"span","start":"2026-01-01"}', Span).days
31
>>> try:
...     loads('{"end":"2026-02-31","days":31.0,"kind":"span"}', Span)
... except InvalidDocument as refusal:
...     refusal.faults
(('$', 'name.unknown'), ('$.end', 'type.wrong'), ('$.start', 'name.missing'))

What lives for one call only is not written: `Decision`, `Verdict`, `Stored`, `services.AsOf` and
`services.engine.Ports`; nor are the tables of `reports`, which are for people to read.
"""

from licensing_core.serde.faults import InvalidDocument
from licensing_core.serde.reading import MAX_BYTES, MAX_NESTING, loads
from licensing_core.serde.tables import EVENTS, TAGS
from licensing_core.serde.writing import dumps

__all__ = ["EVENTS", "MAX_BYTES", "MAX_NESTING", "TAGS", "InvalidDocument", "dumps", "loads"]
