"""Plugins that break the contract: one that keeps it, and for every rule a change after which it does not."""

from dataclasses import dataclass, field
from pathlib import Path

from installed import write_plugin
from shelf import declare, package_of

PLUGIN = {
    "settings": "Settings",
    "scopes": "{'notes:read': 'Read notes.', 'notes:write': 'Write notes.'}",
    "routes": "'PACKAGE.routes:routes'",
    "models": "'PACKAGE.models'",
    "migrations": "'PACKAGE.migrations'",
}
SETTINGS = """
class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    most: int = 9
"""
MODELS = '''"""The tables."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from frontage.plugin import Model


class Note(Model):
    """A note."""

    __tablename__ = "PREFIX_note"

    text: Mapped[str] = mapped_column(String(80))
'''
MIGRATION = '''"""Notes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "PREFIX_note",
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("text", sa.String(80), nullable=False),
    )


def downgrade():
    op.drop_table("PREFIX_note")
'''
ROUTES = '''"""The routes."""

from typing import Annotated

import litestar
from msgspec import Meta, Struct
from sqlalchemy import select

from frontage.plugin import (
    NO_CONTENT, Answer, Call, FromPath, HotRequest, Injected, PluginContext, Problem, Session, Tenant,
    delete, get, hot, json_answer, nobody, not_found, parse_id, publishable_key, secret_key,
)
from PACKAGE.models import Note


class NoteIn(Struct):
    """A note to be kept."""

    text: Annotated[str, Meta(min_length=1, max_length=80)]


class NoteOut(Struct):
    """A note."""

    text: str


@hot.post("/SLUG/api/public/notes", body=NoteIn, tenant=publishable_key, limit=("publishable",), off=not_found)
async def add(request: HotRequest[NoteIn, object]) -> Answer:
    """Keep a note."""
    async with request.context.writing(request.tenant) as session:
        session.add(Note(text=request.body.text))
    return NO_CONTENT


@get("/SLUG/api/notes", tenant=secret_key("notes:read"), limit=("secret",), off=not_found)
async def list_notes(session: Injected[Session]) -> list[NoteOut]:
    """List notes."""
    return [NoteOut(note.text) for note in await session.scalars(select(Note))]


@get("/SLUG/api/notes/{note_id:str}", tenant=secret_key("notes:read"), limit=("secret",), off=not_found)
async def read(session: Injected[Session], tenant: Injected[Tenant], note_id: FromPath[str]) -> NoteOut:
    """Read a note."""
    note = await session.get(Note, (tenant.id, key)) if (key := parse_id(note_id)) else None
    if note is None:
        raise Problem("not_found")
    return NoteOut(note.text)


routes = [add, list_notes, read]
'''
FILES = {"models.py": MODELS, "routes.py": ROUTES, "migrations/__init__.py": "", "migrations/0001_notes.py": MIGRATION}


@dataclass(frozen=True)
class Break:
    """How a plugin that keeps the contract is broken, and the rules that are red for it."""

    red: str
    declaration: dict = field(default_factory=dict)
    before: str = SETTINGS
    files: dict = field(default_factory=dict)
    replaced: dict = field(default_factory=dict)
    values: str = "{}"
    """What the test class says of values."""
    metadata: dict = field(default_factory=dict)
    """What the package says of itself."""
    exempt: str = ""
    """What its pyproject.toml says under `[tool.frontage.contract.exempt]`."""
    variant: bool = False
    """One more way to break a rule, judged by that rule alone to save time."""


def add_route(source: str, name: str) -> dict:
    return {"routes.py": {"routes = [add,": f"{source}\n\nroutes = [{name}, add,"}}


def add_table(name: str, columns: str, model: str) -> dict:
    """A second table beside the notes."""
    made = f'    op.create_table("PREFIX_{name}", {columns})\n'
    return {
        "models.py": {"mapped_column(String(80))\n": f"mapped_column(String(80))\n\n\n{model}\n"},
        "migrations/0001_notes.py": {
            "nullable=False),\n    )\n": f"nullable=False),\n    )\n{made}",
            "def downgrade():\n": f'def downgrade():\n    op.drop_table("PREFIX_{name}")\n',
        },
    }


