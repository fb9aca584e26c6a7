/* Rows of manifests, from cells to what is stored. */
#include "parse/waybill.h"

#include "parse/buf.h"
#include "parse/cell_date.h"
#include "parse/cell_number.h"

#include <inttypes.h>
#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { CELLS = 40 };

/*
 * Headings and cells with '|' between them; an empty one is no cell. A cell that begins
 * with '=' is a number, with '@' a date's serial, with '!' an error, with '?' a truth;
 * others are text. want: what dump() makes of it.
 */
static const struct read_row {
	const char *name, *headings, *cells, *want;
} read_rows[] = {
	{ "the 15 documented columns",
	  "Waybill Number|Sender Name/Product|Sender Address|Sender Phone|Receiver Name|"
	  "Receiver Address|Receiver Phone|Destination|Number of Items|Weight|"
	  "Express Type/Service Type|COD Amount|Remarks|Order Status|Signing Time",
	  " jt0000000000001\t|Shop|1 Rizal St|=9171234567|Ana|2 Mabini "
	  "St|0917****567|Cebu|"
	  "=2|=1.5|EZ|₱1,250.00|fragile|Out for Delivery|@45688.336805555555",
	  "waybill_number=JT0000000000001\nstatus=delivering\nsender_name=Shop\n"
	  "sender_phone=09171234567\nsender_address=1 Rizal St\nreceiver_name=Ana\n"
	  "receiver_phone=0917****567\nreceiver_address=2 Mabini St\ndestination=Cebu\n"
	  "weight=1.5\nnumber_of_items=2\nexpress_type=EZ\ncod_amount=1250\n"
	  "remarks=fragile\nsigning_time=2025-01-31 08:05:00\nextra={}\n"
	  "phones_mended=1\n" },
	{ "the order a J&T portal shows",
	  "Serial Number|Creator Code|Status|Waybill Number|Sign For "
	  "Pictures|SigningTime|"
	  "Receiver|Receiver Cellphone|Province|City|Barangay|Address|Payment Method|"
	  "Settlement Weight|Receivable Freight|Receipt Waybill No|Total Shipping Cost|"
	  "COD|Pouches Size|Submission Time|RTS Reason|Remarks|Operating",
	  "=1|C1|Delivered|=772012345678|view|2025-01-31 08:05|Ana|09171234567|Cebu|"
	  "Mandaue|Centro|2 Mabini St|COD|0.5|=85|R1|=85|=499|S|2025-01-30 10:00:00|none|"
	  "ok|x",
	  "waybill_number=772012345678\nstatus=delivered\nreceiver_name=Ana\n"
	  "receiver_phone=09171234567\nreceiver_address=2 Mabini St\nprovince=Cebu\n"
	  "city=Mandaue\nbarangay=Centro\ndestination=Mandaue\nweight=0.5\n"
	  "cod_amount=499\nremarks=ok\nsigning_time=2025-01-31 08:05:00\n"
	  "submission_time=2025-01-30 10:00:00\n"
	  "extra={\"Serial Number\":\"1\",\"Creator Code\":\"C1\","
	  "\"Sign For Pictures\":\"view\",\"Payment Method\":\"COD\","
	  "\"Receivable Freight\":\"85\",\"Receipt Waybill No\":\"R1\","
	  "\"Total Shipping Cost\":\"85\",\"Pouches Size\":\"S\","
	  "\"RTS Reason\":\"none\",\"Operating\":\"x\"}\n" },
	{ "text is trimmed and otherwise whole", "Waybill|Receiver",
	  "JT1|\xc2\xa0 Ana  Cruz\nJr. \t",
	  "waybill_number=JT1\nreceiver_name=Ana  Cruz\nJr.\nextra={}\n" },
	/* a list of rejects came back with apostrophes that nobody had written */
	{ "an apostrophe before a formula is not the text's",
	  "Waybill|Receiver|Remarks|City|Note|Other", "JT1|'-Ana|' =1+1|'+x|'@y|'Tis",
	  "waybill_number=JT1\nreceiver_name=-Ana\nreceiver_address=+x\ncity=+x\n"
	  "destination=+x\nremarks==1+1\n"
	  "extra={\"Note\":\"@y\",\"Other\":\"'Tis\"}\n" },
	{ "blank cells", "Waybill|Receiver|City", "JT1| \xc2\xa0|",
	  "waybill_number=JT1\nextra={}\n" },
	{ "an address in one cell is split", "Waybill|Receiver Address|Sender Address",
	  "JT1|12 Rizal St, Brgy. Uno, Lipa City, Batangas|9 Mabini St, Makati",
	  "waybill_number=JT1\nsender_address=9 Mabini St, Makati\n"
	  "receiver_address=12 Rizal St, Brgy. Uno, Lipa City, Batangas\n"
	  "province=Batangas\ncity=Lipa City\nbarangay=Uno\nstreet=12 Rizal St\n"
	  "destination=Lipa City\nextra={}\naddresses_split=1\n" },
	{ "a row that names a part is not split", "Waybill|Receiver Address|City",
	  "JT1|12 Rizal St, Brgy. Uno, Lipa City, Batangas|Lipa",
	  "waybill_number=JT1\n"
	  "receiver_address=12 Rizal St, Brgy. Uno, Lipa City, Batangas\n"
	  "city=Lipa\ndestination=Lipa\nextra={}\n" },
	{ "an address that is not sure stays whole", "Waybill|Receiver Address",
	  "JT1|12 Rizal St, San Fernando",
	  "waybill_number=JT1\nreceiver_address=12 Rizal St, San Fernando\nextra={}\n" },
	/* a dash was a city, and a part of the address */
	{ "fillers are no places and no phones",
	  "Waybill|Destination|City|Barangay|Street|Receiver Phone|Sender Address|"
	  "Express Type|Receiver|Remarks",
	  "JT1|N/A|Cebu|-|--|-|null|-|Na|-",
	  "waybill_number=JT1\nreceiver_name=Na\nreceiver_address=Cebu\ncity=Cebu\n"
	  "destination=Cebu\nremarks=-\nextra={}\n" },
	{ "an address beside fillers is split", "Waybill|Address|City|Barangay",
	  "JT1|7 Mabini St, Makati|-|-",
	  "waybill_number=JT1\nreceiver_address=7 Mabini St, Makati\n"
	  "province=Metro Manila\ncity=Makati\ndestination=Makati\nextra={}\n"
	  "addresses_split=1\n" },
	{ "destination before city", "Waybill|Destination|City", "JT1|Cebu Hub|Mandaue",
	  "waybill_number=JT1\nreceiver_address=Mandaue\ncity=Mandaue\n"
	  "destination=Cebu Hub\nextra={}\n" },
	{ "destination empty", "Waybill|Destination|City", "JT1||Mandaue",
	  "waybill_number=JT1\nreceiver_address=Mandaue\ncity=Mandaue\n"
	  "destination=Mandaue\nextra={}\n" },
	{ "address put together", "Waybill|Province|City|Barangay",
	  "JT1|Cebu|Mandaue|Centro",
	  "waybill_number=JT1\nreceiver_address=Centro, Mandaue, Cebu\nprovince=Cebu\n"
	  "city=Mandaue\nbarangay=Centro\ndestination=Mandaue\nextra={}\n" },
	{ "address put together of what there is", "Waybill|Province|Barangay",
	  "JT1|Cebu|Centro",
	  "waybill_number=JT1\nreceiver_address=Centro, Cebu\nprovince=Cebu\n"
	  "barangay=Centro\nextra={}\n" },
	{ "street alone is the address", "Waybill|Street|City", "JT1|2 Mabini St|Mandaue",
	  "waybill_number=JT1\nreceiver_address=2 Mabini St\ncity=Mandaue\n"
	  "destination=Mandaue\nextra={}\n" },
	{ "street beside the address", "Waybill|Street|Address|City",
	  "JT1|2 Mabini St|Centro|Mandaue",
	  "waybill_number=JT1\nreceiver_address=Centro\ncity=Mandaue\n"
	  "street=2 Mabini St\ndestination=Mandaue\nextra={}\n" },
	{ "street beside an empty address", "Waybill|Street|Address|City",
	  "JT1|2 Mabini St||Mandaue",
	  "waybill_number=JT1\nreceiver_address=2 Mabini St, Mandaue\ncity=Mandaue\n"
	  "street=2 Mabini St\ndestination=Mandaue\nextra={}\n" },
	{ "remarks joined", "Remark2|Waybill|Remarks|Remark1|Remark3", "b|JT1|a||c",
	  "waybill_number=JT1\nremarks=b; a; c\nextra={}\n" },
	{ "shadowed columns", "Waybill|Status|Order Status|City|City",
	  "JT1|Odd|Signed|Cebu|Mandaue",
	  "waybill_number=JT1\nstatus=delivered\nreceiver_address=Cebu\ncity=Cebu\n"
	  "destination=Cebu\nextra={\"Status\":\"Odd\",\"City (2)\":\"Mandaue\"}\n" },
	{ "columns without headings", "Waybill|City||~", "JT1|Cebu|c|d|e",
	  "waybill_number=JT1\nreceiver_address=Cebu\ncity=Cebu\ndestination=Cebu\n"
	  "extra={\"Column C\":\"c\",\"Column D\":\"d\",\"Column E\":\"e\"}\n" },
	{ "extra is JSON", "Waybill|City|Say \"hi\"|\\", "JT1||a\nb\x01|运\"",
	  "waybill_number=JT1\n"
	  "extra={\"Say \\\"hi\\\"\":\"a\\nb\",\"\\\\\":\"运\\\"\"}\n" },

	/* statuses */
	{ "status empty", "Waybill|Status", "JT1|", "waybill_number=JT1\nextra={}\n" },
	{ "status filler", "Waybill|Status", "JT1|-", "waybill_number=JT1\nextra={}\n" },
	{ "status unknown", "Waybill|Status", "JT1| Terkirim ",
	  "waybill_number=JT1\nstatus=pending\nextra={\"Status\":\"Terkirim\"}\n"
	  "unknown_status=Terkirim\nunknown_statuses=1\n" },

	/* phones */
	{ "phone as a number", "Waybill|Receiver Phone|Sender Phone",
	  "JT1|=9171234567|=639171234567",
	  "waybill_number=JT1\nsender_phone=639171234567\n"
	  "receiver_phone=09171234567\nextra={}\nphones_mended=1\n" },
	{ "phone that lost its digits", "Waybill|Receiver Phone", "JT1|9.17123E+09",
	  "waybill_number=JT1\nextra={\"Receiver Phone\":\"9.17123E+09\"}\n"
	  "bad_values=1\n" },

	/* money, weights, counts */
	{ "money", "Waybill|COD", "JT1|PHP 1,250.505",
	  "waybill_number=JT1\ncod_amount=1250.51\nextra={}\n" },
	{ "money as a number", "Waybill|COD", "JT1|=1250.1",
	  "waybill_number=JT1\ncod_amount=1250.1\nextra={}\n" },
	{ "money as a number with three decimals", "Waybill|COD", "JT1|=1.234",
	  "waybill_number=JT1\ncod_amount=1.23\nextra={}\n" },
	{ "money zero", "Waybill|COD", "JT1|0.00",
	  "waybill_number=JT1\ncod_amount=0\nextra={}\n" },
	{ "money filler", "Waybill|COD", "JT1|-", "waybill_number=JT1\nextra={}\n" },
	{ "money that reads two ways", "Waybill|COD", "JT1|1.250",
	  "waybill_number=JT1\nextra={\"COD\":\"1.250\"}\nbad_values=1\n" },
	{ "money below zero", "Waybill|COD", "JT1|-5",
	  "waybill_number=JT1\nextra={\"COD\":\"-5\"}\nbad_values=1\n" },
	{ "money too large", "Waybill|COD", "JT1|=10000000000",
	  "waybill_number=JT1\nextra={\"COD\":\"10000000000\"}\nbad_values=1\n" },
	{ "money as a date", "Waybill|COD", "JT1|@45688",
	  "waybill_number=JT1\nextra={\"COD\":\"2025-01-31 00:00:00\"}\nbad_values=1\n" },
	{ "COD flag", "Waybill|COD", "JT1|Non-COD",
	  "waybill_number=JT1\nextra={\"COD\":\"Non-COD\"}\ncod_flags=1\n" },
	{ "COD flag yes", "Waybill|COD", "JT1|COD",
	  "waybill_number=JT1\nextra={\"COD\":\"COD\"}\ncod_flags=1\n" },
	{ "COD flag truth", "Waybill|COD", "JT1|?TRUE",
	  "waybill_number=JT1\nextra={\"COD\":\"TRUE\"}\ncod_flags=1\n" },
	{ "COD flag beside the amount", "Waybill|COD|Nilai COD", "JT1|COD|Rp 150.000",
	  "waybill_number=JT1\ncod_amount=150000\nextra={\"COD\":\"COD\"}\n" },
	{ "weight with its unit", "Waybill|Weight (kg)", "JT1|1.25 kg",
	  "waybill_number=JT1\nweight=1.25\nextra={}\n" },
	{ "weight that is none", "Waybill|Weight", "JT1|heavy",
	  "waybill_number=JT1\nextra={\"Weight\":\"heavy\"}\nbad_values=1\n" },
	{ "items", "Waybill|Qty", "JT1|3 pcs",
	  "waybill_number=JT1\nnumber_of_items=3\nextra={}\n" },
	{ "items that are not whole", "Waybill|Qty", "JT1|=2.5",
	  "waybill_number=JT1\nextra={\"Qty\":\"2.5\"}\nbad_values=1\n" },
	{ "an error", "Waybill|COD|Receiver|Foo", "JT1|!#N/A|!#REF!|!#N/A",
	  "waybill_number=JT1\n"
	  "extra={\"COD\":\"#N/A\",\"Receiver\":\"#REF!\",\"Foo\":\"#N/A\"}\n"
	  "bad_values=2\n" },

	/* times */
	{ "time as a date", "Waybill|Signing Time", "JT1|@45688.336805555555",
	  "waybill_number=JT1\nsigning_time=2025-01-31 08:05:00\nextra={}\n" },
	{ "time of six decimals", "Waybill|Signing Time", "JT1|@45688.742141",
	  "waybill_number=JT1\nsigning_time=2025-01-31 17:48:41\nextra={}\n" },
	{ "time as a number", "Waybill|Signing Time", "JT1|=45688.5",
	  "waybill_number=JT1\nsigning_time=2025-01-31 12:00:00\nextra={}\n" },
	{ "time as a wild number", "Waybill|Signing Time", "JT1|=5",
	  "waybill_number=JT1\nextra={\"Signing Time\":\"5\"}\nbad_values=1\n" },
	{ "time without a day", "Waybill|Signing Time", "JT1|@0.5",
	  "waybill_number=JT1\nextra={\"Signing Time\":\"12:00:00\"}\nbad_values=1\n" },
	{ "time month first", "Waybill|Signing Time", "JT1|01/31/2025 08:05",
	  "waybill_number=JT1\nsigning_time=2025-01-31 08:05:00\nextra={}\n"
	  "signing=0,1,0\n" },
	{ "time day first", "Waybill|Submission Time", "JT1|31/01/2025",
	  "waybill_number=JT1\nsubmission_time=2025-01-31 00:00:00\nextra={}\n"
	  "submission=1,0,0\n" },
	{ "times both ways", "Waybill|Signing Time|Submission Time",
	  "JT1|03/04/2025 08:05|1/2/2025",
	  "waybill_number=JT1\nsigning_time=2025-03-04 08:05:00\n"
	  "submission_time=2025-01-02 00:00:00\nextra={}\n"
	  "signing_day_first=2025-04-03 08:05:00\n"
	  "submission_day_first=2025-02-01 00:00:00\nsigning=0,0,1\n"
	  "submission=0,0,1\n" },
	{ "time with a zone", "Waybill|Signing Time", "JT1|2025-01-31T08:05:00Z",
	  "waybill_number=JT1\nsigning_time=2025-01-31 08:05:00+00:00\nextra={}\n" },
	{ "a day that does not exist", "Waybill|Signing Time", "JT1|31/02/2025",
	  "waybill_number=JT1\nextra={\"Signing Time\":\"31/02/2025\"}\nbad_values=1\n" },
	{ "time filler", "Waybill|Signing Time|Submission Time",
	  "JT1|0000-00-00 00:00:00|-", "waybill_number=JT1\nextra={}\n" },

	/* rejected rows */
	{ "no number", "Waybill|Receiver", "|Ana",
	  "rejected Waybill \"\" no waybill number" },
	{ "blank number", "Waybill|Receiver", " |Ana",
	  "rejected Waybill \" \" no waybill number" },
	{ "filler for a number", "Waybill|Receiver", "-|Ana",
	  "rejected Waybill \"-\" no waybill number" },
	{ "space inside", "Waybill No.|Receiver", "JT1 JT2|Ana",
	  "rejected Waybill No. \"JT1 JT2\" a space inside the waybill number" },
	{ "16 digits", "Waybill|Receiver", "=1234567890123456|Ana",
	  "rejected Waybill \"1234567890123456\" Excel keeps only 15 digits of a number, "
	  "the rest of this one is lost: format the column as text and export again" },
	{ "digits lost", "Waybill|Receiver", "7.72E+11|Ana",
	  "rejected Waybill \"7.72E+11\" digits of the number are lost, a spreadsheet "
	  "shortened it: format the column as text and export again" },
	{ "fraction", "Waybill|Receiver", "=12.5|Ana",
	  "rejected Waybill \"12.5\" not a whole number" },
	{ "headings again", "Waybill|Receiver", "WAYBILL|Receiver",
	  "rejected Waybill \"WAYBILL\" the headings again, not a waybill" },
	/* what is wrong elsewhere in a rejected row is not counted */
	{ "rejected with bad values", "Waybill|COD|Status", "|x|y",
	  "rejected Waybill \"\" no waybill number" },

	/* blank rows and footers */
	{ "no cells", "Waybill|Receiver", "", "blank" },
	{ "white space", "Waybill|Receiver", " |\t|\xc2\xa0", "blank" },
	{ "total", "Waybill|Receiver|COD", "Total||=5000", "footer" },
	{ "total elsewhere", "No|Waybill|Receiver|COD", "||Total:|5000", "footer" },
	{ "grand total", "Waybill|Receiver|COD", "GRAND TOTAL|=25|=5000", "footer" },
	{ "subtotal", "Waybill|Receiver|COD", "Subtotal||=5000", "footer" },
	{ "jumlah", "Waybill|Receiver|COD", "Jumlah||5000", "footer" },
	{ "Chinese total", "Waybill|Receiver|COD", "合计：||5000", "footer" },
	{ "a longer label", "Waybill|Receiver", "Total parcels: 25|", "footer" },
	{ "a count where the number is", "Receiver|Waybill", "Total|=25", "footer" },
	{ "a label behind a row number", "No|Receiver|Waybill", "=26|Total|-", "footer" },
	{ "a sender called so", "Sender|Waybill", "Total Care Inc.|JT0000000000001",
	  "waybill_number=JT0000000000001\nsender_name=Total Care Inc.\nextra={}\n" },
	{ "a sender called just so", "Sender|Waybill", "Total|JT0000000000001",
	  "waybill_number=JT0000000000001\nsender_name=Total\nextra={}\n" },
	{ "a number that begins so", "Waybill|Receiver", "TOTAL-0001|Ana",
	  "waybill_number=TOTAL-0001\nreceiver_name=Ana\nextra={}\n" },
	{ "a word that begins so", "Receiver|Waybill", "Totally Fine|",
	  "rejected Waybill \"\" no waybill number" },
	{ "total behind other text", "Waybill|Receiver", "JT1|Total",
	  "waybill_number=JT1\nreceiver_name=Total\nextra={}\n" },
};

