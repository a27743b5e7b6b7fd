"""R9 and R10 in small: what goes wrong at a gateway, and webhooks in any order; and what such runs have found."""

from datetime import timedelta
from typing import Any

import pytest

from licensing_core.payments import NEVER_RECEIVED, AttemptStatus, Way
from licensing_core.testing.faults import Fault
from tests.reliability import gateway, payment_plants, webhook_orders
from tests.reliability.webhook_orders import begun


def test_webhooks_in_some_orders_lead_to_one_end() -> None:
    found = webhook_orders.run(60, 1)
    assert (found.violations, found.cases) == ((), 240)


def test_a_payer_is_charged_once_whatever_goes_wrong() -> None:
    found = gateway.run(150, 1)
    assert (found.violations, found.cases) == ((), 150)


@pytest.mark.parametrize(("module", "cases"), [(gateway, 60), (webhook_orders, 6)], ids=["gateway", "orders"])
def test_two_runs_with_one_seed_are_the_same_and_another_seed_is_not(module: Any, cases: int) -> None:
    one, two, other = (module.run(cases, seed) for seed in (1, 1, 2))
    assert one == two
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("module", "cases", "plant"),
    [
        (gateway, 300, payment_plants._begun_while_open),
        (webhook_orders, 6, payment_plants._last_webhook_wins),
    ],
    ids=["gateway", "orders"],
)
def test_a_violation_is_printed_with_the_way_to_run_it_again(
    module: Any, cases: int, plant: payment_plants.Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    with plant():
        assert module.run(cases, 3, enough=1).tell("it", 3) == 1
    assert f"again: python -m {module.__name__} --" in capsys.readouterr().out


def test_a_request_that_was_sent_at_the_last_moment_is_not_given_up_while_it_is_on_its_way() -> None:
    scene = begun()
    scene.pay(Way.CARD_ON_FILE, Fault.TIMEOUT_BEFORE)
    scene.clock.now += timedelta(hours=22, minutes=59)
    scene.gateway.will(None, Fault.LATE_EFFECT)
    assert scene.settle().charges[-1].status is AttemptStatus.UNKNOWN
    scene.clock.now += timedelta(minutes=2)
    assert scene.settle().charges[-1].status is AttemptStatus.UNKNOWN
    scene.gateway.network_clears(lost=0)
    assert scene.settle().charges[-1].status is AttemptStatus.SUCCEEDED


def test_a_request_that_never_arrived_is_given_up_an_hour_after_it_could_last_be_sent() -> None:
    scene = begun()
    scene.pay(Way.CARD_ON_FILE, Fault.TIMEOUT_BEFORE)
    scene.clock.now += timedelta(hours=24)
    attempt = scene.settle().charges[-1]
    assert (attempt.status, attempt.reason, scene.kept()) == (AttemptStatus.FAILED, NEVER_RECEIVED, 0)
