/*
 * A list that comes in pages: a form of filters, which stand in the page's address too, to
 * be kept and sent; rows; and a button for the next page. Knows no particular list.
 */
import { call, reason } from '/static/api.js';
import { byId, sentence } from '/static/dom.js';

const EMPTY_PAGES = 20; /* a search may look at many rows and find none: it goes on alone */

/* One request; what went wrong is told in the alert `trouble`. Null then. */
export async function ask(method, path, { body, trouble = 'trouble', deadline } = {}) {
	let answer;
	try {
		answer = await call(method, path, { body, deadline });
	} catch (e) {
		answer = { status: 0, json: { message: e.message } };
	}
	const fine = answer.status >= 200 && answer.status < 300 && answer.json !== null;
	byId(trouble).hidden = fine;
	byId(trouble).textContent = fine ? '' : sentence(reason(answer));
	return fine ? answer.json : null;
}

export class List {
	#o;
	#next = null;
	#asked = 0; /* an answer to an older question is not shown */

	/*
	 * path: where to ask, or a function that says. items: the name of the array in the
	 * answer. line(item): a row. got(answer): called with each page.
	 */
	constructor({ path, items, line, got = () => undefined, form = 'filter', rows = 'rows',
		more = 'more', none = 'none' }) {
		this.#o = { path, items, line, got, form: byId(form), rows: byId(rows), more: byId(more), none: byId(none) };
		this.#o.more.addEventListener('click', () => this.#load());
		this.#o.form?.addEventListener('submit', (event) => {
			event.preventDefault();
			const kept = new URLSearchParams(this.#given());
			history.replaceState(null, '', kept.size > 0 ? `${location.pathname}?${kept}` : location.pathname);
			this.begin();
		});
		const given = new URLSearchParams(location.search);
		for (const field of this.#fields()) {
			field.value = given.get(field.name) ?? field.value;
		}
	}

	#fields() {
		return [...(this.#o.form?.elements ?? [])].filter((field) => field.name);
	}

	#given() {
		return this.#fields().map((field) => [field.name, field.value.trim()]).filter(([, text]) => text !== '');
	}

	/* What is asked for, without the place in the list. */
	query() {
		return new URLSearchParams(this.#given());
	}

	/* From the first page on; what is shown stays until that is there. */
	begin() {
		this.#next = null;
		return this.#load(true);
	}

	async #load(anew = false) {
		const turn = ++this.#asked;
		const query = this.query();
		this.#o.more.disabled = true;
		for (let pages = 0; pages < EMPTY_PAGES; pages++) {
			if (this.#next !== null) {
				query.set('cursor', this.#next);
			}
			const path = typeof this.#o.path === 'function' ? this.#o.path() : this.#o.path;
			const answer = await ask('GET', `${path}?${query}`);
			if (turn !== this.#asked) {
				return;
			}
			if (answer === null) {
				break;
			}
			if (anew && pages === 0) {
				this.#o.rows.replaceChildren();
			}
			this.#o.rows.append(...answer[this.#o.items].map(this.#o.line));
			this.#next = answer.next === null ? null : String(answer.next);
			this.#o.got(answer);
			if (this.#next === null || answer[this.#o.items].length > 0) {
				break;
			}
		}
		this.#o.more.disabled = false;
		this.#o.more.hidden = this.#next === null;
		this.#o.none.hidden = this.#o.rows.childElementCount > 0 || this.#next !== null;
	}
}

/* What a session's state looks like. */
export const badge = (state) => ({ open: 'partial', dispatched: 'completed', cancelled: 'failed' })[state];
