"""Notifications by e-mail: references and addresses only, several in one message, tried again when the server is away."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from smtplib import SMTPException, SMTPServerDisconnected
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext

from apps.accounts.models import User
from apps.accounts.tenancy import tenant_scope
from apps.notifications.models import NotificationChoice, NotificationMail
from apps.notifications.quiet import quiet_ends_at
from apps.triage.states import MailState

_log = logging.getLogger(__name__)
# After the last wait a day has passed; then it is given up.
WAITS: Final = (
    *(timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1)),
    *(timedelta(hours=3), timedelta(hours=6), timedelta(hours=14)),
)
CLAIM: Final = timedelta(minutes=10)
MOST_AT_ONCE: Final = 500
MOST_IN_ONE: Final = 50


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message to one person about one or more notifications."""

    person: User
    language: str
    mails: tuple[NotificationMail, ...]

    def message(self, connection: Any) -> EmailMessage:
        """The message in the person's language: what waits, its reference and address, never a picture or a name."""
        with translation.override(self.language):
            return EmailMessage(
                subject=self._subject(),
                body=self._body(),
                to=[self.person.email],
                headers={"Auto-Submitted": "auto-generated"},
                connection=connection,
            )

    def _subject(self) -> str:
        drill = gettext("[Demo data] ") if self.person.tenant.is_drill else ""
        if len(self.mails) == 1:
            return f"{drill}Second Look: {self.mails[0].notification.said}"
        count = len(self.mails)
        waiting = ngettext("%(count)s notification", "%(count)s notifications", count)
        return f"{drill}Second Look: {waiting % {'count': count}}"

    def _body(self) -> str:
        here = settings.PUBLIC_URL.rstrip("/")
        told = [mail.notification for mail in self.mails]
        lines = [f"{one.said}\n{here}{one.path}\n" for one in told]
        choose = gettext("Choose what you hear of:")
        return "\n".join([*lines, f"{choose} {here}{reverse('notification-choice')}", ""])


def mail_due(*, now: datetime) -> int:
    """Send what is due, one message a person; return how many messages went out. Across tenants, outside of any scope.

    Nobody gets one in their quiet hours. What a server does not take is tried again after WAITS, then given up; a message
    may come twice when a process dies right after sending.
    """
    letters = _claim(now)
    sent = 0
    for letter, problem in _post(letters):
        _settle(letter, problem, now)
        sent += not problem
    return sent


def _claim(now: datetime) -> list[Letter]:
    """What is due, counted as tried; another process leaves it alone while the claim lasts."""
    with transaction.atomic():
        due = (
            NotificationMail.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=MailState.WAITING, next_try_at__lte=now)
            .select_related("notification__user__notification_choice", "notification__user__tenant")
            .order_by("next_try_at", "notification__user_id", "notification_id")[:MOST_AT_ONCE]
        )
        rows = sorted(due, key=lambda mail: mail.notification.user_id)
        people = groupby(rows, key=lambda mail: mail.notification.user)
        letters = [_letter(person, list(mails)[:MOST_IN_ONE], now) for person, mails in people]
    return [letter for letter in letters if letter is not None]


def _letter(person: User, mails: Sequence[NotificationMail], now: datetime) -> Letter | None:
    """The person's message; None when they are no member any more, or want no e-mail until later."""
    choice: NotificationChoice | None = getattr(person, "notification_choice", None)
    mine = NotificationMail.objects.filter(pk__in=[mail.pk for mail in mails])
    if not person.is_active:
        mine.update(state=MailState.DROPPED, problem="no member any more")
        return None
    later = choice and quiet_ends_at(choice, now)
    if later:
        mine.update(next_try_at=later)
        return None
    for mail in mails:
        mail.tries += 1
    mine.update(next_try_at=now + CLAIM, tried_at=now, tries=F("tries") + 1)
    language = choice.language if choice else settings.LANGUAGE_CODE
    return Letter(person=person, language=language, mails=tuple(mails))


def _post(letters: Sequence[Letter]) -> Iterable[tuple[Letter, str]]:
    """Send each over one connection; with it "" or what went wrong. A server that is away costs one time-out a run."""
    if not letters:
        return
    connection = get_connection()
    away = _open(connection)
    for letter in letters:
        problem = away
        if not away:
            problem, is_away = _send(connection, letter)
            away = problem if is_away else ""
        yield letter, problem
    with suppress(OSError):
        connection.close()


def _open(connection: Any) -> str:
    try:
        connection.open()
    except OSError as error:  # SMTPException is one
        return type(error).__name__
    return ""


def _send(connection: Any, letter: Letter) -> tuple[str, bool]:
    """What went wrong, and whether the server is away: then it need not be asked for the others."""
    try:
        letter.message(connection).send()
    except SMTPServerDisconnected as error:
        return type(error).__name__, True
    except SMTPException as error:
        return type(error).__name__, False
    except OSError as error:
        return type(error).__name__, True
    return "", False


def _settle(letter: Letter, problem: str, now: datetime) -> None:
    """Write down how it went."""
    with tenant_scope(letter.person.tenant_id):
        for mail in letter.mails:
            _note(mail, problem, now)


def _note(mail: NotificationMail, problem: str, now: datetime) -> None:
    mine = NotificationMail.objects.filter(pk=mail.pk, state=MailState.WAITING)
    if not problem:
        mine.update(state=MailState.SENT, problem="")
    elif mail.tries > len(WAITS):
        mine.update(state=MailState.FAILED, problem=problem)
        _log.error("a notification could not be mailed after %s tries: %s", mail.tries, problem)
    else:
        mine.update(problem=problem, next_try_at=now + WAITS[mail.tries - 1])
        _log.warning("a notification could not be mailed yet: %s", problem)
