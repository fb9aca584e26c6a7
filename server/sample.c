/*
 * Manifests for trying things out and for measuring. Ignorant of files and of the
 * database; knows the formats only through their writers.
 *
 * Every row has its own random stream, drawn from the seed and its index, so that a
 * row does not depend on those before it.
 */
#include "server/sample.h"

#include "parse/csv_write.h"
#include "parse/xlsx_write.h"

#include <stdio.h>
#include <stdlib.h>

enum { ALWAYS_PENDING = 20, SIXTEENTHS = 16, STRINGS_MAX = 256 * 1024 * 1024 };

struct place {
	const char *barangay, *city, *province;
};

static const struct place places[] = {
	{ "San Roque", "Quezon City", "Metro Manila" },
	{ "Commonwealth", "Quezon City", "Metro Manila" },
	{ "Poblacion", "Makati City", "Metro Manila" },
	{ "Bagong Silang", "Caloocan City", "Metro Manila" },
	{ "Tondo", "Manila", "Metro Manila" },
	{ "Sampaloc", "Manila", "Metro Manila" },
	{ "Pinagbuhatan", "Pasig City", "Metro Manila" },
	{ "Talon Dos", "Las Piñas City", "Metro Manila" },
	{ "BF Homes", "Parañaque City", "Metro Manila" },
	{ "Western Bicutan", "Taguig City", "Metro Manila" },
	{ "Molino III", "Bacoor", "Cavite" },
	{ "Burol Main", "Dasmariñas", "Cavite" },
	{ "Balibago", "Santa Rosa", "Laguna" },
	{ "Canlalay", "Biñan", "Laguna" },
	{ "San Isidro", "Antipolo City", "Rizal" },
	{ "Lourdes", "Angeles City", "Pampanga" },
	{ "Sto. Rosario", "San Fernando", "Pampanga" },
	{ "Irisan", "Baguio City", "Benguet" },
	{ "Tabuco", "Naga City", "Camarines Sur" },
	{ "Bonot", "Legazpi City", "Albay" },
	{ "Lahug", "Cebu City", "Cebu" },
	{ "Guadalupe", "Cebu City", "Cebu" },
	{ "Basak", "Lapu-Lapu City", "Cebu" },
	{ "Tabunok", "Talisay City", "Cebu" },
	{ "Jaro", "Iloilo City", "Iloilo" },
	{ "Mandalagan", "Bacolod City", "Negros Occidental" },
	{ "Calindagan", "Dumaguete City", "Negros Oriental" },
	{ "Abucay", "Tacloban City", "Leyte" },
	{ "Cogon", "Tagbilaran City", "Bohol" },
	{ "San Pedro", "Puerto Princesa City", "Palawan" },
	{ "Buhangin", "Davao City", "Davao del Sur" },
	{ "Toril", "Davao City", "Davao del Sur" },
	{ "Carmen", "Cagayan de Oro City", "Misamis Oriental" },
	{ "Tibanga", "Iligan City", "Lanao del Norte" },
	{ "Calumpang", "General Santos City", "South Cotabato" },
	{ "Tetuan", "Zamboanga City", "Zamboanga del Sur" },
};

static const char *const first_names[] = {
	"Maria",     "Jose",      "Juan",    "Angelica",  "Mark",     "Jennifer",
	"John Paul", "Kristine",  "Ramon",   "Rosario",   "Michelle", "Carlo",
	"Grace",     "Niña",      "Antonio", "Liza",      "Roberto",  "Marites",
	"Jerome",    "Catherine", "Eduardo", "Ana Marie", "Ricardo",  "Joy",
	"Christian", "Aileen",    "Danilo",  "Sheila",    "Rommel",   "Beatriz",
	"Arnel",     "Lorna",     "Jayson",  "Teresita",  "Emmanuel", "Camille",
};