struct cells {
	struct cell cell[CELLS];
	char text[CELLS][40];
	struct row row;
};

static void cell_of(struct slice one, char *text, struct cell *cell)
{
	char number[40];
	char kind = one.p[0];

	cell->kind = CELL_TEXT;
	cell->text = one;
	if (strchr("=@!?", kind) == NULL)
		return;
	(void)slice_take(&one, 1);
	cell->text = one;
	if (kind == '!' || kind == '?') {
		cell->kind = kind == '!' ? CELL_ERROR : CELL_BOOL;
		return;
	}
	(void)snprintf(number, sizeof(number), "%.*s", (int)one.n, one.p);
	cell->number = strtod(number, NULL);
	cell->kind = kind == '=' ? CELL_NUMBER : CELL_DATE;
	cell->text =
		(struct slice){ text, kind == '=' ? cell_number_text(cell->number, text)
						  : cell_date_text(cell->number, text) };
}

static void row_of(const char *text, struct cells *to)
{
	struct slice rest = slice_str(text);

	to->row = (struct row){ .number = 1, .cells = to->cell, .n = 0 };
	for (uint32_t column = 0; rest.n > 0; column++) {
		struct slice one = slice_split(&rest, '|');

		if (one.n == 0)
			continue;
		if (slice_eq(one, SLICE("~")))
			one = SLICE(" ");
		assert_true(to->row.n < CELLS);
		to->cell[to->row.n].column = column;
		cell_of(one, to->text[to->row.n], &to->cell[to->row.n]);
		to->row.n++;
	}
}

