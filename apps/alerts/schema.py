"""What OpenAPI has to say about signed requests, beyond what can be read off the code."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from apps.alerts import signing
from apps.alerts.serializers import Problem

STATED_EXAMPLE = {
    "camera": "aisle-7",
    "detector": {"id": "acme-concealment", "version": "4.2.0"},
    "label": "concealment",
    "score": 0.91,
    "camera_at": "2026-03-01T12:00:00.250Z",
    "signals": [
        {
            "name": "hand_to_bag",
            "value": 0.8,
            "start_seconds": 3.2,
            "end_seconds": 4.1,
            "validity": {"statistic": "auc", "figure": 0.71, "null": 0.5, "samples": 420},
        }
    ],
    "clip": {"delivery": "upload", "name": "aisle-7.mp4"},
}

ACCEPTED_EXAMPLE = {
    "id": "0c8f7f0e-52c6-4e1b-9a1c-7f3f2f0f7a11",
    "reference": "A-0C8F7F0E",
    "status_url": "http://localhost:8000/api/v1/alerts/0c8f7f0e-52c6-4e1b-9a1c-7f3f2f0f7a11/",
    "state": "received",
    "clip": {
        "state": "pending",
        "pending_reason": "Announced by the detector; not here yet.",
        "upload": {
            "url": "http://localhost:8333/second-look-media/…",
            "method": "PUT",
            "expires_at": "2026-03-01T13:00:01Z",
        },
    },
}

EXAMPLES = [
    OpenApiExample(
        "An alert whose clip is uploaded apart",
        value=STATED_EXAMPLE,
        request_only=True,
        media_type="application/json",
    ),
    OpenApiExample("Accepted", value=ACCEPTED_EXAMPLE, response_only=True, status_codes=["202"]),
]

_MEANINGS = {
    400: "Cannot be read as JSON or as an alert; `errors` names every fault with its place.",
    401: "Not signed by an active source, or too old.",
    403: "Your role does not allow this.",
    404: "There is no such alert for you.",
    409: "The id was used before for something else, or the clip cannot be taken any more.",
    413: "Too large.",
    415: "Neither JSON nor multipart.",
    422: "Understood, but there is no such camera, or it is switched off.",
    503: "The database does not answer; nothing was accepted. Send the same request again.",
    507: "No room for the clip; nothing was accepted. Send the same request again.",
}

_DEFINITIONS = {
    "signature": (
        signing.SIGNATURE_HEADER,
        "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` with the "
        "source's secret (base64-decoded, without `whsec_`). Several, separated by spaces, may be "
        "given while a secret is rotated.",
    ),
    "messageId": (
        signing.ID_HEADER,
        "Your id of this delivery: 1 to 200 letters, digits or `_:-`. A retry repeats it; the same "
        "id with another content is a conflict.",
    ),
    "timestamp": (signing.TIMESTAMP_HEADER, "Seconds since 1970, at most five minutes off."),
    "source": (signing.SOURCE_HEADER, "The id of your detector source."),
}


class SourceSignatureScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The four headers of a signed request; all of them are required together."""

    target_class = "apps.alerts.authentication.SourceSignature"
    name = list(_DEFINITIONS)

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "apiKey", "in": "header", "name": header, "description": words}
            for header, words in _DEFINITIONS.values()
        ]


def problems(*codes: int) -> dict[int, OpenApiResponse]:
    """The documented refusals of an endpoint."""
    return {code: OpenApiResponse(Problem, description=_MEANINGS[code]) for code in codes}
