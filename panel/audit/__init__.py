"""Who did what: an append-only, hash-chained record, written before the act."""
