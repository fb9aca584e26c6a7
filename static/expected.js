/*
 * What a new session expects: what is marked ready for a batch, any parcel, or those of
 * uploads that somebody ticks. The list is of the newest that were loaded; while the server
 * is away it stays as it was.
 */
import { call } from '/static/api.js';
import { byId, count, el, fill, moment } from '/static/dom.js';

const NEWEST = 20;

export class Expected {
	#choice = byId('expect');
	#list = byId('expect-list');

	constructor() {
		this.#choice.addEventListener('change', () => this.#show());
		this.#show(); /* some browsers restore the choice over a reload, and say nothing */
		this.refresh();
	}

	/* Fields of POST /sessions, or null: uploads are wanted, and none is ticked. */
	get fields() {
		if (this.#choice.value === 'any') {
			return { batch_ready: false };
		}
		const uploads = this.#ticked;
		return this.#choice.value === 'ready' ? {} : uploads.length > 0 ? { uploads } : null;
	}

	async refresh() {
		const answer = await call('GET', `/uploads?state=completed&limit=${NEWEST}`).catch(() => null);
		if (answer?.status !== 200 || !Array.isArray(answer.json?.uploads)) {
			return;
		}
		const ticked = this.#ticked;
		const loaded = answer.json.uploads.filter((one) => !one.dry_run);
		fill(this.#list, ...loaded.map((one) => el('label', { class: 'tick' },
			el('input', { type: 'checkbox', value: one.id, checked: ticked.includes(one.id) }),
			`${one.file_name ?? `Upload ${one.id}`}, ${moment(one.created_at)}, ${count(one.rows_total)} rows`)));
		byId('expect-none').hidden = loaded.length > 0;
	}

	get #ticked() {
		return [...this.#list.querySelectorAll('input:checked')].map((box) => Number(box.value));
	}

	#show() {
		byId('expect-uploads').hidden = this.#choice.value !== 'uploads';
	}
}
