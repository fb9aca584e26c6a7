/*
 * What came of a backlog, however many requests it takes: told together, each kind of sound
 * once. Else the last request's "100 valid" would hide an error before it. Plays nothing and
 * shows nothing itself.
 */
import { soundOf } from '/static/verdict.js';

const SOUNDS = ['ok', 'duplicate', 'error'];

export class Backlog {
	#tally = null;
	#heard = new Set();

	get underway() {
		return this.#tally !== null;
	}

	/*
	 * Counts some of it in. tally: of all so far, with the numbers that were not valid;
	 * sounds: those that were not heard yet; errors: how many of these are.
	 */
	add(items, answers) {
		this.#tally ??= { ok: 0, duplicate: 0, error: 0, bad: [] };
		const each = answers.map(soundOf);
		each.forEach((sound, i) => {
			this.#tally[sound] += 1;
			if (sound !== 'ok') {
				this.#tally.bad.push(items[i].scan.waybill_number);
			}
		});
		const sounds = SOUNDS.filter((sound) => each.includes(sound) && !this.#heard.has(sound));
		sounds.forEach((sound) => this.#heard.add(sound));
		return { tally: this.#tally, sounds, errors: each.filter((sound) => sound === 'error').length };
	}

	/* Who has heard an error, and then waits, must hear the next. */
	interrupted() {
		this.#heard.clear();
	}

	end() {
		this.#tally = null;
		this.#heard.clear();
	}
}
