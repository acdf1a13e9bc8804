"""What the domain refuses."""

from frontage.base.errors import FrontageError


class TenantNotFoundError(FrontageError):
    """No tenant has this name."""

    error_code = "not_found"
    status = 404


class KeyNotFoundError(FrontageError):
    """The tenant has no key with this id."""

    error_code = "not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("The requested key was not found.")


class TooManyKeysError(FrontageError):
    """The tenant has as many live keys as it may have."""

    error_code = "conflict"
    status = 409


class KeyNotLiveError(FrontageError):
    """The key is revoked or expired: it can be neither changed nor rotated."""

    error_code = "conflict"
    status = 409

    def __init__(self) -> None:
        super().__init__("The key is revoked or expired; create a new one.")


class InvalidKeyRequestError(FrontageError):
    """A key was asked for with something that a key cannot have."""

    error_code = "validation_error"
    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.errors = [(field, message)]
