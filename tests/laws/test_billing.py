"""The laws of quotes, ledgers and changes, over cases whose every choice hypothesis makes; the seeded ones run in
test_pools.py."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.testing import laws_billing, laws_proration

LAWS = dict([*laws_billing.LAWS, *laws_proration.LAWS])


@pytest.mark.parametrize("name", LAWS)
@given(rng=st.randoms(use_true_random=False))
def test_each_law_holds_whatever_is_drawn(name: str, rng: Random) -> None:
    law: Callable[[Random], None] = LAWS[name]
    law(rng)