static void line(struct buf *b, const char *name, struct slice value)
{
	struct err e = { 0 };

	if (value.p != NULL)
		assert_int_equal(
			buf_printf(b, &e, "%s=%.*s\n", name, (int)value.n, value.p), 0);
}

static void count(struct buf *b, const char *name, uint64_t n)
{
	struct err e = { 0 };

	if (n > 0)
		assert_int_equal(buf_printf(b, &e, "%s=%" PRIu64 "\n", name, n), 0);
}

static void order(struct buf *b, const char *name, const struct date_order *o)
{
	struct err e = { 0 };

	if (o->day_first + o->month_first + o->ambiguous > 0)
		assert_int_equal(buf_printf(b, &e, "%s=%d,%d,%d\n", name,
					    (int)o->day_first, (int)o->month_first,
					    (int)o->ambiguous),
				 0);
}

static void dump(struct buf *b, enum row_verdict verdict, const struct waybill *w,
		 const struct reject *rej, const struct waybill_notes *notes)
{
	static const struct waybill_notes no_notes;
	struct err e = { 0 };

	if (verdict == ROW_BLANK || verdict == ROW_FOOTER) {
		assert_int_equal(notes->footers, verdict == ROW_FOOTER);
		assert_int_equal(buf_printf(b, &e, "%s",
					    verdict == ROW_BLANK ? "blank" : "footer"),
				 0);
		return;
	}
	if (verdict == ROW_REJECTED) {
		assert_memory_equal(notes, &no_notes, sizeof(no_notes));
		assert_int_equal(buf_printf(b, &e, "rejected %.*s \"%.*s\" %.*s",
					    (int)rej->heading.n, rej->heading.p,
					    (int)rej->text.n,
					    rej->text.p == NULL ? "" : rej->text.p,
					    (int)rej->reason.n, rej->reason.p),
				 0);
		return;
	}
	for (enum field f = 0; f < FIELD_COUNT; f++)
		line(b, field_name(f), w->value[f]);
	line(b, "extra", w->extra);
	line(b, "unknown_status", w->unknown_status);
	line(b, "signing_day_first", w->signing_day_first);
	line(b, "submission_day_first", w->submission_day_first);
	order(b, "signing", &notes->signing);
	order(b, "submission", &notes->submission);
	count(b, "phones_mended", notes->phones_mended);
	count(b, "addresses_split", notes->addresses_split);
	count(b, "cod_flags", notes->cod_flags);
	count(b, "unknown_statuses", notes->unknown_statuses);
	count(b, "bad_values", notes->bad_values);
}

