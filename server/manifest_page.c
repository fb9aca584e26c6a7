/*
 * A manifest as a page to be printed. All values go through html_text(); names within a
 * line are a <bdi>, lest one that is written from right to left turns what stands beside
 * it.
 */
#include "server/manifest.h"

#include "parse/code128_svg.h"

/* CSS pixels, 1/96 inch: what A4 and a label have between their margins. */
enum {
	SESSION_WIDTH = 330,
	SESSION_MODULE = 2,
	SESSION_HEIGHT = 44,
	PARCEL_WIDTH = 330,
	PARCEL_MODULE = 1,
	PARCEL_HEIGHT = 26
};

struct parcels_out {
	struct html_write *h;
	bool barcodes;
	uint64_t place;
};

static void bar(struct manifest *m, struct html_write *h, enum page_paper paper,
		bool barcodes)
{
	struct slice id = manifest_head(m, HEAD_ID);
	char path[64], self[80];
	struct slice here;

	(void)snprintf(path, sizeof(path), "/sessions/%.*s", (int)id.n, id.p);
	(void)snprintf(self, sizeof(self), "%s/manifest", path);
	here = slice_str(self);
	page_bar(h);
	page_link(h, here, barcodes ? "?paper=a4&barcodes=true" : "?paper=a4", "A4",
		  paper == PAGE_A4);
	page_link(h, here, barcodes ? "?paper=label&barcodes=true" : "?paper=label",
		  "4 × 6 inch", paper == PAGE_LABEL);
	page_link(h, here,
		  paper == PAGE_A4 ? (barcodes ? "?paper=a4" : "?paper=a4&barcodes=true")
		  : barcodes       ? "?paper=label"
				   : "?paper=label&barcodes=true",
		  barcodes ? "Without parcels' barcodes" : "With parcels' barcodes",
		  false);
	page_link(h, here, "?format=csv", "CSV", false);
	page_link(h, here, "?format=xlsx", "Excel", false);
	page_link(h, slice_str(path), "", "Back to the session", false);
	page_bar_end(h);
}

/* What a state means for whoever holds the paper. */
static void state(struct manifest *m, struct html_write *h)
{
	struct slice s = manifest_head(m, HEAD_STATE);
	struct slice who = manifest_head(m, HEAD_CLOSED_BY);
	struct slice reason = manifest_head(m, HEAD_REASON);

	html_markup(h, "<p class=\"state ");
	html_text(h, s);
	html_markup(h, "\">");
	if (slice_eq(s, SLICE("open"))) {
		html_markup(h, "Open: not dispatched yet. Parcels may still be added.");
	} else {
		html_markup(h, slice_eq(s, SLICE("dispatched")) ? "Dispatched "
								: "Cancelled ");
		html_text(h, manifest_head(m, HEAD_ENDED));
		if (who.n > 0) {
			html_markup(h, " by ");
			html_element(h, "bdi", who);
		}
		if (reason.n > 0) {
			html_markup(h, ": ");
			html_element(h, "bdi", reason);
		}
	}
	if (manifest_head(m, HEAD_SKIPPED).n > 0) {
		html_markup(h, ". Left behind at the dispatch, being on hold or gone "
			       "already: ");
		html_text(h, manifest_head(m, HEAD_SKIPPED));
	}
	html_markup(h, "</p>\n");
}

static void head(struct manifest *m, struct html_write *h)
{
	struct slice id = manifest_head(m, HEAD_ID);
	char name[40];

	(void)snprintf(name, sizeof(name), "SESSION-%.*s", (int)id.n, id.p);
	html_markup(h, "<header class=\"head\">\n<div>\n<h1>Manifest of session ");
	html_text(h, id);
	html_markup(h, "</h1>\n");
	state(m, h);
	html_markup(h, "</div>\n<figure>");
	(void)code128_svg(h, slice_str(name), SESSION_WIDTH, SESSION_MODULE,
			  SESSION_HEIGHT);
	html_element(h, "figcaption", slice_str(name));
	html_markup(h, "</figure>\n</header>\n<dl class=\"facts\">\n");
	page_fact(h, "Operator", manifest_head(m, HEAD_BY));
	page_fact(h, "Station", manifest_head(m, HEAD_STATION));
	page_fact(h, "Began", manifest_head(m, HEAD_BEGAN));
	page_fact(h, "Ended", manifest_head(m, HEAD_ENDED));
	page_fact(h, "Printed", manifest_head(m, HEAD_PRINTED));
	page_fact(h, "Time zone", manifest_head(m, HEAD_ZONE));
	html_markup(h, "</dl>\n");
}

static void totals(struct manifest *m, struct html_write *h)
{
	struct slice returned = stmt_value(&m->sums, 0, SUM_RETURNED);

	html_markup(h, "<dl class=\"totals\">\n");
	page_fact(h, "Parcels", stmt_value(&m->sums, 0, SUM_PARCELS));
	if (!slice_eq(returned, SLICE("0")))
		page_fact(h, "of these returned", returned);
	page_fact(h, "Items", stmt_value(&m->sums, 0, SUM_ITEMS));
	page_fact(h, "Weight (kg)", stmt_value(&m->sums, 0, SUM_WEIGHT));
	page_fact(h, "COD", stmt_value(&m->sums, 0, SUM_COD_SHOWN));
	html_markup(h, "</dl>\n");
}

static void number(struct html_write *h, const struct stmt_result *r, size_t row,
		   size_t column)
{
	html_element(h, "td class=\"num\"", stmt_value(r, row, column));
}

