-- reads
-- The end of the primary's log: a standby that has come to it knows all that was committed.
select pg_current_wal_flush_lsn()::text
