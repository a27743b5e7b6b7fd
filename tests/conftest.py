"""Fixtures of the services, and Hypothesis profiles: `test`, or `ci` through the variable HYPOTHESIS_PROFILE."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from licensing_core.protocols import Store
from tests.service_world import Clock, a_store
from tests.spec.plugin import pytest_addoption, pytest_configure

__all__ = ["pytest_addoption", "pytest_configure"]

settings.register_profile("test", max_examples=200, deadline=None, print_blob=True, derandomize=False)
settings.register_profile(
    "ci",
    settings.get_profile("test"),
    max_examples=2000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    with a_store(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is set."""
    return Clock()
