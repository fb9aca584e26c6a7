/*
 * The upload page: choose or drop, send, follow, report. One attempt has one upload_key;
 * trying again after a lost connection sends the same key, so that a file whose answer
 * was lost on the way back is not loaded twice.
 */
import { call, reason, uuid } from '/static/api.js';
import { byId, bytes, count, el } from '/static/dom.js';
import { takeDrops } from '/static/drop.js';
import { transfer } from '/static/transfer.js';
import { hideResult, showNotice, showResult } from '/static/upload_result.js';

const POLL_MS = 500;
const ENDED = ['completed', 'failed', 'cancelled'];

let file = null;
let busy = false;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* --- choosing --- */

function choose(chosen) {
	file = chosen;
	byId('chosen').textContent = `${file.name}, ${bytes(file.size)}`;
	complain('');
	byId('send').focus();
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

function showRows(u) {
	if (u.rows_total > 0) {
		byId('read').max = u.rows_total;
		byId('read').value = u.rows_done ?? 0;
	} else {
		byId('read').removeAttribute('value');
	}
	if (u.state === 'queued') {
		byId('read-text').textContent = 'waiting for its turn';
	} else if (u.rows_done > 0) {
		byId('read-text').textContent = `${count(u.rows_done)} rows read`;
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
	return { file, options: { upload_key: uuid(), sheet: byId('sheet').value.trim(),
		strict: byId('strict').checked, dry_run: byId('dry-run').checked } };
}

async function send(work) {
	const key = work.options.upload_key;
	let answered = false;
	run(true);
	complain('');
	history.replaceState(null, '', `#${key}`);
	const answer = await transfer(work.file, work.options, showSending,
		() => follow(key, () => answered));
	answered = true;
	try {
		await conclude(work, answer);
	} finally {
		run(false);
	}
	byId('outcome').focus();
}

async function conclude(work, { status, json }) {
	const key = work.options.upload_key;
	if (status === 200 && json) {
		showResult(json);
	} else if (status === 202 || (status === 409 && json?.error === 'upload_in_progress')) {
		/* queued, or still running from the attempt before */
		showResult(await follow(key, () => false));
	} else if (status === 0) {
		refuse('The connection was lost', 'It is not known how far the file got. Trying again is safe: '
			+ 'what was loaded already is not loaded twice.', retryButton(work));
	} else if (status < 500 && json?.state) {
		showResult(json); /* refused, with what was seen of it */
	} else if (status >= 500 || !json) {
		refuse('The server has trouble', `${json?.message ?? `It answered ${status}.`}`, retryButton(work));
	} else {
		refuse('The file was not loaded', reason({ status, json }));
	}
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
