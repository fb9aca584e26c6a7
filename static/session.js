/* One session: its counters as they grow, what is missing, its scans, and its end. */
import { ask, badge, List } from '/static/list.js';
import { apart, byId, clock, count, el, fill, moment, plural, rows, words } from '/static/dom.js';

const LOOK_MS = 3000;
const [, id = ''] = /^\/sessions\/(\d+)$/.exec(location.pathname) ?? [];
const path = `/sessions/${id}`;
let session = null;
let asked = 0;
let answered = 0; /* what was asked before that is not shown any more */
let tried = 0;
let supervisor = true; /* until somebody less is logged in */

const link = (number) => el('a', { href: `/waybills/${encodeURIComponent(number)}` }, number);
const scanPlace = (s) => [s.station, s.scanned_by, s.scanned_at && `${moment(s.scanned_at)}`].filter(Boolean).map(apart).join(' · ');

const missing = new List({
	path: `${path}/missing`, items: 'missing', form: 'no-form', rows: 'missing-rows', more: 'missing-more', none: 'missing-none',
	line: (w) => el('tr', {}, el('td', {}, link(w.waybill_number)), el('td', {}, words(w.status)), el('td', {}, w.receiver_name ?? ''),
		el('td', {}, w.destination ?? ''), el('td', {}, w.scanned_elsewhere ? scanPlace(w.scanned_elsewhere) : '')),
});
const scans = new List({
	path: `${path}/scans`, items: 'scans', form: 'scans-filter', rows: 'scan-rows', more: 'scans-more', none: 'scans-none',
	line: (s) => el('tr', {}, el('td', {}, el('time', { datetime: s.scanned_at }, `${moment(s.scanned_at).slice(0, 10)} ${clock(s.scanned_at)}`)),
		el('td', {}, link(s.waybill_number)),
		el('td', {}, el('span', { class: 'badge', 'data-kind': s.voided_at ? null : kind(s.result) }, words(s.result)),
			s.voided_at ? ` undone${s.voided_by ? ` by ${s.voided_by}` : ''}` : '', s.mode === 'dispatch' ? '' : ` (${s.mode})`),
		el('td', {}, s.station ?? '–'), el('td', {}, s.scanned_by ?? '–')),
});

const kind = (result) => (['valid', 'duplicate'].includes(result) ? result : 'error');

function showActions() {
	byId('dispatch').hidden = !supervisor || session.state !== 'open';
	byId('cancel').hidden = session.state !== 'open';
	byId('resume').hidden = session.state !== 'cancelled';
}

function show(s) {
	session = s;
	document.title = `Session ${s.id} · Waybills`;
	byId('title').textContent = `Session ${s.id}`;
	fill(byId('state'), el('span', { class: 'badge', 'data-kind': badge(s.state) }, s.state === 'open' ? 'Open: not dispatched yet' : words(s.state)));
	byId('station').textContent = s.station ?? '–';
	byId('operator').textContent = s.scanned_by ?? '–';
	byId('began').textContent = moment(s.created_at);
	byId('ended').hidden = !s.closed_at;
	fill(byId('ended'), 'Ended ', el('b', {}, moment(s.closed_at)), s.closed_by ? ` by ${apart(s.closed_by)}` : '', s.reason ? `: ${apart(s.reason)}` : '');
	for (const name of ['valid', 'duplicate', 'error', 'expected', 'missing']) {
		byId(`c-${name}`).textContent = count(s[name]);
	}
	byId('manifest').href = `${path}/manifest`;
	byId('manifest-label').href = `${path}/manifest?paper=label`;
	rows(byId('stations'), s.stations.map((b) => [b.station ?? '–', b.scanned_by ?? '–', count(b.valid), count(b.duplicate), count(b.error),
		`${moment(b.last_scan_at).slice(0, 10)} ${clock(b.last_scan_at)}`]), [2, 3, 4]);
	byId('found').hidden = false;
	showActions();
}