static void destinations(struct manifest *m, struct html_write *h)
{
	html_markup(h,
		    "<h2>By destination</h2>\n<table class=\"sums\">\n<thead><tr>"
		    "<th scope=\"col\">Destination</th>"
		    "<th scope=\"col\" class=\"num\">Parcels</th>"
		    "<th scope=\"col\" class=\"num\">Items</th>"
		    "<th scope=\"col\" class=\"num\">Weight (kg)</th>"
		    "<th scope=\"col\" class=\"num\">COD</th></tr></thead>\n<tbody>\n");
	for (size_t i = 1; i < m->sums.rows; i++) {
		html_markup(h, "<tr>");
		html_element(h, "th scope=\"row\"",
			     manifest_place(stmt_value(&m->sums, i, SUM_DESTINATION)));
		number(h, &m->sums, i, SUM_PARCELS);
		number(h, &m->sums, i, SUM_ITEMS);
		number(h, &m->sums, i, SUM_WEIGHT);
		number(h, &m->sums, i, SUM_COD_SHOWN);
		html_markup(h, "</tr>\n");
	}
	html_markup(h, "</tbody>\n</table>\n");
}

static int parcel(void *ctx, const struct stmt_result *r, size_t row, struct err *e)
{
	struct parcels_out *o = ctx;
	struct html_write *h = o->h;
	bool returned = slice_eq(stmt_value(r, row, PARCEL_MODE), SLICE("return"));

	(void)e;
	html_markup(h, "<tr><td class=\"num\">");
	html_uint(h, ++o->place);
	html_markup(h, "</td><th scope=\"row\">");
	if (o->barcodes)
		(void)code128_svg(h, stmt_value(r, row, PARCEL_NUMBER), PARCEL_WIDTH,
				  PARCEL_MODULE, PARCEL_HEIGHT);
	html_element(h, "span class=\"number\"", stmt_value(r, row, PARCEL_NUMBER));
	html_markup(h, returned ? " <small>returned</small></th>" : "</th>");
	html_element(h, "td", stmt_value(r, row, PARCEL_RECEIVER));
	html_element(h, "td", stmt_value(r, row, PARCEL_DESTINATION));
	number(h, r, row, PARCEL_ITEMS);
	number(h, r, row, PARCEL_WEIGHT);
	number(h, r, row, PARCEL_COD_SHOWN);
	html_element(h, "td class=\"when\"", stmt_value(r, row, PARCEL_SCANNED));
	html_markup(h, "</tr>\n");
	return 0;
}

/* The table's head comes again on every page: it says whose page that is. */
static void parcels_begin(struct manifest *m, struct html_write *h)
{
	html_markup(h, "<h2>Parcels</h2>\n<table class=\"parcels\">\n"
		       "<thead><tr class=\"running\"><td colspan=\"8\">Session ");
	html_text(h, manifest_head(m, HEAD_ID));
	html_markup(h, " · ");
	html_element(h, "bdi", manifest_head(m, HEAD_STATION));
	html_markup(h, " · ");
	html_text(h, manifest_head(m, HEAD_BEGAN));
	html_markup(h, "</td></tr>\n<tr><th scope=\"col\" class=\"num\">No.</th>"
		       "<th scope=\"col\">Waybill</th><th scope=\"col\">Receiver</th>"
		       "<th scope=\"col\">Destination</th>"
		       "<th scope=\"col\" class=\"num\">Items</th>"
		       "<th scope=\"col\" class=\"num\">kg</th>"
		       "<th scope=\"col\" class=\"num\">COD</th>"
		       "<th scope=\"col\" class=\"when\">Scanned</th></tr></thead>\n"
		       "<tbody>\n");
}

static void parcels_end(struct manifest *m, struct html_write *h)
{
	html_markup(h, "<tr class=\"total\"><td></td><th scope=\"row\">Total: ");
	html_text(h, stmt_value(&m->sums, 0, SUM_PARCELS));
	html_markup(h, "</th><td></td><td></td>");
	number(h, &m->sums, 0, SUM_ITEMS);
	number(h, &m->sums, 0, SUM_WEIGHT);
	number(h, &m->sums, 0, SUM_COD_SHOWN);
	html_markup(h, "<td class=\"when\"></td></tr>\n</tbody>\n</table>\n");
}

static void signatures(struct html_write *h)
{
	static const char *const who[] = { "Released by", "Received by (courier)" };

	html_markup(h, "<section class=\"signatures\" aria-label=\"Signatures\">\n");
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
		html_markup(h, "<div>");
		html_element(h, "h2", slice_str(who[i]));
		html_markup(h, "<p>Name</p><p>Signature</p><p>Date and time</p></div>\n");
	}
	html_markup(h, "</section>\n");
}

int manifest_page(struct manifest *m, const struct sink *out, enum page_paper paper,
		  bool barcodes, struct err *e)
{
	struct slice id = manifest_head(m, HEAD_ID);
	struct html_write h;
	struct parcels_out parcels = { .h = &h, .barcodes = barcodes };
	char title[40];

	(void)snprintf(title, sizeof(title), "Manifest of session %.*s", (int)id.n, id.p);
	html_init(&h, out);
	page_begin(&h, slice_str(title), paper);
	bar(m, &h, paper, barcodes);
	html_markup(&h, "<main>\n");
	head(m, &h);
	totals(m, &h);
	destinations(m, &h);
	parcels_begin(m, &h);
	if (manifest_parcels(m, parcel, &parcels, e) < 0)
		return -1;
	parcels_end(m, &h);
	signatures(&h);
	html_markup(&h, "</main>\n");
	page_end(&h);
	return html_finish(&h, e);
}
