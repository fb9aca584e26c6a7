/*
 * One request to the server: JSON both ways, with a deadline. Knows no page.
 *
 * A request ends in one of two ways. Either the server answered, whatever it said:
 * { status, json, etag, retryAfter }, json null when the body was not JSON. Or it did
 * not, and Unreachable is thrown: the network, the deadline, a proxy that hung up.
 */
export class Unreachable extends Error {}

const DEADLINE_MS = 10000;

/* key: this request may be repeated on the way, by a proxy too; it counts once. */
export async function call(method, path, { body, etag, key, deadline = DEADLINE_MS } = {}) {
	const headers = { Accept: 'application/json' };
	if (body !== undefined) {
		headers['Content-Type'] = 'application/json';
	}
	if (etag) {
		headers['If-None-Match'] = etag;
	}
	if (key) {
		headers['Idempotency-Key'] = key;
	}
	const stop = new AbortController();
	const timer = setTimeout(() => stop.abort(), deadline);
	try {
		const answer = await fetch(path, {
			method, headers, signal: stop.signal, cache: 'no-store',
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await answer.text();
		return {
			status: answer.status,
			json: parsed(text),
			etag: answer.headers.get('ETag'),
			retryAfter: Number(answer.headers.get('Retry-After')) || 0,
		};
	} catch (cause) {
		throw new Unreachable('the server cannot be reached', { cause });
	} finally {
		clearTimeout(timer);
	}
}

export function parsed(text) {
	try {
		const value = JSON.parse(text);
		return value !== null && typeof value === 'object' ? value : null;
	} catch {
		return null;
	}
}

/* What to tell a person about an answer that was not a success. */
export function reason(answer) {
	return answer.json?.message
		?? `the server answered ${answer.status} without saying why`;
}

/*
 * A version 4 UUID (RFC 9562, 5.4). crypto.randomUUID exists only where the page came
 * by HTTPS or from localhost; a warehouse may well serve plain HTTP.
 */
export function uuid() {
	if (typeof crypto.randomUUID === 'function') {
		return crypto.randomUUID();
	}
	const b = crypto.getRandomValues(new Uint8Array(16));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	const hex = Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('');
	return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20),
		hex.slice(20)].join('-');
}
