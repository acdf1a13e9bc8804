"""Lists, a page at a time."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

T = TypeVar("T")

DEFAULT_SIZE = 25
LARGEST_SIZE = 100

PageNumber = FromQuery[Annotated[int, QueryParameter(ge=1, le=10**9, description="Which page, from 1.")]]
PageSize = FromQuery[Annotated[int, QueryParameter(ge=1, le=LARGEST_SIZE, description="How many a page.")]]


class Pagination(Struct, frozen=True):
    """Where in a list a page stands."""

    page: int
    page_size: int
    total_count: int
    total_pages: int
    has_next: bool
    has_previous: bool

    @classmethod
    def of(cls, page: int, page_size: int, total_count: int) -> "Pagination":
        """The place of a page in a list of `total_count`."""
        total_pages = -(-total_count // page_size)
        return cls(page, page_size, total_count, total_pages, page < total_pages, page > 1)


class Page(Struct, Generic[T], frozen=True):
    """One page of a list. Subclass it with the element's type to give the schema a good name."""

    data: Sequence[T]
    pagination: Pagination
