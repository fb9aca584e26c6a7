-- $1 the headings' key
delete from upload_columns where headings_key = $1
