/* The audit log, a page at a time; the filter stands in the address, to be kept and sent. */
import { call, reason } from '/static/api.js';
import { byId, clock, el, moment, sentence, words } from '/static/dom.js';

const FIELDS = ['user', 'action', 'from', 'to'];
let cursor = null;
let asked = 0; /* an answer to an older question is not shown */

/* The last day counts whole: "to" is the beginning of the next. */
function nextDay(day) {
	const date = new Date(`${day}T00:00:00Z`);
	date.setUTCDate(date.getUTCDate() + 1);
	return date.toISOString().slice(0, 10);
}

function query() {
	const params = new URLSearchParams();
	for (const name of FIELDS) {
		const value = byId(name).value.trim();
		if (value !== '') {
			params.set(name, name === 'to' ? nextDay(value) : value);
		}
	}
	if (cursor !== null) {
		params.set('cursor', cursor);
	}
	return params;
}

const day = (time) => moment(time).slice(0, 10);

function line(entry) {
	const detail = entry.detail ?? {};
	const more = detail.path ?? detail.role ?? detail.reason ?? '';
	return el('tr', {}, el('td', {}, el('time', { datetime: entry.at }, `${day(entry.at)} ${clock(entry.at)}`)),
		el('td', {}, entry.actor ?? '–'), el('td', {}, words(entry.action)),
		el('td', { class: 'told' }, [entry.subject, more].filter(Boolean).join(' · ')),
		el('td', {}, entry.ip_address ?? '–'));
}

async function load() {
	const turn = ++asked;
	let answer;
	try {
		answer = await call('GET', `/audit?${query()}`);
	} catch (e) {
		answer = { status: 0, json: { message: e.message } };
	}
	if (turn !== asked) {
		return;
	}
	byId('trouble').hidden = answer.status === 200;
	if (answer.status !== 200) {
		byId('trouble').textContent = sentence(reason(answer));
		return;
	}
	byId('rows').append(...answer.json.entries.map(line));
	byId('none').hidden = byId('rows').childElementCount > 0;
	cursor = answer.json.cursor;
	byId('more').hidden = cursor === null;
}

function begin() {
	cursor = null;
	byId('rows').replaceChildren();
	load();
}

byId('filter').addEventListener('submit', (event) => {
	event.preventDefault();
	const kept = new URLSearchParams(FIELDS.map((n) => [n, byId(n).value]).filter(([, v]) => v !== ''));
	history.replaceState(null, '', kept.size > 0 ? `/audit?${kept}` : '/audit');
	begin();
});
byId('more').addEventListener('click', load);
const given = new URLSearchParams(location.search);
for (const name of FIELDS) {
	byId(name).value = given.get(name) ?? '';
}
begin();
