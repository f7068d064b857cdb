"""Marks on a site's plan: one a camera that hangs on it, with a letter or number beside its colour, and words."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.sites.models import Camera


@dataclass(frozen=True, kw_only=True)
class PlanMark:
    """`label` is one or two signs, `kind` names the colour, `words` say everything; `url` may be empty."""

    camera: Camera
    label: str
    kind: str
    words: str
    url: str = ""

    @property
    def left(self) -> str:
        """From the left, as an attribute of a drawing: "12.50%"."""
        return f"{100 * (self.camera.plan_x or 0):.2f}%"

    @property
    def top(self) -> str:
        return f"{100 * (self.camera.plan_y or 0):.2f}%"

    @property
    def is_on(self) -> bool:
        """Whether somebody said where the camera hangs."""
        return self.camera.plan_x is not None and self.camera.plan_y is not None


def on_and_off(marks: Iterable[PlanMark]) -> tuple[list[PlanMark], list[PlanMark]]:
    """The marks of cameras that hang on the plan, and of those nobody has placed."""
    known = list(marks)
    return [one for one in known if one.is_on], [one for one in known if not one.is_on]
