/*
 * How the items of the line reach the server, and what its answers mean for them: an
 * answer that settles an item, or trouble, after which the item stays. Knows no page.
 */
import { Unreachable, call, reason } from '/static/api.js';
import { begin } from '/static/beginning.js';
import { insist } from '/static/insist.js';

const ONE_MS = 5000;      /* a scan that takes longer is better kept and sent again */
const BACKLOG_MS = 30000;

/* Answers about the item itself: asking again would change nothing. */
const FINAL = [400, 404, 405, 409, 410, 413, 415, 422];

/*
 * { answers } and, when any is null, why: { trouble, login, retryAfter } (see ScanQueue).
 * begun(fields, session) is told of the session of an item that was begun without the server.
 */
export async function send(items, begun) {
	try {
		const stuck = await beginSessions(items, begun);
		if (stuck !== null) {
			return stuck;
		}
		if (items.length > 1) {
			return await sendBacklog(items);
		}
		return judged(await (items[0].kind === 'undo' ? undo(items[0]) : scan(items[0])), items[0]);
	} catch (e) {
		if (e instanceof Unreachable) {
			return { trouble: e.message };
		}
		throw e;
	}
}

/* The sessions that these scans were made in have to be there first. */
async function beginSessions(items, begun) {
	for (const item of items.filter((one) => one.begin && one.scan.session_id === null)) {
		const { session, refused, answer } = await begin(item.begin);
		if (answer) {
			return troubleOf(answer);
		}
		if (refused) {
			return { answers: items.map((one) => (one.begin?.session_key === item.begin.session_key
				? { result: 'refused', sound: 'error', message: refused } : null)) };
		}
		item.scan.session_id = session.id;
		begun(item.begin, session);
	}
	return null;
}

/* One that had to wait already is not waited for: the line is known to be bad. */
const ask = (item) => (item.late ? call : insist);

function scan(item) {
	const { scan: body } = item;
	return ask(item)('POST', '/scan', { body, key: body.scan_id, deadline: ONE_MS });
}

function undo(item) {
	const { scan: { scan_id: id, by, station } } = item;
	const query = new URLSearchParams({ by, station });
	return ask(item)('DELETE', `/scans/${id}?${query}`, { key: `undo-${id}`, deadline: ONE_MS });
}

async function sendBacklog(items) {
	const whole = await call('POST', '/scans', { deadline: BACKLOG_MS,
		body: { scans: items.map((item) => item.scan) },
		key: `${items[0].scan.scan_id}-${items.length}` });
	const results = whole.status === 200 ? whole.json?.results : null;
	if (FINAL.includes(whole.status)) {
		/* not the backlog as it is: one by one, so that one of them cannot hold the others */
		const alone = judged(await scan(items[0]), items[0]);
		return { ...alone, answers: items.map((_, i) => (i === 0 ? alone.answers?.[0] ?? null : null)) };
	}
	if (!Array.isArray(results) || results.length !== items.length) {
		return troubleOf(whole);
	}
	const each = items.map((item, i) => judged({ status: results[i].status, json: results[i],
		retryAfter: 0 }, item));
	const failed = each.find((one) => one.trouble);
	return { ...failed, answers: each.map((one) => one.answers?.[0] ?? null) };
}

function judged(answer, item) {
	const { status, json } = answer;
	if (item.kind === 'undo' && status === 200) {
		return { answers: [{ ...json, result: 'undone' }] };
	}
	if (item.kind === 'scan' && json?.result && status < 500) {
		/* the session ended while it waited: its parcel is not at hand any more, people look for it */
		return { answers: [item.late && json.result === 'session_closed' ? { ...json, result: 'refused' } : json] };
	}
	if (FINAL.includes(status) && json?.error) {
		return { answers: [{ result: item.kind === 'undo' ? 'not_undone' : 'refused',
			sound: 'error', message: reason(answer) }] };
	}
	return troubleOf(answer);
}

function troubleOf({ status, json, retryAfter }) {
	if (status === 401) {
		return { trouble: 'nobody is logged in here any more', login: true };
	}
	if (status === 403) {
		return { trouble: json?.message ?? 'this login may not scan' };
	}
	if (status === 503) {
		return { trouble: 'the database is away', retryAfter };
	}
	return { trouble: status === 429 ? 'the server asks to wait' : `the server answered ${status}`,
		retryAfter };
}
