"""The people and places most stories begin with."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture
def world(db: None) -> "World":
    """A retailer with its people; the rest of the test's transaction sees that retailer's rows."""
    from tests.world import enter, make_world

    made = make_world()
    enter(made.tenant)
    return made
