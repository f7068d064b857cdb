"""How numbers are written for people: amounts with their currency, rates as "14 of 100"."""

from apps.triage.wording import gettext

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$"}


def money(amount: float, *, currency: str) -> str:
    """Return "€41", "€7.73", "−€15.60" or "CHF 41": cents only below 20, and only if there are any."""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    size = abs(amount)
    text = f"{size:,.2f}".removesuffix(".00") if size < 20 else f"{size:,.0f}"
    sign = "−" if amount < 0 and text != "0" else ""
    return f"{sign}{symbol}{text}"


def money_range(low: float, high: float, *, currency: str) -> str:
    """Return "€22–€76"."""
    return f"{money(low, currency=currency)}–{money(high, currency=currency)}"


def of_100(rate: float) -> str:
    """Return a rate 0..1 as "14", or "16.7" where the tenth matters."""
    return f"{rate * 100:.1f}".removesuffix(".0")


def of_100_range(low: float, high: float) -> str:
    """Return an interval of rates 0..1 as "9–21"."""
    return f"{rounded_100(low)}–{rounded_100(high)}"


def rounded_100(rate: float) -> str:
    """Return a rate 0..1 as a whole number of 100."""
    return f"{rate * 100:.0f}"


def times(ratio: float) -> str:
    """Return "25 times" or "2.5 times"."""
    number = f"{ratio:,.1f}" if abs(ratio) < 10 else f"{ratio:,.0f}"
    return gettext("%(number)s times") % {"number": number}


def signed(change: float) -> str:
    """Return "+0.02", "−0.10" or "0.00"."""
    text = f"{abs(change):.2f}"
    if float(text) == 0:
        return text
    return f"{'−' if change < 0 else '+'}{text}"
