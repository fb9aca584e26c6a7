/*
 * Looks at the session every few seconds, also while nobody scans here: the counters of
 * all its stations, whether it is still open, which unknown scans turned out to be known,
 * and whether the server is there at all. A session begun without the server it has made.
 * Knows no page.
 */
import { Unreachable, call } from '/static/api.js';
import { begin } from '/static/beginning.js';
import { recall, remember } from '/static/memory.js';

const EVERY_MS = 5000;
const DEADLINE_MS = 4000;

export class SessionWatch {
	#hooks;
	#told = new Set(); /* news may come twice */
	#asking = false;

	/*
	 * hooks.session()        the id, or null: nothing to look at
	 * hooks.beginning()      how a session began that the server does not know, or null
	 * hooks.begun(fields, json)  it knows it now; hooks.refused(why): it will not
	 * hooks.counters(json, asked)   what the server says of it; asked: performance.now() of then
	 * hooks.over(json)       it is not open any more, or unknown (json null)
	 * hooks.news(item)       once for each matched scan
	 * hooks.link(text, login) '' when the server is there
	 */
	constructor(hooks) {
		this.#hooks = hooks;
		setInterval(() => this.look(), EVERY_MS);
	}

	async look() {
		const id = this.#hooks.session();
		if (id === null || this.#asking) {
			return;
		}
		this.#asking = true;
		try {
			if (this.#hooks.beginning() !== null) {
				await this.#begin(this.#hooks.beginning());
				return;
			}
			const asked = performance.now();
			const answer = await call('GET', `/sessions/${id}?${this.#query(id)}`, { deadline: DEADLINE_MS });
			if (this.#hooks.session() === id) {
				this.#heard(id, answer, asked);
			}
		} catch (e) {
			if (!(e instanceof Unreachable)) {
				throw e;
			}
			this.#hooks.link(e.message, false);
		} finally {
			this.#asking = false;
		}
	}

	async #begin(fields) {
		const { session, refused, answer } = await begin(fields);
		if (answer) {
			this.#trouble(answer.status);
			return;
		}
		this.#hooks.link('', false);
		if (refused) {
			if (this.#hooks.beginning()?.session_key === fields.session_key) {
				this.#hooks.refused(refused); /* or it was left meanwhile, for another */
			}
		} else {
			this.#hooks.begun(fields, session);
		}
	}

	#trouble(status) {
		if (status === 401) {
			this.#hooks.link('nobody is logged in here any more', true);
		} else {
			this.#hooks.link(status === 503 ? 'the database is away' : `the server answered ${status}`, false);
		}
	}

	#query(id) {
		const kept = recall('news', {});
		return new URLSearchParams({ breakdown: 'false', ...(kept.id === id && { since: kept.cursor }) });
	}

	#heard(id, { status, json }, asked) {
		if (status === 404 && json?.error) {
			this.#hooks.over(null);
		} else if (status !== 200 || json === null) {
			this.#trouble(status);
		} else {
			this.#hooks.link('', false);
			this.#hooks.counters(json, asked);
			for (const item of json.news ?? []) {
				if (!this.#told.has(item.scan_id)) {
					this.#told.add(item.scan_id);
					this.#hooks.news(item);
				}
			}
			remember('news', { id, cursor: json.news_cursor });
			if (json.state && json.state !== 'open') {
				this.#hooks.over(json);
			}
		}
	}
}