static void reads_each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(read_rows); i++) {
		const struct read_row *want = &read_rows[i];
		struct waybill_notes notes = { 0 };
		enum row_verdict verdict = ROW_BLANK;
		struct cells headings, cells;
		struct waybill w;
		struct reject rej;
		struct columns c;
		struct err e = { 0 };
		struct arena a;
		struct buf b;

		arena_init(&a, 1 << 20);
		buf_init(&b, 1 << 16);
		row_of(want->headings, &headings);
		row_of(want->cells, &cells);
		if (columns_map(&headings.row, &a, &c, &e) < 0 ||
		    waybill_read(&c, &cells.row, &a, &notes, &verdict, &w, &rej, &e) < 0)
			fail_msg("%s: %s", want->name, e.text);
		dump(&b, verdict, &w, &rej, &notes);
		if (!slice_eq(buf_slice(&b), slice_str(want->want)))
			fail_msg("%s:\n%.*s\nnot\n%s", want->name, (int)b.n, b.p,
				 want->want);
		buf_release(&b);
		arena_release(&a);
	}
}

/* They were four years early, and nothing told. */
static void numbers_are_serials_of_their_workbook(void **state)
{
	static const struct {
		const char *cell, *want;
	} times[] = {
		{ "=44226.5", "2025-01-31 12:00:00" },
		{ "=20250131", "2025-01-31 00:00:00" },
		{ "@45688.5", "2025-01-31 12:00:00" }, /* moved by the reader */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct waybill_notes notes = { 0 };
		enum row_verdict verdict;
		struct cells headings, cells;
		struct waybill w;
		struct reject rej;
		struct columns c;
		struct err e = { 0 };
		struct arena a;
		char text[40];

		(void)snprintf(text, sizeof(text), "JT1|%s", times[i].cell);
		arena_init(&a, 1 << 20);
		row_of("Waybill|Signing Time", &headings);
		row_of(text, &cells);
		cells.row.date_1904 = true;
		assert_int_equal(columns_map(&headings.row, &a, &c, &e), 0);
		assert_int_equal(
			waybill_read(&c, &cells.row, &a, &notes, &verdict, &w, &rej, &e),
			0);
		assert_true(
			slice_eq(w.value[FIELD_SIGNING_TIME], slice_str(times[i].want)));
		arena_release(&a);
	}
}

