-- A scan finds its session's figures by their index. They are few rows in few pages that change
-- all the time: PL/pgSQL keeps the plan that it makes while that is so, and by itself that one
-- reads all of them, of all sessions and slots, with their dead versions, in every scan.
alter function scan_record(text, text, bigint, uuid, text, text, timestamptz, text)
	set enable_seqscan = off;
alter function scan_many(text[], text[], bigint[], uuid[], text[], text[], timestamptz[], text[])
	set enable_seqscan = off;
