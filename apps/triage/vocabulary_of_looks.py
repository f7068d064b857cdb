"""Changes of appearance in words: "skin_tone_farthest" → "skin tone towards the far end of the Monk scale"."""

import re
from typing import Final

_FORM: Final = re.compile(r"(skin_tone|clothing_hue|brightness|body_scale)_(farthest|[0-9.]+)")


def change_words(name: str) -> str:
    """Words for a change that our own check names; any other name stays as it is."""
    found = _FORM.fullmatch(name)
    if not found:
        return name
    kind, amount = found.groups()
    if kind == "skin_tone":
        where = "the far end of the Monk scale" if amount == "farthest" else f"Monk tone {amount}"
        return f"skin tone towards {where}"
    if kind == "clothing_hue":
        return f"clothing colour turned by {amount}°"
    thing = "light on the person" if kind == "brightness" else "width of the body"
    return f"{thing} × {amount}"
