/*
 * GET /waybills/{number}/label: a parcel's label printed again, 4 x 6 inches.
 */
#include "server/handle.h"
#include "server/log.h"
#include "server/page_out.h"
#include "server/router.h"

#include "parse/code128_svg.h"
#include "parse/waybill.h"

enum { LABEL_CAP = 1024 * 1024 };

/* CSS pixels: 4 inches without margins; a barcode of 15 mm. */
enum { WIDTH = 360, MODULE = 3, HEIGHT = 76 };

/* The columns of waybill_label.sql. */
enum {
	NUMBER,
	DESTINATION,
	RECEIVER,
	RECEIVER_PHONE,
	ADDRESS,
	PLACE,
	SENDER,
	SENDER_PHONE,
	SENDER_ADDRESS,
	ITEM,
	ITEMS,
	WEIGHT,
	EXPRESS,
	COD,
	REMARKS,
	PRINTED
};

static int to_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static void line(struct html_write *h, const char *element, struct slice text)
{
	if (text.n > 0)
		html_element(h, element, text);
}

static void person(struct html_write *h, const char *kind, const char *title,
		   const struct stmt_result *r, size_t name, size_t phone)
{
	html_markup(h, "<section class=\"");
	html_markup(h, kind);
	html_markup(h, "\"><h2>");
	html_markup(h, title);
	html_markup(h, "</h2>");
	line(h, "p class=\"name\"", stmt_value(r, 0, name));
	line(h, "p class=\"phone\"", stmt_value(r, 0, phone));
}

static void label(struct html_write *h, const struct stmt_result *r)
{
	struct slice cod = stmt_value(r, 0, COD);

	html_markup(h, "<main class=\"parcel\">\n<header><figure>");
	(void)code128_svg(h, stmt_value(r, 0, NUMBER), WIDTH, MODULE, HEIGHT);
	html_markup(h, "<figcaption><h1>");
	html_text(h, stmt_value(r, 0, NUMBER));
	html_markup(h, "</h1></figcaption></figure></header>\n");
	line(h, "p class=\"destination\"", stmt_value(r, 0, DESTINATION));
	person(h, "to", "To", r, RECEIVER, RECEIVER_PHONE);
	line(h, "p", stmt_value(r, 0, ADDRESS));
	line(h, "p", stmt_value(r, 0, PLACE));
	html_markup(h, "</section>\n");
	person(h, "from", "From", r, SENDER, SENDER_PHONE);
	line(h, "p", stmt_value(r, 0, SENDER_ADDRESS));
	html_markup(h, "</section>\n<dl class=\"facts\">");
	html_markup(h, "<div class=\"cod\">");
	html_element(h, "dt", SLICE("COD"));
	html_element(h, "dd", cod.n > 0 ? cod : SLICE("None"));
	html_markup(h, "</div>");
	page_fact(h, "Weight (kg)", stmt_value(r, 0, WEIGHT));
	page_fact(h, "Items", stmt_value(r, 0, ITEMS));
	page_fact(h, "Item", stmt_value(r, 0, ITEM));
	page_fact(h, "Service", stmt_value(r, 0, EXPRESS));
	html_markup(h, "</dl>\n<section class=\"remarks\"><h2>Remarks</h2>");
	line(h, "p", stmt_value(r, 0, REMARKS));
	html_markup(h, "</section>\n<section class=\"courier\"><h2>Courier's remarks</h2>"
		       "</section>\n");
	html_element(h, "p class=\"printed\"", stmt_value(r, 0, PRINTED));
	html_markup(h, "\n</main>\n");
}

static int write_page(const struct stmt_result *r, struct buf *b, struct arena *a,
		      struct err *e)
{
	struct slice n = stmt_value(r, 0, NUMBER);
	struct sink out = { .write = to_buf, .to = b };
	struct html_write h;

	html_init(&h, &out);
	page_begin(&h, arena_printf(a, "Label of %.*s", (int)n.n, n.p), PAGE_LABEL);
	page_bar(&h);
	page_link(&h, SLICE("/waybills"), "", "Waybills", false);
	page_bar_end(&h);
	label(&h, r);
	page_end(&h);
	return html_finish(&h, e);
}

static void answer(const struct stmt_result *r, struct request *req, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct buf b;

	buf_init(&b, LABEL_CAP);
	if (write_page(r, &b, req->arena, &e) < 0) {
		response_failure(res, "too_large", &e);
	} else {
		response_body(res, 200, SLICE("text/html; charset=utf-8"),
			      arena_dup(req->arena, buf_slice(&b)));
		page_fields(res);
	}
	buf_release(&b);
}

void handle_waybill_label(struct handle_env *env, struct request *req,
			  struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct stmt_result r;
	struct slice number;

	if (waybill_number_normalise(req->segment[0], req->arena, &number, &e) < 0) {
		response_failure(res, "bad_waybill_number", &e);
	} else if (stmt_run(env->db, STMT_WAYBILL_LABEL, &number, 1, req->arena, &r, &e) <
		   0) {
		log_line(LOG_ERROR, "%s %.*s: %s", req->route->name, (int)req->id.n,
			 req->id.p, e.text);
		handle_failure(env, &e, res);
	} else if (r.rows == 0) {
		response_error(res, 404, "waybill_not_found",
			       "%.*s is not in any uploaded manifest", (int)number.n,
			       number.p);
	} else {
		answer(&r, req, res);
	}
}
