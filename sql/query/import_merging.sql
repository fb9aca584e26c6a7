-- From here to the end of an import's transaction no upload is undone: a parcel that is known
-- must stay known.
select pg_advisory_xact_lock_shared(6, 0)
