/*
 * Tables into files. Ignorant of where the rows come from.
 */
#include "server/table_out.h"

static int to_file(void *to, struct slice bytes, struct err *e)
{
	return import_spool_add(to, bytes, e);
}

int table_out_sheet(struct table_out *o, struct err *e)
{
	char name[XLSX_MAX_SHEET_NAME + 1];
	struct xlsx_write_sheet sheet = { .name = o->sheet, .frozen = 1 };

	if (o->sheets++ > 0) {
		(void)snprintf(name, sizeof(name), "%.*s %u", (int)o->sheet.n, o->sheet.p,
			       o->sheets);
		sheet.name = slice_str(name);
	}
	return xlsx_write_sheet(o->xlsx, &sheet, e);
}

int table_out_open(struct table_out *o, const char *dir, bool xlsx, struct slice sheet,
		   struct err *e)
{
	static const struct csv_write_options csv = { .bom = true, .defuse = true };
	static const struct xlsx_write_options options = { .inline_strings = true };
	struct sink sink = { .write = to_file, .to = &o->file };

	import_spool_init(&o->file, dir);
	o->xlsx = NULL;
	o->sheet = sheet;
	o->sheets = 0;
	csv_write_init(&o->csv, &sink, &csv);
	if (!xlsx)
		return 0;
	if (xlsx_write_open(&sink, &options, &o->xlsx, e) == 0 &&
	    table_out_sheet(o, e) == 0)
		return 0;
	table_out_release(o);
	return -1;
}

int table_out_cell(struct table_out *o, enum xlsx_write_kind kind, struct slice text,
		   struct err *e)
{
	if (o->xlsx == NULL)
		return csv_write_cell(&o->csv, text, e);
	return xlsx_write_cell(o->xlsx, kind, text, e);
}

int table_out_row_end(struct table_out *o, struct err *e)
{
	return o->xlsx == NULL ? csv_write_row_end(&o->csv, e)
			       : xlsx_write_row_end(o->xlsx, e);
}

bool table_out_full(const struct table_out *o)
{
	return o->xlsx != NULL && xlsx_write_rows(o->xlsx) >= XLSX_MAX_ROWS;
}

int table_out_finish(struct table_out *o, int *fd_r, uint64_t *size_r, struct err *e)
{
	if ((o->xlsx == NULL ? csv_write_flush(&o->csv, e)
			     : xlsx_write_finish(o->xlsx, e)) < 0 ||
	    import_spool_file(&o->file, fd_r, e) < 0)
		return -1;
	*size_r = o->file.size;
	return 0;
}

int table_out_answer(struct table_out *o, struct slice name, struct response *res,
		     struct err *e)
{
	struct slice type =
		o->xlsx != NULL ? SLICE("application/vnd.openxmlformats-officedocument."
					"spreadsheetml.sheet")
				: SLICE("text/csv; charset=utf-8");
	uint64_t size;
	int fd;

	if (table_out_finish(o, &fd, &size, e) < 0 ||
	    response_file(res, type, fd, size, e) < 0)
		return -1;
	response_field(res, "Content-Disposition",
		       arena_printf(res->arena, "attachment; filename=\"%.*s.%s\"",
				    (int)name.n, name.p,
				    o->xlsx != NULL ? "xlsx" : "csv"));
	return 0;
}

void table_out_release(struct table_out *o)
{
	xlsx_write_close(&o->xlsx);
	import_spool_release(&o->file);
}
