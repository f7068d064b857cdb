"""Changes of appearance in words: "skin_tone_farthest" → "skin tone towards the far end of the Monk scale"."""

import re
from typing import Final

from apps.triage.wording import gettext

_FORM: Final = re.compile(r"(skin_tone|clothing_hue|brightness|body_scale)_(farthest|[0-9.]+)")


def change_words(name: str) -> str:
    """Words for a change that our own check names; any other name stays as it is."""
    found = _FORM.fullmatch(name)
    if not found:
        return name
    kind, amount = found.groups()
    if kind == "skin_tone":
        if amount == "farthest":
            return gettext("skin tone towards the far end of the Monk scale")
        return gettext("skin tone towards Monk tone %(amount)s") % {"amount": amount}
    if kind == "clothing_hue":
        return gettext("clothing colour turned by %(amount)s°") % {"amount": amount}
    if kind == "brightness":
        return gettext("light on the person × %(amount)s") % {"amount": amount}
    return gettext("width of the body × %(amount)s") % {"amount": amount}
