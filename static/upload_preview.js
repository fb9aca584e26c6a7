/*
 * What the server makes of a chosen file before it is loaded, and the way to correct it:
 * a sheet, and a field for each column. Asks for every change anew, so that what is shown
 * is what loading would do.
 */
import { byId, count, el, fill, letters, plural, rows, sentence, words } from '/static/dom.js';
import { transferKept } from '/static/transfer.js';
import { warning } from '/static/upload_result.js';

const TYPING_MS = 400; /* letters that choose an option come one by one */

let file = null;
let seen = null; /* the file of which the page has the server's answer */
let soon = 0; /* the timer of a look that is due */
let stop = null;
let kept = ''; /* what the server calls the file that it has */
let chosen = new Map(); /* heading -> field, what differs from the headings */
let automatic = false; /* what was chosen for such a file before is not wanted */

/* What the server calls the file, so that loading need not send it once more; '' before it
 * has it. */
export function keptFile() {
	return kept;
}

/* The options that loading needs so that it does what is shown. */
export function choice() {
	const fields = {};
	for (const [heading, field] of chosen) {
		(fields[field] ??= []).push(heading);
	}
	return { sheet: byId('sheet').value,
		columns: chosen.size > 0 ? JSON.stringify(fields) : automatic ? 'automatic' : '' };
}

export function hidePreview() {
	clearTimeout(soon);
	stop?.abort();
	byId('preview').hidden = true;
	byId('looking').hidden = true;
}

/* What was not loaded may be corrected and loaded. */
export function showPreviewAgain() {
	byId('preview').hidden = file !== seen;
}

export function previewFile(next) {
	file = next;
	kept = '';
	chosen = new Map();
	automatic = false;
	showSheets([]);
	return look();
}

async function look() {
	clearTimeout(soon);
	stop?.abort();
	const mine = stop = new AbortController();
	byId('looking').hidden = false;
	byId('preview-trouble').hidden = true;
	const answer = await transferKept('/upload/preview', file, kept, { ...choice(), keep: true }, { signal: mine.signal });
	if (mine.signal.aborted) {
		return;
	}
	byId('looking').hidden = true;
	seen = file;
	if (answer.status === 200) {
		kept = answer.json.kept ?? '';
	}
	if (answer.status === 200 && answer.json) {
		show(answer.json);
	} else {
		showTrouble(answer);
	}
}

/* A file that cannot be read has no columns to show, only a reason; perhaps another of its
 * sheets can. */
function showTrouble({ status, json }) {
	const text = json?.message ?? (status === 0 ? 'The server could not be reached' : `The server answered ${status}`);
	byId('preview-trouble').textContent = sentence(text);
	byId('preview-trouble').hidden = false;
	if (json?.sheets) {
		showSheets(json.sheets);
	}
	byId('preview-parts').hidden = true;
	byId('preview').hidden = false;
}

function show(p) {
	showTrouble({ json: p });
	byId('preview-trouble').hidden = !p.message;
	byId('preview-parts').hidden = false;
	/* What was chosen for such a file before is the start of what is chosen now. */
	if (chosen.size === 0 && !automatic) {
		chosen = new Map(p.mapping.filter((m) => m.chosen).map((m) => [m.heading, m.field]));
	}
	const read = p.complete ? `${plural(p.rows_total, 'row')}` : `the first ${plural(p.rows_read, 'row')} looked at`;
	fill(byId('preview-facts'), el('span', {}, 'Kind ', el('b', {}, p.format)),
		p.sheet && el('span', {}, 'Sheet ', el('b', {}, p.sheet)),
		el('span', {}, 'Headings in row ', el('b', {}, count(p.heading_row))),
		el('span', {}, el('b', {}, read)));
	showColumns(p);
	showRows(p);
	showProblems(p);
}

/* One that is hidden is never read unasked, so it is a choice even if it is alone. */
function showSheets(sheets) {
	const wanted = byId('sheet').value;
	fill(byId('sheet'), el('option', { value: '' }, 'the first with waybills'),
		...sheets.filter((s) => s.name !== '').map((s) => el('option', { value: s.name,
			selected: s.name === wanted }, s.hidden ? `${s.name} (hidden)` : s.name)));
	byId('sheet-choice').hidden = sheets.length < 2 && !sheets.some((s) => s.hidden);
}

