"""Parts of the benchmarks that serve pages: a filled register, two apps, a client."""
