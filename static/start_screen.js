/*
 * The start screen of the scan page: who scans, where, what for; a new session, the one
 * this browser was in, or one that is open at other stations. Its Start click is what lets the browser make sound.
 */
import { Unreachable, call, reason } from '/static/api.js';
import { begin, beginning } from '/static/beginning.js';
import { byId, count, el, moment, rows, sentence } from '/static/dom.js';
import { Expected } from '/static/expected.js';
import { recall, remember } from '/static/memory.js';

export class StartScreen {
	#hooks;
	#expected = new Expected();
	#starting = false;

	/*
	 * hooks.starting(station)       the click itself: unlock sound now or never
	 * hooks.entered(session, who)   scanning begins; who is { operator, station, mode }; a
	 *                               session that the server does not know yet has no id
	 *                               and, as begin, how it began
	 * hooks.refreshed(session, asked)   the server's counters for a restored session; asked as
	 *                               for SessionWatch
	 * hooks.ended()                 the restored session turned out to be over
	 * hooks.away()                  the server could not be asked about it
	 */
	constructor(hooks) {
		this.#hooks = hooks;
		/* what was typed while the page was still loading stays */
		byId('operator').value ||= recall('operator', '');
		byId('station').value ||= recall('station', '');
		byId('mode').value = recall('mode', 'dispatch');
		byId('start-form').addEventListener('submit', (event) => {
			event.preventDefault();
			this.#start(event.submitter?.id === 'resume' ? recall('session') : null);
		});
		this.#listOpen();
	}

	get station() {
		return byId('station').value.trim();
	}

	show(why = '') {
		const kept = recall('session');
		byId('resume').hidden = kept === null;
		byId('resume').textContent = kept ? `Resume session ${kept.id ?? 'begun without the server'}` : '';
		byId('begin').textContent = kept ? 'Start a new session' : 'Start scanning';
		byId('begin').classList.toggle('secondary', kept !== null);
		this.#refuse(why);
		byId('work').hidden = true;
		byId('start').hidden = false;
		byId('operator').focus();
		this.#listOpen();
		this.#expected.refresh();
	}

	get shown() {
		return !byId('start').hidden;
	}

	/* Sooner, another tab may be the one that scans. */
	get ready() {
		return this.shown && !byId('begin').disabled;
	}

	/* As the buttons do, for a command barcode; the form's own checks hold. */
	begin() {
		byId('start-form').requestSubmit(byId('begin'));
	}

	join(id) {
		if (this.ready && byId('start-form').reportValidity()) {
			this.#start({ id });
		}
	}

	setOperator(name) {
		byId('operator').value = name;
		remember('operator', name);
	}

	/* The session was dispatched: told is the server's sentence. */
	dispatched(id, told) {
		this.end('');
		byId('start-done-told').textContent = `Session ${id}: ${told}`;
		byId('start-manifest').href = `${path(id)}/manifest`;
		byId('start-done').hidden = false;
	}

	/* The session is over: why is a sentence. */
	end(why) {
		remember('session', null);
		this.show(why);
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
		this.#enter({ id: kept.id, begin: kept.begin }, kept);
		if (kept.begin) {
			return; /* whoever looks after the session has it made */
		}
		let answer;
		const asked = performance.now();
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
			this.#hooks.refreshed(answer.json, asked);
		}
	}

	/* Once, however often it is pressed while the server is slow: each would be a session. */
	async #start(kept) {
		if (this.#starting) {
			return;
		}
		this.#starting = true;
		try {
			await this.#startOnce(kept);
		} finally {
			this.#starting = false;
		}
	}

	async #startOnce(kept) {
		const who = { operator: byId('operator').value.trim(), station: this.station,
			mode: byId('mode').value };
		for (const [name, value] of Object.entries(who)) {
			remember(name, value);
		}
		this.#hooks.starting(who.station);
		this.#refuse('');
		if (kept?.id) {
			await this.#continue(kept, who);
			return;
		}
		const expected = this.#expected.fields;
		if (!kept && expected === null) {
			this.#refuse('Tick the uploads whose parcels this session expects.');
			return;
		}
		await this.#begin(kept?.begin ?? beginning(who, expected), who);
	}

	/* Without the server the session is begun all the same, and made when it is back. */
	async #begin(fields, who) {
		const { session, refused, answer } = await unlessAway(() => begin(fields), { answer: { status: 503 } });
		if (session) {
			this.#enter(session, who);
		} else if (refused || answer.status < 500) {
			this.#refuse(sentence(`No session was opened: ${refused ?? reason(answer)}`));
		} else {
			this.#enter({ id: null, begin: fields }, who);
			this.#hooks.away();
		}
	}

	/* A session that the server knows; while it is away, scans wait for it. */
	async #continue({ id }, who) {
		const answer = await unlessAway(() => call('POST', `${path(id)}/resume`, { body: { by: who.operator } }),
			{ status: 503 });
		if ([404, 409].includes(answer.status)) {
			this.end(sentence(`${reason(answer)} Start a new one`));
		} else if (answer.status >= 500) {
			this.#enter({ id }, who);
			this.#hooks.away();
		} else if (answer.status >= 300 || answer.json?.id === undefined) {
			this.#refuse(sentence(`No session was opened: ${reason(answer)}`));
		} else {
			this.#enter(answer.json, who);
		}
	}

	/* The server knows the session now. */
	begun(id) {
		remember('session', { ...recall('session'), id, begin: null });
	}

	/* What other stations are at; nothing while the server is away. */
	async #listOpen() {
		const answer = await call('GET', '/sessions?state=open&limit=20').catch(() => null);
		const list = answer?.json?.sessions ?? [];
		byId('open-sessions').hidden = list.length === 0;
		rows(byId('open-rows'), list.map((one) => {
			const button = el('button', { type: 'button', class: 'small secondary',
				'aria-label': `Join session ${one.id}` }, 'Join');
			button.addEventListener('click', () => this.join(one.id));
			return [String(one.id), one.station, one.scanned_by, moment(one.created_at),
				`${count(one.valid)} of ${count(one.expected)}`, button];
		}), [0]);
	}

	#enter(session, { operator, station, mode }) {
		remember('session', { id: session.id, begin: session.begin ?? null, operator, station, mode });
		byId('start').hidden = true;
		byId('start-done').hidden = true;
		byId('work').hidden = false;
		this.#hooks.entered(session, { operator, station, mode });
	}

	#forget(id, ended) {
		this.end(`Session ${id} is ${ended ?? 'not known to the server'}. Start a new one.`);
	}

	#refuse(text) {
		byId('start-error').textContent = text;
		byId('start-error').hidden = text === '';
	}
}

async function unlessAway(ask, away) {
	try {
		return await ask();
	} catch (e) {
		if (e instanceof Unreachable) {
			return away;
		}
		throw e;
	}
}

const path = (id) => `/sessions/${encodeURIComponent(id)}`;
const isOpen = (session) => session?.state === undefined || session.state === 'open';
