/*
 * The history of uploads: a page at a time, what runs is looked at again until it ends,
 * and what can still be done about each. The server decides; the filter stands in the
 * address, to be kept and sent.
 */
import { call, reason } from '/static/api.js';
import { byId, count, el, fill, moment, plural, sentence, words } from '/static/dom.js';
import { leftChanged, tookBack } from '/static/upload_result.js';
import { named, who } from '/static/who.js';

const FIELDS = ['q', 'state'];
const COUNTS = ['rows_total', 'inserted', 'updated', 'unchanged', 'duplicate', 'rejected'];
const POLL_MS = 1500;
const RANK = ['scanner', 'office', 'supervisor', 'admin'];
const lines = new Map(); /* id -> { line, upload } */
let cursor = null;
let asked = 0; /* an answer to an older question is not shown */
let role = 'admin'; /* until "me" says who it is */

const may = (least) => RANK.indexOf(role) >= RANK.indexOf(least);
const runs = (u) => u.state === 'queued' || u.state === 'processing';

async function ask(method, path, body) {
	try {
		return await call(method, path, { body, deadline: 600000 });
	} catch (e) {
		return { status: 0, json: { message: e.message } };
	}
}

function complain(text) {
	byId('trouble').textContent = text === '' ? '' : sentence(text);
	byId('trouble').hidden = text === '';
}

function tell(tone, ...what) {
	byId('done').className = `notice ${tone}`;
	fill(byId('done'), ...what);
	byId('done').hidden = false;
	byId('done').focus();
}

/* --- one line --- */

const inPart = (u) => u.rejected > 0 || (u.warnings ?? []).some((w) => w.kind === 'sheet_not_read');

/* Green is only what is loaded whole. */
function kind(u) {
	if (u.undone_at || u.state === 'cancelled' || u.dry_run) {
		return '';
	}
	return u.state === 'completed' && inPart(u) ? 'partial' : u.state;
}

function stateText(u) {
	if (u.undone_at) {
		const { kept, updated } = u.undo;
		const left = [kept > 0 && count(kept), updated > 0 && `${count(updated)} changed`].filter(Boolean);
		return left.length > 0 ? `Undone but for ${left.join(' and ')}` : 'Undone';
	}
	if (u.cancelling) {
		return 'Being cancelled';
	}
	if (u.state === 'completed') {
		return u.dry_run ? 'Checked only' : inPart(u) ? 'Loaded in part' : 'Loaded';
	}
	return u.phase && runs(u) ? words(u.phase) : words(u.state);
}

function progress(u) {
	const share = u.phase === 'reading' && u.bytes_total > 0 ? u.bytes_done / u.bytes_total : null;
	return el('span', {}, el('progress', { max: 1, value: share, 'aria-label': `Progress of ${u.file_name}` }),
		el('span', { class: 'asof' }, [`${plural(u.rows_done ?? 0, 'row')} read`,
			Number.isFinite(u.seconds_left) && `some ${count(u.seconds_left)} s left`].filter(Boolean).join(', ')));
}

function button(text, u, act) {
	const node = el('button', { type: 'button', class: 'secondary small', 'aria-label': `${text} ${u.file_name ?? u.id}` }, text);
	node.addEventListener('click', act);
	return node;
}

function actions(u) {
	const list = [];
	if (runs(u) && !u.cancelling && may('office')) {
		list.push(button('Cancel', u, () => act(u, 'cancel', 'is being cancelled')));
	}
	if (u.can_retry && may('office')) {
		list.push(button('Try again', u, () => act(u, 'retry', 'is tried again')));
	}
	if (u.state === 'completed' && !u.dry_run && may('supervisor') && (!u.undone_at || u.undo.kept > 0)) {
		list.push(button('Undo', u, () => askUndo(u)));
	}
	if ((u.unreadable ?? u.rejected) > 0 && may('office')) {
		list.push(el('a', { class: 'button secondary small', download: `rejects-${u.id}.xlsx`,
			'aria-label': `Rejects of ${u.file_name ?? u.id}`,
			href: `/uploads/${u.id}/rejects?format=xlsx` }, 'Rejects'));
	}
	return el('span', { class: 'buttons' }, ...list);
}

function cells(u) {
	const ended = u.state === 'completed';
	return [
		el('td', { class: 'told' }, el('a', { href: `/upload#${u.id}` }, u.file_name ?? `Upload ${u.id}`)),
		el('td', {}, el('time', { datetime: u.started_at }, moment(u.started_at)), ` ${u.uploaded_by ?? ''}`),
		el('td', {}, el('span', { class: 'badge', 'data-kind': kind(u) }, stateText(u)),
			runs(u) ? progress(u) : u.state === 'failed' && el('span', { class: 'asof told' }, ` ${sentence(u.message ?? '')}`)),
		...COUNTS.map((name) => el('td', { class: 'num' }, ended ? count(u[name]) : '–')),
		el('td', {}, actions(u)),
	];
}

