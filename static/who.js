/*
 * Who asks, on a page that changes things from an office: the name of the login, which the
 * server knows, or where nobody logs in (auth = off) what the page's field #who says. That
 * field is hidden until it is needed, and remembers the name as the scan page does.
 */
import { byId } from '/static/dom.js';
import { recall, remember } from '/static/memory.js';

document.addEventListener('nobody', () => {
	byId('who').value ||= recall('operator', '');
	byId('who').disabled = false;
	byId('who-asks').hidden = false;
});

/* The name, as the fields of a request want it; '' where a login says it. */
export function who() {
	if (byId('who').disabled) {
		return '';
	}
	const name = byId('who').value.trim();
	if (name !== '') {
		remember('operator', name);
	}
	return name;
}

/* Whether it is known who asks; otherwise the field says so, and has the focus. */
export const named = () => byId('who').disabled || byId('who').reportValidity();
