/*
 * What a tab shows while another one scans: that nothing counts here, and how many scans the other
 * has not sent yet.
 */
import { byId, plural } from '/static/dom.js';

const LOOK_MS = 1000;

export class OtherTab {
	#outbox;
	#looking = null;

	/* ask() is called when somebody wants to scan here instead. */
	constructor(outbox, ask) {
		this.#outbox = outbox;
		byId('scan-here').addEventListener('click', ask);
	}

	show() {
		byId('start').hidden = true;
		byId('other-tab').hidden = false;
		this.#looking = setInterval(() => this.#look(), LOOK_MS);
		this.#look();
	}

	hide() {
		if (this.#looking !== null) {
			clearInterval(this.#looking);
			byId('other-tab').hidden = true;
			byId('start').hidden = false;
		}
	}

	async #look() {
		const kept = await this.#outbox.all().then((list) => list.length, () => null);
		const none = this.#outbox.durable ? 'No scan is waiting to be sent.' : ''; /* or it cannot be seen from here */
		if (kept !== null) {
			byId('other-queue').textContent = kept === 0 ? none
				: `${plural(kept, 'scan')} waiting to be sent by the other tab.`;
		}
	}
}
