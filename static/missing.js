/*
 * The list of what the session expects and has not scanned, kept up to date while it is
 * open: which parcel, for whom, and whether another session has it.
 */
import { Unreachable, call, reason } from '/static/api.js';
import { dialog } from '/static/dialog.js';
import { byId, plural, rows, sentence } from '/static/dom.js';

const PAGE = 100;

export class MissingList {
	#dialog = dialog('missing');
	#session;
	#shown = PAGE;

	/* session() names it; null: it is not at the server yet. */
	constructor(session) {
		this.#session = session;
		byId('missing-open').addEventListener('click', () => this.open());
		byId('missing-more').addEventListener('click', () => {
			this.#shown += PAGE;
			this.refresh();
		});
	}

	open() {
		this.#shown = PAGE;
		this.#dialog.open();
		return this.refresh();
	}

	/* Called whenever the counters moved. */
	async refresh() {
		if (!this.#dialog.isOpen) {
			return;
		}
		if (this.#session() === null) {
			byId('missing-told').textContent = 'The server does not know this session yet.';
			return;
		}
		try {
			const answer = await call('GET',
				`/sessions/${this.#session()}/missing?limit=${Math.min(this.#shown, 1000)}`);
			this.#show(answer);
		} catch (e) {
			if (!(e instanceof Unreachable)) {
				throw e;
			}
			byId('missing-told').textContent = sentence(e.message);
		}
	}

	#show(answer) {
		if (answer.status !== 200) {
			byId('missing-told').textContent = sentence(reason(answer));
			return;
		}
		const { missing, next, session } = answer.json;
		byId('missing-told').textContent = !Number.isFinite(session?.expected)
			? 'This session expects nothing in particular.'
			: missing.length === 0 ? 'Nothing is missing.'
				: `${plural(session.missing, 'parcel')} of ${plural(session.expected, 'parcel')} not scanned yet.`;
		rows(byId('missing-rows'), missing.map((one) => [one.waybill_number, one.receiver_name,
			one.destination, one.scanned_elsewhere
				? `session ${one.scanned_elsewhere.session_id}, ${one.scanned_elsewhere.station ?? 'no station'}` : '']));
		byId('missing-more').hidden = next === null || this.#shown >= 1000;
	}
}
