/*
 * What a burst of keys from a scanner says about how the scanner is set. Pure: keys in,
 * findings out.
 */

/* Letters and signs that other keyboard layouts put elsewhere. */
export const PROBE = 'JT0123456789-AQWYZM';
const CRLF_MS = 100;
const SLOW_MS = 50;

/*
 * keys: [{ key, at, caps }] in order, at in ms. Gives [{ good, what, todo }]: todo is a
 * sentence when something has to be set differently.
 */
export function judge(keys) {
	const typed = keys.filter((k) => k.key.length === 1 && !k.ctrl);
	const text = typed.map((k) => k.key).join('');
	const ends = keys.filter((k) => isEnd(k));
	const first = keys.findIndex((k) => k.key.length === 1 && !k.ctrl);
	const prefix = keys.slice(0, Math.max(first, 0)).filter((k) => !isModifier(k));
	return [
		finding(text !== '', `Code: ${text || 'nothing'}`, 'The scanner sent no characters: is it set to keyboard output?'),
		suffix(ends),
		finding(prefix.length === 0, prefix.length === 0 ? 'No prefix key' : `Prefix: ${prefix.map((k) => k.key).join(' ')}`,
			'Switch the prefix off.'),
		finding(!keys.some((k) => k.caps), keys.some((k) => k.caps) ? 'Caps Lock is on' : 'Caps Lock is off',
			'Switch Caps Lock off: small and capital letters arrive exchanged.'),
		layout(text),
		speed(typed),
	].filter(Boolean);
}

const finding = (good, what, todo) => ({ good, what, todo: good ? '' : todo });
const isModifier = (k) => ['Shift', 'CapsLock', 'Control', 'Alt', 'AltGraph'].includes(k.key);
const isEnd = (k) => k.key === 'Enter' || k.key === 'Tab' || (k.ctrl && k.key.toLowerCase() === 'j');

function suffix(ends) {
	if (ends.length === 0) {
		return finding(false, 'No suffix', 'Set the suffix to Enter: a code would stay in the field.');
	}
	const names = ends.map((k) => (k.key === 'Enter' || k.key === 'Tab' ? k.key : 'LF')).join(', then ');
	const close = ends.length === 2 && ends[1].at - ends[0].at < CRLF_MS;
	if (ends.length > 1 && !close) {
		return finding(false, `Suffix: ${names}`, 'Set the suffix to one Enter.');
	}
	return finding(true, `Suffix: ${names}${close ? ' (the second is ignored while scanning)' : ''}`, '');
}

/* Only a code that is meant to be the probe says something about the layout. */
function layout(text) {
	if (text.length !== PROBE.length || text === PROBE) {
		return text === PROBE ? finding(true, 'Keyboard layout fits', '') : null;
	}
	if (text.toUpperCase() === PROBE) {
		return finding(false, 'Small letters instead of capitals', 'Switch the change of case off, and Caps Lock.');
	}
	return finding(false, `Expected ${PROBE}`, "Set the scanner's keyboard layout (country) to the computer's.");
}

function speed(typed) {
	if (typed.length < 2) {
		return null;
	}
	const each = (typed.at(-1).at - typed[0].at) / (typed.length - 1);
	return finding(each < SLOW_MS, `${each.toFixed(1)} ms a character`,
		'This is as slow as typing by hand: switch the delay between characters off.');
}
