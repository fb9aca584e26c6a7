/*
 * The list of recent scans: one line each, newest first, rewritten in place when its
 * verdict comes. Old lines go once they are settled; one that still waits never does.
 */
import { clock, el, fill } from '/static/dom.js';

const LINES = 50;

export class RecentScans {
	#list;
	#lines = new Map(); /* scan_id -> { node, time, number, settled } */

	constructor(list) {
		this.#list = list;
	}

	/* kind is a panel kind: waiting, held, valid, duplicate, unknown, hold, error, ignored */
	put(scan, kind, text) {
		let line = this.#lines.get(scan.scan_id);
		if (line === undefined) {
			line = { node: el('li') };
			this.#lines.set(scan.scan_id, line);
			this.#list.prepend(line.node);
		}
		line.settled = kind !== 'waiting' && kind !== 'held';
		line.node.dataset.kind = kind;
		fill(line.node,
			el('span', { class: 'recent-number' }, scan.waybill_number),
			el('span', { class: 'recent-word' }, text),
			el('time', { datetime: scan.scanned_at }, clock(localTime(scan.scanned_at))));
		this.#trim();
	}

	#trim() {
		for (const [id, line] of this.#lines) {
			if (this.#lines.size <= LINES) {
				return;
			}
			if (line.settled) {
				line.node.remove();
				this.#lines.delete(id);
			}
		}
	}
}

/* The station's own clock made this time, so it is shown as the station's clock. */
function localTime(time) {
	const t = new Date(time);
	return new Date(t.getTime() - t.getTimezoneOffset() * 60000).toISOString();
}
