"""Errors of the API: one shape, and nothing half-written stays."""

from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg_pool import PoolTimeout
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler


class Overloaded(APIException):
    """The database cannot be reached or is overloaded; nothing was accepted."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = (
        "Second Look cannot reach its database. Nothing was accepted; send the same request again."
    )
    default_code = "unavailable"
    wait = 5


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler, with our transaction rolled back first and an unreachable database answered by 503."""
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    if isinstance(error, OperationalError | PoolTimeout):
        error = Overloaded()
    response = exception_handler(error, context)
    if response is not None and isinstance(error, APIException):
        codes = error.get_codes()
        if isinstance(codes, str) and isinstance(response.data, dict):
            response.data["code"] = codes
    return response
