/* The search of waybills, and its export. */
import { List } from '/static/list.js';
import { byId, el, moment, words } from '/static/dom.js';

const list = new List({
	path: '/waybills', items: 'waybills',
	line: (w) => el('tr', {}, el('td', {}, el('a', { href: `/waybills/${encodeURIComponent(w.waybill_number)}` }, w.waybill_number)),
		el('td', {}, el('span', { class: 'badge', 'data-kind': w.status === 'issue_pending' && 'error' }, w.status === 'issue_pending' ? 'On hold' : words(w.status))),
		el('td', {}, w.receiver_name ?? ''), el('td', {}, w.receiver_phone ?? ''), el('td', {}, w.destination ?? ''), el('td', {}, w.item_name ?? ''),
		el('td', { class: 'num' }, String(w.weight ?? '')), el('td', { class: 'num' }, String(w.cod_amount ?? '')), el('td', {}, moment(w.created_at))),
});

/* The files hold what the filters say now, shown or not. */
function links() {
	for (const format of ['csv', 'xlsx']) {
		const query = list.query();
		query.set('format', format);
		byId(format).href = `/waybills?${query}`;
	}
}

byId('filter').addEventListener('input', links);
links();
list.begin();
