/*
 * An empty manifest to fill in: the columns that are read, and a second sheet that says
 * what belongs into each.
 */
#include "server/handle.h"

#include "parse/xlsx_write.h"

enum { TEMPLATE_MAX = 256 * 1024 };

static const struct {
	const char *heading, *what, *example;
	uint16_t width;
	bool text; /* digits that are no number */
} columns[] = {
	{ "Waybill Number", "The courier's number, as it is on the label. Needed.",
	  "JT0012345678901", 20, true },
	{ "Sender Name/Product", "Who sends it.", "Shoe Shop", 22, false },
	{ "Sender Address", "", "12 Rizal St, Quezon City", 30, false },
	{ "Sender Phone", "", "09171234567", 16, true },
	{ "Receiver Name", "Who receives it.", "Ana Reyes", 22, false },
	{ "Receiver Address", "In one piece, or in parts in the four columns behind it.",
	  "7 Mabini St, Lahug, Cebu City, Cebu", 40, false },
	{ "Province", "", "Cebu", 18, false },
	{ "City", "", "Cebu City", 18, false },
	{ "Barangay", "", "Lahug", 18, false },
	{ "Street", "", "7 Mabini St", 24, false },
	{ "Receiver Phone", "", "09181234567", 16, true },
	{ "Destination", "Without one, the city.", "Cebu City", 18, false },
	{ "Item Name", "What is in it.", "Shoes", 22, false },
	{ "Number of Items", "A whole number.", "1", 10, false },
	{ "Weight", "In kilograms.", "1.25", 10, false },
	{ "Express Type/Service Type", "", "EZ", 16, false },
	{ "COD Amount", "In pesos; empty when nothing is to be collected.", "1499.00", 12,
	  false },
	{ "Remarks", "", "Fragile", 24, false },
	{ "Order Status",
	  "Pending, Picked Up, In Transit, On Delivery, Delivered, For Return, Returned "
	  "or "
	  "Cancelled; empty is pending.",
	  "Pending", 16, false },
	{ "Signing Time", "Year-month-day hour:minute.", "2025-01-31 08:05", 18, false },
	{ "Submission Time", "When the courier got it, year-month-day hour:minute.",
	  "2025-01-30 17:40", 18, false },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int to_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static int write_manifest(struct xlsx_write *w, struct err *e)
{
	struct xlsx_write_sheet sheet = { .name = SLICE("Waybills"),
					  .n_width = COLUMNS,
					  .frozen = 1 };
	uint16_t width[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++) {
		width[i] = columns[i].width;
		sheet.text_columns |= (uint64_t)columns[i].text << i;
	}
	sheet.width = width;
	if (xlsx_write_sheet(w, &sheet, e) < 0)
		return -1;
	for (size_t i = 0; i < COLUMNS; i++)
		if (xlsx_write_cell(w, XLSX_HEADING, slice_str(columns[i].heading), e) <
		    0)
			return -1;
	return xlsx_write_row_end(w, e);
}

static int write_line(struct xlsx_write *w, enum xlsx_write_kind kind, const char *a,
		      const char *b, const char *c, struct err *e)
{
	if (xlsx_write_cell(w, kind, slice_str(a), e) < 0 ||
	    xlsx_write_cell(w, kind == XLSX_HEADING ? kind : XLSX_TEXT, slice_str(b), e) <
		    0 ||
	    xlsx_write_cell(w, kind == XLSX_HEADING ? kind : XLSX_TEXT, slice_str(c), e) <
		    0)
		return -1;
	return xlsx_write_row_end(w, e);
}

/* Never taken for a manifest: of its texts only one in a row is a heading. */
static int write_help(struct xlsx_write *w, struct err *e)
{
	static const uint16_t width[] = { 28, 70, 36 };
	const struct xlsx_write_sheet sheet = { .name = SLICE("How to fill it in"),
						.width = width,
						.n_width = 3,
						.frozen = 1 };

	if (xlsx_write_sheet(w, &sheet, e) < 0 ||
	    write_line(w, XLSX_HEADING, "Heading", "What belongs there", "For example",
		       e) < 0)
		return -1;
	for (size_t i = 0; i < COLUMNS; i++)
		if (write_line(w, XLSX_TEXT, columns[i].heading, columns[i].what,
			       columns[i].example, e) < 0)
			return -1;
	return write_line(w, XLSX_TEXT, "any other",
			  "Further columns are kept with the parcel under their own "
			  "heading. Headings may be in any order.",
			  "", e);
}

static int write_template(struct buf *b, struct err *e)
{
	static const struct xlsx_write_options options = { .inline_strings = true };
	struct sink sink = { to_buf, b };
	struct xlsx_write *w;
	int rc = xlsx_write_open(&sink, &options, &w, e);

	if (rc == 0 && (write_manifest(w, e) < 0 || write_help(w, e) < 0 ||
			xlsx_write_finish(w, e) < 0))
		rc = -1;
	xlsx_write_close(&w);
	return rc;
}

void handle_upload_template(struct handle_env *env, struct request *req,
			    struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice book = { NULL, 0 };
	struct buf b;

	(void)env;
	buf_init(&b, TEMPLATE_MAX);
	if (write_template(&b, &e) == 0)
		book = arena_dup(req->arena, buf_slice(&b));
	buf_release(&b);
	if (book.p == NULL) {
		response_failure(res, "internal_error", &e);
		return;
	}
	response_body(res, 200,
		      SLICE("application/vnd.openxmlformats-officedocument."
			    "spreadsheetml.sheet"),
		      book);
	response_field(res, "Content-Disposition",
		       SLICE("attachment; filename=\"waybills-template.xlsx\""));
}
