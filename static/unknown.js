/* Scans of unknown numbers: a supervisor says what each meant. */
import { ask, List } from '/static/list.js';
import { apart, byId, clock, el, moment, plural } from '/static/dom.js';

let asked = null; /* the scan that a dialog is about */

const link = (number) => el('a', { href: `/waybills/${encodeURIComponent(number)}` }, number);

function button(text, label, act) {
	const node = el('button', { type: 'button', class: 'secondary small', 'aria-label': label }, text);
	node.addEventListener('click', act);
	return node;
}

function open(dialog, title, scan) {
	asked = scan;
	byId(`${dialog}-title`).textContent = title;
	byId(`${dialog}-trouble`).hidden = true;
	byId(`${dialog}-ask`).showModal();
}

/* What became of a scan, or what may be done about it. */
function fate(s) {
	const number = s.scanned_number;
	if (s.matched_at) {
		return ['Matched to ', link(s.matched_to), s.matched_by ? ` by ${apart(s.matched_by)}` : ' by an upload', ` ${moment(s.matched_at)}`];
	}
	if (s.dismissed_at) {
		return [`Dismissed${s.dismissed_by ? ` by ${apart(s.dismissed_by)}` : ''} ${moment(s.dismissed_at)}${s.dismissed_reason ? `: ${s.dismissed_reason}` : ''}`];
	}
	return [el('span', { class: 'buttons' },
		button('Match', `Match ${number}`, () => {
			byId('match-number').value = number;
			open('match', `Which waybill was ${number}?`, s);
			byId('match-number').select();
		}),
		button('Dismiss', `Dismiss ${number}`, () => {
			byId('dismiss-reason').value = '';
			open('dismiss', `Dismiss the scan of ${number}?`, s);
		}))];
}

const list = new List({
	path: '/unknown-scans', items: 'scans',
	line: (s) => el('tr', {}, el('td', {}, el('time', { datetime: s.scanned_at }, `${moment(s.scanned_at).slice(0, 10)} ${clock(s.scanned_at)}`)),
		el('td', { class: 'code' }, s.scanned_number),
		el('td', {}, s.session_id ? el('a', { href: `/sessions/${s.session_id}` }, `Session ${s.session_id}`) : '–'),
		el('td', {}, s.station ?? '–'), el('td', {}, s.scanned_by ?? '–'), el('td', { class: 'told' }, ...fate(s))),
	got: (answer) => {
		byId('open-count').textContent = `${plural(answer.open, 'scan is', 'scans are')} open.`;
	},
});

async function settle(dialog, body, text) {
	const about = asked;
	if (await ask('POST', `/unknown-scans/${about.scan_id}/${dialog}`, { body, trouble: `${dialog}-trouble` })) {
		byId(`${dialog}-ask`).close();
		byId('done').textContent = `${about.scanned_number} ${text}.`;
		byId('done').hidden = false;
		list.begin();
	}
}

byId('match-form').addEventListener('submit', (event) => {
	event.preventDefault();
	const number = byId('match-number').value.trim();
	settle('match', { waybill_number: number }, `is matched to ${number}`);
});
byId('dismiss-form').addEventListener('submit', (event) => {
	event.preventDefault();
	settle('dismiss', { reason: byId('dismiss-reason').value.trim() }, 'is dismissed');
});
for (const close of document.querySelectorAll('dialog .close')) {
	close.addEventListener('click', () => close.closest('dialog').close());
}
list.begin();
