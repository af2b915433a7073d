-- The two roles of a register's database server, for docker-compose.yml and for the tests alike.
-- cdop_owner creates and changes tables (cdop init); cdop_app, as which the program runs, cannot.
-- Run once, as a superuser.
CREATE ROLE cdop_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
CREATE ROLE cdop_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
