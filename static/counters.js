/* The counters of the session, always in view. */
import { byId, count } from '/static/dom.js';

const SHOWN = [['c-scanned', 'valid'], ['c-duplicate', 'duplicate'], ['c-error', 'error'],
	['c-expected', 'expected'], ['c-missing', 'missing']];

const scansOf = ({ valid, duplicate, error }) => valid + duplicate + error;

export class Counters {
	#shown = {}; /* a session */

	show(session) {
		this.#shown = session;
		for (const [id, name] of SHOWN) {
			byId(id).textContent = count(session[name]);
		}
		if (!Number.isFinite(session.expected)) {
			byId('c-missing').textContent = count(undefined); /* of nothing, nothing is missing */
		}
	}

	/* Whether it is of before what is shown. */
	isOld(session) {
		return scansOf(session) < scansOf(this.#shown);
	}
}
