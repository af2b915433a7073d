-- One register's database, which belongs to cdop_owner, closed to everybody else: the migrations
-- open it to cdop_app. Run in that database as a superuser, before any table is made.
ALTER SCHEMA public OWNER TO cdop_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
