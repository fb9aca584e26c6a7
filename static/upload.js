/*
 * The upload page: choose or drop, send, follow, report. One attempt has one upload_key;
 * trying again after a lost connection sends the same key, so that a file whose answer
 * was lost on the way back is not loaded twice.
 */
import { call, reason, uuid } from '/static/api.js';
import { byId, bytes, count, el, plural } from '/static/dom.js';
import { takeDrops } from '/static/drop.js';
import { transferKept } from '/static/transfer.js';
import { choice, hidePreview, keptFile, previewFile, showPreviewAgain } from '/static/upload_preview.js';
import { hideResult, showNotice, showResult } from '/static/upload_result.js';
import { named, who } from '/static/who.js';

const POLL_MS = 500;
const ENDED = ['completed', 'failed', 'cancelled'];

let file = null;
let busy = false;
let following = null; /* the key or id of what is being loaded */

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* --- choosing --- */

function choose(chosen) {
	file = chosen;
	byId('chosen').textContent = `${file.name}, ${bytes(file.size)}`;
	complain('');
	byId(byId('who').value.trim() !== '' || byId('who').disabled ? 'send' : 'who').focus();
	previewFile(file);
}

function complain(text) {
	byId('drop-error').textContent = text;
	byId('drop-error').hidden = text === '';
}

/* --- progress --- */

function showSending(done, total) {
	byId('sent').value = total > 0 ? 100 * done / total : 100;
	byId('sent-text').textContent = `${bytes(done)} of ${bytes(total)}`;
}

/* "12,000 rows read, 45,000 a second, some 8 seconds left" */
function pace(u) {
	return [`${plural(u.rows_done ?? 0, 'row')} read`,
		u.rows_per_second > 0 && `${count(u.rows_per_second)} a second`,
		Number.isFinite(u.seconds_left) && `some ${plural(u.seconds_left, 'second')} left`].filter(Boolean).join(', ');
}

function showRows(u) {
	if (u.phase === 'reading' && u.bytes_total > 0) {
		byId('read').value = 100 * (u.bytes_done ?? 0) / u.bytes_total;
	} else {
		byId('read').removeAttribute('value'); /* how far PostgreSQL is, nobody knows */
	}
	if (u.cancelling) {
		byId('read-text').textContent = 'being cancelled';
	} else if (u.state === 'queued') {
		byId('read-text').textContent = 'waiting for its turn';
	} else if (u.phase === 'merging') {
		byId('read-text').textContent = `${pace(u)}; putting them into the table`;
	} else if (u.rows_done > 0) {
		byId('read-text').textContent = pace(u);
	}
}

function run(on) {
	busy = on;
	byId('running').hidden = !on;
	if (on) {
		hideResult();
		byId('sent').value = 0;
		byId('read').removeAttribute('value');
		for (const id of ['sent-text', 'read-text', 'running-note']) {
			byId(id).textContent = '';
		}
	}
}

/* The upload as the server has it; null when it cannot be had just now. */
async function look(key) {
	try {
		const { status, json } = await call('GET', `/uploads/${encodeURIComponent(key)}`);
		return status === 200 ? json : null;
	} catch {
		return null;
	}
}

/* Shows the rows' progress until stop() is true; gives the upload once it has ended. */
async function follow(key, stop) {
	while (!stop()) {
		const u = await look(key);
		if (u !== null && !stop()) {
			showRows(u);
			if (ENDED.includes(u.state)) {
				return u;
			}
		}
		await wait(POLL_MS);
	}
	return null;
}

/* --- one attempt --- */

/* The same attempt, kept so that it can be made again as it was. */
function attempt() {
	return { file, kept: keptFile(), options: { upload_key: uuid(), uploaded_by: who(), ...choice(),
		batch: byId('batch').checked, strict: byId('strict').checked, dry_run: byId('dry-run').checked } };
}

async function send(work) {
	const key = work.options.upload_key;
	let answered = false;
	let watched = false; /* what was kept may have gone: then the file leaves after its name */
	hidePreview();
	run(true);
	complain('');
	following = key;
	history.replaceState(null, '', `#${key}`);
	const answer = await transferKept('/upload', work.file, work.kept, work.options,
		{ sent: showSending, left: () => {
			if (!watched) {
				watched = true;
				follow(key, () => answered);
			}
		} });
	answered = true;
	let upload = null;
	try {
		upload = await conclude(work, answer);
	} finally {
		run(false);
	}
	if (upload?.state !== 'completed' || upload.dry_run) {
		showPreviewAgain();
	}
	byId('outcome').focus();
}

/* Shows what came of it; gives the upload where the server told of one. */
async function conclude(work, { status, json }) {
	let upload = null;
	if ((status === 200 && json) || (status < 500 && json?.state)) {
		upload = json; /* loaded, or refused with what was seen of it */
	}
	if (status === 202 || (status === 409 && json?.error === 'upload_in_progress')) {
		/* queued, or still running from the attempt before */
		upload = await follow(work.options.upload_key, () => false);
	}
	if (upload !== null) {
		showResult(upload);
	} else if (status === 0) {
		refuse('The connection was lost', 'It is not known how far the file got. Trying again is safe: '
			+ 'what was loaded already is not loaded twice.', retryButton(work));
	} else if (status >= 500 || !json) {
		refuse('The server has trouble', `${json?.message ?? `It answered ${status}.`}`, retryButton(work));
	} else {
		refuse('The file was not loaded', reason({ status, json }));
	}
	return upload;
}

function refuse(title, text, ...more) {
	hideResult();
	showNotice({ tone: 'bad', title, text }, ...more);
}

function retryButton(work) {
	const button = el('button', { type: 'button', id: 'retry' }, 'Try again');
	button.addEventListener('click', () => send(work));
	return button;
}

/* --- wiring --- */

byId('file').addEventListener('change', () => byId('file').files.length > 0
	&& choose(byId('file').files[0]));
takeDrops(byId('drop'), {
	taken: (dropped, list) => {
		byId('file').files = list;
		choose(dropped);
	},
	refused: complain,
});
byId('form').addEventListener('submit', (event) => {
	event.preventDefault();
	if (busy) {
		complain('One upload is running already. Wait for its result.');
	} else if (file === null) {
		complain('Choose a file first.');
		byId('file').focus();
	} else {
		send(attempt());
	}
});

/* The answer to the upload itself tells what came of it. */
byId('cancel').addEventListener('click', async () => {
	if (!named()) {
		return;
	}
	let answer;
	try {
		answer = await call('POST', `/uploads/${encodeURIComponent(following)}/cancel`, { body: { by: who() } });
	} catch (e) {
		answer = { status: 0, json: { message: e.message } };
	}
	byId('running-note').textContent = answer.status === 404
		? 'The file is still being sent. Cancel it once that is done, or close this page.'
		: answer.status < 300 && answer.status > 0 ? 'Being cancelled.' : reason(answer);
});

/* A reload, or a link from the dashboard: #key or #id shows that upload. */
async function reopen() {
	const key = decodeURIComponent(location.hash.slice(1));
	if (key === '') {
		return;
	}
	const first = await look(key);
	if (first === null) {
		return;
	}
	if (ENDED.includes(first.state)) {
		showResult(first);
	} else {
		run(true);
		byId('running-note').textContent = `Loading ${first.file_name}.`;
		byId('sent').value = 100;
		following = key;
		showResult(await follow(key, () => false));
		run(false);
	}
}
window.addEventListener('beforeunload', (event) => {
	if (busy) {
		event.preventDefault();
		event.returnValue = '';
	}
});
window.addEventListener('hashchange', reopen);
reopen();
