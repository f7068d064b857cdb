"""Where the choice would change, in words."""

from apps.triage.flips import FlipPoint, Quantity
from apps.triage.phrasing import money, of_100
from apps.triage.states import Strategy
from apps.triage.wording import gettext, gettext_noop

BECOMES_WORDS = {
    Strategy.ESCALATE: gettext_noop("Escalating"),
    Strategy.VERIFY: gettext_noop("Verifying"),
    Strategy.ARCHIVE: gettext_noop("Archiving"),
}
FLIP_WORDS = {
    (Quantity.ITEM_VALUE, True): gettext_noop(
        "%(choice)s would be chosen if the item were worth more than %(at)s (now %(now)s)."
    ),
    (Quantity.ITEM_VALUE, False): gettext_noop(
        "%(choice)s would be chosen if the item were worth less than %(at)s (now %(now)s)."
    ),
    (Quantity.WRONG_INTERVENTION_COST, True): gettext_noop(
        "%(choice)s would be chosen if a wrong intervention cost more than %(at)s (now %(now)s)."
    ),
    (Quantity.WRONG_INTERVENTION_COST, False): gettext_noop(
        "%(choice)s would be chosen if a wrong intervention cost less than %(at)s (now %(now)s)."
    ),
    (Quantity.FALSE_POSITIVE_RATE, True): gettext_noop(
        "%(choice)s would be chosen if more than %(at)s of 100 alerts like this were false (now %(now)s)."
    ),
    (Quantity.FALSE_POSITIVE_RATE, False): gettext_noop(
        "%(choice)s would be chosen if fewer than %(at)s of 100 alerts like this were false (now %(now)s)."
    ),
}


def flip_sentence(*, point: FlipPoint, currency: str) -> str:
    """Return where the choice would change, in words."""
    at, now = money(point.at, currency=currency), money(point.now, currency=currency)
    if point.quantity is Quantity.FALSE_POSITIVE_RATE:
        at, now = of_100(point.at), of_100(point.now)
    said = {"choice": gettext(BECOMES_WORDS[point.becomes]), "at": at, "now": now}
    return gettext(FLIP_WORDS[point.quantity, point.rising]) % said