static void hidden_rows_are_read_and_counted(void **state)
{
	struct waybill_notes notes = { 0 };
	enum row_verdict verdict;
	struct cells headings, cells;
	struct waybill w;
	struct reject rej;
	struct columns c;
	struct err e = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	row_of("Waybill|City", &headings);
	assert_int_equal(columns_map(&headings.row, &a, &c, &e), 0);
	row_of("JT1|Cebu", &cells);
	cells.row.hidden = true;
	assert_int_equal(waybill_read(&c, &cells.row, &a, &notes, &verdict, &w, &rej, &e),
			 0);
	assert_int_equal(verdict, ROW_WAYBILL);
	assert_int_equal(notes.hidden_rows, 1);
	row_of("Total|", &cells);
	cells.row.hidden = true;
	assert_int_equal(waybill_read(&c, &cells.row, &a, &notes, &verdict, &w, &rej, &e),
			 0);
	assert_int_equal(verdict, ROW_FOOTER);
	assert_int_equal(notes.hidden_rows, 1);
	arena_release(&a);
}

/* A cell that is too long once had the whole file refused. */
static const struct long_row {
	const char *name;
	size_t column;    /* of the long cell, 0 is A */
	const char *unit; /* what it repeats */
	size_t units;
	const char *want; /* the column at fault; NULL: read */
} long_rows[] = {
	{ "the most there may be", 1, "x", TABLE_CELL_CHARS, NULL },
	{ "one more", 1, "x", TABLE_CELL_CHARS + 1, "City" },
	{ "characters, not bytes", 1, "\xc3\xb1", TABLE_CELL_CHARS, NULL },
	{ "one character more", 1, "\xc3\xb1", TABLE_CELL_CHARS + 1, "City" },
	{ "far more", 1, "\xc3\xb1", 1 << 19, "City" },
	{ "a column that is no field", 2, "x", TABLE_CELL_CHARS + 1, "Note" },
	{ "a column without a heading", 3, "x", TABLE_CELL_CHARS + 1, "Column D" },
	{ "the number itself", 0, "1", TABLE_CELL_CHARS + 1, "Waybill" },
	{ "white space", 1, " ", TABLE_CELL_CHARS + 1, "City" },
};

