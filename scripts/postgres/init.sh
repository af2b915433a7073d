#!/bin/sh
# Runs once, when docker-compose.yml's database is empty: the two roles with their passwords, the
# register's database, and the rights in it.
set -eu
here=/etc/cdop-postgres

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\i /etc/cdop-postgres/roles.sql
\set owner `cat /run/secrets/owner_password`
\set app `cat /run/secrets/app_password`
ALTER ROLE cdop_owner PASSWORD :'owner';
ALTER ROLE cdop_app PASSWORD :'app';
CREATE DATABASE cdop OWNER cdop_owner;
REVOKE ALL ON DATABASE cdop FROM PUBLIC;
GRANT CONNECT ON DATABASE cdop TO cdop_app;
SQL
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname cdop --file "$here/database.sql"
