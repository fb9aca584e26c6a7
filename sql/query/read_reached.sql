-- reads
-- Has this server (a standby, or the primary itself) come to a place in the primary's log?
-- $1 what read_mark.sql gave
select not pg_is_in_recovery() or pg_last_wal_replay_lsn() >= $1::pg_lsn
