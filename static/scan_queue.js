/*
 * The line of scans (and undos) waiting for the server's answer: kept in the outbox and
 * sent one after another, in the order they were made, each until the server has answered
 * for it. The next in the line is sent while the disk still writes it, for the operator
 * waits for the sound and the disk is the slower of the two. What could not be sent at its
 * time is on the disk first, and goes later as a backlog, many at once. Nothing is ever
 * dropped: an item is sent again as it is, under the same scan_id, so that it counts once.
 * Knows no page, no sound and no address.
 *
 * An item is { kind: 'scan' or 'undo', scan, ... }; `late` is set on one that had to wait
 * for the server, or that an earlier page left behind, or is sent again after a refusal.
 */
const FIRST_PAUSE_MS = 200; /* a load balancer takes over in less than half a second */
const LONGEST_PAUSE_MS = 10000;
const BACKLOG = 100; /* scans in one request */

const asLate = (item) => Object.assign(item, { late: true, stored: Promise.resolve() });

export class ScanQueue {
	#outbox;
	#items = [];
	#draining = false;
	#stopped = true;
	#failures = 0;
	#wake = null;
	#hooks;

	/*
	 * hooks.send(items)            one item, or several late scans; a promise of
	 *                              { answers }, one for each, null where it failed, and
	 *                              { trouble, login, retryAfter } when any did
	 * hooks.answered(item, answer) in order, once for each that was sent alone
	 * hooks.caughtUp(items, answers) the same for several
	 * hooks.held(items, trouble)   after each failure, and for each made while the server is
	 *                              away or the line is stopped, as soon as the disk has it
	 *                              or is given up (kept()); trouble is a sentence, or ''
	 * hooks.refused()              others are among outbox.refused()
	 * hooks.unkept()               the browser cannot keep an item, or not tell of those of
	 *                              before; what is here is sent all the same
	 * hooks.changed()              depth or trouble changed
	 */
	constructor(outbox, hooks) {
		this.#outbox = outbox;
		this.#hooks = hooks;
		this.trouble = '';
		this.login = false;
	}

	get depth() {
		return this.#items.length;
	}

	get first() {
		return this.#items[0];
	}

	get stopped() {
		return this.#stopped;
	}

	/*
	 * What an earlier page left goes first. Call before the first add(), and before go(). What the
	 * disk tells too late goes behind what waits then.
	 */
	async load() {
		const left = await this.#outbox.all((late) => this.addKept(late)).catch(() => {
			this.#hooks.unkept();
			return [];
		});
		this.#items.unshift(...left.map(asLate));
		this.#hooks.changed();
		return left;
	}

	/* Those that the outbox has already: a backlog behind what waits. */
	addKept(items) {
		this.#items.push(...items.map(asLate));
		this.#hooks.changed();
		this.#drain();
	}

	add(item) {
		const { trouble } = this;
		item.late = trouble !== '' || this.#stopped;
		item.stored = this.#keep(item, item.late);
		this.#items.push(item);
		if (item.late) {
			item.stored.then(() => this.#items.includes(item) && this.#hooks.held([item], trouble));
		}
		this.#hooks.changed();
		this.#drain();
	}

	/* Whether it is on the disk, and not in this page alone. */
	kept(item) {
		return this.#outbox.durable && item.place !== undefined;
	}

	/* As at first: nothing more is sent until go(); what is under way is still answered. */
	stop() {
		this.#stopped = true;
	}

	go() {
		this.#stopped = false;
		this.#drain();
	}

	/* As stop(), and resolves when nothing is being written: is all that waits in the outbox? */
	async rest() {
		this.stop();
		await Promise.all(this.#items.map((item) => item.stored));
		return this.#items.every((item) => item.place !== undefined);
	}

	/* The way to the server may be open again: do not wait any longer. */
	retryNow() {
		this.#wake?.();
	}

	async #keep(item, surely) {
		const { stored, ...plain } = item;
		try {
			await this.#outbox.add(plain, surely);
			item.place = plain.place;
		} catch {
			this.#hooks.unkept();
		}
	}

	async #drain() {
		if (this.#draining) {
			return;
		}
		this.#draining = true;
		try {
			while (this.#items.length > 0 && !this.#stopped) {
				await this.#send(this.#together());
			}
		} finally {
			this.#draining = false;
		}
	}

	/* The first, or the backlog that begins with it. */
	#together() {
		const end = this.#items.findIndex((item) => !item.late || item.kind !== 'scan');
		const late = this.#items.slice(0, end < 0 ? BACKLOG : Math.min(end, BACKLOG));
		return late.length > 1 ? late : this.#items.slice(0, 1);
	}

	async #send(items) {
		if (items.some((item) => item.late)) {
			await Promise.all(items.map((item) => item.stored));
		}
		const { answers = items.map(() => null), trouble = '', login = false, retryAfter = 0 } =
			await this.#hooks.send(items);
		const done = items.filter((_, i) => answers[i] !== null);
		this.#items = this.#items.filter((item) => !done.includes(item));
		this.trouble = trouble;
		this.login = login;
		if (done.length > 0) {
			this.#settle(items, answers, done);
		}
		this.#hooks.changed();
		if (trouble === '') {
			this.#failures = 0;
			return;
		}
		await this.#hold();
		await this.#pause(retryAfter * 1000);
	}

	#settle(items, answers, done) {
		if (items.length === 1) {
			this.#hooks.answered(items[0], answers[0]);
		} else {
			this.#hooks.caughtUp(done, answers.filter((answer) => answer !== null));
		}
		/* One that stays behind is sent again by the next page, and counts once. */
		this.#leave(items, answers).catch(() => undefined);
	}

	/* The outbox may still be writing what was answered already. */
	async #leave(items, answers) {
		await Promise.all(items.map((item, i) => answers[i] !== null && item.stored));
		const kept = items.map((item, i) => ({ item, answer: answers[i] }))
			.filter(({ item, answer }) => answer !== null && item.place !== undefined);
		const [refused, settled] = [true, false].map((no) =>
			kept.filter(({ answer }) => (answer.result === 'refused') === no));
		await this.#outbox.remove(settled.map(({ item }) => item)); /* first: it makes room */
		if (refused.length > 0) {
			await this.#outbox.refuse(refused.map(({ item: { scan, place }, answer }) =>
				({ item: { scan, place }, reason: answer.message })));
			this.#hooks.refused();
		}
	}

	/* Nothing in the line can be sent now: it has to outlive whatever comes. */
	async #hold() {
		const held = this.#items.slice();
		for (const item of held) {
			if (!item.late) {
				item.late = true;
				item.stored = item.stored.then(() => this.#keep(item, true));
			}
		}
		await Promise.all(held.map((item) => item.stored));
		this.#hooks.held(held, this.trouble);
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
