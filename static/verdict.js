/*
 * The verdict panel: what one answer of the server looks like. Word, icon, shape and
 * colour together, the number in huge type, and no more than three changes of colour a
 * second however fast answers come. Knows nothing of queues or sounds.
 */
import { apart, byId, clock, count, el, fill, moment, plural, sentence, words } from '/static/dom.js';

/* kind chooses icon and colour; alert: said at once by a screen reader. */
const RESULTS = {
	valid: { kind: 'valid', word: 'Valid' },
	duplicate: { kind: 'duplicate', word: 'Duplicate' },
	not_found: { kind: 'unknown', word: 'Not found', alert: true },
	on_hold: { kind: 'hold', word: 'On hold', alert: true },
	already_dispatched: { kind: 'error', word: 'Already dispatched', alert: true },
	wrong_status: { kind: 'error', word: 'Wrong status', alert: true },
	session_closed: { kind: 'error', word: 'Session closed', alert: true },
	invalid: { kind: 'error', word: 'Invalid', alert: true },
	refused: { kind: 'error', word: 'Refused', alert: true },
	undone: { kind: 'undone', word: 'Undone' },
	not_undone: { kind: 'error', word: 'Not undone', alert: true },
	command: { kind: 'undone', word: 'Done' },
	no_command: { kind: 'error', word: 'Unknown command', alert: true },
};
const SOUNDS = { valid: 'ok', duplicate: 'duplicate', undone: 'done', command: 'done' };
const LONG = 24; /* more characters are set smaller: of a number, or of a backlog's */
const NAMED = 5; /* numbers of a backlog that are named in the panel */
const SHOWN_MS = 350;    /* a verdict's colour stays this long: under three flashes a second */
const CHANGES = 6;       /* in any second, at most */
const PATIENCE_MS = 150; /* an answer that comes sooner needs no "Checking" before it */

/* The server names the sound; an older server is understood by the result. */
export function soundOf(answer) {
	const named = answer.sound;
	if (named === 'ok' || named === 'duplicate' || named === 'error') {
		return named;
	}
	return SOUNDS[answer.result] ?? 'error';
}

export function lookOf(result) {
	return RESULTS[result] ?? { kind: 'error', word: words(result), alert: true };
}

/* "at 08:05:00", and the day when it was another one: a session may stay open for weeks. */
function when(time, now) {
	const day = moment(time).slice(0, 10);
	return day === moment(now).slice(0, 10) ? `at ${clock(time)}` : `on ${day} at ${clock(time)}`;
}

/* One sentence under the number. */
export function detailOf(answer) {
	const first = answer.first;
	const waybill = answer.waybill;
	const told = answer.message && sentence(answer.message);
	switch (answer.result) {
	case 'valid':
		return [waybill?.destination, waybill?.receiver_name, waybill?.item_name]
			.filter(Boolean).map(apart).join(' · ');
	case 'duplicate':
		return first
			? `First scanned ${when(first.scanned_at, answer.scanned_at)} by ${apart(first.scanned_by || 'nobody named')}`
				+ `, station ${apart(first.station || 'not named')}`
			: 'Scanned before in this session';
	case 'not_found':
		return told ?? 'No manifest uploaded so far has this number. Put the parcel aside.';
	case 'on_hold':
		return told ?? 'This parcel must not leave. Put it aside.';
	case 'undone':
		return 'This scan does not count any more.';
	default:
		return told
			?? (waybill?.status ? `Its status is ${words(waybill.status).toLowerCase()}.` : '');
	}
}

export class VerdictPanel {
	#panel = byId('panel');
	#calm = byId('verdict-status');
	#urgent = byId('verdict-alert');
	#shownAt = -Infinity; /* the last change to a verdict's colour */
	#changes = []; /* the last changes of colour */
	#timer = null;
	#next = [];
	#held = null; /* { number, trouble, kept } of held(), until something else is put */

	/* An answer of the server: stays until the next scan. */
	show(answer) {
		const look = lookOf(answer.result);
		this.#put({ ...look, number: answer.waybill_number, detail: detailOf(answer) });
	}

