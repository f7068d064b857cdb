"""The zones drawn on an alert's camera, as the inference reads them."""

import logging
from uuid import UUID

from apps.sites.models import Zone
from workers.inference.results import SceneZone

logger = logging.getLogger(__name__)


def scene_zones(*, alert_id: UUID) -> tuple[SceneZone, ...]:
    """The zones of the alert's camera by name. Inside the tenant's scope.

    A polygon that is none (stored past the form's check) is left out and logged: it must not hold up an alert.
    """
    drawn = Zone.objects.filter(camera__alerts__id=alert_id).order_by("name", "id")
    return tuple(zone for row in drawn if (zone := _scene_zone(row)))


def _scene_zone(row: Zone) -> SceneZone | None:
    try:
        corners = tuple((float(x), float(y)) for x, y in row.polygon)
        return SceneZone(kind=row.kind, name=row.name, polygon=corners)
    except (TypeError, ValueError):
        logger.warning("zone %s has no usable polygon and is left out", row.id)
        return None
