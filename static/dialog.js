/*
 * A question or a list over the page. Scanning goes on beneath it: keys.js sees every
 * key first, and Escape or the Close button ends it.
 */
import { byId } from '/static/dom.js';

/* The dialog's own Close buttons are <button class="close">. */
export function dialog(id, { closed = () => undefined } = {}) {
	const node = byId(id);
	for (const button of node.querySelectorAll('.close')) {
		button.addEventListener('click', () => node.close());
	}
	node.addEventListener('close', () => {
		closed();
		byId('entry')?.focus({ preventScroll: true });
	});
	return {
		node,
		open: () => node.open || node.showModal(),
		close: () => node.open && node.close(),
		get isOpen() { return node.open; },
	};
}
