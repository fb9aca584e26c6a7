/*
 * The dispatch of the session: waits for an empty queue, shows by a dry run what would
 * happen, and does it when confirmed, by the button or by scanning the command once more.
 * Knows the server's report; what comes after is the caller's.
 */
import { Unreachable, call, reason } from '/static/api.js';
import { dialog } from '/static/dialog.js';
import { byId, el, fill, plural, sentence, words } from '/static/dom.js';

const DEADLINE_MS = 300000; /* a large session takes a while */

export class Dispatch {
	#dialog = dialog('dispatch', { closed: () => { this.#state = 'closed'; } });
	#hooks;
	#state = 'closed'; /* closed, waiting, counting, asking, working */
	#turn = 0; /* of the newest count: the answer to an older one is not looked at */

	/*
	 * hooks.session(), hooks.operator()   whose dispatch it is; no session yet: null
	 * hooks.depth()                       scans without an answer
	 * hooks.done(report)                  it was done
	 */
	constructor(hooks) {
		this.#hooks = hooks;
		byId('dispatch-open').addEventListener('click', () => this.ask());
		byId('dispatch-hold').addEventListener('change', () => this.#again());
		byId('dispatch-go').addEventListener('click', () => this.#go());
	}

	/* The button or the command: asks, or confirms what it asked. */
	ask() {
		if (this.#state === 'asking') {
			this.#go();
		} else if (this.#state === 'closed') {
			this.#dialog.open();
			this.#state = 'waiting';
			this.queueChanged();
		}
	}

	/* A parcel was scanned meanwhile: the figures are not true any more. */
	interrupt() {
		if (['waiting', 'counting', 'asking'].includes(this.#state)) {
			this.#dialog.close();
			return true;
		}
		return false;
	}

	queueChanged() {
		if (this.#hooks.depth() > 0 && ['counting', 'asking'].includes(this.#state)) {
			this.#state = 'waiting'; /* an undo: what was counted is not true any more */
		}
		if (this.#state !== 'waiting') {
			return;
		}
		if (this.#hooks.session() === null) {
			this.#tell('The server does not know this session yet: the dispatch waits for it.');
		} else if (this.#hooks.depth() === 0) {
			this.#count();
		} else {
			this.#tell(`${plural(this.#hooks.depth(), 'scan')} not sent yet: the dispatch waits for them.`);
		}
	}

	/* Other figures are wanted: as at first, for the queue may have filled meanwhile. */
	#again() {
		if (['counting', 'asking'].includes(this.#state)) {
			this.#state = 'waiting';
			this.queueChanged();
		}
	}

	async #count() {
		this.#state = 'counting';
		this.#turn += 1;
		const turn = this.#turn;
		this.#tell('Counting …');
		const answer = await this.#post({ dry_run: true });
		if (this.#state !== 'counting' || turn !== this.#turn) {
			return; /* closed meanwhile, or counted anew */
		}
		if (answer?.status === 200) {
			this.#state = 'asking';
			this.#tell(`Dispatch ${plural(answer.json.dispatched, 'parcel')} of session ${this.#hooks.session()}?`,
				lines(answer.json));
			byId('dispatch-go').focus();
		}
	}

	async #go() {
		if (this.#state !== 'asking') {
			return;
		}
		if (this.#hooks.depth() > 0) { /* made while an earlier try was under way */
			this.#again();
			return;
		}
		this.#state = 'working';
		this.#tell('Dispatching …');
		const answer = await this.#post({});
		if (answer?.status === 200) {
			this.#dialog.close();
			this.#hooks.done(answer.json);
		} else {
			this.#state = 'asking'; /* the same again is safe: it is done once */
			byId('dispatch-go').hidden = false;
		}
	}

	async #post(more) {
		try {
			const answer = await call('POST', `/sessions/${this.#hooks.session()}/dispatch`, {
				body: { hold_missing: byId('dispatch-hold').checked, by: this.#hooks.operator(), ...more },
				key: `dispatch-${this.#hooks.session()}`, deadline: DEADLINE_MS });
			if (answer.status !== 200) {
				this.#tell(sentence(`Not dispatched: ${reason(answer)}`));
			}
			return answer;
		} catch (e) {
			if (!(e instanceof Unreachable)) {
				throw e;
			}
			this.#tell(sentence(`Not known whether anything was dispatched: ${e.message}. Try again; it is done once`));
			return null;
		}
	}

	#tell(text, list = []) {
		byId('dispatch-told').textContent = text;
		fill(byId('dispatch-lines'), ...list.map((line) => el('li', {}, line)));
		byId('dispatch-go').hidden = this.#state !== 'asking';
	}
}

/* What a report says beside the number dispatched. */
export function lines({ skipped = [], missing, held, not_held: notHeld = [] }) {
	return [
		...skipped.map((s) => `${plural(s.count, 'parcel')} skipped: ${words(s.reason).toLowerCase()} (${s.numbers.join(', ')})`),
		missing > 0 && `${plural(missing, 'parcel')} expected and not scanned`,
		held > 0 && `${plural(held, 'parcel')} put on hold`,
		...notHeld.map((s) => `${plural(s.count, 'parcel')} not put on hold: ${words(s.reason).toLowerCase()}`),
	].filter(Boolean);
}
