"""The storefront of `frontage serve --demo`, and what is counted of its shoppers."""

from frontage.plugin import Course, Figure, Showcase

_TREND = "/storefront/api/v1/trend"

showcase = Showcase(
    title="Storefront",
    words="Scroll, search, look at a product, put it into the cart: the pixel tells what shoppers see and want.",
    folder="showcase_page",
    figures=(
        Figure("Products shown", _TREND, "totals.events.product_impression"),
        Figure("Clicks", _TREND, "totals.events.product_click"),
        Figure("Looked at", _TREND, "totals.events.product_view"),
        Figure("Into the cart", _TREND, "totals.events.add_to_cart"),
        Figure("Searches", _TREND, "totals.events.search"),
        Figure("Sessions", _TREND, "totals.sessions"),
    ),
    course=Course(
        "Products shown, thirty days", _TREND, points="points", at="start", value="events.product_impression"
    ),
)
