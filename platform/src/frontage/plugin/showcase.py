"""A page on which a newcomer sees a plugin at work, with numbers from the plugin's own reports beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A number: a member of what a GET route of the plugin answers to a secret key."""

    label: str
    report: str
    """The route with its query; `{tenant}` stands for the tenant's slug."""
    member: str
    """Where in the answer it stands, as `totals.searches`."""


@dataclass(frozen=True, slots=True)
class Course:
    """Numbers over time, drawn as bars: a list in what a GET route answers."""

    label: str
    report: str
    points: str
    """Where in the answer the list stands."""
    at: str
    """The member of a point that says when."""
    value: str
    """The member of a point that says how many."""


@dataclass(frozen=True, slots=True)
class Showcase:
    """What `frontage serve --demo` shows of a plugin."""

    title: str
    words: str
    """What there is to do on the page, in a sentence."""
    folder: str
    """In the plugin's package. `page.html` is what stands within `<main>`; in it `{{key}}`, `{{tenant}}`, `{{name}}`,
    `{{currency}}` and `{{root}}` stand for the publishable demo key, the tenant, and the path before `/assets`.
    `page.css` and `page.js` are loaded when they are there; inline styles and scripts are not."""
    figures: tuple[Figure, ...]
    course: Course | None = None
