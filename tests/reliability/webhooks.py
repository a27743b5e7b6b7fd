"""T2: no webhook is believed but what was signed with the secret over these bytes, at most five minutes ago or ahead.

Each case signs a body in a way of its own, sees it believed, and then sends it changed: nothing of that may be
believed, each refusal has a reason that it may have and tells no secret, and nothing else may be raised.

`python -m tests.reliability.webhooks --cases 100000`
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from random import Random

from licensing_core.adapters import webhooks
from licensing_core.checks import InvalidArgument
from licensing_core.protocols.gateway import WebhookRefused
from tests.reliability.figures import Figures
from tests.reliability.webhook_edits import EDITS, EPOCH, MISTAKE, TOLERANCE, Case, Sent, a_case, signature


def right_ones(case: Case, rng: Random) -> Iterator[Sent]:
    """The same webhook in forms in which it is to be believed."""
    at, wrong = EPOCH + timedelta(seconds=case.stamp), signature(case.stamp, case.body, "whsec_of_somebody_else")
    yield case.sent()
    yield case.sent(
        header=f"v1={wrong},v0={wrong},v1={case.good},later=1,t={case.stamp}",
        now=at + timedelta(seconds=rng.choice((-TOLERANCE, TOLERANCE))),
    )
    yield case.sent(header=f"{webhooks.sign(case.body, case.used, now=at)},v1=")


def told(sent: Sent, secret: str) -> str:
    """The reason of the refusal, `believed`, or what was raised or told instead."""
    try:
        webhooks.verify(sent.body, sent.header, sent.secrets, now=sent.now)
    except WebhookRefused as error:
        refused: WebhookRefused | InvalidArgument = error
        reason = error.reason
    except InvalidArgument as error:
        refused, reason = error, MISTAKE
    except Exception as error:  # noqa: BLE001 - whatever else is raised is a finding
        return f"an untyped {type(error).__name__}: {error}"[:200]
    else:
        return "believed"
    return "the secret was told" if secret in f"{refused} {refused!r}" else reason


def faults_of(number: int, seed: int) -> tuple[str, list[str]]:
    """What was done in case *number* and what was said to that, and what is wrong with it."""
    rng, edit = Random(f"{seed}/{number}"), EDITS[number % len(EDITS)]
    case = a_case(rng)
    faults = [
        f"the right one was refused: {found}, header {one.header}"
        for one in right_ones(case, rng)
        if (found := told(one, case.used)) != "believed"
    ]
    sent = edit.make(case, rng)
    found, name = told(sent, case.used), edit.make.__name__
    if found not in edit.reasons:
        faults.append(f"{name}: {found}, header {sent.header!r:.200}")
    return f"{name} {sent.header!r} {found}\n", faults


def run(cases: int, seed: int, *, first: int = 0, enough: int = 20) -> Figures:
    """Change *cases* webhooks, from number *first* on; ends when *enough* was wrong."""
    log, wrong, number = sha256(), list[str](), first
    while number < first + cases and len(wrong) < enough:
        said, faults = faults_of(number, seed)
        log.update(said.encode("utf-8", "backslashreplace"))
        again = f"python -m tests.reliability.webhooks --seed {seed} --first {number} --cases 1"
        wrong += [f"case {number}, {fault}; again: {again}" for fault in faults]
        number += 1
    kinds = len({edit.make for edit in EDITS})
    return Figures(number - first, tuple(wrong), log.hexdigest(), f"{kinds} kinds of change")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--seed", type=int, default=2)
    asked = parser.parse_args()
    return run(asked.cases, asked.seed, first=asked.first).tell("webhooks", asked.seed)


if __name__ == "__main__":
    sys.exit(main())
