-- plain
-- What follows may be taken back alone.
savepoint before_merge
