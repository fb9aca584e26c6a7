/*
 * Scans that the server refused for good (their session is gone, say): none is dropped,
 * somebody looks at them and sends them again in this session, or removes them.
 */
import { dialog } from '/static/dialog.js';
import { byId, moment, plural, rows, sentence } from '/static/dom.js';

export class RefusedList {
	#outbox;
	#resend;
	#dialog = dialog('refused');

	/* resend(list) puts them into the line of the session; open() tells whether there is one. */
	constructor(outbox, { open, resend }) {
		this.#outbox = outbox;
		this.#resend = resend;
		byId('refused-open').addEventListener('click', () => {
			byId('refused-send').hidden = !open();
			this.#dialog.open();
		});
		byId('refused-send').addEventListener('click', () => this.#settle(true));
		byId('refused-remove').addEventListener('click', () => this.#settle(false));
	}

	/* A disk that cannot be read leaves what is shown. */
	async refresh() {
		const list = await this.#outbox.refused().catch(() => null);
		if (list === null) {
			return;
		}
		byId('refused-notice').hidden = list.length === 0;
		byId('refused-count').textContent = `${plural(list.length, 'scan')} refused by the server and kept here.`;
		rows(byId('refused-rows'), list.map(({ item, reason }) => [item.scan.waybill_number,
			moment(item.scan.scanned_at), sentence(reason)]));
	}

	async #settle(again) {
		this.#dialog.close(); /* pressed twice, they would go twice */
		const list = await this.#outbox.refused();
		await (again ? this.#resend(list) : this.#outbox.forget(list));
		await this.refresh();
	}
}
