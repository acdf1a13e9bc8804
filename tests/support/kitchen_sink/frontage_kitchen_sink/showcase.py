"""What `frontage serve --demo` shows of the kitchen."""

from frontage.plugin import Course, Figure, Showcase

_MENU = "/kitchen/api/v1/dishes"

showcase = Showcase(
    title="Kitchen",
    words="See what is on the menu.",
    folder="showcase_page",
    figures=(Figure("Dishes", _MENU, "pagination.total_count"), Figure("Nobody's", "/kitchen/api/v1/nowhere", "count")),
    course=Course("Prices", _MENU, points="data", at="name", value="price"),
)
