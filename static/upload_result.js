/*
 * Writes an upload's outcome into the page. Colour follows what happened to the rows:
 * green only when every row of the file is in the database.
 */
import { byId, count, el, fill, letters, moment, plural, rows, sentence, words } from '/static/dom.js';

const PARTS = [
	['inserted', 'inserted', 'new'], ['updated', 'updated', 'known, changed'],
	['unchanged', 'unchanged', 'known, the same'], ['duplicate', 'duplicate', 'earlier copy in this file'],
	['rejected', 'rejected', 'not loaded'],
];

/* Are there waybills in the file that were not read? */
const inPart = (u) => (u.warnings ?? []).some((w) => w.kind === 'sheet_not_read');

const READ_WARNINGS = ' Please read the warnings below.';

/* Title, tone and sentence for an upload that has ended. */
export function summary(u) {
	if (u.state !== 'completed') {
		return { tone: 'bad', title: u.state === 'cancelled' ? 'Cancelled: nothing was loaded' : 'The file was not loaded',
			text: u.message ?? 'The server did not say why.' };
	}
	const rejected = u.rejected > 0 ? `${plural(u.rejected, 'row was', 'rows were')} rejected. ` : '';
	if (u.dry_run) {
		return { tone: 'warn', title: 'Checked only: nothing was loaded',
			text: `${rejected}This was a dry run. The figures are what loading the file would do.` };
	}
	if (u.undone_at) {
		return undone(u);
	}
	if (u.rows_total === 0) {
		return { tone: 'warn', title: 'The file has no rows', text: 'A heading row was found, and nothing under it.' };
	}
	const warned = (u.warnings ?? []).some((w) => w.kind !== 'columns_chosen');
	if (u.rejected > 0) {
		return { tone: u.rejected === u.rows_total ? 'bad' : 'warn',
			title: u.rejected === u.rows_total ? 'Every row was rejected' : `Loaded, but ${plural(u.rejected, 'row')} rejected`,
			text: 'The rejected rows are listed below with the reason. Correct them in the file and upload it again: rows already loaded stay as they are.' };
	}
	if (inPart(u)) {
		return { tone: 'warn', title: 'Loaded, but for other sheets of the file',
			text: u.warnings.find((w) => w.kind === 'sheet_not_read').message };
	}
	if (u.duplicate > 0) {
		return { tone: 'warn', title: 'Loaded, with duplicates in the file',
			text: `${plural(u.duplicate, 'row has', 'rows have')} a number that comes again further down in the file; the last row of each number counts.` };
	}
	if (u.unchanged === u.rows_total) {
		return { tone: warned ? 'warn' : 'good', title: 'Nothing new: every row was known already',
			text: `${u.unchanged === 1 ? 'The parcel of the file is in the system, and nothing of it was'
				: `All ${count(u.unchanged)} parcels of the file are in the system, and nothing of them was`} changed.${warned ? READ_WARNINGS : ''}` };
	}
	return { tone: warned ? 'warn' : 'good', title: warned ? 'Loaded, with warnings' : 'Loaded',
		text: `Every row of the file is in the system.${warned ? READ_WARNINGS : ''}` };
}

function undone(u) {
	return { tone: 'warn', title: 'Undone: this file was loaded and taken back',
		text: `${moment(u.undone_at)}${u.undone_by ? ` by ${u.undone_by}` : ''}: ${tookBack(u.undo)} ${leftChanged(u.undo.updated)} The figures below are those of the load.` };
}

export function tookBack({ removed, kept }) {
	return `${plural(removed, 'parcel was', 'parcels were')} removed, ${count(kept)} kept.`;
}

/* What an undo does not take back: nobody knows any more what there was before. */
export function leftChanged(n) {
	return n > 0 ? `${plural(n, 'parcel that was', 'parcels that were')} known before ${n === 1 ? 'keeps' : 'keep'} what this upload changed: to put that right, upload the right file again.` : '';
}

export function showNotice({ tone, title, text }, ...more) {
	fill(byId('verdict'), el('div', { class: `notice ${tone}`, role: tone === 'good' ? 'status' : 'alert' },
		el('h2', {}, title), el('p', { class: 'told' }, sentence(text)), ...more));
	byId('outcome').hidden = false;
}

export function hideResult() {
	for (const id of ['outcome', 'figures', 'warnings', 'rejects', 'mapping']) {
		byId(id).hidden = true;
	}
}

export function showResult(u) {
	hideResult();
	showNotice(summary(u));
	if (u.state === 'completed') {
		showSum(u);
	}
	showWarnings(u);
	showRejects(u, unreadable(u) + u.duplicate);
	showMapping(u.mapping ?? []);
	byId('outcome').focus();
}