function showColumns(p) {
	const headed = p.mapping.map((m, i) => ({ ...m, samples: p.samples[i] ?? [] }));
	const bare = (p.unheaded ?? []).map((m) => ({ ...m, field: '' }));
	rows(byId('preview-columns'), [...headed, ...bare].sort((a, b) => a.column - b.column).map((m) => [
		letters(m.column), bare.includes(m) ? el('i', {}, 'no heading') : m.heading,
		el('span', { class: 'code' }, m.samples.join(' \u00b7 ')), fieldSelect(p, m)]));
	byId('as-headed').hidden = chosen.size === 0;
	byId('preview-chosen').textContent = sentence(p.warnings.find((w) => w.kind === 'columns_chosen')?.message ?? ' ').replace(/^\.$/, '');
}

/* A column without a heading may be one, or the end of rows whose values have moved: somebody says. */
function fieldSelect(p, m) {
	const select = el('select', { 'aria-label': `Column ${m.heading} is read as` },
		m.field === '' && el('option', { value: '', selected: true }, 'Not chosen'),
		el('option', { value: 'extra', selected: m.field === 'extra' },
			m.field === '' ? 'Kept as a column of its own' : 'Kept under its heading'),
		...p.fields.map((f) => el('option', { value: f, selected: f === m.field }, words(f))));
	select.addEventListener('change', () => {
		const field = select.value;
		for (const [heading, was] of chosen) {
			if (was === field && field !== 'extra' && field !== 'remarks') {
				chosen.delete(heading);
			}
		}
		if (field === '') {
			chosen.delete(m.heading);
		} else {
			chosen.set(m.heading, field);
		}
		changed(m.column);
	});
	select.id = `field-${m.column}`;
	return select;
}

/* The table is written anew, but not between two letters; who works with the keyboard stays
 * where they were. */
function changed(column) {
	clearTimeout(soon);
	soon = setTimeout(async () => {
		await look();
		byId(`field-${column}`)?.focus();
	}, TYPING_MS);
}

function showRows(p) {
	const fields = p.fields.filter((f) => p.rows.some((r) => f in r.values));
	fill(byId('preview-heads'), el('th', { class: 'num', scope: 'col' }, 'Row'),
		...fields.map((f) => el('th', { scope: 'col' }, words(f))), el('th', { scope: 'col' }, 'Kept besides'));
	rows(byId('preview-rows'), p.rows.map((r) => [count(r.row), ...fields.map((f) => r.values[f] ?? ''),
		Object.entries(r.extra).map(([heading, text]) => `${heading}: ${text}`).join('; ')]), [0]);
	byId('preview-sample').hidden = p.rows.length === 0;
}

/* Rows that would be rejected, and what else a clerk should know before loading. */
function showProblems(p) {
	const told = p.warnings.filter((w) => w.kind !== 'columns_chosen' && w.kind !== 'no_rows');
	const looked = p.complete ? '' : ` in the first ${plural(p.rows_read, 'row')}`;
	const empty = !p.message && p.complete && p.rows_total === 0;
	fill(byId('preview-problems'),
		empty && el('li', {}, 'There are headings, but no rows below them: nothing would be loaded.'),
		...p.rejects.map((r) => el('li', {}, `Row ${count(r.row)} would be rejected: ${r.column} `,
			r.text ? el('span', { class: 'code' }, r.text) : '(empty)', `, ${r.reason}.`)),
		p.rejected > p.rejects.length && el('li', {}, `... and ${plural(p.rejected - p.rejects.length, 'row')} more.`),
		p.duplicate > 0 && el('li', {}, `${plural(p.duplicate, 'row has', 'rows have')} a number that comes again further down${looked}: the last row of each number counts.`),
		...told.map(warning));
	byId('preview-fine').hidden = byId('preview-problems').childElementCount > 0 || Boolean(p.message);
	byId('preview-fine').textContent = `No problems found${looked}.`;
}

byId('sheet').addEventListener('change', () => file && look());
byId('as-headed').addEventListener('click', () => {
	chosen = new Map();
	automatic = true;
	look();
});
