#!/usr/bin/env bash
# Writes a backup of the database and the checksums of its tables, both of one moment, while everything serves on.
#   FRONTAGE_DATABASE_URL=postgresql://frontage_maintenance:…@host/frontage backup.sh FOLDER
# Beside it keep FRONTAGE_SECRET, without which no secret key is known again, and the tenant files. What a host holds in
# its spool while the database is away is on that host alone: a backup taken meanwhile lacks it.
set -euo pipefail
folder=${1:?"usage: backup.sh FOLDER"}
url=${FRONTAGE_DATABASE_URL:?"set FRONTAGE_DATABASE_URL"}
url=${url/postgresql+asyncpg:/postgresql:}
here=$(cd "$(dirname "$0")" && pwd)
name=$folder/frontage-$(date -u +%Y%m%dT%H%M%SZ)
umask 077
mkdir -p "$folder"
trap 'rm -f "$name.dump.part" "$name.sums.part"' EXIT

# A session that holds one snapshot, for the dump and for the checksums alike.
coproc SESSION { psql -XqAt -F ' ' -v ON_ERROR_STOP=1 -d "$url"; }
say() { printf '%s\n' "$@" >&"${SESSION[1]}"; }
say "begin isolation level repeatable read read only;" "set statement_timeout = 0;" "select pg_export_snapshot();"
read -r snapshot <&"${SESSION[0]}"
pg_dump --format=custom --snapshot="$snapshot" --file="$name.dump.part" "$url"
say "\\i $here/checksums.sql" "\\echo end"
while read -r line <&"${SESSION[0]}" && [ "$line" != end ]; do echo "$line"; done >"$name.sums.part"
[ "$line" = end ] || { echo "backup: the checksums could not be read" >&2; exit 1; }
say "\\q"

mv "$name.sums.part" "$name.sums"
mv "$name.dump.part" "$name.dump"
echo "$name.dump"
