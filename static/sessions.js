/* The history of sessions; the counters of what is shown are kept up to date. */
import { call } from '/static/api.js';
import { badge, List } from '/static/list.js';
import { byId, count, el, fill, moment, words } from '/static/dom.js';

const LOOK_MS = 3000;
const shown = new Map(); /* id -> { row, session } */

function cells(s) {
	const at = `/sessions/${s.id}`;
	return [el('td', {}, el('a', { href: at }, `Session ${s.id}`)),
		el('td', {}, el('span', { class: 'badge', 'data-kind': badge(s.state) }, words(s.state))),
		el('td', {}, s.station ?? '–'), el('td', {}, s.scanned_by ?? '–'), el('td', {}, moment(s.created_at)),
		...['valid', 'duplicate', 'error', 'expected', 'missing'].map((name) => el('td', { class: 'num' }, count(s[name]))),
		el('td', {}, el('a', { href: `${at}/manifest`, 'aria-label': `Manifest of session ${s.id}` }, 'Manifest'))];
}

function line(session) {
	const row = el('tr', {}, ...cells(session));
	shown.set(session.id, { row, session });
	return row;
}

const list = new List({ path: '/sessions', items: 'sessions', line });

/* The barcode of a manifest, scanned into the search, opens its session. */
byId('filter').addEventListener('submit', () => {
	const [, id] = /^session-(\d+)$/i.exec(byId('q').value.trim()) ?? [];
	if (id) {
		location.assign(`/sessions/${id}`);
	}
});

/* What changed since; a session that is new comes on top, when the filters let it. */
async function look() {
	const query = String(list.query());
	const answer = document.hidden ? null : await call('GET', `/sessions?${query}`).catch(() => null);
	/* What fits the filters of before may not fit those of now. */
	const fits = answer?.status === 200 && query === String(list.query());
	for (const session of fits ? answer.json.sessions.reverse() : []) {
		const old = shown.get(session.id);
		if (!old?.row.isConnected && session.id > newest()) {
			byId('rows').prepend(line(session));
			byId('none').hidden = true;
		} else if (old && JSON.stringify(old.session) !== JSON.stringify(session)) {
			old.session = session;
			fill(old.row, ...cells(session));
		}
	}
	setTimeout(look, LOOK_MS);
}

const newest = () => Math.max(0, ...[...shown].filter(([, s]) => s.row.isConnected).map(([id]) => id));

list.begin().then(() => setTimeout(look, LOOK_MS));
