"""The columns of a file of places, and what people call them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

COLUMNS = (
    "external_id", "name", "address", "address2", "city", "region", "postal_code", "country", "lat", "lon",
    "phone", "email", "website", "hours", "tags", "status",
    "closed_until", "precision", "time_zone", "photo_url", "description", "special_days", "custom", "priority",
)  # fmt: skip
"""In the order in which an export has them; the first sixteen are what most files have."""
COORDINATES = "coordinates"
"""One column with `lat, lon`, which is taken apart."""

_SYNONYMS = {
    "external_id": "id ref reference externalid extid code storecode storeid storenumber storenr storeno "
    "number locationid "
    "filialnummer filialnr nummer nr kundennummer codigo numero codice codigotienda magasin identifiant",
    "name": "storename filialname locationname title store shop filiale geschaeft laden bezeichnung nom "
    "enseigne nombre tienda "
    "sucursal nome loja negozio naam winkel titel titre titulo bedrijfsnaam",
    "address": "address1 addressline1 street streetaddress line1 addr adresse strasse strassehausnummer anschrift rue "
    "adresse1 direccion calle domicilio indirizzo via endereco rua morada adres straat addrfull",
    "address2": "addressline2 line2 street2 suite unit adresse2 adresszusatz zusatz complement "
    "complementadresse direccion2 "
    "indirizzo2 complemento adresregel2",
    "city": "town locality ort stadt ville commune ciudad localidad poblacion citta comune cidade municipio "
    "plaats woonplaats",
    "region": "state province county stateprovince bundesland land kanton departement provincia estado "
    "departamento regione "
    "regiao distrito provincie",
    "postal_code": "postalcode postcode zip zipcode plz postleitzahl codepostal cp codigopostal cap codicepostale cep",
    "country": "countrycode country code2 staat pays pais paese landcode laendercode countryname",
    "lat": "latitude y breite breitengrad geobreite latitud latitudine breedtegraad geolat",
    "lon": "lng long longitude x laenge laengengrad geolaenge longitud longitudine lengtegraad geolon geolng",
    "phone": "telephone tel phonenumber telefon telefonnummer telefono telefone telefoon fon rufnummer "
    "numerodetelephone",
    "email": "mail emailaddress epost courriel correo correoelectronico posta",
    "website": "url web homepage site webseite webadresse internet siteweb sitioweb paginaweb sito sitoweb",
    "hours": "openinghours storehours businesshours oeffnungszeiten horaires horairesdouverture horario horarios orari "
    "orariodiapertura horariodefuncionamento openingstijden",
    "tags": "tag category categories services kategorie kategorien schlagworte categorie etiquettes categoria "
    "categorias "
    "etiquetas categorieen labels",
    "status": "zustand statut estadostatus stato situacao",
    "closed_until": "closeduntil geschlossenbis reopens",
    "precision": "geocodeprecision",
    "time_zone": "timezone tz zeitzone fuseauhoraire zonahoraria fusoorario fusohorario tijdzone",
    "photo_url": "photo image imageurl picture foto bild imagen immagine imagem afbeelding",
    "description": "notes beschreibung descripcion descrizione descricao beschrijving details",
    "special_days": "specialhours holidayhours sondertage",
    "custom": "customfields attributes",
    "priority": "rank tier prioritaet prioridad priorite priorita prioridade",
    COORDINATES: "coords latlon latlng gps position koordinaten coordonnees coordenadas coordinate geo location point",
}
_COLUMN_OF = {word: column for column, words in _SYNONYMS.items() for word in words.split()} | {
    column.replace("_", ""): column for column in (*COLUMNS, COORDINATES)
}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l"})
_OTHERS = re.compile(r"[^a-z0-9]+")


def column_of(header: str) -> str | None:
    """The column that a header means, in whichever of the languages; None for a header that is not known."""
    folded = header.strip().lower().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", folded)
    return _COLUMN_OF.get(_OTHERS.sub("", plain))


def columns_of(headers: Sequence[str]) -> list[str | None]:
    """The column of each header; of two that mean the same, the one that is called like it, else the first."""
    found = [column_of(header) for header in headers]
    exact = {header.strip() for header in headers}
    seen: set[str] = set()
    for place, column in enumerate(found):
        if column is None:
            continue
        if column in seen or (column in exact and headers[place].strip() != column):
            found[place] = None
        else:
            seen.add(column)
    return found


def count_known(headers: Iterable[str]) -> int:
    """How many different columns the headers name."""
    return len({column for header in headers if (column := column_of(header))})
