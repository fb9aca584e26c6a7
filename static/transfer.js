/*
 * Sends one file to the server and tells how far it is. XMLHttpRequest, because fetch
 * cannot tell how much of a body has left.
 */
import { parsed } from '/static/api.js';

/*
 * file: null where the server has it. options: { upload_key, uploaded_by, sheet, columns,
 * batch, strict, dry_run, keep, kept }, each left out when it is empty or false. sent(done, total) in bytes of the whole
 * request; left() when all of them have left; signal, an AbortSignal, gives it up. The promise is
 * always kept: with { status, json } when the server answered, with { status: 0, json: null } when
 * it did not.
 */
export function transfer(path, file, options, { sent, left, signal } = {}) {
	return new Promise((resolve) => {
		const request = new XMLHttpRequest();
		request.open('POST', path);
		request.setRequestHeader('Accept', 'application/json');
		if (sent) {
			request.upload.addEventListener('progress', (event) => sent(event.loaded, event.total));
		}
		if (left) {
			request.upload.addEventListener('load', left);
		}
		signal?.addEventListener('abort', () => request.abort());
		request.addEventListener('load', () => resolve({ status: request.status,
			json: parsed(request.responseText) }));
		for (const end of ['error', 'abort', 'timeout']) {
			request.addEventListener(end, () => resolve({ status: 0, json: null }));
		}
		request.send(form(file, options));
	});
}

/*
 * transfer() of a file that the server may have kept when it looked at it: then its bytes are
 * sent only when it does not know them any more. kept: what it called them, or ''.
 */
export async function transferKept(path, file, kept, options, hooks) {
	if (kept !== '' && await unchanged(file)) {
		const answer = await transfer(path, null, { ...options, kept }, hooks);
		if (answer.status !== 410 && answer.json?.error !== 'no_file') {
			return answer;
		}
	}
	return transfer(path, file, options, hooks);
}

/* A browser reads no file that was changed on the disk since it was chosen. */
function unchanged(file) {
	return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

/* The file comes last, so that the server knows the options before the first row. */
function form(file, options) {
	const data = new FormData();
	for (const [name, value] of Object.entries(options)) {
		if (value !== '' && value !== false && value !== null && value !== undefined) {
			data.append(name, String(value));
		}
	}
	if (file !== null) {
		data.append('waybill_file', file, file.name);
	}
	return data;
}
