/* The counters of the session, always in view. */
import { byId, count } from '/static/dom.js';

const SHOWN = [['c-scanned', 'valid'], ['c-duplicate', 'duplicate'], ['c-error', 'error'],
	['c-expected', 'expected'], ['c-missing', 'missing']];

const scansOf = ({ valid, duplicate, error }) => valid + duplicate + error;

export class Counters {
	#shown = {}; /* a session */
	#told = 0; /* when it was shown, for being an answer to what was done here */

	/*
	 * asked: when somebody merely looked at it (performance.now()). What was done since may not
	 * be in it: then it is left out, for the next look is near.
	 */
	show(session, asked) {
		if (asked < this.#told) {
			return;
		}
		this.#told = asked === undefined ? performance.now() : this.#told;
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
