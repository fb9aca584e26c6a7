-- reads
-- Gives up a transaction block.
rollback
