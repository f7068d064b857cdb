"""What intake answers when it does not take a request: one shape, `{detail, code, errors?}`."""

from collections.abc import Iterable

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from apps.alerts.intake import Fault


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(
            f"The body has more than {most_bytes} bytes. Announce the clip with "
            '{"delivery": "upload"} and upload it apart.'
        )


class SpoolFull(APIException):
    """The disk for clips is full; the alert was not taken."""

    status_code = status.HTTP_507_INSUFFICIENT_STORAGE
    default_detail = (
        "There is no room for the clip. Nothing was accepted; send the same request again."
    )
    default_code = "spool_full"
    wait = 30


class BodyNotComplete(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "The body ended before it was complete."
    default_code = "incomplete_body"


class StoreAway(APIException):
    """The object store does not answer; nothing was kept."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = (
        "The object store does not answer. Nothing was kept; send the same request again."
    )
    default_code = "store_away"
    wait = 30


class NotSupported(APIException):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_detail = "Send application/json, or multipart/form-data with the parts alert and clip."
    default_code = "unsupported_media_type"


def problem(status_code: int, *, code: str, detail: str, faults: Iterable[Fault] = ()) -> Response:
    """An answer that is no exception: what was written before it stays written."""
    body: dict[str, object] = {"detail": detail, "code": code}
    if errors := [{"path": fault.path, "message": fault.message} for fault in faults]:
        body["errors"] = errors
    return Response(body, status=status_code)
