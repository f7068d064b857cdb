"""The API's own description: valid, without warnings, and true."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from apps.alerts.intake import NotAnAlert, read_alert
from apps.alerts.schema import STATED_EXAMPLE
from apps.triage.canonical import canonical_bytes
from tests.alerts.senders import Detector, stated
from tests.world import World

ANY_ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"


@pytest.fixture
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made


def test_the_schema_is_valid_and_made_without_warnings(schema: dict[str, Any]) -> None:
    validate(schema)
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_raising_an_alert_needs_all_four_headers(schema: dict[str, Any]) -> None:
    [required] = schema["paths"]["/api/v1/alerts/"]["post"]["security"]
    schemes = schema["components"]["securitySchemes"]
    assert {schemes[name]["name"] for name in required} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "second-look-source",
    }


def test_both_ways_to_send_an_alert_are_described(schema: dict[str, Any]) -> None:
    content = schema["paths"]["/api/v1/alerts/"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}


def test_the_documented_fields_are_the_ones_that_are_read(schema: dict[str, Any]) -> None:
    documented = schema["components"]["schemas"]["AlertStated"]
    assert set(STATED_EXAMPLE) | {"saliency_grid"} == set(documented["properties"])
    full = dict(STATED_EXAMPLE, saliency_grid=[[0.5]])
    for field in documented["required"]:
        without = {name: value for name, value in full.items() if name != field}
        with pytest.raises(NotAnAlert, match=field):
            read_alert(canonical_bytes(without), key="k", source_id=ANY_ID)  # type: ignore[arg-type]


def test_the_example_is_an_alert() -> None:
    intake = read_alert(canonical_bytes(STATED_EXAMPLE), key="k", source_id=ANY_ID)  # type: ignore[arg-type]
    assert intake.delivery == "upload"


@pytest.mark.django_db
def test_answers_have_the_documented_fields(
    world: World, detector: Detector, schema: dict[str, Any]
) -> None:
    components = schema["components"]["schemas"]
    accepted = detector.send(stated(world.camera.slug)).json()
    assert set(accepted) == set(components["AlertAccepted"]["properties"])
    status = detector.send(b"", method="GET", url=f"/api/v1/alerts/{accepted['id']}/").json()
    assert set(status) == set(components["AlertStatus"]["properties"])
    wrong = detector.send({}).json()
    assert set(wrong) == set(components["Problem"]["properties"])


@pytest.mark.django_db
def test_the_schema_is_served(db: None) -> None:
    assert Client().get("/api/schema/").status_code == 200
