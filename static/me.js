/*
 * Who is logged in, at the right of the bar: the name, the pages that an administrator
 * has besides, and the way out. Where nobody logs in (auth = off) it shows nothing. A
 * page may listen to the event "me" on the document: detail is { username, role }.
 */
import { call } from '/static/api.js';
import { el } from '/static/dom.js';

const RANK = ['scanner', 'office', 'supervisor', 'admin'];

/* What the bar offers that a role has no use for. */
const NEEDS = { '/': 'supervisor', '/upload': 'office' };
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
	const nav = document.querySelector('.top nav');
	for (const link of nav?.querySelectorAll('a') ?? []) {
		link.hidden = !may(NEEDS[link.getAttribute('href')] ?? 'scanner');
	}
	if (nav && may('admin')) {
		for (const [path, text] of [['/users', 'Users'], ['/audit', 'Audit']]) {
			if (!nav.querySelector(`a[href="${path}"]`)) {
				nav.append(el('a', { href: path, 'aria-current': location.pathname === path && 'page' }, text));
			}
		}
	}
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
		return; /* the page's own requests say that the server is away */
	}
	if (answer.status === 401) {
		location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
	} else if (answer.status === 200 && answer.json?.auth) {
		if (location.pathname === '/' && HOME[answer.json.role]) {
			location.replace(HOME[answer.json.role]);
			return;
		}
		show(answer.json);
	}
}

look();
