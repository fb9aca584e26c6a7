-- plain
-- From now on this connection is told when a job is queued.
listen waybill_jobs
