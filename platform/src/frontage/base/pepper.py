"""The server's secret, and the keyed digests that are made with it."""

import hmac
import os
import secrets
from hashlib import sha256

from frontage.base.settings import Settings


class Pepper:
    """Digests under the current secret, and under the previous one while a change of secret is under way."""

    __slots__ = ("_keys", "names")

    def __init__(self, secret: str, previous: str | None = None) -> None:
        sources = [secret] if previous is None else [secret, previous]
        self._keys = [_derive(source, b"frontage/api-keys") for source in sources]
        self.names = [_derive(source, b"frontage/pepper-name").hex()[:8] for source in sources]

    @property
    def name(self) -> str:
        """What rows store to tell which secret made their digest; it tells nothing of the secret."""
        return self.names[0]

    def digest(self, text: str) -> bytes:
        """The digest that is stored for `text`."""
        return hmac.digest(self._keys[0], text.encode(), "sha256")

    def candidates(self, text: str) -> list[bytes]:
        """Every digest under which `text` may be stored, the current secret's first."""
        message = text.encode()
        return [hmac.digest(key, message, "sha256") for key in self._keys]


def _derive(secret: str, purpose: bytes) -> bytes:
    return hmac.digest(secret.encode(), purpose, sha256)


def load_pepper(settings: Settings) -> Pepper:
    """The pepper of these settings; the embedded mode keeps a secret of its own in its data folder."""
    secret = settings.secret or _own_secret(settings)
    return Pepper(secret, settings.previous_secret)


def _own_secret(settings: Settings) -> str:
    settings.make_data_dir()
    path = settings.data_dir / "secret"
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link either puts the whole secret in place or leaves the one that another process put there first.
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text().strip()
