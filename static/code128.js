/*
 * Code 128 (ISO/IEC 15417), code set B: the printable characters of ASCII, each in 11
 * modules. Gives widths or an SVG picture. Code set C would halve long runs of digits;
 * what is printed here is words.
 */

/* Widths of bar, space, bar, space, bar, space of each symbol value. */
const WIDTHS = `
	212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212
	112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131
	311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321
	112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
	313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
	314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114
	122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212
	124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
	114311 411113 411311 113141 114131 311141 411131 211412 211214 211232`.trim().split(/\s+/);
const START_B = 104;
const STOP = '2331112';
const QUIET = 10; /* modules of white that each side needs */
const PIXELS = 2; /* of a screen for one module: whole ones, or a screen's bars blur */
const SVG = 'http://www.w3.org/2000/svg';

/* Values of the symbols, the check symbol last; null when a character has none. */
export function values(text) {
	if (!/^[ -~]+$/.test(text)) {
		return null;
	}
	const data = Array.from(text, (c) => c.charCodeAt(0) - 32);
	const sum = data.reduce((all, value, i) => all + value * (i + 1), START_B);
	return [START_B, ...data, sum % 103];
}

/* Widths in modules: bar, space, bar, ... from the first bar to the last; or null. */
export function widths(text) {
	const list = values(text);
	return list && Array.from(list.map((v) => WIDTHS[v]).join('') + STOP, Number);
}

/* The picture, black on white whatever the page's colours; null as above. */
export function barcode(text, height = 60) {
	const list = widths(text);
	if (list === null) {
		return null;
	}
	const total = list.reduce((a, b) => a + b, 2 * QUIET);
	const svg = make('svg', { viewBox: `0 0 ${total} ${height}`, class: 'barcode', role: 'img',
		width: total * PIXELS, height,
		'aria-label': `Barcode of ${text}`, 'shape-rendering': 'crispEdges',
		preserveAspectRatio: 'none' });
	svg.append(make('rect', { width: total, height, fill: '#fff' }));
	let at = QUIET;
	list.forEach((width, i) => {
		if (i % 2 === 0) {
			svg.append(make('rect', { x: at, width, height, fill: '#000' }));
		}
		at += width;
	});
	return svg;
}

function make(tag, attributes) {
	const node = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) {
		node.setAttribute(name, value);
	}
	return node;
}
