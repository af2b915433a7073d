"""Parts of the benchmark of the audit log: the plain rows that it is compared with."""
