"""E-mails hold references and addresses, wait for quiet hours to end, and come later when the server is away."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from apps.accounts.models import Tenant, User
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Event, Subject
from apps.notifications.models import NotificationChoice, NotificationMail
from apps.notifications.operations import choose, mail_due
from apps.notifications.operations.mailing import WAITS
from apps.notifications.quiet import quiet_ends_at
from tests.notifications.conftest import Round, Tell
from tests.notifications.mailbox import Mailbox, mail_server
from tests.reviews.conftest import sign_in
from tests.world import NOW, World, make_waiting_alert

served = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_service", "redis_server"),
]
Late = Callable[[], None]


@pytest.fixture
def late(world: World, told: Round, tell: Tell, settings: Any) -> Late:
    """Tells the operator, by e-mail too, that an alert has waited too long."""
    settings.NOTIFICATION_MAIL = True
    settings.PUBLIC_URL = "https://desk.example.test"
    chosen(world, world.operator)

    def one() -> None:
        with tenant_scope(world.tenant.id):
            alert = make_waiting_alert(world.camera)
        tell(Event.TASK_REMINDED, Subject("alert", alert.id), assignee=str(world.operator.id))
        told()

    return one


def chosen(world: World, user: User, **fields: Any) -> None:
    wanted = {"on_screen": [], "by_email": ["alert_late"], "timezone": "Europe/Madrid"}
    with tenant_scope(world.tenant.id):
        choose(
            actor=sign_in(user),
            user=user,
            now=NOW,
            **{"quiet_from": None, "quiet_until": None, "language": "en"} | wanted | fields,
        )


def mails(world: World) -> list[NotificationMail]:
    with tenant_scope(world.tenant.id):
        return list(NotificationMail.objects.select_related("notification").order_by("pk"))


class TestContents:
    pytestmark = served

    def test_one_message_says_what_waits_by_reference_and_address_only(
        self, world: World, late: Late
    ) -> None:
        late(), late()
        assert [mail_due(now=NOW), mail_due(now=NOW)] == [1, 0]
        [letter] = mail.outbox
        assert letter.to == [world.operator.email]
        assert letter.subject == "Second Look: 2 notifications"
        for row in mails(world):
            assert row.state == "sent"
            assert f"An alert has waited too long {row.notification.reference}\n" in letter.body
            assert f"https://desk.example.test{row.notification.path}\n" in letter.body
        assert not letter.attachments
        for name in (world.operator.first_name, world.site.name, world.camera.name):
            assert name not in letter.subject + letter.body

    def test_a_rehearsal_says_so_and_who_left_gets_nothing(self, world: World, late: Late) -> None:
        Tenant.objects.filter(id=world.tenant.id).update(is_drill=True)
        late()
        mail_due(now=NOW)
        assert mail.outbox[0].subject.startswith("[Demo data] Second Look: An alert has waited")
        late()
        User.objects.filter(id=world.operator.id).update(is_active=False)
        assert mail_due(now=NOW) == 0
        assert sorted(row.state for row in mails(world)) == ["dropped", "sent"]

    def test_an_e_mail_moves_along_its_table_only(self, world: World, late: Late) -> None:
        late()
        mail_due(now=NOW)
        with (
            pytest.raises(IntegrityError),
            tenant_scope(world.tenant.id),
            transaction.atomic(),
        ):
            NotificationMail.objects.update(state="waiting")

    def test_nothing_goes_out_in_quiet_hours_and_it_does_when_they_end(
        self, world: World, late: Late
    ) -> None:
        late()
        chosen(world, world.operator, quiet_from=time(22), quiet_until=time(7))
        assert mail_due(now=NOW) == 0  # 22:30 in Madrid
        [row] = mails(world)
        assert (row.tries, row.next_try_at) == (0, datetime(2026, 11, 21, 6, tzinfo=UTC))
        assert mail_due(now=row.next_try_at) == 1

    def test_without_a_mail_server_nobody_is_told_by_e_mail(
        self, world: World, late: Late, settings: Any
    ) -> None:
        settings.NOTIFICATION_MAIL = False
        late()
        assert mails(world) == []


class TestServer:
    pytestmark = served

    @pytest.fixture
    def mailbox(self, settings: Any) -> Iterator[Mailbox]:
        with mail_server(settings) as mailbox:
            yield mailbox

    def test_what_the_server_does_not_take_is_tried_again_and_arrives(
        self, world: World, late: Late, mailbox: Mailbox
    ) -> None:
        late()
        mailbox.refuses = True
        assert mail_due(now=NOW) == 0
        [row] = mails(world)
        assert (row.state, row.tries, row.problem) == ("waiting", 1, "SMTPRecipientsRefused")
        mailbox.refuses, mailbox.hangs = False, True
        assert mail_due(now=NOW + WAITS[0] / 2) == 0
        assert mails(world)[0].tries == 1
        now = NOW + WAITS[0]
        assert mail_due(now=now) == 0
        [row] = mails(world)
        assert (row.tries, row.problem, row.next_try_at) == (
            2,
            "SMTPServerDisconnected",
            now + WAITS[1],
        )
        mailbox.hangs = False
        assert mail_due(now=row.next_try_at) == 1
        [row] = mails(world)
        assert (row.state, row.tries, row.problem) == ("sent", 3, "")
        [(to, text)] = mailbox.letters
        assert to == world.operator.email
        assert f"Subject: Second Look: {row.notification}" in text

    def test_a_server_that_stays_away_is_given_up_visibly(
        self, world: World, late: Late, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        late()
        now = NOW
        for _ in range(len(WAITS) + 1):
            assert mail_due(now=now) == 0
            now = mails(world)[0].next_try_at
        [row] = mails(world)
        assert (row.state, row.problem) == ("failed", "ConnectionRefusedError")
        assert f"could not be mailed after {len(WAITS) + 1} tries" in caplog.text
        assert world.operator.email not in caplog.text


@pytest.mark.parametrize(
    ("quiet", "now", "ends"),
    [
        ((22, 7), datetime(2026, 11, 20, 20, 59, tzinfo=UTC), None),
        ((22, 7), datetime(2026, 11, 20, 21, 0, tzinfo=UTC), datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ((22, 7), datetime(2026, 11, 21, 5, 59, tzinfo=UTC), datetime(2026, 11, 21, 6, tzinfo=UTC)),
        ((22, 7), datetime(2026, 11, 21, 6, 0, tzinfo=UTC), None),
        (
            (13, 15),
            datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
            datetime(2026, 11, 20, 14, tzinfo=UTC),
        ),
        ((13, 15), datetime(2026, 11, 20, 21, 30, tzinfo=UTC), None),
        (
            (22, 7),
            datetime(2026, 10, 24, 21, 0, tzinfo=UTC),
            datetime(2026, 10, 25, 6, tzinfo=UTC),
        ),  # 8 h + 1
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(
    quiet: tuple[int, int], now: datetime, ends: datetime | None
) -> None:
    begins, until = (time(hour) for hour in quiet)
    choice = NotificationChoice(timezone="Europe/Madrid", quiet_from=begins, quiet_until=until)
    assert quiet_ends_at(choice, now) == ends
    if ends:
        assert quiet_ends_at(choice, ends + timedelta(seconds=1)) is None
