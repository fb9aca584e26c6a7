/* The box to look up one waybill, on every page that has it. */
import { byId } from '/static/dom.js';

byId('search').addEventListener('submit', (event) => {
	event.preventDefault();
	const number = byId('q').value.trim();
	if (number !== '') {
		location.assign(`/waybills/${encodeURIComponent(number)}`);
	}
});
