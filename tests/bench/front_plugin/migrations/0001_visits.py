"""Visits and their counts."""

from datetime import date

from alembic import op

from frontage.plugin import Event, Rollup, create_rollup_table, create_stream_table

revision = "0001"
down_revision = None


class Visit(Event):
    card: str


class VisitCount(Rollup):
    day: date
    card: str
    visits: int = 0


def upgrade() -> None:
    create_stream_table(op, "bench_front_visits", Visit)
    create_rollup_table(op, "bench_front_visit_count", VisitCount)


def downgrade() -> None:
    op.drop_table("bench_front_visit_count")
    op.drop_table("bench_front_visits")
