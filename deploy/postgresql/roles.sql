-- Three roles with no more rights than they need. Run by a superuser in the database of frontage, again after a change:
--   psql -v ON_ERROR_STOP=1 -v app_password=… -v maintenance_password=… -d frontage -f roles.sql
--
-- frontage_owner        owns every table; nobody logs in as it
-- frontage_maintenance  frontage migrate, frontage tidy, frontage plugins purge, backup.sh; acts as the owner
-- frontage_app          frontage serve, tenants, keys: reads and writes rows, changes no table
\set ON_ERROR_STOP on

create extension if not exists postgis;
create extension if not exists btree_gist;

select format('create role %I', name) from unnest(array['frontage_owner', 'frontage_maintenance', 'frontage_app']) as name
where not exists (select from pg_roles where rolname = name) \gexec

alter role frontage_owner nologin;
alter role frontage_maintenance login noinherit password :'maintenance_password';
alter role frontage_app login password :'app_password';
grant frontage_owner to frontage_maintenance;

select current_database() as this \gset
-- What maintenance makes belongs to the owner, whoever logs in for it.
alter role frontage_maintenance in database :"this" set role = 'frontage_owner';
revoke all on database :"this" from public;
grant connect, temporary on database :"this" to frontage_owner, frontage_maintenance, frontage_app;

revoke all on schema public from public;
grant usage, create on schema public to frontage_owner;
grant usage on schema public to frontage_maintenance, frontage_app;

-- Tables that are there already, made by another role before.
select format('alter table %s owner to frontage_owner', c.oid::regclass)
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') \gexec
grant select, insert, update, delete on all tables in schema public to frontage_app;
grant usage, select on all sequences in schema public to frontage_app;
alter default privileges for role frontage_owner in schema public
    grant select, insert, update, delete on tables to frontage_app;
alter default privileges for role frontage_owner in schema public grant usage, select on sequences to frontage_app;
