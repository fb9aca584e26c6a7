/*
 * Code 128. Ignorant of what is drawn, and where.
 *
 * Sections and tables are those of ISO/IEC 15417. Which code set each character takes is
 * decided from the end of the text to its beginning: the fewest symbol characters that
 * the rest needs are known for each set that could be in force before it.
 */
#include "parse/code128.h"

enum code_set { SET_A, SET_B, SET_C, SETS };

/* Symbol values that are no data (table 1). */
enum {
	SHIFT = 98, /* the next character is of set A in B, of set B in A */
	START_A = 103,
	STOP = 106,
	MODULUS = 103
};

/* Value that changes from one set to another; the rows are the sets in force. */
static const uint8_t latch[SETS][SETS] = {
	[SET_A] = { [SET_B] = 100, [SET_C] = 99 },
	[SET_B] = { [SET_A] = 101, [SET_C] = 99 },
	[SET_C] = { [SET_A] = 101, [SET_B] = 100 },
};

/* Table 1: the widths of bars and spaces of each value. */
static const char pattern[][8] = {
	"212222", "222122", "222221",  "121223", "121322", "131222", "122213", "122312",
	"132212", "221213", "221312",  "231212", "112232", "122132", "122231", "113222",
	"123122", "123221", "223211",  "221132", "221231", "213212", "223112", "312131",
	"311222", "321122", "321221",  "312212", "322112", "322211", "212123", "212321",
	"232121", "111323", "131123",  "131321", "112313", "132113", "132311", "211313",
	"231113", "231311", "112133",  "112331", "132131", "113123", "113321", "133121",
	"313121", "211331", "231131",  "213113", "213311", "213131", "311123", "311321",
	"331121", "312113", "312311",  "332111", "314111", "221411", "431111", "111224",
	"111422", "121124", "121421",  "141122", "141221", "112214", "112412", "122114",
	"122411", "142112", "142211",  "241211", "221114", "413111", "241112", "134111",
	"111242", "121142", "121241",  "114212", "124112", "124211", "411212", "421112",
	"421211", "212141", "214121",  "412121", "111143", "111341", "131141", "114113",
	"114311", "411113", "411311",  "113141", "114131", "311141", "411131", "211412",
	"211214", "211232", "2331112",
};

/* The cheapest way on from a place: what to do next, and the symbols it takes in all. */
struct step {
	uint16_t cost;
	uint8_t next; /* the set to be in; that in force: no change */
	bool shift;   /* this character alone in the other of A and B */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Set A: controls, digits, capitals; set B: digits and both cases (table 1). */
static bool in_set(enum code_set set, struct slice rest)
{
	if (set == SET_C)
		return rest.n >= 2 && is_digit(rest.p[0]) && is_digit(rest.p[1]);
	return set == SET_A ? rest.p[0] < 96 : rest.p[0] >= 32;
}

static uint8_t value_of(enum code_set set, struct slice rest)
{
	int c = (unsigned char)rest.p[0];

	if (set == SET_C)
		return (uint8_t)((c - '0') * 10 + (unsigned char)rest.p[1] - '0');
	return (uint8_t)(c < 32 ? c + 64 : c - 32);
}

static enum code_set other(enum code_set set)
{
	return set == SET_A ? SET_B : SET_A;
}

/* Fills the steps of one place from those behind it: first what each set would cost if it
 * stayed in force, then whether changing to another is cheaper. */
static void plan_place(struct slice rest, struct step now[SETS],
		       const struct step after[SETS], const struct step after_pair[SETS])
{
	enum { NEVER = UINT16_MAX / 2 };
	struct step stay[SETS];

	for (enum code_set s = SET_A; s < SETS; s++) {
		unsigned cost = NEVER;
		bool shift = s != SET_C && !in_set(s, rest);

		if (s == SET_C && in_set(s, rest))
			cost = 1u + after_pair[s].cost;
		else if (s != SET_C)
			cost = (shift ? 2u : 1u) + after[s].cost;
		stay[s] = (struct step){ (uint16_t)cost, (uint8_t)s, shift };
	}
	for (enum code_set s = SET_A; s < SETS; s++) {
		now[s] = stay[s];
		for (enum code_set to = SET_A; to < SETS; to++)
			if (to != s && stay[to].cost + 1 < now[s].cost)
				now[s] = (struct step){ (uint16_t)(stay[to].cost + 1),
							(uint8_t)to, stay[to].shift };
	}
}

static void plan_text(struct slice text, struct step plan[][SETS])
{
	static const struct step end[SETS] = { { 0, SET_A, false },
					       { 0, SET_B, false },
					       { 0, SET_C, false } };

	memcpy(plan[text.n], end, sizeof(end));
	for (size_t i = text.n; i-- > 0;)
		plan_place(slice_from(text, i), plan[i], plan[i + 1],
			   plan[i + 2 <= text.n ? i + 2 : text.n]);
}

static void put(struct code128 *c, unsigned value)
{
	c->symbol[c->symbols++] = (uint8_t)value;
}

static void put_text(struct code128 *c, struct slice text, struct step plan[][SETS])
{
	enum code_set set = SET_B;
	size_t i = 0;

	for (enum code_set s = SET_A; s < SETS; s++)
		if (plan[0][s].cost < plan[0][set].cost)
			set = s;
	put(c, START_A + (unsigned)set);
	while (i < text.n) {
		struct slice rest = slice_from(text, i);
		const struct step *step = &plan[i][set];

		if (step->next != set) {
			put(c, latch[set][step->next]);
			set = (enum code_set)step->next;
		}
		if (step->shift)
			put(c, SHIFT);
		put(c, value_of(step->shift ? other(set) : set, rest));
		i += set == SET_C ? 2 : 1;
	}
}

/* Section 4.3.3: the start's value, and each other's times its place, modulo 103. */
static unsigned check_of(const struct code128 *c)
{
	unsigned sum = c->symbol[0];

	for (size_t i = 1; i < c->symbols; i++)
		sum += (unsigned)i * c->symbol[i];
	return sum % MODULUS;
}

static void draw(struct code128 *c)
{
	for (size_t i = 0; i < c->symbols; i++) {
		for (const char *w = pattern[c->symbol[i]]; *w != '\0'; w++) {
			c->width[c->widths++] = (uint8_t)(*w - '0');
			c->modules += (unsigned)(*w - '0');
		}
	}
}

int code128_encode(struct slice text, struct code128 *c, struct err *e)
{
	struct step plan[CODE128_MAX + 1][SETS];

	if (text.n == 0)
		return err_set(e, ERR_INPUT, "a barcode needs at least one character");
	if (text.n > CODE128_MAX)
		return err_set(e, ERR_LIMIT, "a barcode takes at most %d characters",
			       CODE128_MAX);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] > 127)
			return err_set(e, ERR_INPUT,
				       "a barcode takes ASCII characters alone");
	c->symbols = c->widths = 0;
	c->modules = 0;
	plan_text(text, plan);
	put_text(c, text, plan);
	put(c, check_of(c));
	put(c, STOP);
	draw(c);
	return 0;
}
