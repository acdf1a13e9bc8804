"""Checking what somebody wants a key to be, the same for the command line and for HTTP; all mistakes at once."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from frontage.base.clock import utc_now
from frontage.edge.origins import validate_origin
from frontage.edge.problems import FieldProblem, Problem
from frontage.tenants.key_format import KeyKind
from frontage.tenants.keys import KeyRequest
from frontage.tenants.policy import PolicyFormatError, Window, parse_windows

LONGEST_NAME = 100
MOST_ORIGINS = 50


def refuse_origins(kind: KeyKind, origins: Collection[str]) -> None:
    """Refuse origins for a secret key; a change learns only from its row which kind it is."""
    if origins and kind is KeyKind.SECRET:
        message = "A secret key is never sent by a browser; it has no origins."
        raise Problem("validation_error", "The key is not valid.", errors=[FieldProblem("allowed_origins", message)])


class KeyChecker:
    """Collects what is wrong with a request for a key."""

    def __init__(self, known_scopes: Collection[str]) -> None:
        self._known_scopes = known_scopes
        self._errors: list[FieldProblem] = []

    def request(
        self,
        kind: KeyKind,
        *,
        name: str = "",
        scopes: Sequence[str] = (),
        origins: Sequence[str] = (),
        policy: str | None = None,
        expires_at: datetime | None = None,
    ) -> KeyRequest:
        """The checked request, or one problem that names every wrong field."""
        checked = KeyRequest(
            kind=kind,
            name=self.name(name),
            scopes=self.scopes(scopes),
            origins=self.origins(origins),
            windows=self.windows(policy),
            expires_at=self.expiry(expires_at),
        )
        self.finish()
        refuse_origins(kind, origins)
        return checked

    def finish(self) -> None:
        """Raise one problem if anything was wrong."""
        if self._errors:
            raise Problem("validation_error", "The key is not valid.", errors=self._errors)

    def name(self, name: str) -> str:
        """A name of printable characters."""
        stripped = name.strip()
        if len(stripped) > LONGEST_NAME or not stripped.isprintable():
            self._wrong("name", f"Expected at most {LONGEST_NAME} printable characters.")
        return stripped

    def scopes(self, scopes: Iterable[str]) -> tuple[str, ...]:
        """Scopes that somebody asks for somewhere."""
        given = tuple(scopes)
        if set(given) - set(self._known_scopes):
            self._wrong("scopes", f"Expected scopes among {', '.join(sorted(self._known_scopes))}.")
        return given

    def origins(self, origins: Sequence[str]) -> tuple[str, ...]:
        """Origins in their normal form."""
        if len(origins) > MOST_ORIGINS:
            self._wrong("allowed_origins", f"Expected at most {MOST_ORIGINS} origins.")
        return tuple(self._origin(place, text) for place, text in enumerate(origins[:MOST_ORIGINS]))

    def _origin(self, place: int, text: str) -> str:
        try:
            return validate_origin(text)
        except ValueError as error:
            self._wrong(f"allowed_origins[{place}]", str(error))
            return ""

    def windows(self, policy: str | None) -> tuple[Window, ...] | None:
        """The windows that a policy text means."""
        if policy is None:
            return None
        try:
            return parse_windows(policy)
        except PolicyFormatError as error:
            self._wrong("policy", f"Expected {error}.")
            return None

    def expiry(self, expires_at: datetime | None) -> datetime | None:
        """A moment to come, with its zone."""
        if expires_at is not None and expires_at.tzinfo is None:
            self._wrong("expires_at", "Expected a moment with its zone, such as 2030-01-31T12:00:00Z.")
        elif expires_at is not None and expires_at <= utc_now():
            self._wrong("expires_at", "Expected a moment to come.")
        return expires_at

    def _wrong(self, field: str, message: str) -> None:
        self._errors.append(FieldProblem(field, message))