	/* A backlog's answers at once: how many of each, and which were not valid. */
	caughtUp({ ok, duplicate, error, bad }) {
		const kind = error > 0 ? 'error' : duplicate > 0 ? 'duplicate' : 'valid';
		const more = bad.length > NAMED ? ` and ${count(bad.length - NAMED)} more` : '';
		this.#put({ kind, alert: error > 0, number: bad.slice(0, NAMED).join(' ') + more,
			word: `${plural(ok + duplicate + error, 'kept scan')} sent`,
			detail: `${count(ok)} valid, ${plural(duplicate, 'duplicate')}, ${plural(error, 'error')}` });
	}

	/* A scan that has no verdict yet; shown if it still has none after `patience` ms. */
	waiting(number, patience = PATIENCE_MS) {
		this.#put({ kind: 'waiting', word: 'Checking', number, detail: '' }, patience);
	}

	/* kept: it is on the disk, and not in this page alone. */
	held(number, trouble, kept) {
		const detail = `Not checked yet: ${trouble}. It is sent again by itself`;
		this.#put(kept ? { kind: 'held', word: 'Kept', number, detail: `${detail}.` }
			: { kind: 'error', alert: true, word: 'Not kept', number,
				detail: `${detail}, as long as this page stays open: this browser cannot write it to its disk.` });
		this.#held = { number, trouble, kept };
	}

	/* What still waits does so for another reason now. */
	heldBy(trouble) {
		if (this.#held !== null && this.#held.trouble !== trouble) {
			this.held(this.#held.number, trouble, this.#held.kept);
		}
	}

	ready() {
		this.#put({ kind: 'idle', word: 'Ready', number: '', detail: 'Scan a parcel, or type its number and press Enter.' });
	}

	/*
	 * A verdict is painted at once, unless another colour was painted a moment ago. Of
	 * what comes while one waits, the newest is shown in the end, but an error among it
	 * gets its turn first.
	 */
	#put(view, patience = 0) {
		this.#held = null;
		const urgent = this.#next.filter((v) => v.alert).slice(-1);
		this.#next = [...urgent, view];
		if (urgent.length > 0) {
			return; /* its timer runs, and this view follows it */
		}
		clearTimeout(this.#timer);
		const shown = this.#panel.dataset.kind;
		const tooSoon = shown !== view.kind && shown !== 'waiting' && shown !== 'idle'
			? this.#shownAt + SHOWN_MS - performance.now() : 0;
		const wait = Math.max(patience, tooSoon);
		if (wait > 0) {
			this.#timer = setTimeout(() => this.#advance(), wait);
		} else {
			this.#advance();
		}
	}

	#advance() {
		const early = this.#flashing(this.#next[0].kind);
		if (early > 0) {
			this.#timer = setTimeout(() => this.#advance(), early);
			return;
		}
		this.#paint(this.#next.shift());
		if (this.#next.length > 0) {
			this.#timer = setTimeout(() => this.#advance(), SHOWN_MS);
		}
	}

	/* How many ms too early another change would come: three flashes are six changes. */
	#flashing(kind) {
		return kind !== this.#panel.dataset.kind && this.#changes.length === CHANGES
			? this.#changes[0] + 1000 - performance.now() : 0;
	}

	#paint(view) {
		if (view.kind !== this.#panel.dataset.kind) {
			this.#shownAt = performance.now();
			this.#changes = [...this.#changes, this.#shownAt].slice(-CHANGES);
		}
		this.#panel.dataset.kind = view.kind;
		const [used, other] = view.alert
			? [this.#urgent, this.#calm] : [this.#calm, this.#urgent];
		fill(other);
		fill(used,
			el('p', { class: 'panel-word' }, view.word),
			view.number && el('p', { class: `panel-number${view.number.length > LONG ? ' long' : ''}` }, view.number),
			view.detail && el('p', { class: 'panel-detail' }, view.detail));
	}
}