/* " (3 rows)"; nothing behind what is said of the file; for a kind that this page does not know the
 * bare number, of whatever the server's sentence speaks of. */
const COUNTED = { shadowed_column: '', columns_chosen: '', sheet_not_read: '', encoding: '', no_rows: '',
	bad_value: 'cell', cod_flag: 'cell', phone_mended: 'cell', ambiguous_date: 'cell', scans_matched: 'scan',
	unknown_status: 'row', on_hold: 'row', no_result: 'row', address_split: 'row', hidden_row: 'row', footer: 'row',
	beyond_headings: 'row', merged_cells: 'range', other_headings: 'row', short_year: 'cell' };
function counted(w) {
	const unit = COUNTED[w.kind] ?? null;
	return unit === '' || !(w.count > 0) ? '' : ` (${unit === null ? count(w.count) : plural(w.count, unit)})`;
}

/* " First: row 3 abc, row 17 -": where to look. */
function firstRows(w) {
	const list = w.rows ?? [];
	return list.length === 0 ? null : el('span', { class: 'hint' }, ` First: ${list.map((r) =>
		`row ${count(r.row)}${r.column ? ` ${r.column}` : ''}${r.text ? ` "${r.text}"` : ''}`).join(', ')}.`);
}

/* A warning in the server's words, known to this page or not. */
export function warning(w) {
	return el('li', {}, `${sentence(w.message)}${counted(w)}`, firstRows(w));
}

/* total = inserted + updated + ...: written as the sum it is. */
function showSum(u) {
	const part = (n, label, hint, hit) => el('div', { class: hit && 'hit', title: hint },
		el('dt', {}, label), el('dd', {}, count(n)));
	const sign = (s) => el('div', { class: 'sign', 'aria-hidden': 'true' }, el('dt', { class: 'unseen' }, ''), el('dd', {}, s));
	fill(byId('sum'), part(u.rows_total, u.rows_total === 1 ? 'row' : 'rows', 'data rows of the file'),
		...PARTS.flatMap(([name, label, hint], i) => [sign(i === 0 ? '=' : '+'),
			part(u[name], label, hint, name === 'rejected' && u.rejected > 0)]));
	fill(byId('facts'), el('span', {}, 'File ', el('b', {}, u.file_name ?? '')),
		u.sheet && el('span', {}, 'Sheet ', el('b', {}, u.sheet)),
		u.heading_row && el('span', {}, 'Headings in row ', el('b', {}, count(u.heading_row))),
		u.batch && el('span', {}, u.dry_run ? 'To be marked ready for a batch' : 'Marked ready for a batch'),
		u.id !== undefined && u.id !== null && el('span', {}, 'Upload ', el('b', {}, String(u.id))));
	byId('figures').hidden = false;
}

/* A file that was not loaded has some, too: to be mended with the rest. */
function showWarnings({ state, warnings }) {
	fill(byId('warning-list'), ...(warnings ?? []).map(warning));
	byId('warnings-title').textContent = state === 'completed' ? 'Warnings' : 'What else was seen in the file';
	byId('warnings').hidden = (warnings ?? []).length === 0;
}

/* Where every row was asked for, those that could be read were not loaded either: they are not listed. */
const unreadable = (u) => u.unreadable ?? u.rejected;

/* Rejected rows and the earlier copies of a number: all that the file lost, and why. */
function showRejects(u, lost) {
	const list = u.rejects ?? [];
	const bad = unreadable(u);
	rows(byId('reject-rows'), list.map((r) => [count(r.row), words(r.kind ?? 'rejected'),
		sentence(r.reason ?? ''), r.column ?? '', el('span', { class: 'code' }, r.text ?? '')]), [0]);
	fill(byId('rejects-note'), list.length < lost
		? `The first ${count(list.length)} of ${count(lost)}. ` : '',
	bad > 0 && `${plural(bad, 'rejected row')} to mend and upload again: `,
	...(bad > 0 ? ['csv', 'xlsx'] : []).map((format) => el('a', { class: 'file',
		href: `/uploads/${encodeURIComponent(u.id)}/rejects?format=${format}`,
		download: `rejects-${u.id}.${format}` }, format === 'csv' ? 'CSV' : 'workbook')));
	byId('rejects').hidden = !(lost > 0);
}

function showMapping(mapping) {
	rows(byId('mapping-rows'), mapping.map((m) => [letters(m.column), m.chosen ? `${m.heading} (chosen)` : m.heading,
		m.field === 'extra' ? 'kept under its own heading' : el('span', { class: 'code' }, m.field)]));
	byId('mapping').hidden = mapping.length === 0;
}
