/*
 * Building page elements and writing figures and times. Knows nothing of the server.
 * Text always goes in as text, never as markup: a cell of a workbook cannot become a tag.
 */

/* el('td', { class: 'num' }, '12') ; a false or null attribute or child is left out. */
export function el(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== false && value !== null && value !== undefined) {
			node.setAttribute(name, value === true ? '' : String(value));
		}
	}
	return fill(node, ...children);
}

/* Replaces what the node holds, and returns it. */
export function fill(node, ...children) {
	node.replaceChildren(...children.filter((c) => c !== null && c !== undefined && c !== false));
	return node;
}

export const byId = (id) => document.getElementById(id);

const grouped = new Intl.NumberFormat('en');

/* 12345 -> 12,345; what the server did not say -> a dash. */
export function count(n) {
	return Number.isFinite(n) ? grouped.format(n) : '–';
}

export function plural(n, one, many = `${one}s`) {
	return `${count(n)} ${n === 1 ? one : many}`;
}

/*
 * RFC 3339 to what a clock in the warehouse showed: the time's own offset is the
 * server's time zone, so the digits are taken as they stand. Cutting them out also
 * keeps a browser in another time zone from shifting them.
 */
export function clock(time) {
	return typeof time === 'string' && time.length >= 19 ? time.slice(11, 19) : '–';
}

export function moment(time) {
	return typeof time === 'string' && time.length >= 16
		? `${time.slice(0, 10)} ${time.slice(11, 16)}` : '–';
}

export function bytes(n) {
	if (n < 1000) {
		return plural(n, 'byte');
	}
	const [unit, size] = n < 1e6 ? ['kB', 1e3] : ['MB', 1e6];
	return `${(n / size).toFixed(n < 10 * size ? 1 : 0)} ${unit}`;
}

/* A column's number as a spreadsheet names it: 1 is A, 27 is AA. */
export function letters(column) {
	let name = '';
	for (let n = column; n > 0; n = Math.floor((n - 1) / 26)) {
		name = String.fromCharCode(65 + (n - 1) % 26) + name;
	}
	return name;
}

/* A server's message as a sentence of its own: capital first, a stop at the end. */
export function sentence(text) {
	const t = String(text).trim();
	return t.charAt(0).toUpperCase() + t.slice(1) + (/[.!?]$/.test(t) ? '' : '.');
}

/* Letters that are written from right to left, and the marks that say so. */
const LEFTWARD = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g; /* marks that turn whatever follows */

/*
 * A name within a line: one that is written from right to left keeps to itself (in Unicode's
 * isolates), or it would turn the time or the number beside it.
 */
export function apart(name) {
	const still = name.replace(TURNS, '');
	return LEFTWARD.test(still) ? `\u2068${still}\u2069` : still;
}

/* in_transit -> In transit */
export function words(code) {
	const text = String(code ?? '').replaceAll('_', ' ').replace(/^hq\b/, 'HQ');
	return text.charAt(0).toUpperCase() + text.slice(1);
}

/* Rows of a table body; each row an array of texts or nodes. */
export function rows(body, lists, numeric = []) {
	return fill(body, ...lists.map((cells) => el('tr', {}, ...cells.map((cell, i) =>
		el('td', { class: numeric.includes(i) && 'num' }, cell ?? '')))));
}
