/*
 * Sends one file to the server and tells how far it is. XMLHttpRequest, because fetch
 * cannot tell how much of a body has left.
 */
import { parsed } from '/static/api.js';

/*
 * options: { upload_key, sheet, strict, dry_run }. sent(done, total) in bytes of the
 * whole request; left() once, when all of them have left. The promise is always kept: with { status, json } when the server
 * answered, with { status: 0, json: null } when it did not.
 */
export function transfer(file, options, sent, left) {
	return new Promise((resolve) => {
		const request = new XMLHttpRequest();
		request.open('POST', '/upload');
		request.setRequestHeader('Accept', 'application/json');
		request.upload.addEventListener('progress', (event) => sent(event.loaded, event.total));
		request.upload.addEventListener('load', left);
		request.addEventListener('load', () => resolve({ status: request.status,
			json: parsed(request.responseText) }));
		for (const end of ['error', 'abort', 'timeout']) {
			request.addEventListener(end, () => resolve({ status: 0, json: null }));
		}
		request.send(form(file, options));
	});
}

/* The file comes last, so that the server knows the options before the first row. */
function form(file, { upload_key, sheet, strict, dry_run }) {
	const data = new FormData();
	data.append('upload_key', upload_key);
	if (sheet !== '') {
		data.append('sheet', sheet);
	}
	if (strict) {
		data.append('strict', 'true');
	}
	if (dry_run) {
		data.append('dry_run', 'true');
	}
	data.append('waybill_file', file, file.name);
	return data;
}