static void check_long_row(const struct long_row *want, const char *text, size_t n)
{
	struct waybill_notes notes = { 0 };
	enum row_verdict verdict;
	struct cells headings, cells;
	struct waybill w;
	struct reject rej;
	struct columns c;
	struct err e = { 0 };
	struct arena a;

	arena_init(&a, 1 << 20);
	row_of("Waybill|City|Note", &headings);
	row_of("JT1|b|c|d", &cells);
	cells.cell[want->column].text = (struct slice){ text, n };
	if (columns_map(&headings.row, &a, &c, &e) < 0 ||
	    waybill_read(&c, &cells.row, &a, &notes, &verdict, &w, &rej, &e) < 0)
		fail_msg("%s: %s", want->name, e.text);
	assert_int_equal(verdict, want->want == NULL ? ROW_WAYBILL : ROW_REJECTED);
	if (want->want != NULL) {
		assert_true(slice_eq(rej.heading, slice_str(want->want)));
		assert_true(slice_eq(rej.reason,
				     SLICE("the cell has more than 32,767 characters")));
		assert_true(rej.text.n > 0 && rej.text.n <= 200);
		assert_true(rej.text.n % strlen(want->unit) == 0);
		assert_memory_equal(rej.text.p, text, rej.text.n);
	}
	arena_release(&a);
}

