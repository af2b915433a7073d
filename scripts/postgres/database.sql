-- What the two roles may do in one register's database, for docker-compose.yml and for the tests
-- alike. Run in that database, which belongs to cdop_owner, as a superuser and before any table.
-- A table that nobody may change, such as the audit log, takes UPDATE and DELETE back when the
-- migration creates it.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO cdop_owner;
GRANT USAGE ON SCHEMA public TO cdop_app;
ALTER DEFAULT PRIVILEGES FOR ROLE cdop_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cdop_app;
ALTER DEFAULT PRIVILEGES FOR ROLE cdop_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO cdop_app;
