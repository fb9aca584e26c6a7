-- plain
-- The next rejects of the cursor that upload_rejects_open.sql opened; fewer than 500: these were
-- the last.
fetch 500 from rejects