/* A NUL once had the whole file refused: no column of the database takes one. */
static void a_nul_rejects_its_row(void **state)
{
	static const struct {
		const char *want;
		size_t column;
	} rows[] = { { "Waybill", 0 }, { "City", 1 }, { "Note", 2 }, { "Column D", 3 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct waybill_notes notes = { 0 };
		enum row_verdict verdict;
		struct cells headings, cells;
		struct waybill w;
		struct reject rej;
		struct columns c;
		struct err e = { 0 };
		struct arena a;

		arena_init(&a, 1 << 20);
		row_of("Waybill|City|Note", &headings);
		row_of("JT1|b|c|d", &cells);
		cells.row.nul = true;
		cells.cell[rows[i].column].text = SLICE("x\0y");
		assert_int_equal(columns_map(&headings.row, &a, &c, &e), 0);
		assert_int_equal(
			waybill_read(&c, &cells.row, &a, &notes, &verdict, &w, &rej, &e),
			0);
		assert_int_equal(verdict, ROW_REJECTED);
		assert_true(slice_eq(rej.heading, slice_str(rows[i].want)));
		assert_true(slice_starts(rej.reason, SLICE("the cell has a NUL")));
		assert_true(slice_eq(rej.text, SLICE("x\0y")));
		arena_release(&a);
	}
}

static void a_long_cell_rejects_its_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(long_rows); i++) {
		size_t unit = strlen(long_rows[i].unit), n = unit * long_rows[i].units;
		char *text = malloc(n);

		assert_non_null(text);
		for (size_t k = 0; k < n; k++)
			text[k] = long_rows[i].unit[k % unit];
		check_long_row(&long_rows[i], text, n);
		free(text);
	}
}

