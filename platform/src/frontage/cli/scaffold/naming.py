"""What a new plugin is called, in every spelling that its files need."""

from frontage.base.errors import FrontageError
from frontage.host.claims import RESERVED, clash
from frontage.host.discovery import Candidate
from frontage.host.vetting import RESERVED_SLUGS, is_slug

TEMPLATE = "loyalty-stamps"
_LONGEST = 32
"""Its tables begin with it, and PostgreSQL keeps 63 characters of a name."""


class UnusableNameError(FrontageError):
    """No plugin can be called this; the text says why, and what would do."""


def spellings(slug: str) -> dict[str, str]:
    """The template's name in every spelling, each with what stands in its place."""
    return dict(zip(_spell(TEMPLATE), _spell(slug), strict=True))


def _spell(slug: str) -> tuple[str, str, str, str]:
    words = slug.split("-")
    title = " ".join(words).capitalize()
    return slug, "_".join(words), "".join(word.capitalize() for word in words), title


def check_name(slug: str, installed: list[Candidate]) -> None:
    """Refuse a name that no plugin can have, or that another one stands in the way of."""
    if not is_slug(slug):
        raise UnusableNameError(
            f"{slug!r} is no name for a plugin: use lower-case words joined by hyphens, such as loyalty-stamps."
        )
    if len(slug) > _LONGEST:
        raise UnusableNameError(f"{slug} is too long: its tables begin with it. Use at most {_LONGEST} characters.")
    if slug in RESERVED_SLUGS or any(clash(f"/{slug}", path) for path in RESERVED):
        raise UnusableNameError(f"{slug} belongs to the platform. Choose another name.")
    prefix = _prefix(slug)
    for other in installed:
        if prefix.startswith(_prefix(other.slug)) or _prefix(other.slug).startswith(prefix):
            raise UnusableNameError(
                f"{other.slug} ({other.distribution}) is installed, and the tables of both would be called "
                f"{min(prefix, _prefix(other.slug), key=len)}…. Choose another name, or uninstall it."
            )


def _prefix(slug: str) -> str:
    return slug.replace("-", "_") + "_"