static const char *const last_names[] = {
	"Santos",   "Reyes",     "Cruz",        "Bautista",   "Ocampo",     "Garcia",
	"Mendoza",  "Torres",    "Dela Cruz",   "Villanueva", "Ramos",      "Aquino",
	"Castillo", "Rivera",    "Flores",      "Navarro",    "Salazar",    "Mercado",
	"Pascual",  "Soriano",   "De Guzman",   "Valdez",     "Francisco",  "Dizon",
	"Peña",     "Magsaysay", "Tolentino",   "Manalo",     "Pangilinan", "Lim",
	"Tan",      "Sy",        "Evangelista", "Domingo",    "Ibañez",     "Macaraeg",
};

static const char *const shops[] = {
	"Manila Gadget Hub",        "Kape Barako Trading",   "Divisoria Direct",
	"Tita Baby's Pasalubong",   "Pinoy Sneaker Vault",   "Luntian Plants PH",
	"Ukay Finds by Rose",       "Island Glow Cosmetics", "JM Phone Accessories",
	"Bahay Kubo Home & Living", "Little Stars Kidswear", "Sari-Sari Online",
	"Moto Parts Depot",         "Hiyas Jewelry",         "Book Nook Manila",
	"Fit & Fab Activewear",
};

static const char *const streets[] = {
	"Rizal St.",       "Mabini St.",      "Bonifacio Ave.",  "Del Pilar St.",
	"Quezon Ave.",     "Luna St.",        "Aguinaldo Hwy.",  "Sampaguita St.",
	"Ilang-Ilang St.", "Magsaysay Blvd.", "Roxas Ave.",      "Osmeña Blvd.",
	"Narra St.",       "Acacia Lane",     "Gen. Malvar St.", "Burgos St.",
};

static const char *const prefixes[] = { "0905", "0906", "0915", "0916", "0917", "0918",
					"0919", "0920", "0927", "0928", "0936", "0945",
					"0956", "0961", "0977", "0998" };

static const char *const remarks[] = {
	"Fragile",     "Call before delivery", "Leave with the guard, \"Ate Nene\"",
	"Do not bend", "Office hours only",    "Gift, no receipt inside"
};

static const char *const types[] = { "EZ", "Standard", "Express", "Economy" };

static const char *const moving[] = { "Dispatched", "In Transit",       "Delivering",
				      "Delivered",  "Out for Delivery", "For Return" };

enum column {
	NUMBER,
	SENDER,
	SENDER_ADDRESS,
	SENDER_PHONE,
	RECEIVER,
	RECEIVER_ADDRESS,
	RECEIVER_PHONE,
	DESTINATION,
	ITEMS,
	WEIGHT,
	TYPE,
	COD,
	REMARKS,
	STATUS,
	SIGNED,
	SUBMITTED,
	COLUMNS
};

static const struct {
	const char *heading;
	enum xlsx_write_kind kind;
	uint16_t width;
} columns[COLUMNS] = {
	[NUMBER] = { "Waybill Number", XLSX_TEXT, 18 },
	[SENDER] = { "Sender Name/Product", XLSX_TEXT, 26 },
	[SENDER_ADDRESS] = { "Sender Address", XLSX_TEXT, 40 },
	[SENDER_PHONE] = { "Sender Phone", XLSX_TEXT, 14 },
	[RECEIVER] = { "Receiver Name", XLSX_TEXT, 24 },
	[RECEIVER_ADDRESS] = { "Receiver Address", XLSX_TEXT, 48 },
	[RECEIVER_PHONE] = { "Receiver Phone", XLSX_TEXT, 14 },
	[DESTINATION] = { "Destination", XLSX_TEXT, 20 },
	[ITEMS] = { "Number of Items", XLSX_NUMBER, 16 },
	[WEIGHT] = { "Weight", XLSX_NUMBER, 10 },
	[TYPE] = { "Express Type/Service Type", XLSX_TEXT, 24 },
	[COD] = { "COD Amount", XLSX_NUMBER, 12 },
	[REMARKS] = { "Remarks", XLSX_TEXT, 30 },
	[STATUS] = { "Order Status", XLSX_TEXT, 16 },
	[SIGNED] = { "Signing Time", XLSX_DATE, 20 },
	[SUBMITTED] = { "Submission Time", XLSX_DATE, 20 },
};

/* One row's texts, all in one room. */
struct sample_row {
	struct slice cell[COLUMNS];
	char room[1024];
	size_t n;
};

