-- plain
-- Takes back what followed the savepoint.
rollback to savepoint before_merge
