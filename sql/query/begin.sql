-- reads
-- Opens a transaction block. (Losing the connection here leaves nothing in doubt.)
begin
