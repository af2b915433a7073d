"""How long records are kept, erasing them when that is over, holds, and rights requests.

Nothing is ever erased by itself: an organisation sets a period, one person proposes a record past
it, another approves, and only then is its key destroyed. What that reaches, and what it does not:

- the database and every running process: at once, for good. The key, the sealed values and the
  index tokens are gone; on SQLite the write-ahead log is emptied too. On PostgreSQL the old rows
  lie in its files until it vacuums and recycles its log: they are of use only with the key file.
- a restored backup: `cdop retention reapply` destroys in it what the list of erasures names. The
  list (`erased.jsonl` in the register's folder, or `cdop retention list --erased`) holds no secret.
- a backup that somebody keeps, made before, together with a key file of that time: it opens. It is
  out of reach when its sealing key is: add, promote and rewrap, take a new backup, retire the old
  key, and destroy the copies of the old key file; or when the backup expires.

There is no second store of secrets for each case outside the backups, which would undo earlier
backups at once: to lose that store would be to lose every record, so it would need backups itself.
The key file is such a store already, small and long-lived, and retiring its keys does the same.
"""
