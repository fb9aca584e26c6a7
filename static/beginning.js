/*
 * A session that a station begins under a key of its own, for which it needs no server:
 * scans queue under the key, and whoever reaches the server first has the session made. To
 * ask for it again gives the same one. Knows no page.
 */
import { call, reason, uuid } from '/static/api.js';

/* Answers that asking again would not change. */
const FINAL = [400, 409, 413, 415, 422];

const made = new Map(); /* session_key -> the session, as it was made */

/* The fields of POST /sessions; expected: of those, what the session expects. */
export function beginning({ operator, station }, expected) {
	return { session_key: uuid(), scanned_by: operator, station, ...expected };
}

/* One of { session }, { refused: why }, { answer: what the server said in its trouble }. */
export async function begin(fields) {
	const key = fields.session_key;
	if (!made.has(key)) {
		const answer = await call('POST', '/sessions', { body: fields, key });
		if (answer.status >= 300 || answer.json?.id === undefined) {
			return FINAL.includes(answer.status) && answer.json?.error
				? { refused: reason(answer) } : { answer };
		}
		made.set(key, answer.json);
	}
	return { session: made.get(key) };
}
