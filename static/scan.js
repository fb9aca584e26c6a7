/*
 * The scan page: a start screen, then every key on the page belongs to the scanner until
 * the session is left. This file only joins the parts; the rules are in them.
 */
import { Unreachable, call, reason, uuid } from '/static/api.js';
import { byId, count, plural } from '/static/dom.js';
import { captureKeys } from '/static/keys.js';
import { recall, remember } from '/static/memory.js';
import { RecentScans } from '/static/recent.js';
import { ScanQueue } from '/static/scan_queue.js';
import { Sounds } from '/static/sound.js';
import { StartScreen } from '/static/start_screen.js';
import { VerdictPanel, lookOf, soundOf } from '/static/verdict.js';

const SAME_CODE_MS = 1000;
const PULSE_MS = 5000;
const NEXT_MS = 1000;

const state = { session: null, operator: '', station: '', mode: 'dispatch', link: 'ok' };
const last = { code: '', at: -Infinity };
const sounds = new Sounds(showSound);
const panel = new VerdictPanel();
const recent = new RecentScans(byId('recent'));
const queue = new ScanQueue({
	send, answered, held,
	changed: showConnection,
});

/* --- scans --- */

function commit(code, dropped) {
	const number = code.toUpperCase();
	const scan = {
		waybill_number: code, session_id: state.session, scan_id: uuid(),
		station: state.station, scanned_by: state.operator,
		scanned_at: new Date().toISOString(), mode: state.mode,
	};
	const now = performance.now();
	if (number === last.code && now - last.at < SAME_CODE_MS) {
		recent.put(scan, 'ignored', 'Ignored: same code within a second');
		note(`${code} came twice within a second: the second was ignored.`);
		return;
	}
	last.code = number;
	last.at = now;
	note(oddity(code, dropped));
	recent.put(scan, 'waiting', 'Checking');
	panel.waiting(code);
	queue.add(scan);
}

/* What a person should know about how the code arrived; '' when all is well. */
function oddity(code, dropped) {
	if (dropped !== '') {
		return `“${dropped}” had been left in the field and was not made part of ${code}.`;
	}
	if (/[^ -~]/.test(code) || /[^A-Za-z0-9 ._/-]/.test(code)) {
		return `${code} holds characters no waybill number has: is the keyboard layout the scanner's?`;
	}
	if (/[a-z]/.test(code)) {
		return `${code} came in small letters: is Caps Lock on, or the scanner set to change case?`;
	}
	return '';
}

async function send(scan) {
	let answer;
	try {
		answer = await call('POST', '/scan', { body: scan });
	} catch (e) {
		if (e instanceof Unreachable) {
			return { trouble: e.message };
		}
		throw e;
	}
	if (answer.json?.result) {
		return { verdict: answer.json };
	}
	if ([400, 404, 409, 413, 415, 422].includes(answer.status) && answer.json?.error) {
		/* the server will never take it: shown as an error, not tried for ever */
		return { verdict: { result: 'refused', sound: 'error', message: reason(answer),
			waybill_number: scan.waybill_number } };
	}
	if (answer.status === 401) {
		return { trouble: 'nobody is logged in here any more: log in in another tab' };
	}
	return { trouble: answer.status === 503 ? 'the database is away' : `the server answered ${answer.status}`,
		retryAfter: answer.retryAfter };
}

function answered(scan, answer) {
	const look = lookOf(answer.result);
	state.link = 'ok';
	sounds.play(soundOf(answer));
	panel.show({ ...answer, waybill_number: answer.waybill_number ?? scan.waybill_number });
	recent.put(scan, look.kind, look.word);
	if (queue.depth > 0) {
		/* this verdict may be read in peace, but must not pass for the next one's */
		panel.waiting(queue.first.waybill_number, NEXT_MS);
	}
	if (answer.session) {
		showCounters(answer.session);
	}
	showConnection();
}

const ticked = new Set(); /* scan_ids: one tick for a scan, not one for each attempt */

function held(scan, trouble) {
	if (!ticked.has(scan.scan_id)) {
		ticked.add(scan.scan_id);
		sounds.play('tick');
		panel.held(scan.waybill_number, trouble);
	}
	recent.put(scan, 'held', 'Kept, will be sent again');
}

/* --- what is always in view --- */

