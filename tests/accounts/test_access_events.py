"""What people do to their own means of signing in is in the chain, failures too, and never a secret of theirs."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP

from apps.accounts.models import User
from apps.audit.models import InboxEntry
from tests.console.people import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def person(world: World) -> User:
    world.operator.set_password(PASSWORD)
    world.operator.save()
    return world.operator


def told(person: User) -> list[tuple[str, str, str]]:
    rows = InboxEntry.objects.filter(subject_kind="user", subject_id=str(person.id)).order_by("id")
    return [(row.event, row.actor, row.details) for row in rows]


def test_a_wrong_password_at_the_second_asking_is_recorded(person: User) -> None:
    browser = signed_in(person)
    browser.post("/accounts/reauthenticate/", {"password": "not this one"})
    assert ("access:reauthentication_failed", str(person.id), '{"how":"password"}') in told(person)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert told(person)[-1][0] == "access:reauthenticated"
    assert not [row for row in told(person) if "not this" in row[2] or PASSWORD in row[2]]


def test_a_changed_password_says_that_it_changed_and_nothing_of_it(person: User) -> None:
    new = "staple of another kind"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    signed_in(person).post("/accounts/password/change/", data)
    event, actor, details = told(person)[-1]
    assert (event, actor) == ("access:credential_changed", str(person.id))
    assert details == '{"how":"password_changed"}'
    person.refresh_from_db()
    assert person.check_password(new)


def test_a_wrong_old_password_changes_nothing_and_is_no_change(person: User) -> None:
    data = {"oldpassword": "wrong", "password1": "x y z 1 2 3", "password2": "x y z 1 2 3"}
    signed_in(person).post("/accounts/password/change/", data)
    assert "access:credential_changed" not in [event for event, _, _ in told(person)]
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_factor_taken_away_by_a_command_was_the_systems_act(person: User) -> None:
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    Authenticator.objects.filter(user=person).delete()
    added, removed = told(person)[-2:]
    assert added == ("access:credential_changed", "", '{"how":"totp_added"}')
    assert removed == ("access:credential_changed", "", '{"how":"totp_removed"}')


def test_signing_out_is_recorded_with_the_person_who_left(person: User) -> None:
    signed_in(person).post("/accounts/logout/")
    assert told(person)[-1][:2] == ("access:signed_out", str(person.id))


def test_a_wrong_code_of_a_second_factor_is_recorded(person: User) -> None:
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    signed_in(person).post("/accounts/2fa/reauthenticate/", {"code": "000000"})
    assert told(person)[-1][0] == "access:reauthentication_failed"