/* SplitMix64 (Steele, Lea, Flood 2014): any 64 bits in, well mixed bits out. */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15U;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
	return z ^ (z >> 31);
}

/* 0 to n - 1 */
static unsigned pick(uint64_t *state, size_t n)
{
	return (unsigned)(draw(state) % n);
}

static void set(struct sample_row *r, enum column c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void set(struct sample_row *r, enum column c, const char *fmt, ...)
{
	size_t left = sizeof(r->room) - r->n;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->room + r->n, left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left)
		abort(); /* the words above are short: our own bug */
	r->cell[c] = (struct slice){ r->room + r->n, (size_t)n };
	r->n += (size_t)n;
}

/*
 * "JT" and 13 digits: five for the seed, eight for the row, each multiplied by a
 * number that shares no factor with its power of ten, so that no two are the same
 * and they do not come sorted.
 */
static void set_number(struct sample_row *r, uint32_t seed, uint64_t index)
{
	uint64_t head = ((uint64_t)seed * 61803 + 27182) % 100000;
	uint64_t tail = (index * 61803399 + 31415927) % 100000000;

	set(r, NUMBER, "JT%05llu%08llu", (unsigned long long)head,
	    (unsigned long long)tail);
}

static void set_phone(struct sample_row *r, enum column c, uint64_t *state)
{
	const char *prefix =
		prefixes[pick(state, sizeof(prefixes) / sizeof(prefixes[0]))];

	set(r, c, "%s%07u", prefix, pick(state, 10000000));
}

static const struct place *set_address(struct sample_row *r, enum column c,
				       uint64_t *state)
{
	const struct place *p = &places[pick(state, sizeof(places) / sizeof(places[0]))];

	set(r, c, "%u %s, Brgy. %s, %s, %s", 1 + pick(state, 999),
	    streets[pick(state, sizeof(streets) / sizeof(streets[0]))], p->barangay,
	    p->city, p->province);
	return p;
}

/* A time in the month of `month` 2025, `days` later; days stay within it. */
static void set_time(struct sample_row *r, enum column c, unsigned month, unsigned day,
		     uint64_t *state)
{
	set(r, c, "2025-%02u-%02u %02u:%02u:%02u", month, day, 8 + pick(state, 12),
	    pick(state, 60), pick(state, 60));
}

static void set_people(struct sample_row *r, uint64_t *state)
{
	const struct place *to;

	set(r, SENDER, "%s", shops[pick(state, sizeof(shops) / sizeof(shops[0]))]);
	(void)set_address(r, SENDER_ADDRESS, state);
	set_phone(r, SENDER_PHONE, state);
	set(r, RECEIVER, "%s %s",
	    first_names[pick(state, sizeof(first_names) / sizeof(first_names[0]))],
	    last_names[pick(state, sizeof(last_names) / sizeof(last_names[0]))]);
	to = set_address(r, RECEIVER_ADDRESS, state);
	set_phone(r, RECEIVER_PHONE, state);
	set(r, DESTINATION, "%s", to->city);
}

static void set_parcel(struct sample_row *r, uint64_t *state)
{
	set(r, ITEMS, "%u", 1 + pick(state, 3));
	set(r, WEIGHT, "%u.%02u", pick(state, 12), 5 + pick(state, 95));
	set(r, TYPE, "%s", types[pick(state, sizeof(types) / sizeof(types[0]))]);
	if (pick(state, 3) > 0)
		set(r, COD, "%u.%02u", 99 + pick(state, 4900), 25 * pick(state, 4));
	else
		set(r, COD, "0");
	if (pick(state, 8) == 0)
		set(r, REMARKS, "%s",
		    remarks[pick(state, sizeof(remarks) / sizeof(remarks[0]))]);
}

static void set_progress(struct sample_row *r, uint64_t index, uint64_t *state)
{
	unsigned month = 1 + pick(state, 10), day = 1 + pick(state, 20);
	const char *status = "Pending";

	if (pick(state, SIXTEENTHS) == 0 && index >= ALWAYS_PENDING)
		status = moving[pick(state, sizeof(moving) / sizeof(moving[0]))];
	set(r, STATUS, "%s", status);
	if (strcmp(status, "Delivered") == 0)
		set_time(r, SIGNED, month, day + 1 + pick(state, 7), state);
	set_time(r, SUBMITTED, month, day, state);
}

