/* One waybill and its history, its hold, and the box to look another one up. */
import { call, reason } from '/static/api.js';
import '/static/find.js';
import { ask } from '/static/list.js';
import { apart, byId, clock, el, fill, moment, sentence, words } from '/static/dom.js';

const SHOWN = [
	['status', 'Status'], ['destination', 'Destination'], ['receiver_name', 'Receiver'],
	['receiver_phone', 'Receiver phone'], ['receiver_address', 'Receiver address'],
	['street', 'Street'], ['barangay', 'Barangay'], ['city', 'City'], ['province', 'Province'],
	['sender_name', 'Sender'], ['sender_phone', 'Sender phone'], ['sender_address', 'Sender address'],
	['item_name', 'Item'], ['number_of_items', 'Number of items'], ['weight', 'Weight (kg)'],
	['express_type', 'Express type'], ['cod_amount', 'COD amount'], ['remarks', 'Remarks'],
	['submission_time', 'Submitted'], ['signing_time', 'Signed'], ['created_at', 'First loaded'],
	['updated_at', 'Last changed'],
];
const TIMES = ['submission_time', 'signing_time', 'created_at', 'updated_at'];

const trouble = (title, text) => fill(byId('trouble'),
	el('div', { class: 'notice bad' }, el('h2', {}, title), el('p', { class: 'told' }, sentence(text))));

function pair(name, label, waybill) {
	const value = waybill[name];
	if (value === null || value === undefined || value === '') {
		return [];
	}
	const shown = name === 'status' ? el('span', { class: 'badge' }, words(value))
		: TIMES.includes(name) ? moment(value) : String(value);
	return [el('dt', {}, label), el('dd', {}, shown)];
}

const MAY_HOLD = ['supervisor', 'admin'];
const GONE = ['delivered', 'returned', 'cancelled'];
let role = 'admin'; /* until somebody is logged in */
let known = null;

/* What may be done with it, by whoever is there. */
function showActions() {
	const held = known?.status === 'issue_pending';
	byId('hold').hidden = !known || held || GONE.includes(known.status) || !MAY_HOLD.includes(role);
	byId('resume').hidden = !held || !MAY_HOLD.includes(role);
}

/* Why it is on hold: the last change says so. */
function showHold(waybill) {
	const last = (waybill.history ?? []).findLast((line) => line.kind === 'status' && line.to === 'issue_pending');
	byId('held').hidden = waybill.status !== 'issue_pending';
	byId('held').textContent = `On hold since ${moment(waybill.marked_pending_at)}${by(last?.by)}${last?.detail?.reason ? `: ${apart(last.detail.reason)}` : ''}`;
}

function showWaybill(waybill) {
	known = waybill;
	byId('label').href = `/waybills/${encodeURIComponent(waybill.waybill_number)}/label`;
	showActions();
	showHold(waybill);
	const extra = Object.entries(waybill.extra ?? {})
		.flatMap(([heading, value]) => [el('dt', {}, heading), el('dd', {}, String(value))]);
	fill(byId('waybill'), ...SHOWN.flatMap(([name, label]) => pair(name, label, waybill)), ...extra);
	byId('waybill-card').hidden = false;
	byId('title').textContent = waybill.waybill_number;
	document.title = `${waybill.waybill_number} · Waybills`;
}

const by = (who) => (who ? ` by ${apart(who)}` : '');

/* What a line of history says: [what happened, the rest of the sentence]. */
function told(line) {
	switch (line.kind) {
	case 'upload':
		return ['Loaded', `from ${apart(line.file_name || 'a file')}${by(line.by)}`];
	case 'scan':
		return [words(line.result), `scan (${line.mode})${by(line.by)}`
			+ `${line.station ? ` at ${apart(line.station)}` : ''}`
			+ `${line.voided_at ? `, undone${by(line.voided_by)} at ${clock(line.voided_at)}` : ''}`];
	case 'status':
		return [words(line.to), `${line.from ? `was ${words(line.from).toLowerCase()}` : 'first status'}`
			+ `, by ${line.cause}${line.by ? ` of ${apart(line.by)}` : ''}`
			+ `${line.detail?.reason ? `: ${apart(line.detail.reason)}` : ''}`];
	default:
		return [words(line.kind), by(line.by)];
	}
}

/* Newest first: what a person looks for is what happened last. */
function showHistory(lines) {
	fill(byId('history'), ...lines.slice().reverse().map((line) => {
		const [title, rest] = told(line);
		return el('li', {}, el('time', { datetime: line.at }, `${moment(line.at).slice(0, 10)} ${clock(line.at)}`),
			el('strong', {}, title), ` ${rest}`);
	}));
	byId('history-card').hidden = lines.length === 0;
	byId('found').hidden = false;
}

async function show(number) {
	byId('q').value = number;
	let answer;
	try {
		answer = await call('GET', `/waybills/${encodeURIComponent(number)}`);
	} catch {
		trouble('The server cannot be reached', 'Check the network and load the page again.');
		return;
	}
	if (answer.status === 404) {
		trouble(`No waybill ${number}`, answer.json?.message ?? 'No manifest uploaded so far has this number.');
		showHistory(answer.json?.history ?? []); /* it may have been scanned all the same */
	} else if (answer.status === 503) {
		trouble('The database is away', 'Load the page again in a moment.');
	} else if (answer.status !== 200 || !answer.json) {
		trouble('Not shown', reason(answer));
	} else {
		showWaybill(answer.json);
		showHistory(answer.json.history ?? []);
	}
}

function openAsk(what, title, yes, required) {
	byId('ask-form').dataset.what = what;
	byId('ask-title').textContent = title;
	byId('ask-yes').textContent = yes;
	byId('ask-reason').value = '';
	byId('ask-reason').required = required;
	byId('ask-trouble').hidden = true;
	byId('ask').showModal();
}

byId('hold').addEventListener('click', () => openAsk('hold', `Put ${known.waybill_number} on hold?`, 'Put on hold', true));
byId('resume').addEventListener('click', () => openAsk('resume', `End the hold of ${known.waybill_number}?`, 'End the hold', false));
byId('ask-no').addEventListener('click', () => byId('ask').close());
byId('ask-form').addEventListener('submit', async (event) => {
	event.preventDefault();
	const { what } = event.target.dataset;
	const body = { reason: byId('ask-reason').value.trim() };
	if (await ask('POST', `/waybills/${encodeURIComponent(known.waybill_number)}/${what}`, { body, trouble: 'ask-trouble' })) {
		byId('ask').close();
		await show(known.waybill_number);
		byId(what === 'hold' ? 'resume' : 'hold').focus();
	}
});
document.addEventListener('me', ({ detail }) => {
	({ role } = detail);
	showActions();
});

const [, wanted = ''] = /^\/waybills\/([^/]+)$/.exec(location.pathname) ?? [];
show(decodeURIComponent(wanted));
