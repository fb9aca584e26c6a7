-- reads
-- The queue, without waiting for it: see queue_depth().
select queued, oldest, running from queue_depth()
