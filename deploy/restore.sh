#!/usr/bin/env bash
# Restores a backup into an empty database and compares the checksums of every table; ends with 1 if one differs.
#   FRONTAGE_DATABASE_URL=postgresql://postgres:…@host/frontage_new restore.sh FOLDER/frontage-….dump
# As a drill: into a database made for it, once a month. For real: roles.sql first, then this, then frontage migrate.
set -euo pipefail
dump=${1:?"usage: restore.sh FILE.dump"}
url=${FRONTAGE_DATABASE_URL:?"set FRONTAGE_DATABASE_URL to an empty database"}
url=${url/postgresql+asyncpg:/postgresql:}
here=$(cd "$(dirname "$0")" && pwd)
sums=${dump%.dump}.sums
[ -r "$sums" ] || { echo "restore: $sums is missing, there is nothing to compare with" >&2; exit 1; }

ours="select count(*) from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')"
[ "$(psql -XqAt -v ON_ERROR_STOP=1 -d "$url" -c "$ours")" = 0 ] || { echo "restore: the database is not empty" >&2; exit 1; }

pg_restore --exit-on-error --single-transaction --dbname="$url" "$dump"
if ! diff "$sums" <(psql -XqAt -F ' ' -v ON_ERROR_STOP=1 -d "$url" -f "$here/checksums.sql"); then
    echo "restore: what was restored differs from what was backed up" >&2
    exit 1
fi
echo "restored: $(wc -l <"$sums") tables, all equal"
