/*
 * Command barcodes: "CMD UNDO" and the like, printed by /scan-commands. The space makes
 * sure that no parcel is taken for a command: the server refuses a waybill number with
 * white space inside it, and so no manifest can bring one. Small letters are as good
 * (Caps Lock), and every scanner and keyboard layout can send a space.
 */
export const PREFIX = 'CMD ';
const PLAIN = ['START', 'UNDO', 'ACK', 'DISPATCH', 'MISSING'];
const BURST_MS = 1500; /* a longer gap between two keys ends a barcode */

/* As it was before Caps Lock exchanged its capitals and small letters. */
const exchanged = (text) => text.replace(/[a-z]/gi, (c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()));

/*
 * null when the code is no command; else { name, argument }: START, UNDO, ACK, DISPATCH,
 * MISSING; OP with an operator's name; SESSION with a number; UNKNOWN for anything else.
 * caps: Caps Lock is on. Some scanners make up for it; one that does not sends "cmd", and a
 * badge is still of the person whose name stands on it.
 */
export function parseCommand(code, caps = false) {
	if (!/^CMD\s/i.test(code)) {
		return null;
	}
	const sent = caps && code.startsWith(PREFIX.toLowerCase()) ? exchanged(code) : code;
	const [, word, argument] = sent.trim().match(/^CMD\s+(\S*)\s*(.*)$/i);
	const name = word.toUpperCase();
	if (PLAIN.includes(name) && argument === '') {
		return { name, argument };
	}
	if ((name === 'OP' && argument !== '' && argument.length <= 100)
		|| (name === 'SESSION' && /^\d{1,18}$/.test(argument))) {
		return { name, argument };
	}
	return { name: 'UNKNOWN', argument: code };
}

/* The start screen takes a printed manifest's barcode too: there it can be no parcel's. */
function parseAtStart(code, caps) {
	const [, id] = code.match(/^SESSION-(\d{1,18})$/i) ?? [];
	return id ? { name: 'SESSION', argument: id } : parseCommand(code, caps);
}

/* What typing changes, and can be set back. */
const isField = (node) => node instanceof HTMLSelectElement
	|| (node instanceof HTMLInputElement && !['checkbox', 'radio'].includes(node.type));

/*
 * Hears command barcodes where keys are not captured: on the start screen, whatever has
 * the focus. What the scanner typed into a field, or chose in a list, is taken back.
 */
export function listenForCommands({ active, run }) {
	const burst = { text: '', last: -Infinity, node: null, before: '' };

	document.addEventListener('keydown', (event) => {
		if (!active() || event.ctrlKey || event.altKey || event.metaKey) {
			return;
		}
		if (event.timeStamp - burst.last > BURST_MS) {
			burst.text = '';
		}
		burst.last = event.timeStamp;
		if (event.key === 'Enter' || event.key === 'Tab') {
			end(event);
		} else if (event.key.length === 1) {
			begin(event);
		}
	}, true);

	function begin(event) {
		if (burst.text === '') {
			burst.node = isField(event.target) ? event.target : null;
			burst.before = burst.node?.value ?? '';
		}
		burst.text += event.key;
		if (event.key === ' ' && burst.node === null && burst.text !== ' ') {
			event.preventDefault(); /* the space of a barcode presses no button */
		}
	}

	function end(event) {
		const command = parseAtStart(burst.text, event.getModifierState('CapsLock'));
		burst.text = '';
		if (command === null) {
			return;
		}
		event.preventDefault();
		event.stopPropagation();
		if (burst.node !== null) {
			burst.node.value = burst.before;
		}
		run(command);
	}
}