/* A line is written anew only when something of it is another, so that no button is lost
 * under somebody's finger. */
function put(u) {
	const known = lines.get(u.id);
	const text = JSON.stringify(u);
	if (known === undefined) {
		const line = el('tr', { id: `upload-${u.id}` }, ...cells(u));
		lines.set(u.id, { line, text, upload: u });
		return line;
	}
	if (known.text !== text) {
		const held = known.line.contains(document.activeElement) && document.activeElement.getAttribute('aria-label');
		fill(known.line, ...cells(u));
		Object.assign(known, { text, upload: u });
		if (held) {
			(Array.from(known.line.querySelectorAll('[aria-label]')).find((n) => n.getAttribute('aria-label') === held)
				?? known.line.querySelector('a')).focus();
		}
	}
	return known.line;
}

/* --- what is done about one --- */

async function act(u, what, done) {
	if (!named()) {
		return;
	}
	const answer = await ask('POST', `/uploads/${u.id}/${what}`, { by: who() });
	complain(answer.status >= 200 && answer.status < 300 ? '' : reason(answer));
	if (answer.json?.id === u.id) {
		put(answer.json);
	}
	await again(u.id);
	if (answer.status >= 200 && answer.status < 300) {
		tell('', `${u.file_name ?? u.id} ${done}.`);
	}
}

function askUndo(u) {
	if (!named()) {
		return;
	}
	byId('ask-text').textContent = `${u.file_name ?? u.id}: ${u.inserted > 0
		? `the ${plural(u.inserted, 'parcel')} that it brought ${u.inserted === 1 ? 'is' : 'are'} removed, but for those that were scanned, dispatched, changed or uploaded again since.`
		: 'it brought no new parcels, so none is removed.'} ${leftChanged(u.updated)}`;
	byId('ask-form').onsubmit = () => undo(u);
	byId('ask').showModal();
}

async function undo(u) {
	tell('', `Undoing ${u.file_name ?? u.id} ...`);
	const answer = await ask('POST', `/uploads/${u.id}/undo`, { by: who() });
	if (answer.status !== 200) {
		byId('done').hidden = true;
		complain(reason(answer));
		return;
	}
	complain('');
	put(answer.json);
	const { kept, reasons, updated } = answer.json.undo;
	tell(kept > 0 || updated > 0 ? 'warn' : 'good', el('p', {}, tookBack(answer.json.undo)),
		kept > 0 && el('ul', {}, ...reasons.map((r) => el('li', {}, `${count(r.count)}: ${r.message} `,
			el('span', { class: 'code' }, r.waybill_numbers.join(', ')), r.count > r.waybill_numbers.length && ' ...'))),
		updated > 0 && el('p', {}, leftChanged(updated)));
}

async function again(id) {
	const answer = await ask('GET', `/uploads/${id}`);
	if (answer.status === 200) {
		put(answer.json);
	}
}

/* --- the list --- */

function query() {
	const params = new URLSearchParams(FIELDS.map((n) => [n, byId(n).value.trim()]).filter(([, v]) => v !== ''));
	if (cursor !== null) {
		params.set('cursor', cursor);
	}
	return params;
}

async function load() {
	const turn = ++asked;
	const answer = await ask('GET', `/uploads?${query()}`);
	if (turn !== asked) {
		return;
	}
	complain(answer.status === 200 ? '' : reason(answer));
	if (answer.status !== 200) {
		return;
	}
	byId('rows').append(...answer.json.uploads.map(put));
	byId('none').hidden = byId('rows').childElementCount > 0;
	cursor = answer.json.next_cursor;
	byId('more').hidden = cursor === null;
}

function begin() {
	cursor = null;
	lines.clear();
	byId('rows').replaceChildren();
	return load();
}

async function watch() {
	if (!document.hidden) {
		for (const { upload } of Array.from(lines.values()).filter((l) => runs(l.upload))) {
			await again(upload.id);
		}
	}
	setTimeout(watch, POLL_MS);
}

byId('filter').addEventListener('submit', (event) => {
	event.preventDefault();
	cursor = null;
	const kept = query();
	history.replaceState(null, '', kept.size > 0 ? `/uploads?${kept}` : '/uploads');
	begin();
});
byId('more').addEventListener('click', load);
byId('ask-no').addEventListener('click', () => byId('ask').close());
document.addEventListener('me', (event) => {
	role = event.detail.role;
	for (const { line, upload } of lines.values()) {
		fill(line, ...cells(upload));
	}
});
const given = new URLSearchParams(location.search);
for (const name of FIELDS) {
	byId(name).value = given.get(name) ?? '';
}
begin();
watch();
