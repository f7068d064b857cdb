"""A detector of the world's retailer, and a spool of its own for each test."""

from pathlib import Path

import pytest
from pytest_django import Settings

from apps.alerts.refusals import Allowance
from tests.alerts.senders import Detector, make_detector
from tests.world import World


@pytest.fixture
def spool(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "spool"
    settings.CLIP_SPOOL = folder
    return folder


@pytest.fixture
def detector(world: World, spool: Path) -> Detector:
    return make_detector(world.tenant)


@pytest.fixture(autouse=True)
def _refusals_are_all_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit per minute is one process's; a test run refuses more than any minute would."""
    monkeypatch.setattr("apps.alerts.refusals._allowance", Allowance(10_000))