/* Every allocation of a row may be the one that does not fit. */
static void a_full_arena_is_a_limit(void **state)
{
	struct cells headings, cells;
	struct columns c;
	struct arena map, a;
	struct err e = { 0 };
	size_t cap = 0;
	int got = -1;

	(void)state;
	arena_init(&map, 1 << 20);
	row_of("Waybill|Remark1|Remark2|Foo|COD|Signing Time|Phone|Sender Phone|City",
	       &headings);
	row_of("jt1|a|b|c|=5|1/2/2025|x|9171234567|Cebu|y", &cells);
	assert_int_equal(columns_map(&headings.row, &map, &c, &e), 0);
	for (; got < 0 && cap < 65536; cap += 16) {
		struct waybill_notes notes = { 0 };
		enum row_verdict verdict = ROW_BLANK;
		struct waybill w;
		struct reject rej;

		e = (struct err){ 0 };
		arena_init(&a, cap);
		got = waybill_read(&c, &cells.row, &a, &notes, &verdict, &w, &rej, &e);
		if (got < 0)
			assert_int_equal(e.kind, ERR_LIMIT);
		arena_release(&a);
	}
	assert_int_equal(got, 0);
	assert_true(cap > 256);
	arena_release(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_row),
		cmocka_unit_test(hidden_rows_are_read_and_counted),
		cmocka_unit_test(numbers_are_serials_of_their_workbook),
		cmocka_unit_test(a_long_cell_rejects_its_row),
		cmocka_unit_test(a_nul_rejects_its_row),
		cmocka_unit_test(a_full_arena_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
