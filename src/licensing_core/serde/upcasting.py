"""Leading stored events on: the fields of an older schema to those of the next one, until they are today's.

An event class says in `schema` which version its fields are. Whoever changes them raises it by one, and adds here,
under the type of the event and the schema before, a pure function from the old fields to the new ones. What is stored
is never written anew: it keeps its text, its digest and its schema.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from licensing_core.decisions import Event
from licensing_core.serde.faults import Faults

Fields = Mapping[str, Any]
"""What JSON says of an event, but for its type and schema: texts, whole numbers, lists and objects."""
Upcaster = Callable[[Fields], Fields]
UPCASTERS: Mapping[tuple[str, int], Upcaster] = MappingProxyType({})
"""By the type of an event and a schema, what leads its fields on to the next schema. No event has an older one yet."""
_MALFORMED: Final = (LookupError, TypeError, ValueError, AttributeError)


def led_on(kind: type[Event], fields: Fields, schema: int) -> Fields:
    """The *fields* of an event of *kind* that were written under *schema*, as they are written today.

    Raises:
        Faults: `schema.unknown` for a schema that is newer than today's, or that nothing leads on; `type.wrong` when
            what leads on cannot use the fields.
    """
    for number in range(schema, kind.schema):
        upcaster = UPCASTERS.get((kind.type, number))
        if upcaster is None:
            raise Faults([(("schema",), "schema.unknown")])
        try:
            fields = upcaster(MappingProxyType(dict(fields)))
        except _MALFORMED:
            raise Faults.here("type.wrong") from None
    return fields
