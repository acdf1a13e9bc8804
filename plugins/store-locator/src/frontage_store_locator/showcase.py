"""The store finder of `frontage serve --demo`, and what it tells of its visitors."""

from frontage.plugin import Figure, Showcase

_FUNNEL = "/locations/api/v1/funnel"

showcase = Showcase(
    title="Store finder",
    words="Search the shop's places by words or by where you are. Airports of the world stand for stores.",
    folder="showcase_page",
    figures=(
        Figure("Searches", _FUNNEL, "totals.searches"),
        Figure("Store finders loaded", _FUNNEL, "totals.loads"),
        Figure("Stores looked at", _FUNNEL, "totals.store_clicks"),
        Figure("Directions asked for", _FUNNEL, "totals.direction_clicks"),
        Figure("Searches without a store", _FUNNEL, "totals.searches_without_result"),
    ),
)