function showCounters(session) {
	for (const [id, name] of [['c-scanned', 'valid'], ['c-duplicate', 'duplicate'],
		['c-error', 'error'], ['c-expected', 'expected'], ['c-missing', 'missing']]) {
		byId(id).textContent = count(session[name]);
	}
	if (!Number.isFinite(session.expected)) {
		byId('c-missing').textContent = count(undefined); /* of nothing, nothing is missing */
	}
}

function showConnection() {
	const link = queue.trouble !== '' ? queue.trouble : state.link;
	byId('connection').dataset.state = link === 'ok' ? 'ok' : 'bad';
	byId('connection').textContent = link === 'ok' ? 'Connected' : `Not connected: ${link}`;
	byId('depth').textContent = queue.depth === 0 ? 'empty' : `${plural(queue.depth, 'scan')} waiting`;
	byId('depth').dataset.state = queue.depth > 0 && queue.trouble !== '' ? 'bad' : 'ok';
}

function showSound() {
	byId('sound-blocked').hidden = state.session === null || !sounds.blocked;
	byId('sound-muted').hidden = state.session === null || !sounds.silent;
}

function showCaps(on) {
	byId('caps').hidden = !on;
}

function note(text) {
	byId('note').textContent = text;
}

/* Is the server there, also while nobody scans? */
async function pulse() {
	if (state.session === null) {
		return;
	}
	try {
		const { status } = await call('GET', '/health', { deadline: 4000 });
		state.link = status === 200 ? 'ok' : 'the database is away';
	} catch {
		state.link = 'the server cannot be reached';
	}
	if (state.link === 'ok') {
		queue.retryNow();
	}
	showConnection();
}

/* --- sound settings, kept per station --- */

const levelName = () => `sound.${state.session === null ? screen.station : state.station}`;

function loadLevel() {
	const { volume, muted } = recall(levelName(), { volume: 0.8, muted: false });
	for (const slider of document.querySelectorAll('.volume')) {
		slider.value = Math.round(volume * 100);
	}
	for (const box of document.querySelectorAll('.mute')) {
		box.checked = muted;
	}
	sounds.setLevel(volume, muted);
}

function saveLevel(change) {
	remember(levelName(), { volume: 0.8, muted: false, ...recall(levelName(), {}), ...change });
	loadLevel();
}

/* --- sessions --- */

const screen = new StartScreen({
	starting: () => {
		loadLevel();
		sounds.unlock();
	},
	entered: enter,
	refreshed: showCounters,
	ended: () => { state.session = null; },
	away: () => {
		state.link = 'the server cannot be reached';
		showConnection();
	},
});

function enter(session, who) {
	Object.assign(state, who, { session: session.id });
	byId('v-station').textContent = who.station;
	byId('v-operator').textContent = who.operator;
	byId('v-session').textContent = session.id;
	note('');
	loadLevel();
	sounds.unlock();
	showCounters(session);
	showConnection();
	panel.ready();
	byId('entry').focus();
}

function leave() {
	if (queue.depth > 0) {
		note(`${plural(queue.depth, 'scan')} not sent yet: stay until the queue is empty.`);
		return;
	}
	state.session = null;
	showSound();
	screen.show();
}

/* --- wiring --- */

function wire() {
	byId('station').addEventListener('change', loadLevel);
	byId('leave').addEventListener('click', leave);
	byId('soft-keys').addEventListener('click', () => {
		byId('entry').inputMode = byId('entry').inputMode === 'none' ? 'text' : 'none';
		byId('entry').focus();
	});
	for (const button of document.querySelectorAll('.test-sound')) {
		button.addEventListener('click', () => sounds.unlock().then(() => sounds.test()));
	}
	for (const slider of document.querySelectorAll('.volume')) {
		slider.addEventListener('input', () => saveLevel({ volume: slider.value / 100 }));
	}
	for (const box of document.querySelectorAll('.mute')) {
		box.addEventListener('change', () => saveLevel({ muted: box.checked }));
	}
	for (const gesture of ['keydown', 'pointerdown']) {
		document.addEventListener(gesture, () => state.session !== null && sounds.blocked
			&& sounds.unlock(), true);
	}
	captureKeys(byId('entry'), { active: () => state.session !== null, commit, caps: showCaps });
	window.addEventListener('online', () => queue.retryNow());
	window.addEventListener('beforeunload', (event) => {
		if (queue.depth > 0) {
			event.preventDefault();
			event.returnValue = '';
		}
	});
	setInterval(pulse, PULSE_MS);
}

loadLevel();
wire();
await screen.restore();
