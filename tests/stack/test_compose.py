"""compose.yaml runs what `make up` runs."""

from typing import Any

import pytest
import yaml

from config.env import REPOSITORY
from config.stack.plan import JOBS, Job

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_of_the_plan_runs_under_compose(job: Job) -> None:
    command = COMPOSE["services"][job.name]["command"]
    here, there = [word for word in job.arguments if word != "127.0.0.1"], command
    assert [word for word in there if word in here] == here


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_has_its_database_role_there(job: Job) -> None:
    role = {
        "DATABASE_URL": "second_look_app:",
        "DATABASE_SERVICE_URL": "second_look_service:",
        "DATABASE_SEQUENCER_URL": "second_look_sequencer:",
    }[job.database]
    assert role in COMPOSE["services"][job.name]["environment"]["DATABASE_URL"]


def test_no_secret_is_written_in_the_file() -> None:
    for name, value in COMPOSE["x-variables"].items():
        if any(word in name for word in ("KEY", "SECRET", "PASSWORD")):
            assert value.startswith("${"), name


def test_what_has_no_sign_in_is_not_published() -> None:
    published = {name for name, one in COMPOSE["services"].items() if "ports" in one}
    assert published == {"web", "s3"}
    for name in published:
        assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"][name]["ports"])
