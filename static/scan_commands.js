/*
 * The sheet of command barcodes and operator badges, to print and put up at a station.
 */
import { barcode } from '/static/code128.js';
import { PREFIX } from '/static/commands.js';
import { byId, el, fill } from '/static/dom.js';
import { recall, remember } from '/static/memory.js';

const COMMANDS = [
	['START', 'Start', 'Starts scanning, at the start screen'],
	['UNDO', 'Undo', 'Undoes the last scan of this station'],
	['ACK', 'Acknowledge', 'Goes on after a stop on error'],
	['DISPATCH', 'Dispatch', 'Asks; scanned once more, dispatches'],
	['MISSING', 'Missing', 'Lists what is not scanned yet'],
];

function item(code, title, told) {
	const picture = barcode(code);
	return picture && el('li', {}, el('strong', {}, title), told, picture,
		el('span', { class: 'code' }, code));
}

function showBadges() {
	const names = byId('names').value.split('\n').map((name) => name.trim().replace(/\s+/g, ' '))
		.filter(Boolean);
	const fits = (name) => name.length <= 40 && /^[ -~]+$/.test(name);
	const bad = names.filter((name) => !fits(name));
	byId('bad-names').hidden = bad.length === 0;
	byId('bad-names').textContent = `No barcode for ${bad.join(', ')}: plain letters only, at most 40.`;
	fill(byId('badges'), ...names.filter(fits).map((name) => item(`${PREFIX}OP ${name}`, name, 'Operator')));
}

byId('names').value = recall('badges', '');
byId('names').addEventListener('input', () => {
	remember('badges', byId('names').value);
	showBadges();
});
byId('print').addEventListener('click', () => window.print());
fill(byId('commands'), ...COMMANDS.map(([name, title, told]) => item(PREFIX + name, title, told)));
showBadges();
