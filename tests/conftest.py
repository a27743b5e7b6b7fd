"""Hypothesis profiles: `test` by default, `ci` through the environment variable HYPOTHESIS_PROFILE."""

import os

from hypothesis import HealthCheck, settings

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
