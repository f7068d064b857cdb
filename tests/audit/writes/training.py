"""Training recorded and taken back, on screen and through the API."""

from apps.accounts.models import TrainingRecord
from apps.audit.events import Event
from tests.audit.writes import Write, call, post
from tests.world import World

_STATED = {
    "release": "2026.1",
    "trainer": "Tess Trainer",
    "covered": "What the machine cannot see, and STOP.",
    "trained_on": "2026-11-02",
    "valid_until": "2027-11-02",
}


def _of_the_operator(world: World) -> TrainingRecord:
    return TrainingRecord.objects.get(person=world.operator)


def _recorded(world: World) -> Write:
    path, data = "/compliance/training/new/", {**_STATED, "people": [str(world.operator.id)]}
    return post(world.compliance, path, data, event=Event.USER_TRAINED)


def _recorded_by_api(world: World) -> Write:
    body = {**_STATED, "people": [str(world.operator.id)]}
    return call(world.compliance, "/api/v1/training-records/", body, event=Event.USER_TRAINED)


def _revoked(world: World) -> Write:
    path = f"/compliance/training/{_of_the_operator(world).id}/revoke/"
    data = {"reason": "The trainer was not one"}
    return post(world.compliance, path, data, event=Event.USER_TRAINING_REVOKED)


def _revoked_by_api(world: World) -> Write:
    path = f"/api/v1/training-records/{_of_the_operator(world).id}/revoke/"
    body = {"reason": "The trainer was not one"}
    return call(world.compliance, path, body, event=Event.USER_TRAINING_REVOKED)


STORIES = {
    "POST training-new": _recorded,
    "POST api-training-records": _recorded_by_api,
    "POST training-revoke": _revoked,
    "POST api-training-revoke": _revoked_by_api,
}