KEYED = (
    'sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True), '
    'sa.Column("id", sa.Uuid(), primary_key=True), '
)

BREAKS = {
    # It has a child of a row, and a check that only the class's own values pass.
    "nothing": Break(
        "",
        replaced=add_table(
            "card",
            f'{KEYED}sa.Column("note_id", sa.Uuid(), nullable=False), sa.Column("colour", sa.String(8), nullable=False), '
            'sa.CheckConstraint("colour = \'green\'", name="colour"), sa.ForeignKeyConstraint('
            '["tenant_id", "note_id"], ["PREFIX_note.tenant_id", "PREFIX_note.id"], ondelete="CASCADE")',
            'class Card(Model):\n    """A card."""\n\n    __tablename__ = "PREFIX_card"\n'
            '    __table_args__ = (CheckConstraint("colour = \'green\'", name="colour"), ForeignKeyConstraint('
            '["tenant_id", "note_id"], ["PREFIX_note.tenant_id", "PREFIX_note.id"], ondelete="CASCADE"))\n\n'
            "    note_id: Mapped[UUID]\n    colour: Mapped[str] = mapped_column(String(8))",
        ),
        values='{"PREFIX_card": {"colour": "green"}}',
    ),
    "raises-at-import": Break("loads", replaced={"routes.py": {"routes = [": "raise RuntimeError('no')\nroutes = ["}}),
    # The host refuses these five as well, so they do not load.
    "route-without-a-gate": Break(
        "loads routes-declare",
        replaced=add_route('@litestar.get("/SLUG/api/open")\nasync def bare() -> None:\n    """Answer."""', "bare"),
    ),
    "route-outside": Break("loads claims-cover", replaced={"routes.py": {'"/SLUG/api/notes",': '"/elsewhere/notes",'}}),
    "claims-health": Break("loads claims-cover", {"paths": "('/SLUG/api', '/health')"}),
    "setting-without-default": Break("loads settings-read", before=SETTINGS.replace(" = 9", "")),
    "claims-a-neighbours-path": Break("claims-cover", {"paths": "('/SLUG/api', '/contract-neighbour/api')"}, variant=True),
    "needs-no-platform": Break("requires-major", metadata={"requires": "msgspec"}),
    "needs-this-version-alone": Break("requires-major", metadata={"requires": "frontage<1.1,>=1"}, variant=True),
    "needs-any-version": Break("requires-major", metadata={"requires": "frontage>=1"}, variant=True),
    "exempts-without-a-reason": Break("exemptions-explained", exempt='logs-hide-keys = ""'),
    "exempts-from-nothing": Break("exemptions-explained", exempt='log-hides-keys = "We print none."', variant=True),
    "exempts-from-loading": Break("exemptions-explained", exempt='loads = "It does not."', variant=True),
    "settings-take-anything": Break("loads settings-read", before=SETTINGS.replace("forbid_unknown_fields=True, ", "")),
    "upgrade-stops-halfway": Break(
        "settings-upgrade",
        {"settings_version": "3", "upgrade_settings": "'PACKAGE.plugin:upgrade'"},
        SETTINGS + "def upgrade(version, settings):\n    assert version == 1\n    return settings\n",
    ),
    "heavy-import": Break("import-light", before="import sqlalchemy\n" + SETTINGS),
    "writes-at-import": Break("import-light", before="open(__file__ + '.log', 'w').close()\n" + SETTINGS, variant=True),
    "connects-at-import": Break("import-light", before="import socket\nsocket.socket().close()\n" + SETTINGS, variant=True),
    "imports-a-floor": Break(
        "imports-contract", replaced={"routes.py": {"import litestar\n": "import litestar\nfrom frontage.base.ids import new_id\n"}}
    ),
    "imports-edge": Break(
        "imports-contract", replaced={"models.py": {"from frontage.plugin import": "from frontage import edge\nfrom frontage.plugin import"}},
        variant=True,
    ),
    "foreign-prefix": Break(
        "tables-belong",
        replaced={
            "models.py": {'"PREFIX_note"': '"stray_PREFIX"'},
            "migrations/0001_notes.py": {'"PREFIX_note"': '"stray_PREFIX"'},
        },
        variant=True,
    ),
    "no-cascade": Break(
        "tables-belong",
        replaced={
            "models.py": {
                "    text:": '    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("core_tenant.id"), primary_key=True, sort_order=-2)\n    text:',
            },
            "migrations/0001_notes.py": {', ondelete="CASCADE"': ""},
        },
    ),
    # A table that knows no tenant is neither emptied nor exported.
    "table-of-nobody": Break(
        "tables-belong deletion-complete export-complete",
        replaced=add_table(
            "word",
            'sa.Column("word", sa.String(80), primary_key=True)',
            'class Word(Model.__base__):\n    """A word."""\n\n    __tablename__ = "PREFIX_word"\n\n'
            "    word: Mapped[str] = mapped_column(String(80), primary_key=True)",
        ),
    ),
    "hidden-route": Break(
        "openapi-complete", replaced={"routes.py": {'@get("/SLUG/api/notes",': '@get("/SLUG/api/notes", include_in_schema=False,'}}
    ),
    "status-that-cannot-be": Break(
        "openapi-complete",
        replaced={"routes.py": {"body=NoteIn,": 'body=NoteIn, responses=((1000, "Never."),),'}},
        variant=True,
    ),
    "platforms-schema": Break(
        "names-stable serves",
        {"schemas": "('WhoAmI',)"},
        replaced={"routes.py": {"NoteOut": "WhoAmI"}},
    ),
    "platforms-operation": Break(
        "names-stable", replaced={"routes.py": {"body=NoteIn,": 'body=NoteIn, operation_id="core.whoami",'}},
        variant=True,
    ),
    "downgrade-forgets": Break("migrations-agree", replaced={"migrations/0001_notes.py": {'    op.drop_table("PREFIX_note")': "    pass"}}),
    "downgrade-raises": Break(
        "migrations-agree", replaced={"migrations/0001_notes.py": {'    op.drop_table("PREFIX_note")': "    raise NotImplementedError"}},
        variant=True,
    ),
    "model-without-migration": Break(
        "migrations-agree",
        replaced={"models.py": {"    text:": '    __table_args__ = (Index("ix_PREFIX_note_text", "text"),)\n\n    text:'}},
        variant=True,
    ),
    # Nobody can say which of two heads is the newest, so it does not come into service.
    "two-heads": Break(
        "migrations-agree serves",
        files={"migrations/0002_more.py": MIGRATION.replace('"0001"', '"0002"')},
    ),
    "start-raises": Break(
        "serves",
        {"start": "'PACKAGE.hooks:start'"},
        files={"hooks.py": '"""Hooks."""\n\n\nasync def start(context):\n    raise RuntimeError("no")\n'},
    ),
    "import-never-fails": Break("failure-contained", before=SETTINGS + "def __getattr__(name):\n    return plugin\n"),
    "writes-for-everybody": Break(
        "off-is-off",
        replaced=add_route(
            '@hot.post("/SLUG/api/tick", body=NoteIn, tenant=nobody, limit=(), off=not_found)\n'
            "async def tick(request: HotRequest[NoteIn, object]) -> Answer:\n"
            '    """Keep a note for everybody."""\n'
            "    for tenant in request.context.directory.tenants:\n"
            "        async with request.context.writing(tenant) as session:\n"
            "            session.add(Note(text=request.body.text))\n"
            "    return NO_CONTENT",
            "tick",
        ),
    ),
    "off-answer-raises": Break(
        "off-is-off", replaced={"routes.py": {'limit=("publishable",), off=not_found': 'limit=("publishable",), off=lambda: None'}},
        variant=True,
    ),
    "lists-every-tenants-rows": Break(
        "tenants-apart",
        replaced={
            "routes.py": {
                "(session: Injected[Session]) ->": "(context: Injected[PluginContext]) ->",
                "    return [NoteOut(note.text) for note in await session.scalars(select(Note))]": (
                    "    async with context.database.reading() as session:\n"
                    "        return [NoteOut(note.text) for note in await session.scalars(select(Note))]"
                ),
            }
        },
    ),
    # A foreign id that works is also no unknown one.
    "deletes-every-tenants-rows": Break(
        "tenants-apart foreign-is-unknown",
        replaced=add_route(
            '@delete("/SLUG/api/notes/{note_id:str}", tenant=secret_key("notes:write"), limit=("secret",), off=not_found)\n'
            "async def remove(context: Injected[PluginContext], note_id: FromPath[str]) -> None:\n"
            '    """Forget a note."""\n'
            "    async with context.database.writing() as session:\n"
            "        note = (await session.scalars(select(Note).where(Note.id == parse_id(note_id)))).first()\n"
            "        if note is None:\n"
            '            raise Problem("not_found")\n'
            "        await session.delete(note)",
            "remove",
        ),
    ),
    "moves-every-tenants-rows": Break(
        "tenants-apart",
        replaced=add_route(
            'class Wanted(Struct):\n    """Which note."""\n\n    note_id: str\n\n\n'
            '@hot.post("/SLUG/api/public/blank", body=Wanted, tenant=publishable_key, limit=("publishable",), off=not_found)\n'
            "async def blank(request: HotRequest[Wanted, object]) -> Answer:\n"
            '    """Blank a note."""\n'
            "    async with request.context.database.writing() as session:\n"
            "        note = (await session.scalars(select(Note).where(Note.id == parse_id(request.body.note_id)))).first()\n"
            "        if note is not None:\n"
            '            note.text = "blank"\n'
            "    return NO_CONTENT",
            "blank",
        ),
        variant=True,
    ),
    "forbids-what-is-foreign": Break(
        "foreign-is-unknown",
        replaced={
            "routes.py": {
                "(session: Injected[Session], tenant: Injected[Tenant], note_id": (
                    "(context: Injected[PluginContext], tenant: Injected[Tenant], note_id"
                ),
                "    note = await session.get(Note, (tenant.id, key)) if (key := parse_id(note_id)) else None": (
                    "    async with context.database.reading() as session:\n"
                    "        note = (await session.scalars(select(Note).where(Note.id == parse_id(note_id)))).first()\n"
                    "    if note is not None and note.tenant_id != tenant.id:\n"
                    '        raise Problem("forbidden")'
                ),
            }
        },
    ),
    "keeps-rows-by-a-trigger": Break(
        "deletion-complete",
        replaced={
            "migrations/0001_notes.py": {
                "    )\n\n\n": "    )\n    op.execute(\n"
                '        "create trigger PREFIX_keep before delete on PREFIX_note begin select raise(ignore); end"\n    )\n\n\n'
            }
        },
    ),
    "column-that-is-no-json": Break(
        "export-complete",
        replaced={
            "models.py": {
                "class Note(": "class Odd(TypeDecorator):\n    impl = String\n    cache_ok = True\n\n"
                "    def process_result_value(self, value, dialect):\n        return 1j\n\n\nclass Note(",
                "mapped_column(String(80))": "mapped_column(Odd(80))",
            },
            "routes.py": {"NoteOut(note.text)": "NoteOut(str(note.text))"},
        },
    ),
    "limit-by-key-without-a-key": Break(
        "limit-headers",
        replaced=add_route(
            '@hot.get("/SLUG/api/hello", tenant=nobody, limit=("publishable",), off=not_found, status=204)\n'
            "async def hello(request: HotRequest[None, object]) -> Answer:\n"
            '    """Greet."""\n'
            "    return NO_CONTENT",
            "hello",
        ),
    ),
    "trusts-a-text": Break("no-server-error", replaced={"routes.py": {"Note(text=request.body.text)": "Note(text=str(int(request.body.text)))"}}),
    "trusts-a-path": Break("no-server-error", replaced={"routes.py": {"    note = await": "    note_id.encode('ascii')\n    note = await"}},
        variant=True,
    ),
    "trusts-a-header": Break(
        "no-server-error",
        replaced={"routes.py": {"    async with request.context.writing(": "    bytes.fromhex(request.header(b'x-visitor-address') or '')\n    async with request.context.writing("}},
        variant=True,
    ),
    "prints-keys": Break(
        "logs-hide-keys", replaced={"routes.py": {"    return NO_CONTENT": "    print(request.header(b'x-api-key'))\n    return NO_CONTENT"}}
    ),
    # The platform cuts keys out of its logs, but only where they look like keys.
    "logs-the-middle-of-keys": Break(
        "logs-hide-keys",
        replaced={"routes.py": {"    return NO_CONTENT": "    request.context.log.info('asked', key=request.header(b'x-api-key')[4:])\n    return NO_CONTENT"}},
        variant=True,
    ),
    "prints-at-length": Break(
        "logs-stay-short", replaced={"routes.py": {"    return NO_CONTENT": "    print(request.header(b'user-agent'))\n    return NO_CONTENT"}}
    ),
    "logs-what-was-refused": Break(
        "logs-stay-short", replaced={"routes.py": {"    note = await": "    import structlog\n    structlog.get_logger().info('asked', id=note_id)\n    note = await"}},
        variant=True,
    ),
    "logs-addresses": Break(
        "addresses-stay-out",
        replaced={"routes.py": {"    return NO_CONTENT": "    request.context.log.info('asked', peer=str(request.address))\n    return NO_CONTENT"}},
    ),
    "stores-addresses": Break(
        "addresses-stay-out",
        replaced={"routes.py": {"Note(text=request.body.text)": "Note(text=str(request.address)[:80])"}},
        variant=True,
    ),
    "answers-in-secret": Break(
        "answers-as-described", replaced={"routes.py": {"    return NO_CONTENT": "    return Answer(202)"}},
    ),
    "answers-another-shape": Break(
        "answers-as-described",
        replaced=add_route(
            '@hot.get("/SLUG/api/hello", tenant=publishable_key, limit=("publishable",), off=not_found, returns=NoteOut)\n'
            "async def hello(request: HotRequest[None, object]) -> Answer:\n"
            '    """Greet."""\n'
            '    return json_answer({"words": "Good morning."})',
            "hello",
        ),
        variant=True,
    ),
    "raises-in-secret": Break(
        "answers-as-described", replaced={"routes.py": {"    note = await": "    if note_id.startswith('-'):\n        raise Problem('gone')\n    note = await"}},
        variant=True,
    ),
    "not-installed": Break("loads"),
}  # fmt: skip


def install(folder: Path, slug: str, broken: Break) -> str:
    """Write a broken plugin; gives the class that judges it."""
    package = package_of(slug)
    prefix = slug.replace("-", "_")

    def name(text: str) -> str:
        return text.replace("PACKAGE", package).replace("PREFIX", prefix).replace("SLUG", slug)

    files = {**FILES, **broken.files}
    for path, changes in broken.replaced.items():
        for old, new in changes.items():
            assert old in files[path], f"{slug}: {path} has no {old!r}"
            files[path] = files[path].replace(old, new)
    if slug != "not-installed":
        source = name(declare(slug, broken.before, **PLUGIN, **broken.declaration))
        write_plugin(folder, slug, source, files={path: name(text) for path, text in files.items()}, **broken.metadata)
    title = "".join(word.capitalize() for word in slug.split("-"))
    return f"class Test{title}(PluginContract):\n    plugin = {slug!r}\n    values = {name(broken.values)}\n"


def title_of(slug: str) -> str:
    return "Test" + "".join(word.capitalize() for word in slug.split("-"))
