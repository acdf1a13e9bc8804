"""What somebody perhaps meant who wrote opening hours as people do: `Mon-Fri 9am-5pm`, `lun-vie 9h-18h`.

It only ever suggests: `12-6` may be noon or night, and nobody's shop shall open by a guess.
"""

import re
from collections.abc import Iterator

_DAYS = {
    "Mo": "monday mon montag mo lundi lun lunes lunedì lunedi maandag ma segunda-feira segunda seg",
    "Tu": "tuesday tues tue tu dienstag di mardi mar martes martedì martedi dinsdag terça-feira terça ter",
    "We": "wednesday wed we mittwoch mi mercredi mer miércoles miercoles mié mie mercoledì mercoledi woensdag wo "
    "quarta-feira quarta qua",
    "Th": "thursday thurs thur thu th donnerstag do jeudi jeu jueves jue giovedì giovedi gio donderdag quinta-feira "
    "quinta qui",
    "Fr": "friday fri fr freitag vendredi ven viernes vie venerdì venerdi vrijdag vr sexta-feira sexta sex",
    "Sa": "saturday sat sa samstag sonnabend samedi sam sábado sabado sáb sab sabato zaterdag za",
    "Su": "sunday sun su sonntag so dimanche dim domingo dom domenica zondag zo",
    "Mo-Su": "daily everyday täglich taeglich dagelijks diario diariamente giornaliero",
    "Mo-Fr": "weekdays werktags wochentags werkdagen",
    "Sa-Su": "weekend weekends wochenende",
    "PH": "holidays feiertags feiertage feiertag festivos feriados",
}
_DAY_OF = {word: day for day, words in _DAYS.items() for word in words.split()}
_OFF = {"off", "closed", "geschlossen", "fermé", "ferme", "cerrado", "chiuso", "gesloten", "fechado", "ruhetag"}
_TO = {"-", "to", "till", "until", "through", "thru", "bis", "à", "a", "al", "tot", "até", "ate"}
_AND = {"and", "und", "et", "y", "e", "en"}
_NAMED_CLOCKS = {"noon": "12:00", "midnight": "24:00", "midday": "12:00"}
_ALWAYS = re.compile(
    r"(?:always\s+)?(?:open\s+)?24\s*(?:(?:/|x|h(?:ours?|rs?)?\s*/?)\s*7|hours?|hrs?|h|stunden|heures|horas)",
    re.IGNORECASE,
)
_PHRASES = (
    (
        re.compile(
            r"every\s*day|tous\s+les\s+jours|todos\s+los\s+d[ií]as|tutti\s+i\s+giorni|todos\s+os\s+dias|alle\s+tage",
            re.IGNORECASE,
        ),
        "daily",
    ),
    (re.compile(r"[\u2010-\u2015\u2212~]"), "-"),
    (re.compile(r"[|\n\r]+"), ";"),
    (re.compile(r"([ap])\.\s*m\.", re.IGNORECASE), r"\1m"),
    (re.compile(r"\b(?:uhr|hrs|hours?|hs|h(?=\s|$|[-,;]))\b\.?", re.IGNORECASE), " "),
)
_TOKEN = re.compile(
    r"(?P<clock>\d{1,2}(?:[:.hH]\d{2})?\s*(?:[ap]m)?h?)(?![\w])|(?P<word>[^\W\d_]+(?:-feira)?)\.?|(?P<sign>[-,;&/])|[\s:.]+",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?h?\s*(am|pm)?h?", re.IGNORECASE)


def suggest(text: str) -> str | None:
    """A readable text with the same meaning, as far as it can be guessed; None when it cannot."""
    import opening_hours

    if _ALWAYS.fullmatch(text.strip()):
        return "24/7"
    for pattern, instead in _PHRASES:
        text = pattern.sub(instead, text)
    words = list(_tokens(text[:500]))
    if None in words:
        return None
    guess = _compose([word for word in words if word])
    return guess if guess and opening_hours.validate(guess) else None


def _tokens(text: str) -> Iterator[str | None]:
    """Days, clocks, signs and `off`; None for whatever is not understood, which ends all guessing."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            yield None
            return
        place = found.end()
        if clock := found["clock"]:
            yield _clock(clock)
        elif word := found["word"]:
            yield _word(word.lower())
        elif sign := found["sign"]:
            yield {"&": ",", "/": ","}.get(sign, sign)


def _word(word: str) -> str | None:
    if word in _TO:
        return "-"
    if word in _OFF:
        return "off"
    return _DAY_OF.get(word) or _NAMED_CLOCKS.get(word) or ("," if word in _AND else None)


def _clock(text: str) -> str | None:
    found = _CLOCK.fullmatch(text.strip())
    if not found or int(found[1]) > 24 or int(found[2] or 0) > 59:
        return None
    hour, half = int(found[1]), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    # A clock that says neither is marked, so that `9-5` can become 09:00-17:00.
    return f"{hour:02}:{found[2] or '00'}" + ("" if half or found[2] or hour > 12 else "?")


def _compose(words: list[str]) -> str:
    """Rules of days and times; a day after a time begins the next rule."""
    rules: list[str] = []
    days, times = "", ""
    for word in words:
        is_time = word[0].isdigit() or word == "off"
        if word == ";" or (times and not is_time and word not in {"-", ","}):
            rules.append(_rule(days, times))
            days, times = "", ""
        if word == ";":
            continue
        if is_time:
            times += ("," if times and times[-1] not in "-," else "") + word
        elif word in {"-", ","}:
            days, times = (days, times + word) if times else (days + word, times)
        else:
            days += ("," if days and days[-1] not in "-," else "") + word
    rules.append(_rule(days, times))
    return "; ".join(filter(None, rules))


def _rule(days: str, times: str) -> str:
    days, times = days.strip("-,"), times.strip("-,")
    spans = ",".join(_span(span) for span in times.split(","))
    return " ".join(filter(None, (days, spans)))


def _span(span: str) -> str:
    opens, dash, closes = span.partition("-")
    if closes.endswith("?") and opens[:2].isdigit() and int(closes[:2]) <= int(opens[:2]) and int(closes[:2]) < 12:
        closes = f"{int(closes[:2]) + 12:02}{closes[2:]}"
    return (opens + dash + closes).replace("?", "")
