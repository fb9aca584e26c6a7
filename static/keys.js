/*
 * Key capture for a keyboard-wedge scanner: whatever has the focus, keys go to the one
 * entry field, and Enter or Tab ends a code. Knows nothing of scans or the server.
 */
const AFTER_END_MS = 100;  /* a second end key this soon belongs to the first: CR+LF */
const PAUSE_MS = 1500;     /* a gap longer than this starts a new burst: no radio hiccup */
const BURST_KEY_MS = 50;   /* nobody types faster than this for BURST_KEYS keys */
const BURST_KEYS = 6;

/*
 * entry: the text field. commit(code, dropped) gets each ended code, trimmed and not
 * empty; dropped is what had been left half typed before the scanner's burst, or ''.
 * active() tells whether capturing is wanted; caps(on) is told about Caps Lock;
 * escape() about Escape, unless it closes a dialog.
 */
export function captureKeys(entry, { active, commit, caps, escape }) {
	const burst = { from: 0, began: 0, last: -Infinity };
	let ended = -Infinity;

	const finish = (at) => {
		const [code, dropped] = split(entry.value, burst);
		entry.value = '';
		ended = at;
		if (code !== '') {
			commit(code, dropped);
		}
	};

	document.addEventListener('keydown', (event) => {
		if (!(event instanceof KeyboardEvent) || !active() || isElsewhere(event.target)) {
			return;
		}
		caps(event.getModifierState('CapsLock'));
		if (isEnd(event)) {
			if (entry.value.trim() !== '') {
				event.preventDefault();
				finish(event.timeStamp);
			} else if (event.timeStamp - ended < AFTER_END_MS || event.target === entry) {
				swallow(event, ended);
			}
		} else if (isCharacter(event)) {
			note(burst, event.timeStamp, entry.value.length);
			bring(event, entry);
		} else if (event.key === 'Escape') {
			entry.value = '';
			if (!document.querySelector('dialog[open]')) {
				escape();
			}
		}
	}, true);

	/* Soft keyboards that send no key codes end a line by submitting the form. */
	entry.form.addEventListener('submit', (event) => {
		event.preventDefault();
		finish(event.timeStamp);
	});
	document.addEventListener('paste', (event) => {
		if (active() && event.target !== entry && !isElsewhere(event.target)) {
			event.preventDefault();
			entry.value += event.clipboardData.getData('text').trim();
			entry.focus({ preventScroll: true });
		}
	});
}

/* Who types into a dialog's own field means that field. */
function isElsewhere(target) {
	return target instanceof Element && target.closest('dialog') !== null
		&& target.matches('textarea, select, input:not([type="checkbox"], [type="radio"])');
}

/* Enter, Tab, or the LF that some scanners send as Ctrl+J (which opens downloads). */
function isEnd(event) {
	if (event.altKey || event.metaKey || event.isComposing) {
		return false;
	}
	if (event.ctrlKey) {
		return event.key === 'j' || event.key === 'J';
	}
	return event.key === 'Enter' || (event.key === 'Tab' && !event.shiftKey);
}

/* An end key with nothing to end: never presses a button; Tab still moves the focus. */
function swallow(event, ended) {
	if (event.key !== 'Tab' || event.timeStamp - ended < AFTER_END_MS) {
		event.preventDefault();
	}
}

function isCharacter(event) {
	const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
	return event.key.length === 1 && (plain || event.getModifierState('AltGraph'));
}

/* A character typed elsewhere lands in the field; a lone space still presses a button. */
function bring(event, entry) {
	if (event.target === entry || (event.key === ' ' && entry.value === '')) {
		return;
	}
	event.preventDefault();
	entry.value += event.key;
	entry.focus({ preventScroll: true });
}

function note(burst, at, length) {
	if (at - burst.last > PAUSE_MS) {
		burst.from = length;
		burst.began = at;
	}
	burst.last = at;
}

/*
 * Half a number left in the field must not become the head of the next scan. Timing is
 * only a hint, so the field is split only where both signs agree: a pause, then a run of
 * keys faster than anyone types.
 */
function split(value, burst) {
	const tail = value.slice(burst.from).trim();
	const head = value.slice(0, burst.from).trim();
	const fast = (burst.last - burst.began) / Math.max(tail.length, 1) < BURST_KEY_MS;
	return head !== '' && tail.length >= BURST_KEYS && fast ? [tail, head] : [value.trim(), ''];
}
