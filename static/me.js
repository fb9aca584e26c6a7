/*
 * The bar: its pages, and at its right who is logged in and the way out; nobody, where
 * nobody logs in (auth = off). A page may listen to events on the document: "me", whose detail
 * is { username, role }, and "nobody" where nobody is, or it cannot be known.
 */
import { call } from '/static/api.js';
import { el } from '/static/dom.js';
import { navigate } from '/static/nav.js';

const RANK = ['scanner', 'office', 'supervisor', 'admin'];

const HOME = { scanner: '/scan', office: '/upload' };

/* Nobody must believe to be logged out who is not. */
async function leave(event) {
	const { status } = await call('POST', '/logout').catch(() => ({ status: 0 }));
	if (status === 200) {
		location.assign('/login');
	} else {
		event.target.textContent = 'Still logged in: try again';
	}
}

function show(me) {
	const may = (role) => RANK.indexOf(me.role) >= RANK.indexOf(role);
	navigate(may, true);
	const out = el('button', { type: 'button', class: 'secondary', id: 'log-out' }, 'Log out');
	out.addEventListener('click', leave);
	document.querySelector('.top')?.append(el('div', { class: 'me' },
		el('a', { id: 'me', href: '/account' }, `${me.username} (${me.role})`), out));
	document.dispatchEvent(new CustomEvent('me', { detail: me }));
}

async function look() {
	let answer;
	try {
		answer = await call('GET', '/me');
	} catch {
		answer = { status: 0 }; /* the page's own requests say that the server is away */
	}
	if (answer.status === 401) {
		location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
	} else if (answer.status === 200 && answer.json?.auth) {
		if (location.pathname === '/' && HOME[answer.json.role]) {
			location.replace(HOME[answer.json.role]);
			return;
		}
		show(answer.json);
	} else {
		document.dispatchEvent(new CustomEvent('nobody'));
	}
}

look();
