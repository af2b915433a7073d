-- The two roles of a register's database server, for docker-compose.yml and for the tests alike.
-- cdop_owner creates and changes tables (cdop init), and gives cdop_app, as which the program runs,
-- its rights in them. Run once, as a superuser.
CREATE ROLE cdop_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE cdop_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
