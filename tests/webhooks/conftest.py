from collections.abc import Callable

import pytest

from apps.accounts.tenancy import tenant_scope
from apps.webhooks.kinds import Kind
from apps.webhooks.models import Webhook
from apps.webhooks.operations.setup import create_webhook
from tests.reviews.conftest import sign_in
from tests.world import NOW, World


@pytest.fixture
def hook(world: World) -> Callable[..., tuple[Webhook, str]]:
    """A webhook told of decisions and cases, and its secret."""

    def make(url: str, **fields: object) -> tuple[Webhook, str]:
        with tenant_scope(world.tenant.id):
            return create_webhook(
                actor=sign_in(world.administrator),
                user=world.administrator,
                url=url,
                now=NOW,
                **{"name": "Till", "kinds": [Kind.ALERT_RESOLVED, Kind.CASE_OPENED]} | fields,
            )

    return make
