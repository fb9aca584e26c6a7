/*
 * Numbers in text. Ignorant of fields: the caller says whether it expects money, a
 * weight, a count or an identifier.
 */
#include "parse/num.h"

#include "parse/text.h"

enum { EXPONENT_MAX = 400 }; /* beyond any double */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_at(struct slice s)
{
	size_t n = 0;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n;
}

bool num_u64(struct slice s, uint64_t max, uint64_t *n_r)
{
	uint64_t n = 0;

	if (s.n == 0 || digits_at(s) != s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(s.p[i] - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*n_r = n;
	return n <= max;
}

/* Appends digits; false when there are more than fit. Leading zeros are left out. */
static bool digits_add(struct num *n, struct slice digits)
{
	for (size_t i = 0; i < digits.n; i++) {
		if (n->n == 0 && digits.p[i] == '0')
			continue;
		if (n->n == NUM_DIGITS)
			return false;
		n->digit[n->n++] = digits.p[i];
	}
	return true;
}

/* Decimal digits behind the point: those beyond the room cannot matter after rounding,
 * because whole digits took at most half of it. */
static bool decimals_add(struct num *n, struct slice digits)
{
	while (digits.n > NUM_DIGITS / 2)
		digits.n--;
	n->scale = (int)digits.n;
	return n->n <= NUM_DIGITS / 2 && digits_add(n, digits);
}

static bool take(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	(void)slice_take(s, 1);
	return true;
}

/* E [sign] digits, at the end of s. */
static bool take_exponent(struct slice *s, int *exponent_r)
{
	uint64_t n;
	bool negative;

	*exponent_r = 0;
	if (s->n == 0)
		return true;
	if (slice_lower(*slice_take(s, 1).p) != 'e')
		return false;
	negative = take(s, '-');
	if (!negative)
		(void)take(s, '+');
	if (!num_u64(*s, EXPONENT_MAX, &n))
		return false;
	*exponent_r = negative ? -(int)n : (int)n;
	s->n = 0;
	return true;
}

bool num_plain(struct slice s, struct num *n_r)
{
	struct slice whole, decimals = { NULL, 0 };
	int exponent;

	*n_r = (struct num){ .n = 0 };
	n_r->negative = take(&s, '-');
	whole = slice_take(&s, digits_at(s));
	if (whole.n > 0 && take(&s, '.'))
		decimals = slice_take(&s, digits_at(s));
	if (whole.n == 0 || !take_exponent(&s, &exponent))
		return false;
	if (!digits_add(n_r, whole) || !decimals_add(n_r, decimals))
		return false;
	n_r->scale -= exponent;
	return true;
}

/* How a point or comma that stands alone before three digits is taken. */
enum alone { ALONE_POINT, ALONE_GROUP, ALONE_REFUSED };

/* The sign that s begins with: ',', '.', ' ' (also a no-break space), '\'' or 0. */
static char sign_at(struct slice s, size_t *len_r)
{
	static const struct slice nbsp[] = { SLICE_INIT("\xc2\xa0"),
					     SLICE_INIT("\xe2\x80\xaf") };

	*len_r = 1;
	if (s.n > 0 &&
	    (s.p[0] == ',' || s.p[0] == '.' || s.p[0] == ' ' || s.p[0] == '\''))
		return s.p[0];
	for (size_t i = 0; i < sizeof(nbsp) / sizeof(nbsp[0]); i++)
		if (slice_starts(s, nbsp[i])) {
			*len_r = nbsp[i].n;
			return ' ';
		}
	return '\0';
}

/* Whether one sign before n digits, behind `first` digits, parts decimals. */
static bool is_decimal(char sign, struct slice first, size_t n, enum alone alone_point,
		       enum alone alone_comma, bool *refused_r)
{
	enum alone alone = sign == '.' ? alone_point : alone_comma;

	*refused_r = false;
	if (sign != '.' && sign != ',')
		return false;
	if (n != 3 || first.n > 3 || (first.n > 0 && first.p[0] == '0'))
		return true;
	*refused_r = alone == ALONE_REFUSED;
	return alone == ALONE_POINT;
}

/*
 * amount = 1*3DIGIT 1*( group 3DIGIT ) [ point 1*DIGIT ] / 1*DIGIT [ point 1*DIGIT ]
 * Groups all have the same sign; the point is a point or a comma and differs from it.
 */
static bool grouped(struct slice s, enum alone point, enum alone comma, struct num *n)
{
	struct slice first = slice_take(&s, digits_at(s)), part;
	size_t len;
	char group = '\0', sign;
	bool refused = false;

	if (first.n == 0 && slice_starts(s, SLICE(".")))
		first = SLICE("0");
	*n = (struct num){ .n = 0 };
	if (first.n == 0 || !digits_add(n, first))
		return false;
	while (s.n > 0) {
		sign = sign_at(s, &len);
		(void)slice_take(&s, len);
		part = slice_take(&s, digits_at(s));
		if (sign == '\0' || part.n == 0)
			return false;
		if (s.n == 0 && group == '\0' &&
		    is_decimal(sign, first, part.n, point, comma, &refused))
			return decimals_add(n, part);
		if (s.n == 0 && group == '\0' && refused)
			return false;
		if (s.n == 0 && group != '\0' && sign != group)
			return (sign == '.' || sign == ',') && decimals_add(n, part);
		if (part.n != 3 || first.n > 3 || (group != '\0' && sign != group) ||
		    !digits_add(n, part))
			return false;
		group = sign;
	}
	return true;
}

static struct slice trimmed(struct slice s)
{
	static const struct slice nbsp = SLICE_INIT("\xc2\xa0");

	for (;;) {
		s = slice_trim(s);
		if (slice_starts(s, nbsp))
			(void)slice_take(&s, nbsp.n);
		else if (slice_ends(s, nbsp))
			s.n -= nbsp.n;
		else
			return s;
	}
}

/* Takes a word, any case, from the front or the back of *s. */
static bool take_word(struct slice *s, struct slice word)
{
	struct slice head = { s->p, word.n };

	if (s->n < word.n)
		return false;
	if (slice_eq_nocase(head, word)) {
		(void)slice_take(s, word.n);
	} else if (slice_eq_nocase(slice_from(*s, s->n - word.n), word)) {
		s->n -= word.n;
	} else {
		return false;
	}
	*s = trimmed(*s);
	return true;
}

struct unit {
	struct slice word;
	bool mark; /* says something: see the callers */
};

/* Takes the first unit that fits (longer ones stand first); NULL without one. */
static const struct unit *take_unit(struct slice *s, const struct unit *units, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (take_word(s, units[i].word))
			return &units[i];
	return NULL;
}

bool num_money(struct slice s, struct num *n_r)
{
	/* mark: thousands are parted by points where this money is used */
	static const struct unit units[] = {
		{ SLICE_INIT("PHP"), false },      { SLICE_INIT("Pesos"), false },
		{ SLICE_INIT("Peso"), false },     { SLICE_INIT("IDR"), true },
		{ SLICE_INIT("Rp."), true },       { SLICE_INIT("Rp"), true },
		{ SLICE_INIT("MYR"), false },      { SLICE_INIT("RMB"), false },
		{ SLICE_INIT("RM"), false },       { SLICE_INIT("SGD"), false },
		{ SLICE_INIT("USD"), false },      { SLICE_INIT("CNY"), false },
		{ SLICE_INIT("US$"), false },      { SLICE_INIT("S$"), false },
		{ SLICE_INIT("$"), false },        { SLICE_INIT("\xe2\x82\xb1"), false },
		{ SLICE_INIT("\xc2\xa5"), false }, { SLICE_INIT("\xef\xbf\xa5"), false },
		{ SLICE_INIT("P"), false },
	};
	bool negative = take(&s, '-');
	const struct unit *unit = take_unit(&s, units, sizeof(units) / sizeof(units[0]));

	if (!negative && unit != NULL)
		negative = take(&s, '-');
	if (slice_ends(s, SLICE(",-")))
		s.n -= 2;
	if (!grouped(s, unit != NULL && unit->mark ? ALONE_GROUP : ALONE_REFUSED,
		     ALONE_GROUP, n_r))
		return false;
	n_r->negative = negative;
	return true;
}

bool num_money_flag(struct slice s)
{
	static const struct slice flags[] = {
		SLICE_INIT("cod"), SLICE_INIT("noncod"), SLICE_INIT("yes"),
		SLICE_INIT("no"),  SLICE_INIT("y"),      SLICE_INIT("n"),
		SLICE_INIT("ya"),  SLICE_INIT("tidak"),
	};
	char bytes[8];
	struct slice key = { bytes, 0 };

	if (text_key(s, bytes, sizeof(bytes), &key.n))
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (slice_eq(key, flags[i]))
				return true;
	return false;
}

bool num_weight(struct slice s, struct num *n_r)
{
	/* mark: a thousandth of a kilogram */
	static const struct unit units[] = {
		{ SLICE_INIT("kilograms"), false }, { SLICE_INIT("kilogram"), false },
		{ SLICE_INIT("kgs"), false },       { SLICE_INIT("kg."), false },
		{ SLICE_INIT("kg"), false },        { SLICE_INIT("kilos"), false },
		{ SLICE_INIT("kilo"), false },      { SLICE_INIT("grams"), true },
		{ SLICE_INIT("gram"), true },       { SLICE_INIT("gr"), true },
		{ SLICE_INIT("g"), true },
	};
	const struct unit *unit = take_unit(&s, units, sizeof(units) / sizeof(units[0]));

	if (!grouped(s, ALONE_POINT, ALONE_REFUSED, n_r))
		return false;
	if (unit != NULL && unit->mark)
		n_r->scale += 3;
	return true;
}

static bool is_whole(const struct num *n)
{
	for (unsigned i = 0; i < n->n; i++)
		if ((int)(n->n - i) <= n->scale && n->digit[i] != '0')
			return false;
	return true;
}

bool num_count(struct slice s, struct num *n_r)
{
	static const struct unit units[] = {
		{ SLICE_INIT("parcels"), false }, { SLICE_INIT("parcel"), false },
		{ SLICE_INIT("pieces"), false },  { SLICE_INIT("piece"), false },
		{ SLICE_INIT("items"), false },   { SLICE_INIT("item"), false },
		{ SLICE_INIT("units"), false },   { SLICE_INIT("unit"), false },
		{ SLICE_INIT("koli"), false },    { SLICE_INIT("pcs."), false },
		{ SLICE_INIT("pcs"), false },     { SLICE_INIT("pc"), false },
	};

	(void)take_unit(&s, units, sizeof(units) / sizeof(units[0]));
	return grouped(s, ALONE_REFUSED, ALONE_GROUP, n_r) && is_whole(n_r);
}

/* Rounds the digits half away from zero so that at most `places` are decimals. */
static void round_to(struct num *n, int places)
{
	int drop = n->scale - places;
	bool up;

	if (drop <= 0)
		return;
	if ((unsigned)drop > n->n) {
		*n = (struct num){ .n = 0 };
		return;
	}
	n->n -= (unsigned)drop;
	n->scale = places;
	up = n->digit[n->n] >= '5';
	for (unsigned i = n->n; up && i > 0; i--) {
		up = n->digit[i - 1] == '9';
		n->digit[i - 1] = up ? '0' : (char)(n->digit[i - 1] + 1);
	}
	if (up) { /* 999 became 000; there is room: a digit was dropped */
		memmove(n->digit + 1, n->digit, n->n);
		n->digit[0] = '1';
		n->n++;
	}
}

size_t num_write(const struct num *value, unsigned whole, unsigned places, char *to)
{
	struct num n = *value;
	size_t at = 0;
	int before; /* digits before the point */

	round_to(&n, (int)places);
	while (n.n > 0 && n.scale > 0 && n.digit[n.n - 1] == '0') {
		n.n--;
		n.scale--;
	}
	if (n.n == 0) {
		to[0] = '0';
		return 1;
	}
	before = (int)n.n - n.scale;
	if (before > (int)whole)
		return 0;
	if (n.negative)
		to[at++] = '-';
	if (before <= 0)
		to[at++] = '0';
	for (int i = 0; i < before; i++)
		to[at++] = i < (int)n.n ? n.digit[i] : '0';
	if (n.scale > 0)
		to[at++] = '.';
	for (int i = before; i < (int)n.n; i++)
		to[at++] = i < 0 ? '0' : n.digit[i];
	return at;
}

/* 1*3DIGIT 1*( "," 3DIGIT ) */
static bool comma_groups(struct slice s, struct num *n)
{
	return slice_find(s, '.') == NULL && slice_find(s, ',') != NULL &&
	       grouped(s, ALONE_REFUSED, ALONE_GROUP, n) && n->scale == 0 &&
	       slice_find(s, ' ') == NULL && slice_find(s, '\'') == NULL;
}

/* A copy of s in `to`, where the comma of "7,72E+11" is a point. */
static struct slice comma_to_point(struct slice s, char *to)
{
	size_t whole = digits_at(s), at = whole + 1;

	memcpy(to, s.p, s.n);
	if (whole < s.n && s.p[whole] == ',') {
		at += digits_at(slice_from(s, at));
		if (at < s.n && slice_lower(s.p[at]) == 'e')
			to[whole] = '.';
	}
	return (struct slice){ to, s.n };
}

/* The digits that the text shows behind its point, and its exponent. False when the
 * text has neither a point nor a signed exponent. */
static bool shown(struct slice s, int *decimals_r, int *exponent_r)
{
	size_t whole = digits_at(s), at = whole;
	bool point = at < s.n && s.p[at] == '.';
	struct slice rest;

	if (point)
		at += 1 + digits_at(slice_from(s, at + 1));
	*decimals_r = point ? (int)(at - whole - 1) : 0;
	rest = slice_from(s, at);
	if (!point && !(rest.n > 1 && (rest.p[1] == '+' || rest.p[1] == '-')))
		return false;
	return take_exponent(&rest, exponent_r);
}

enum num_whole num_whole(struct slice s, char *to, size_t *n_r)
{
	char text[NUM_TEXT];
	struct num n;
	int decimals = 0, exponent = 0;
	size_t len;

	if (s.n < 2 || !is_digit(s.p[0]) || s.n > sizeof(text))
		return NUM_OTHER;
	if (s.p[0] == '0' && is_digit(s.p[1])) /* no program writes a number so */
		return NUM_OTHER;
	if (!comma_groups(s, &n)) {
		s = comma_to_point(s, text);
		if (!shown(s, &decimals, &exponent))
			return NUM_OTHER;
		if (exponent > decimals || !num_plain(s, &n))
			return NUM_LOST;
		if (!is_whole(&n))
			return NUM_FRACTION;
	}
	len = num_write(&n, NUM_WHOLE_DIGITS, 0, text);
	if (len == 0)
		return NUM_LOST;
	memcpy(to, text, len);
	*n_r = len;
	return NUM_WHOLE;
}