static void make_row(struct sample_row *r, uint32_t seed, uint64_t index)
{
	uint64_t state = (uint64_t)seed << 32 ^ index;

	r->n = 0;
	for (size_t c = 0; c < COLUMNS; c++)
		r->cell[c] = SLICE("");
	(void)draw(&state);
	set_number(r, seed, index);
	set_people(r, &state);
	set_parcel(r, &state);
	set_progress(r, index, &state);
}

static int csv_rows(struct csv_write *w, const struct sample_options *o, struct err *e)
{
	struct sample_row r;

	for (uint64_t i = 0; i < o->rows; i++) {
		make_row(&r, o->seed, i);
		for (size_t c = 0; c < COLUMNS; c++)
			if (csv_write_cell(w, r.cell[c], e) < 0)
				return -1;
		if (csv_write_row_end(w, e) < 0)
			return -1;
	}
	return csv_write_flush(w, e);
}

static int write_csv(const struct sample_options *o, const struct sink *out,
		     struct err *e)
{
	struct csv_write w;

	csv_write_init(&w, out, &(struct csv_write_options){ 0 });
	for (size_t c = 0; c < COLUMNS; c++)
		if (csv_write_cell(&w, slice_str(columns[c].heading), e) < 0)
			return -1;
	return csv_write_row_end(&w, e) < 0 ? -1 : csv_rows(&w, o, e);
}

static int xlsx_heading(struct xlsx_write *w, struct err *e)
{
	struct xlsx_write_sheet sheet = { .name = SLICE("Manifest"), .frozen = 1 };
	uint16_t width[COLUMNS];

	for (size_t c = 0; c < COLUMNS; c++)
		width[c] = columns[c].width;
	sheet.width = width;
	sheet.n_width = COLUMNS;
	if (xlsx_write_sheet(w, &sheet, e) < 0)
		return -1;
	for (size_t c = 0; c < COLUMNS; c++)
		if (xlsx_write_cell(w, XLSX_HEADING, slice_str(columns[c].heading), e) <
		    0)
			return -1;
	return xlsx_write_row_end(w, e);
}

static int xlsx_rows(struct xlsx_write *w, const struct sample_options *o, struct err *e)
{
	struct sample_row r;

	for (uint64_t i = 0; i < o->rows; i++) {
		make_row(&r, o->seed, i);
		for (size_t c = 0; c < COLUMNS; c++)
			if (xlsx_write_cell(w, columns[c].kind, r.cell[c], e) < 0)
				return -1;
		if (xlsx_write_row_end(w, e) < 0)
			return -1;
	}
	return xlsx_write_finish(w, e);
}

static int write_xlsx(const struct sample_options *o, const struct sink *out,
		      struct err *e)
{
	struct xlsx_write_options options = { .inline_strings = o->inline_strings,
					      .max_strings = STRINGS_MAX };
	struct xlsx_write *w;
	int result = -1;

	if (xlsx_write_open(out, &options, &w, e) < 0)
		return -1;
	if (xlsx_heading(w, e) == 0)
		result = xlsx_rows(w, o, e);
	xlsx_write_close(&w);
	return result;
}

int sample_write(const struct sample_options *o, const struct sink *out, struct err *e)
{
	uint64_t most = o->csv ? SAMPLE_MAX_ROWS : XLSX_MAX_ROWS - 1;

	if (o->seed > SAMPLE_MAX_SEED)
		return err_set(e, ERR_LIMIT, "the seed is at most %d", SAMPLE_MAX_SEED);
	if (o->rows > most)
		return err_set(e, ERR_LIMIT, "a %s holds at most %llu rows",
			       o->csv ? "sample" : "sheet (a .csv holds more)",
			       (unsigned long long)most);
	return o->csv ? write_csv(o, out, e) : write_xlsx(o, out, e);
}
