/*
 * Shows byte by byte what the scanner sends, and whether it is set as the scan page likes
 * it: no prefix, Enter behind the code, no Caps Lock, the right keyboard layout.
 */
import { barcode } from '/static/code128.js';
import { byId, el, fill, rows } from '/static/dom.js';
import { PROBE, judge } from '/static/scanner_judge.js';

const PAUSE_MS = 1500; /* a key after a longer gap begins another scan */
const SETTLE_MS = 400; /* without a key: the scan is over */

let keys = [];
let timer = null;

const hex = (n) => n.toString(16).padStart(2, '0').toUpperCase();

function bytesOf({ key, ctrl }) {
	if (key === 'Enter') {
		return '0D';
	}
	if (key === 'Tab') {
		return '09';
	}
	if (key.length > 1) {
		return '';
	}
	return ctrl ? hex(key.toUpperCase().charCodeAt(0) & 0x1f)
		: Array.from(new TextEncoder().encode(key), hex).join(' ');
}

function show() {
	byId('waiting').hidden = true;
	rows(byId('keys'), keys.map((k, i) => [String(i + 1), k.ctrl ? `Ctrl+${k.key}` : k.key === ' ' ? 'Space' : k.key,
		k.code, bytesOf(k), i === 0 ? '' : (k.at - keys[i - 1].at).toFixed(1)]), [0, 4]);
	fill(byId('findings'), ...judge(keys).map(({ good, what, todo }) => el('li', { 'data-kind': good ? 'valid' : 'error' },
		el('b', {}, good ? '✓ ' : '✗ '), what, todo && ` — ${todo}`)));
}

document.addEventListener('keydown', (event) => {
	if (event.altKey || event.metaKey || (event.ctrlKey && !/^[jm[\]]$/i.test(event.key))) {
		return; /* the browser's own */
	}
	if (keys.length > 0 && event.timeStamp - keys.at(-1).at > PAUSE_MS) {
		keys = [];
	}
	if (keys.length === 0 && ['Tab', 'Shift'].includes(event.key)) {
		return; /* a person moves through the page */
	}
	event.preventDefault();
	keys.push({ key: event.key, code: event.code, ctrl: event.ctrlKey, at: event.timeStamp,
		caps: event.getModifierState('CapsLock') });
	clearTimeout(timer);
	timer = setTimeout(show, SETTLE_MS);
}, true);

fill(byId('probe'), barcode(PROBE));
byId('probe-text').textContent = PROBE;
