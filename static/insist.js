/*
 * A request that counts once however often it is sent (its key, or its scan_id, says so),
 * for somebody who waits for the sound. A host that loses power says nothing: its silence
 * is known from slowness only by asking again, on another connection, where another host
 * may answer. The first is left to answer as well, for it may just be slow. Knows no page.
 */
import { call } from '/static/api.js';

const COPIES = 2;
const SOONEST_MS = 400; /* a load balancer takes over in less: site-wide, the gap is below a second */
const PATIENCE = 3; /* times what the last answer took: a slow line is not made slower by copies */

let last = 0; /* milliseconds */

/* As call(), with a deadline for all of them. */
export async function insist(method, path, { deadline, ...options }) {
	const began = performance.now();
	const left = () => deadline - (performance.now() - began);
	const answer = await firstOf(() => call(method, path, { ...options, deadline: left() }),
		Math.max(SOONEST_MS, PATIENCE * last));
	last = performance.now() - began;
	return answer;
}

/* The first that settles it; otherwise, when none is under way any more, what the last one said. */
function firstOf(send, pause) {
	return new Promise((resolve, reject) => {
		let sent = 0, underWay = 0, timer;
		const ended = (tell, what, settled) => {
			underWay -= 1;
			if (settled || underWay === 0) {
				clearTimeout(timer);
				tell(what);
			}
		};
		const next = () => {
			sent += 1;
			underWay += 1;
			timer = sent <= COPIES ? setTimeout(next, pause) : undefined;
			send().then((answer) => ended(resolve, answer, answer.status < 500 && answer.status !== 429),
				(cause) => ended(reject, cause, false));
		};
		next();
	});
}
