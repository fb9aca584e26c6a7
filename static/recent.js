/*
 * The list of recent scans: one line each, newest first, rewritten in place when its
 * verdict comes, with a button that undoes it. Old lines go once they are settled, those
 * whose parcel has to be looked for (a backlog's errors) last; one that still waits never
 * does. A line that only says "Checking" is drawn when it still says so a moment later:
 * drawing it at once would make its own verdict wait.
 */
import { clock, el, fill } from '/static/dom.js';

const LINES = 50;
const OLD_BAD = 100; /* lines beyond them, of what was not valid */
const PATIENCE_MS = 100;
const OPEN = ['waiting', 'held', 'undoing']; /* no verdict yet, or no answer to the undo */
const BAD = ['duplicate', 'error', 'unknown', 'hold', 'refused'];
const FINAL = ['ignored', 'undone', 'undoing', 'refused'];

export class RecentScans {
	#list;
	#undo;
	#lines = new Map(); /* scan_id -> { node, scan, kind, text, flagged }, oldest first */
	#undrawn = new Set(); /* of these, oldest first */

	/* undo(scan) is called by a line's button. */
	constructor(list, undo) {
		this.#list = list;
		this.#undo = undo;
	}

	/*
	 * kind is a panel kind, or ignored, undoing, undone, refused. flagged: made while the
	 * line was stopped, which stays in view.
	 */
	put(scan, kind, text, { flagged } = {}) {
		let line = this.#lines.get(scan.scan_id);
		if (line === undefined) {
			line = { node: el('li'), scan };
			this.#lines.set(scan.scan_id, line);
			this.#undrawn.add(line);
		} else if (line.kind === kind && line.text === text && !this.#undrawn.has(line)) {
			return; /* what waits is told of again with each attempt to send it */
		}
		line.kind = kind;
		line.text = text;
		line.flagged ||= flagged;
		if (kind === 'waiting') {
			setTimeout(() => this.#undrawn.has(line) && this.#show(line), PATIENCE_MS);
		} else {
			this.#show(line);
		}
	}

	/* Older than all that is here: each { scan, kind, text }, oldest first. */
	putBefore(older) {
		const lines = older.map((one) => ({ node: el('li'), ...one }));
		this.#lines = new Map([...lines.map((line) => [line.scan.scan_id, line]), ...this.#lines]);
		this.#list.append(...lines.map((line) => line.node).reverse());
		lines.forEach((line) => this.#draw(line));
		this.#trim();
	}

	get(id) {
		return this.#lines.get(id);
	}

	/* The newest scan that an undo would undo, or undefined. */
	last() {
		return [...this.#lines.values()].reverse().find(undoable)?.scan;
	}

	clear() {
		this.#lines.clear();
		this.#undrawn.clear();
		fill(this.#list);
	}

	/* After those that were made before it. */
	#show(line) {
		for (const one of this.#undrawn.has(line) ? [...this.#undrawn] : [line]) {
			if (this.#undrawn.delete(one)) {
				this.#list.prepend(one.node);
			}
			this.#draw(one);
			if (one === line) {
				break;
			}
		}
		this.#trim();
	}

	#draw({ node, scan, kind, text, flagged }) {
		node.dataset.kind = kind;
		fill(node,
			el('span', { class: 'recent-number' }, scan.waybill_number),
			el('span', { class: 'recent-word' }, flagged ? `⚑ ${text} · made while stopped` : text),
			el('time', { datetime: scan.scanned_at }, clock(localTime(scan.scanned_at))),
			this.#button(this.#lines.get(scan.scan_id)));
	}

	#button(line) {
		if (!undoable(line)) {
			return null;
		}
		const button = el('button', { type: 'button', class: 'small secondary',
			'aria-label': `Undo ${line.scan.waybill_number}` }, 'Undo');
		button.addEventListener('click', () => this.#undo(line.scan));
		return button;
	}

	#trim() {
		let older = this.#lines.size - LINES;
		const bad = [];
		for (const line of this.#lines.values()) {
			if (older <= 0) {
				break;
			}
			older -= 1;
			if (BAD.includes(line.kind)) {
				bad.push(line);
			} else if (!OPEN.includes(line.kind)) {
				this.#drop(line);
			}
		}
		bad.slice(0, -OLD_BAD).forEach((line) => this.#drop(line));
	}

	#drop({ node, scan }) {
		node.remove();
		this.#lines.delete(scan.scan_id);
	}
}

const undoable = (line) => !FINAL.includes(line.kind);

/* The station's own clock made this time, so it is shown as the station's clock. */
function localTime(time) {
	const t = new Date(time);
	return new Date(t.getTime() - t.getTimezoneOffset() * 60000).toISOString();
}
