/*
 * The start screen of the scan page: who scans, where, what for; a new session or the
 * one this browser was in. Its Start click is what lets the browser make sound.
 */
import { call, reason } from '/static/api.js';
import { byId, sentence } from '/static/dom.js';
import { recall, remember } from '/static/memory.js';

export class StartScreen {
	#hooks;

	/*
	 * hooks.starting(station)       the click itself: unlock sound now or never
	 * hooks.entered(session, who)   scanning begins; who is { operator, station, mode }
	 * hooks.refreshed(session)      the server's counters for a restored session
	 * hooks.ended()                 the restored session turned out to be over
	 * hooks.away()                  the server could not be asked about it
	 */
	constructor(hooks) {
		this.#hooks = hooks;
		byId('operator').value = recall('operator', '');
		byId('station').value = recall('station', '');
		byId('mode').value = recall('mode', 'dispatch');
		byId('start-form').addEventListener('submit', (event) => {
			event.preventDefault();
			this.#start(event.submitter?.id === 'resume' ? recall('session') : null);
		});
	}

	get station() {
		return byId('station').value.trim();
	}

	show(why = '') {
		const kept = recall('session');
		byId('resume').hidden = kept === null;
		byId('resume').textContent = kept ? `Resume session ${kept.id}` : '';
		byId('begin').textContent = kept ? 'Start a new session' : 'Start scanning';
		byId('begin').classList.toggle('secondary', kept !== null);
		this.#refuse(why);
		byId('work').hidden = true;
		byId('start').hidden = false;
		byId('operator').focus();
	}

	/*
	 * A reload, a crash, a flat battery: back to scanning without a question, and at
	 * once, so that a parcel scanned meanwhile is not lost. The server is asked after.
	 */
	async restore() {
		const kept = recall('session');
		if (kept === null) {
			return;
		}
		this.#enter({ id: kept.id }, kept);
		let answer;
		try {
			answer = await call('GET', path(kept.id));
		} catch {
			this.#hooks.away();
			return;
		}
		if (answer.status === 404 || (answer.status === 200 && !isOpen(answer.json))) {
			this.#forget(kept.id, answer.json?.state);
			this.#hooks.ended();
		} else if (answer.status === 200) {
			this.#hooks.refreshed(answer.json);
		}
	}

	async #start(kept) {
		const who = { operator: byId('operator').value.trim(), station: this.station,
			mode: byId('mode').value };
		for (const [name, value] of Object.entries(who)) {
			remember(name, value);
		}
		this.#hooks.starting(who.station);
		this.#refuse('');
		let answer;
		try {
			answer = kept ? await call('GET', path(kept.id)) : await call('POST', '/sessions',
				{ body: { scanned_by: who.operator, station: who.station } });
		} catch {
			this.#refuse('The server cannot be reached. Check the network, then press the button again.');
			return;
		}
		if (kept && (answer.status === 404 || (answer.status === 200 && !isOpen(answer.json)))) {
			this.#forget(kept.id, answer.json?.state);
		} else if (answer.status >= 300 || answer.json?.id === undefined) {
			this.#refuse(sentence(`No session was opened: ${reason(answer)}`));
		} else {
			this.#enter(answer.json, who);
		}
	}

	#enter(session, { operator, station, mode }) {
		remember('session', { id: session.id, operator, station, mode });
		byId('start').hidden = true;
		byId('work').hidden = false;
		this.#hooks.entered(session, { operator, station, mode });
	}

	#forget(id, ended) {
		remember('session', null);
		this.show(`Session ${id} is ${ended ?? 'not known to the server'}. Start a new one.`);
	}

	#refuse(text) {
		byId('start-error').textContent = text;
		byId('start-error').hidden = text === '';
	}
}

const path = (id) => `/sessions/${encodeURIComponent(id)}`;
const isOpen = (session) => session?.state === undefined || session.state === 'open';
