"""All laws of the library in one list, and how to check one of them over many seeded cases.

>>> len(check("L4 shares add up", 20, seed=7))
16
"""

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from importlib import import_module
from pkgutil import iter_modules
from random import Random

from licensing_core import testing
from licensing_core.checks import FrozenMap, InvalidArgument, shown
from licensing_core.testing.law import LawBroken

OneCase = Callable[[Random], None]
"""Makes one case of a law from a seeded source and checks it; raises `LawBroken`."""


@cache
def all_laws() -> Mapping[str, OneCase]:
    """What checks one case, by the name of the law: the laws of every module here that is called `laws_...`."""
    names = sorted(module.name for module in iter_modules(testing.__path__) if module.name.startswith("laws_"))
    modules = [import_module(f"{testing.__name__}.{name}") for name in names]
    found: list[tuple[str, OneCase]] = [law for module in modules for law in module.LAWS]
    return FrozenMap(dict(found))


def check(law_name: str, cases: int, seed: int, *, first: int = 0) -> str:
    """Check a law over *cases* cases, numbered from *first*; a case depends on its number and *seed* alone.

    Returns:
        A digest of what was drawn: two runs over the same cases give the same 16 characters.

    Raises:
        LawBroken: The law does not hold for a case; the message says how to make it once more.
        InvalidArgument: There is no such law.
    """
    one_case = all_laws().get(law_name)
    if one_case is None:
        raise InvalidArgument(parameter="law_name", expected="the name of a law", got=shown(law_name))
    drawn = sha256()
    for number in range(first, first + cases):
        rng = Random(f"{seed}/{law_name}/{number}")  # noqa: S311 - cases, not secrets
        try:
            one_case(rng)
        except Exception as error:
            again = f"check({law_name!r}, 1, seed={seed}, first={number})"
            raise LawBroken(f"{type(error).__name__} in {again}: {error}") from error
        drawn.update(rng.getrandbits(64).to_bytes(8))
    return drawn.hexdigest()[:16]
