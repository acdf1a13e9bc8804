"""The operator's settings: read once from the environment, every mistake reported at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from frontage.base.errors import ConfigurationError, Mistake
from frontage.base.store_url import StoreUrl, StoreUrlError

SHORTEST_SECRET = 32
KNOWN = (
    "FRONTAGE_DATABASE_URL",
    "FRONTAGE_REDIS_URL",
    "FRONTAGE_SECRET",
    "FRONTAGE_SECRET_PREVIOUS",
    "FRONTAGE_DATA_DIR",
    "FRONTAGE_TENANTS_DIR",
    "FRONTAGE_BASE_URL",
    "FRONTAGE_TRUSTED_PROXIES",
    "FRONTAGE_COUNTRY_HEADER",
    "FRONTAGE_ALLOWED_HOSTS",
    "FRONTAGE_PROCESSES",
)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_FOREIGN_PREFIXES = ("FRONTAGE_TEST_",)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the environment decides."""

    database_url: str
    embedded: bool
    data_dir: Path
    tenants_dir: Path
    secret: str | None = None
    previous_secret: str | None = None
    redis_url: str | None = None
    base_url: str = "http://127.0.0.1:8000"
    trusted_proxies: tuple[str, ...] = ()
    country_header: str | None = None
    """In which trusted proxies tell the visitor's country."""
    allowed_hosts: tuple[str, ...] = ()
    processes: int | None = None
    """Workers of all hosts; unset means this host's."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings, or raise one ConfigurationError that lists every mistake."""
        settings, mistakes = cls.examine(environment)
        if mistakes:
            raise ConfigurationError(mistakes)
        return settings

    @classmethod
    def examine(cls, environment: Mapping[str, str]) -> "tuple[Settings, list[Mistake]]":
        """The settings as well as they can be read, and everything that is wrong with them."""
        reader = _Reader(environment)
        return reader.read(), reader.mistakes

    def make_data_dir(self) -> None:
        """Make the data folder if it is not there, for its owner alone."""
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            expected = f"a folder that can be made and written ({error.strerror})"
            fix = "Mend its rights, or choose another."
            mistake = Mistake("environment", "FRONTAGE_DATA_DIR", str(self.data_dir), expected, fix)
            raise ConfigurationError([mistake]) from error


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = {name: value.strip() for name, value in environment.items() if value.strip()}
        self.mistakes: list[Mistake] = []

    def read(self) -> Settings:
        data_dir = Path(self.environment.get("FRONTAGE_DATA_DIR", "var"))
        database_url, embedded = self._database_url(data_dir)
        self._refuse_unknown()
        return Settings(
            database_url=database_url,
            embedded=embedded,
            data_dir=data_dir,
            tenants_dir=Path(self.environment.get("FRONTAGE_TENANTS_DIR", "tenants")),
            secret=self._secret("FRONTAGE_SECRET", required=not embedded),
            previous_secret=self._secret("FRONTAGE_SECRET_PREVIOUS", required=False),
            redis_url=self._redis_url(),
            base_url=self._base_url(),
            trusted_proxies=self._trusted_proxies(),
            country_header=self._country_header(),
            allowed_hosts=tuple(host.lower() for host in self._words("FRONTAGE_ALLOWED_HOSTS")),
            processes=self._processes(),
        )

    def _wrong(self, name: str, value: object, expected: str, fix: str) -> None:
        self.mistakes.append(Mistake("environment", name, value, expected, fix))

    def _words(self, name: str) -> list[str]:
        return self.environment.get(name, "").replace(",", " ").split()

    def _database_url(self, data_dir: Path) -> tuple[str, bool]:
        url = self.environment.get("FRONTAGE_DATABASE_URL")
        if url is None:
            return f"sqlite+aiosqlite:///{(data_dir / 'frontage.db').absolute()}", True
        scheme, _, rest = url.partition("://")
        if scheme not in {"postgresql", "postgres", "postgresql+asyncpg"} or not _is_location(f"//{rest}"):
            self._wrong(
                "FRONTAGE_DATABASE_URL",
                f"{scheme}://…",
                "postgresql://user:password@host/database",
                "Leave it out to use the embedded database.",
            )
        return f"postgresql+asyncpg://{rest}", False

    def _secret(self, name: str, *, required: bool) -> str | None:
        secret = self.environment.get(name)
        fix = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        if secret is None and required:
            self._wrong(name, None, f"a random text of at least {SHORTEST_SECRET} characters", fix)
        if secret is not None and len(secret) < SHORTEST_SECRET:
            self._wrong(name, "…", f"at least {SHORTEST_SECRET} characters, not {len(secret)}", fix)
        return secret

    def _redis_url(self) -> str | None:
        url = self.environment.get("FRONTAGE_REDIS_URL")
        if url is not None:
            try:
                StoreUrl.parse(url)
            except StoreUrlError as error:
                fix = "Write it as redis://host:6379/0, or leave it out to count in memory."
                self._wrong("FRONTAGE_REDIS_URL", "…", str(error), fix)
        return url

    def _base_url(self) -> str:
        url = self.environment.get("FRONTAGE_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
        right = url.startswith(("http://", "https://")) and _is_location(url) and urlsplit(url).hostname
        if not right or "?" in url or "#" in url:
            self._wrong(
                "FRONTAGE_BASE_URL",
                url,
                "the public URL, such as https://edge.example.com",
                "Give scheme and host.",
            )
        return url

    def _trusted_proxies(self) -> tuple[str, ...]:
        words = self._words("FRONTAGE_TRUSTED_PROXIES")
        for word in words:
            try:
                word == "unix" or ip_network(word, strict=False)
            except ValueError:
                self._wrong(
                    "FRONTAGE_TRUSTED_PROXIES",
                    word,
                    "addresses or networks such as 10.0.0.0/8",
                    "Separate several by commas.",
                )
        return tuple(words)

    def _country_header(self) -> str | None:
        name = self.environment.get("FRONTAGE_COUNTRY_HEADER")
        if name is None:
            return None
        if not _HEADER.fullmatch(name):
            self._wrong("FRONTAGE_COUNTRY_HEADER", name, "the name of a header", "Such as CF-IPCountry.")
        elif not self._words("FRONTAGE_TRUSTED_PROXIES"):
            fix = "Name them in FRONTAGE_TRUSTED_PROXIES: nobody else is believed."
            self._wrong("FRONTAGE_COUNTRY_HEADER", name, "proxies that are trusted to tell it", fix)
        return name

    def _processes(self) -> int | None:
        text = self.environment.get("FRONTAGE_PROCESSES")
        if text is None:
            return None
        if text.isascii() and text.isdigit() and 1 <= int(text) <= 10_000:
            return int(text)
        self._wrong("FRONTAGE_PROCESSES", text, "the number of workers on all hosts", "Leave it out for one host.")
        return None

    def _refuse_unknown(self) -> None:
        for name in self.environment:
            if name.startswith("FRONTAGE_") and name not in KNOWN and not name.startswith(_FOREIGN_PREFIXES):
                # Its value is not told: the name may be a secret's, misspelt.
                self._wrong(name, "…", f"one of {', '.join(KNOWN)}", "Unset it or mend its name.")


def _is_location(url: str) -> bool:
    """Whether what follows the scheme can be read as host, port and path."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return port != 0 and bool(parts.netloc or parts.path.strip("/"))
