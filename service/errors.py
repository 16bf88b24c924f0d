"""What a request can run into."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import ClassVar


class ServiceError(Exception):
    """A request that cannot be fulfilled.

    Attributes:
        code: The kind of problem, for programs.
        status: The HTTP status.
        known: What is known and might help, by name.
        retry_after: Seconds after which the same request may succeed, or None if it never will.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, detail: str, **known: object) -> None:
        super().__init__(detail)
        self.known = known
        self.retry_after: int | None = None


class InvalidRequestError(ServiceError):
    """A parameter is missing or has a value that it cannot have."""

    code = "invalid_request"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class LimitExceededError(ServiceError):
    """More events were asked for than one request may have."""

    code = "limit_exceeded"
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, n: int, max_events: int) -> None:
        super().__init__(
            f"n={n} is above this service's limit of {max_events} events a request; ask for the same seed in "
            f"several requests, each with its offset",
            max_events=max_events,
        )


class NotAcceptableError(ServiceError):
    """No format has a media type that the client accepts."""

    code = "not_acceptable"
    status = HTTPStatus.NOT_ACCEPTABLE

    def __init__(self, accept: str, media_types: Sequence[str]) -> None:
        super().__init__(
            f"nothing is available as {accept!r}; accept one of {', '.join(media_types)}",
            media_types=list(media_types),
        )


class ModelChangedError(ServiceError):
    """The model is not the one that the request names by its digest."""

    code = "model_changed"
    status = HTTPStatus.CONFLICT

    def __init__(self, name: str, digest: str) -> None:
        super().__init__(
            f"{name} has the digest {digest} now; leave out model_digest to have the events of this model",
            model_digest=digest,
        )


class UnknownRequestError(ServiceError):
    """No request of that ID is known."""

    code = "unknown_request"
    status = HTTPStatus.NOT_FOUND

    def __init__(self, request_id: str, seconds: float) -> None:
        super().__init__(
            f"no request {request_id!r} is known; only the latest are, for {seconds:g} s after their end",
            kept_seconds=seconds,
        )


class TemporaryError(ServiceError):
    """The same request may succeed later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(f"{detail}; try again in {retry_after} s")
        self.retry_after = retry_after


class NotReadyError(TemporaryError):
    """Nothing can be generated yet, or any more."""

    code = "not_ready"


class TimeLimitError(TemporaryError):
    """The request took longer than it may."""

    code = "timeout"


class ShedError(TemporaryError):
    """The request was turned away for the sake of others."""


class OverloadedError(ShedError):
    """The service has as many requests as it takes."""

    code = "overloaded"


class TooManyRequestsError(ShedError):
    """The client has as many requests as one may have."""

    code = "too_many_requests"
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, most: int, retry_after: int) -> None:
        super().__init__(f"one client may have {most} requests at a time", retry_after)
