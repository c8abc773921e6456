#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts PostgreSQL as the official image does, as far as examples/postgres uses it: POSTGRES_PASSWORD, PGDATA, and SQL
# in /docker-entrypoint-initdb.d that runs once.
set -e
: "${PGDATA:=/var/lib/postgresql/data}" "${POSTGRES_PASSWORD:?set a password}"
export PGDATA
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --username=postgres --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 --locale=C --encoding=UTF8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl start --wait --options="-c listen_addresses=''"
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -f "$file" ] || psql --username=postgres --no-password --set=ON_ERROR_STOP=1 --file="$file"
  done
  pg_ctl stop --wait --mode=fast
fi
exec "$@" -c "listen_addresses=*"