const figures = (s) => s && ['state', 'valid', 'duplicate', 'error', 'missing'].map((name) => s[name]).join();

/* The lists begin anew only when something happened, so that a page that is read stays. */
async function look() {
	const turn = ++asked;
	const answer = document.hidden && session ? null : await ask('GET', path);
	if (answer && turn > answered) {
		answered = turn;
		const was = figures(session);
		show(answer);
		if (figures(answer) !== was) {
			await Promise.all([missing.begin(), scans.begin()]);
		}
	}
}

function told(text) {
	byId('done').textContent = text;
	byId('done').hidden = false;
}

/* --- its end --- */

const reasons = (list) => list.map((r) => el('li', {}, `${words(r.reason)}: ${count(r.count)} (${r.numbers.join(', ')}${r.count > r.numbers.length ? ' …' : ''})`));

function showDispatch(d) {
	fill(byId('dispatch-told'), el('ul', {},
		el('li', {}, `${plural(d.dispatched, 'parcel leaves', 'parcels leave')}`),
		d.skipped_count > 0 && el('li', {}, `${plural(d.skipped_count, 'parcel stays', 'parcels stay')} behind`, el('ul', {}, ...reasons(d.skipped))),
		el('li', {}, `${plural(d.missing, 'parcel is', 'parcels are')} missing, ${count(d.held)} of them put on hold`,
			d.not_held.length > 0 && el('ul', {}, ...reasons(d.not_held)))));
	byId('dispatch-yes').textContent = `Dispatch ${plural(d.dispatched, 'parcel')}`;
}

const wish = (dry) => ({ hold_missing: byId('hold-missing').checked, dry_run: dry });

/* What it would do is asked before it can be done, and again with another wish. */
async function tryDispatch() {
	const turn = ++tried;
	byId('dispatch-yes').disabled = true;
	byId('dispatch-told').textContent = 'Counting …';
	const answer = await ask('POST', `${path}/dispatch`, { body: wish(true), trouble: 'dispatch-trouble', deadline: 60000 });
	if (turn !== tried) {
		return;
	}
	byId('dispatch-told').textContent = '';
	if (answer) {
		showDispatch(answer);
		byId('dispatch-yes').disabled = false;
	}
}

byId('dispatch').addEventListener('click', () => {
	byId('hold-missing').checked = false;
	byId('dispatch-ask').showModal();
	tryDispatch();
});
byId('hold-missing').addEventListener('change', tryDispatch);
byId('dispatch-form').addEventListener('submit', async (event) => {
	event.preventDefault();
	byId('dispatch-yes').disabled = true;
	const answer = await ask('POST', `${path}/dispatch`, { body: wish(false), trouble: 'dispatch-trouble', deadline: 600000 });
	byId('dispatch-yes').disabled = false;
	if (answer) {
		byId('dispatch-ask').close();
		told(answer.message);
		await look();
		byId('manifest').focus();
	}
});
byId('cancel').addEventListener('click', () => byId('cancel-ask').showModal());
byId('cancel-form').addEventListener('submit', async (event) => {
	event.preventDefault();
	byId('cancel-ask').close();
	if (await ask('POST', `${path}/cancel`, { body: { reason: byId('cancel-reason').value.trim() } })) {
		told('The session is cancelled.');
		await look();
		byId('resume').focus();
	}
});
byId('resume').addEventListener('click', async () => {
	if (await ask('POST', `${path}/resume`, { body: {} })) {
		told('The session is open again.');
		await look();
		byId('cancel').focus();
	}
});
for (const button of document.querySelectorAll('dialog .close')) {
	button.addEventListener('click', () => button.closest('dialog').close());
}
document.addEventListener('me', ({ detail }) => {
	supervisor = ['supervisor', 'admin'].includes(detail.role);
	if (session) {
		showActions();
	}
});

async function watch() {
	await look();
	setTimeout(watch, LOOK_MS);
}

watch();
