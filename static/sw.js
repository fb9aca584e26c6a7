/*
 * The service worker of the scan page: the page opens without a network. It keeps whole
 * sets of files and serves a page from one set only, so that no page is ever half old and
 * half new. Requests for anything else pass it by.
 *
 * A set is made when the files' ETags differ from the present set's: all are fetched,
 * asked about once more so that a deploy that was under way is noticed, and only then
 * does the set count (it has MARK). Pages ask for that look ("check") and hear "updated".
 */
const FILES = [
	'/scan', '/scan-commands', '/scanner-test',
	...['favicon.svg', 'style.css', 'scan.css', 'api.js', 'backlog.js', 'beginning.js', 'camera.js', 'code128.js', 'commands.js',
		'counters.js', 'dialog.js', 'dispatch.js', 'dom.js', 'expected.js', 'insist.js', 'keys.js', 'levels.js', 'me.js',
		'memory.js', 'missing.js', 'nav.js', 'offline.js', 'one_tab.js', 'other_tab.js', 'outbox.js', 'recent.js', 'refused.js',
		'scan.js', 'scan_commands.js', 'scan_queue.js', 'scanner_judge.js', 'scanner_test.js', 'sender.js', 'session_watch.js',
		'sound.js', 'start_screen.js', 'verdict.js', 'wake.js'].map((name) => `/static/${name}`),
];
const PREFIX = 'waybill-page-';
const MARK = '/etags';
const TRIES = 3;

const setOf = new Map(); /* a page's id -> the name of the set that it was opened from */
let looking = null;

self.addEventListener('install', (event) => {
	self.skipWaiting();
	event.waitUntil(Promise.all([look(), goStraight(event)]));
});

/*
 * What is not kept here passes by without starting us: no scan waits until a service worker
 * that had nothing to do for a while is awake. Not every browser knows how.
 */
async function goStraight(event) {
	for (const condition of [
		{ requestMethod: 'POST' },
		{ requestMethod: 'DELETE' },
		{ not: { or: FILES.map((pathname) => ({ urlPattern: { pathname } })) } },
	]) {
		await event.addRoutes?.({ condition, source: 'network' }).catch(() => undefined);
	}
}

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
	if (event.data === 'check') {
		event.waitUntil(look().catch(() => undefined)); /* no network: the set stays */
	}
});

self.addEventListener('fetch', (event) => {
	const { pathname, origin } = new URL(event.request.url);
	if (event.request.method === 'GET' && origin === location.origin && FILES.includes(pathname)) {
		event.respondWith(serve(event, pathname));
	}
});

async function serve(event, path) {
	let name = setOf.get(event.clientId);
	if (event.request.mode === 'navigate' || name === undefined) {
		name = await present();
		setOf.set(event.resultingClientId || event.clientId, name);
	}
	const kept = name && await (await caches.open(name)).match(path, { ignoreVary: true });
	return kept ?? fetch(event.request);
}

/* The newest whole set's name, or undefined. */
async function present() {
	for (const name of (await setNames()).reverse()) {
		if (await (await caches.open(name)).match(MARK)) {
			return name;
		}
	}
	return undefined;
}

function look() {
	looking ??= renew().finally(() => { looking = null; });
	return looking;
}

async function renew() {
	const before = await present();
	const known = before && await (await (await caches.open(before)).match(MARK)).text();
	for (let i = 0; i < TRIES; i++) {
		const answers = await fetchAll();
		const etags = etagsOf(answers);
		if (etags === known) {
			return;
		}
		if (etagsOf(await fetchAll()) === etags) {
			await keep(answers, etags);
			await forgetOld();
			if (before) {
				(await self.clients.matchAll()).forEach((page) => page.postMessage('updated'));
			}
			return;
		}
	}
	throw new Error('the files kept changing');
}

/* Whoever is not logged in is sent elsewhere: that is no page to keep. */
async function fetchAll() {
	const answers = await Promise.all(FILES.map((path) => fetch(path, { cache: 'no-cache' })));
	const bad = answers.find((answer) => !answer.ok || answer.redirected);
	if (bad) {
		throw new Error(`${bad.url}: ${bad.status}`);
	}
	return answers;
}

const etagsOf = (answers) => answers.map((answer) => answer.headers.get('ETag')).join(' ');

async function keep(answers, etags) {
	const name = await nextName();
	const cache = await caches.open(name);
	try {
		await Promise.all(answers.map((answer, i) => cache.put(FILES[i], answer)));
		await cache.put(MARK, new Response(etags)); /* last: now the set is whole */
	} catch (e) {
		await caches.delete(name); /* the disk is full: what is left of it is for scans */
		throw e;
	}
}

/*
 * Behind all names that there are, whatever the clock says: one that was wrong when a set was
 * made, and was put right since, would leave every later set behind that one.
 */
async function nextName() {
	const last = (await setNames()).at(-1);
	const after = last === undefined ? 0 : Number(last.slice(PREFIX.length)) + 1;
	return PREFIX + String(Math.max(Date.now(), after)).padStart(15, '0');
}

/* Oldest first. */
async function setNames() {
	return (await caches.keys()).filter((name) => name.startsWith(PREFIX)).sort();
}

/* All but the present set and those that open pages were made from. */
async function forgetOld() {
	const open = new Set((await self.clients.matchAll({ includeUncontrolled: true }))
		.map((page) => setOf.get(page.id)));
	await Promise.all((await setNames()).slice(0, -2).filter((name) => !open.has(name))
		.map((name) => caches.delete(name)));
}
