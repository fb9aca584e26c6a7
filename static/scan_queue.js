/*
 * The line of scans waiting for their verdict: sent one after another, in the order they
 * were made, each until the server has answered for it. Nothing is ever dropped: a scan
 * that could not be sent is sent again under the same scan_id, so that it counts once.
 * Knows no page, no sound and no address.
 */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10000;

export class ScanQueue {
	#scans = [];
	#draining = false;
	#failures = 0;
	#wake = null;
	#hooks;

	/*
	 * hooks.send(scan)             a promise of one of
	 *                              { verdict }: the server's answer, the scan is done;
	 *                              { trouble, retryAfter }: say why; it stays in line
	 * hooks.answered(scan, answer) in order, once per scan
	 * hooks.held(scan, trouble)    after each failure, and for each scan made while the
	 *                              server is away; trouble is a sentence
	 * hooks.changed()              depth or trouble changed
	 */
	constructor(hooks) {
		this.#hooks = hooks;
		this.trouble = '';
	}

	get depth() {
		return this.#scans.length;
	}

	get first() {
		return this.#scans[0];
	}

	add(scan) {
		this.#scans.push(scan);
		if (this.trouble !== '') {
			this.#hooks.held(scan, this.trouble);
		}
		this.#hooks.changed();
		this.#drain();
	}

	/* The way to the server may be open again: do not wait any longer. */
	retryNow() {
		this.#wake?.();
	}

	async #drain() {
		if (this.#draining) {
			return;
		}
		this.#draining = true;
		try {
			while (this.#scans.length > 0) {
				await this.#sendFirst();
			}
		} finally {
			this.#draining = false;
		}
	}

	async #sendFirst() {
		const scan = this.#scans[0];
		const { verdict, trouble, retryAfter = 0 } = await this.#hooks.send(scan);
		if (verdict) {
			this.#scans.shift();
			this.#failures = 0;
			this.trouble = '';
			this.#hooks.changed();
			this.#hooks.answered(scan, verdict);
		} else {
			this.trouble = trouble;
			this.#hooks.changed();
			this.#hooks.held(scan, trouble);
			await this.#pause(retryAfter * 1000);
		}
	}

	/* Doubles up to a cap; spread, so that a whole floor does not come back at once. */
	#pause(asked) {
		const doubled = FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 10);
		const wait = Math.min(Math.max(doubled, asked), LONGEST_PAUSE_MS);
		this.#failures += 1;
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, wait * (0.8 + 0.2 * Math.random()));
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		}).finally(() => { this.#wake = null; });
	}
}
