"""A picture as somebody uploads one."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def a_picture(
    *, width: int = 320, height: int = 200, mode: str = "RGB", kind: str = "PNG"
) -> SimpleUploadedFile:
    """A grey rectangle (transparent with mode RGBA) as a file of a form."""
    data, colour = io.BytesIO(), {"RGB": (90, 90, 90), "RGBA": (0, 0, 0, 0)}[mode]
    Image.new(mode, (width, height), colour).save(data, format=kind)
    return SimpleUploadedFile(f"plan.{kind.lower()}", data.getvalue())
