"""The landing page of `frontage serve --demo`, and what is counted of it."""

from frontage.plugin import Course, Figure, Showcase

_TODAY, _TREND = "/tenant/{tenant}/analytics/today", "/analytics/api/v1/trend"

showcase = Showcase(
    title="Landing page",
    words="Look around, call, write, change the currency, scan a code: each is counted once, without a cookie.",
    folder="showcase_page",
    figures=(
        Figure("Page views", _TREND, "totals.events.pageview"),
        Figure("Visitors today", _TODAY, "visitors_today"),
        Figure("WhatsApp today", _TODAY, "whatsapp_clicks"),
        Figure("Products today", _TODAY, "products_viewed"),
        Figure("Codes scanned today", _TODAY, "qr_scans"),
        Figure("Calls", _TREND, "totals.events.call"),
    ),
    course=Course("Page views, thirty days", _TREND, points="points", at="start", value="events.pageview"),
)
