/*
 * The dashboard: asks for the figures every few seconds and writes them into the page.
 * When they cannot be had, the last ones stay, and the page says how old they are.
 */
import { call, reason } from '/static/api.js';
import { chart } from '/static/chart.js';
import '/static/find.js';
import { byId, clock, count, el, fill, moment, plural, rows, sentence, words } from '/static/dom.js';

const EVERY_MS = 3000;
const STATUSES = ['pending', 'hq_scheduling', 'dispatched', 'in_transit', 'delivering',
	'delivered', 'for_return', 'returned', 'issue_pending', 'cancelled'];

let etag = null;
let good = null; /* when the figures on the page were last confirmed */

const badge = (kind, text) => el('span', { class: 'badge', 'data-kind': kind }, text);
const link = (path, text) => el('a', { href: path }, text);

function resultKind(result) {
	return result === 'valid' || result === 'duplicate' ? result : 'error';
}

/* A table, or one line saying that there is nothing yet. */
function table(id, lists, numeric, columns) {
	if (lists.length > 0) {
		rows(byId(id), lists, numeric);
	} else {
		fill(byId(id), el('tr', {}, el('td', { class: 'empty', colspan: columns }, 'Nothing yet')));
	}
}

function showTotals({ waybills = {}, scans = {} }) {
	for (const name of ['total', 'valid', 'duplicate', 'error']) {
		byId(`s-${name}`).textContent = count(scans[name]);
	}
	const by = waybills.by_status ?? {};
	const names = [...STATUSES, ...Object.keys(by).filter((s) => !STATUSES.includes(s))];
	fill(byId('by-status'),
		el('div', {}, el('dt', {}, 'All'), el('dd', {}, count(waybills.total))),
		...names.map((s) => el('div', {}, el('dt', {}, words(s)), el('dd', {}, count(by[s] ?? 0)))));
}

function showLists(d) {
	const split = (x) => [count(x.valid), count(x.duplicate), count(x.error)];
	table('station-rows', (d.by_station ?? []).map((x) => [x.station || 'not named', ...split(x)]),
		[1, 2, 3], 4);
	table('operator-rows', (d.by_operator ?? []).map((x) => [x.scanned_by || 'not named', ...split(x)]),
		[1, 2, 3], 4);
	table('destination-rows', (d.by_destination ?? []).map((x) =>
		[x.destination || 'not named', count(x.waybills)]), [1], 2);
	table('recent-rows', (d.recent_scans ?? []).map((x) => [clock(x.scanned_at),
		link(`/waybills/${encodeURIComponent(x.waybill_number)}`, x.waybill_number),
		badge(resultKind(x.result), words(x.result)), x.station, x.scanned_by]), [], 5);
	table('upload-rows', (d.uploads ?? []).map((x) => [
		link(`/upload#${encodeURIComponent(x.id)}`, x.file_name || `upload ${x.id}`),
		badge(x.state === 'completed' && x.rejected > 0 ? 'partial' : x.state, x.dry_run ? `${words(x.state)}, dry run` : words(x.state)),
		count(x.state === 'processing' ? x.rows_done : x.rows_total), count(x.rejected),
		moment(x.started_at)]), [2, 3], 5);
}

function showTrouble(text) {
	const old = good === null ? 'No figures yet.' : `The figures are those of ${good}.`;
	byId('trouble').textContent = text === '' ? '' : `${text} ${old} Trying again by itself.`;
	byId('trouble').hidden = text === '';
}

function confirmed() {
	good = new Date().toTimeString().slice(0, 8);
	byId('asof').textContent = `Figures of ${good}`;
	showTrouble('');
}

async function refresh() {
	let answer;
	try {
		answer = await call('GET', '/dashboard', { etag });
	} catch {
		showTrouble('The server cannot be reached.');
		return;
	}
	if (answer.status === 304) {
		confirmed();
	} else if (answer.status === 200 && answer.json) {
		etag = answer.etag;
		showTotals(answer.json);
		showLists(answer.json);
		const total = chart(answer.json.scans?.per_minute ?? []);
		byId('chart-text').textContent = `${plural(total, 'scan')} in this hour`;
		confirmed();
	} else {
		showTrouble(answer.status === 503 ? 'The database is away.' : sentence(`No figures: ${reason(answer)}`));
	}
}

/* The next question is asked only after the last was answered: a slow server is not
 * made slower by a queue of the same question. */
async function keepGoing() {
	if (document.visibilityState === 'visible') {
		await refresh();
	}
	setTimeout(keepGoing, EVERY_MS);
}

document.addEventListener('visibilitychange', () => {
	if (document.visibilityState === 'visible') {
		refresh();
	}
});
keepGoing();
