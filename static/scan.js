/*
 * The scan page: a start screen, then every key on the page belongs to the scanner until
 * the session is left. This file only joins the parts; the rules are in them.
 */
import { call, reason, uuid } from '/static/api.js';
import { Backlog } from '/static/backlog.js';
import { Camera } from '/static/camera.js';
import { barcode } from '/static/code128.js';
import { listenForCommands, parseCommand } from '/static/commands.js';
import { Counters } from '/static/counters.js';
import { dialog } from '/static/dialog.js';
import { Dispatch } from '/static/dispatch.js';
import { byId, fill, plural, sentence } from '/static/dom.js';
import { captureKeys } from '/static/keys.js';
import { Levels } from '/static/levels.js';
import { recall, remember } from '/static/memory.js';
import { MissingList } from '/static/missing.js';
import { keepPage } from '/static/offline.js';
import { OneTab } from '/static/one_tab.js';
import { OtherTab } from '/static/other_tab.js';
import { Outbox } from '/static/outbox.js';
import { RecentScans } from '/static/recent.js';
import { RefusedList } from '/static/refused.js';
import { ScanQueue } from '/static/scan_queue.js';
import { send } from '/static/sender.js';
import { SessionWatch } from '/static/session_watch.js';
import { Sounds } from '/static/sound.js';
import { StartScreen } from '/static/start_screen.js';
import { VerdictPanel, lookOf, soundOf } from '/static/verdict.js';
import { keepAwake } from '/static/wake.js';

const SAME_CODE_MS = 1000;
const LONGEST = 200; /* characters of a code: the server refuses far fewer, and says why */
const NAMED = 40;    /* characters of what was left in the field, to recognise it by */
const NEXT_MS = 1000;
const KEPT = 'Kept, will be sent again';
const NOT_YET = 0; /* a session that was begun here and that the server does not know */
const FRESH = { session: null, begin: null, operator: '', station: '', mode: 'dispatch' };

const state = { ...FRESH, link: '', login: false, gone: false, halt: recall('halt') };
const last = { code: '', at: -Infinity };
const sounds = new Sounds(showSound);
const panel = new VerdictPanel();
const recent = new RecentScans(byId('recent'), undo);
const backlog = new Backlog();
const counters = new Counters();
const outbox = await Outbox.open();
const tab = new OneTab();
const other = new OtherTab(outbox, () => tab.ask());
const queue = new ScanQueue(outbox, { send: (items) => send(items, begun), answered, caughtUp, held,
	unkept: () => showDurable(false),
	refused: () => refused.refresh(),
	changed: () => {
		showConnection();
		dispatch.queueChanged();
	} });
const refused = new RefusedList(outbox, { open: () => state.session !== null, resend });

/* --- scans --- */

function commit(typed, dropped = '') {
	const code = typed.slice(0, LONGEST);
	const command = parseCommand(code, !byId('caps').hidden);
	if (command !== null) {
		run(command);
		return;
	}
	const number = code.toUpperCase();
	const now = performance.now();
	const scan = {
		waybill_number: code, session_id: known(), scan_id: uuid(),
		station: state.station, scanned_by: state.operator,
		scanned_at: new Date().toISOString(), mode: state.mode,
	};
	if (number === last.code && now - last.at < SAME_CODE_MS) {
		recent.put(scan, 'ignored', 'Ignored: same code within a second');
		note(`${code} came twice within a second: the second was ignored.`);
		return;
	}
	last.code = number;
	last.at = now;
	note(dispatch.interrupt() ? `The dispatch was put off: ${code} was scanned.` : oddity(code, dropped));
	addScan(scan);
}

function addScan(scan) {
	const flagged = state.halt !== null;
	recent.put(scan, 'waiting', flagged ? 'Waiting' : 'Checking', { flagged });
	if (!flagged) {
		panel.waiting(scan.waybill_number);
	}
	queue.add({ kind: 'scan', scan, flagged, begin: state.begin });
	showHalt();
}

/* What was refused, in this session: as the backlog that it is. */
async function resend(refusals) {
	const items = refusals.map(({ item: { scan } }) => ({ kind: 'scan', begin: state.begin,
		scan: { ...scan, session_id: known(), scan_id: uuid() } }));
	try {
		await outbox.again(refusals, items);
	} catch {
		note('The refused scans stay where they are: this browser cannot write to its disk.');
		return;
	}
	for (const { scan } of items) {
		ticked.add(scan.scan_id); /* it was heard when it was made */
		recent.put(scan, 'held', KEPT);
	}
	queue.addKept(items);
	showHalt();
}

/* What a person should know about how the code arrived; '' when all is well. */
function oddity(code, dropped) {
	if (dropped !== '') {
		const left = dropped.length > NAMED ? `${dropped.slice(0, NAMED)} …` : dropped;
		return `“${left}” had been left in the field and was not made part of ${code}.`;
	}
	if (/[^ -~]/.test(code) || /[^A-Za-z0-9 ._/-]/.test(code)) {
		return `${code} holds characters no waybill number has: is the keyboard layout the scanner's?`;
	}
	if (/[a-z]/.test(code)) {
		return `${code} came in small letters: is Caps Lock on, or the scanner set to change case?`;
	}
	return '';
}

/* Goes behind what is in the line already, so that it finds its scan at the server. */
function undo(scan) {
	if (scan === undefined) {
		note('There is nothing to undo.');
		return;
	}
	recent.put(scan, 'undoing', 'Undoing');
	last.code = '';
	queue.add({ kind: 'undo', scan: { ...scan, by: state.operator, station: state.station } });
}

function answered(item, answer) {
	const { kind, scan, late } = item;
	if (backlog.underway && late && kind === 'scan') {
		caughtUp([item], [answer]);
		return;
	}
	state.link = '';
	sounds.play(soundOf(answer));
	panel.show({ ...answer, waybill_number: scan.waybill_number ?? answer.waybill_number });
	record(item, answer);
	if (soundOf(answer) === 'error') {
		halt(`${scan.waybill_number}: ${lookOf(answer.result).word}`);
	} else if (queue.depth > 0 && queue.first.kind === 'scan') {
		/* this verdict may be read in peace, but must not pass for the next one's */
		panel.waiting(queue.first.scan.waybill_number, NEXT_MS);
	}
	endBacklog();
}

function caughtUp(items, answers) {
	const { tally, sounds: unheard, errors } = backlog.add(items, answers);
	items.forEach((item, i) => record(item, answers[i]));
	state.link = '';
	sounds.sequence(unheard);
	panel.caughtUp(tally);
	if (errors > 0) {
		halt(`${plural(errors, 'error')} among ${plural(items.length, 'kept scan')}`);
	}
	endBacklog();
}

function endBacklog() {
	if (queue.depth === 0 || !queue.first.late) {
		backlog.end();
	}
}

function record({ kind, scan, flagged, late }, answer) {
	const look = lookOf(answer.result);
	if (kind === 'undo' || !beingUndone(scan)) {
		recent.put(scan, answer.result === 'refused' ? 'refused' : look.kind, look.word, { flagged });
	}
	/* a scan that was answered before has the answer of then, and its counters */
	const old = kind === 'scan' && late && answer.session && counters.isOld(answer.session);
	if (answer.session && !old && [undefined, state.session].includes(answer.session.id)) {
		showCounters(answer.session);
	}
}

/* The undo waits in the line: what becomes of the scan before it must not offer another. */
function beingUndone(scan) {
	return recent.get(scan.scan_id)?.kind === 'undoing';
}

const ticked = new Set(); /* scan_ids: one sound for a scan, not one for each attempt */

/* A tick promises that the disk has it. What is in this page alone is an error to the ear. */
function held(items, trouble) {
	if (trouble !== '') {
		backlog.interrupted();
	}
	for (const item of items) {
		const { kind, scan, flagged } = item;
		const kept = queue.kept(item);
		if (!ticked.has(scan.scan_id)) {
			ticked.add(scan.scan_id);
			sounds.play(kept ? 'tick' : 'error');
			if (state.halt === null && trouble !== '') {
				panel.held(scan.waybill_number, trouble, kept);
			}
		}
		if (kind === 'scan' && !beingUndone(scan)) {
			recent.put(scan, 'held', kept ? KEPT : 'Not kept: leave this page open',
				{ flagged });
		}
	}
	if (trouble !== '') {
		panel.heldBy(trouble);
	}
}

/* --- stop on error --- */

function halt(what) {
	if (levels.now.stop) {
		state.halt = what;
		remember('halt', what);
		queue.stop();
		showHalt();
	}
}

function acknowledge() {
	if (state.halt === null) {
		return;
	}
	state.halt = null;
	backlog.end(); /* what was wrong with it so far has been seen */
	remember('halt', null);
	showHalt();
	panel.ready();
	queue.go();
}

function showHalt() {
	byId('halt').hidden = state.halt === null;
	if (state.halt !== null) {
		byId('halt-told').textContent = `Stopped. ${state.halt}.`;
		byId('halt-kept').textContent = queue.depth > 0
			? `${plural(queue.depth, 'scan')} made meanwhile kept, not sent yet.` : '';
	}
}

/* --- commands --- */

const COMMANDS = {
	START: () => note(`${nameOf()} is open already.`),
	UNDO: () => undo(recent.last()),
	ACK: acknowledge,
	DISPATCH: () => dispatch.ask(),
	MISSING: () => missing.open(),
	OP: (name) => {
		state.operator = name;
		screen.setOperator(name);
		remember('session', { ...recall('session'), operator: name });
		byId('v-operator').textContent = name;
		sounds.play('done');
		panel.show({ result: 'command', waybill_number: name, message: 'scans from now on' });
	},
	SESSION: (id) => (String(state.session) === id ? COMMANDS.START()
		: note(`${nameOf()} is open: leave it before joining session ${id}.`)),
	UNKNOWN: (code) => {
		sounds.play('error');
		panel.show({ result: 'no_command', waybill_number: code, message: 'no such command' });
	},
};

function run({ name, argument }) {
	COMMANDS[name](argument);
}

function runAtStart({ name, argument }) {
	if (name === 'START') {
		screen.begin();
	} else if (name === 'OP') {
		screen.setOperator(argument);
	} else if (name === 'SESSION') {
		screen.join(Number(argument));
	}
}

/* --- what is always in view --- */

function showCounters(session, asked) {
	counters.show(session, asked);
	missing.refresh();
}

function showConnection() {
	const trouble = queue.trouble !== '' ? queue.trouble : state.link;
	byId('connection').dataset.state = trouble === '' ? 'ok' : 'bad';
	byId('connection').textContent = trouble === '' ? 'Connected' : `Not connected: ${trouble}`;
	byId('depth').textContent = queue.depth === 0 ? 'empty' : `${plural(queue.depth, 'scan')} waiting`;
	byId('depth').dataset.state = queue.depth > 0 && queue.trouble !== '' ? 'bad' : 'ok';
	byId('login-over').hidden = !queue.login && !state.login;
	byId('start-queue').hidden = queue.depth === 0;
	byId('start-queue').textContent = `${plural(queue.depth, 'scan')} of before not sent yet.`;
}

function showDurable(durable) {
	byId('not-durable').hidden = durable;
}

function showSound() {
	byId('sound-blocked').hidden = state.session === null || !sounds.blocked;
	byId('sound-muted').hidden = state.session === null || !sounds.silent;
}

function note(text) {
	byId('note').textContent = text;
}

/* --- sessions --- */

const levels = new Levels(() => (state.session === null ? screen.station : state.station),
	({ volume, muted }) => sounds.setLevel(volume, muted));
const missing = new MissingList(known);
const sessionDialog = dialog('session');
const dispatch = new Dispatch({ session: known, operator: () => state.operator,
	depth: () => queue.depth, done: dispatched });
const watch = new SessionWatch({
	session: () => state.session,
	beginning: () => state.begin,
	begun,
	refused: (why) => leaveTo(() => screen.end(sentence(`The session was not made: ${why}`))),
	counters: showCounters,
	over: (session) => sessionOver(session?.state ?? 'not known to the server'),
	news: tellNews,
	link: (text, login) => {
		state.link = text;
		state.login = login;
		if (text === '') {
			tryAgain();
		}
		showConnection();
	},
});
const screen = new StartScreen({
	starting: () => {
		levels.load();
		sounds.unlock();
	},
	entered: enter,
	refreshed: showCounters,
	ended: () => { state.session = null; },
	away: () => {
		state.link = 'the server cannot be reached';
		showConnection();
		if (state.begin !== null) {
			note('This session is begun without the server: scans are kept and sent when it is back.');
		}
	},
});
const camera = new Camera((code) => state.session !== null && commit(code), note);

function enter(session, who) {
	Object.assign(state, who, { session: session.id ?? NOT_YET, begin: session.begin ?? null });
	byId('v-station').textContent = who.station;
	byId('v-operator').textContent = who.operator;
	byId('v-session').textContent = session.id ?? 'new';
	note('');
	levels.load();
	sounds.unlock();
	keepAwake(true);
	recent.clear();
	showCounters(session);
	showConnection();
	showHalt();
	panel.ready();
	byId('entry').focus({ preventScroll: true });
	window.scrollTo(0, 0); /* the verdict is what has to be seen */
	watch.look();
	if (known() !== null) {
		restoreRecent(session.id);
	}
}

/* What the server calls the session; null: it does not know it, or there is none. */
function known() {
	return state.session || null;
}

function nameOf() {
	return state.session === NOT_YET ? 'The session that was begun here' : `Session ${state.session}`;
}

/* A session that was begun without the server is there: this one, or one of before. */
function begun(fields, session) {
	if (state.begin?.session_key === fields.session_key) {
		Object.assign(state, { session: session.id, begin: null });
		screen.begun(session.id);
		byId('v-session').textContent = session.id;
		note('');
		showCounters(session);
		dispatch.queueChanged();
	}
}

let unread = null; /* the session whose scans of before could not be had */

/* This station's scans of before a reload, so that they can still be undone. */
async function restoreRecent(id) {
	unread = null;
	const answer = await call('GET', `/sessions/${id}/scans?limit=50`).catch(() => null);
	if (state.session !== id) {
		return;
	}
	if (!Array.isArray(answer?.json?.scans)) {
		unread = id;
		return;
	}
	const list = answer.json.scans.filter((scan) => scan.station === state.station
		&& recent.get(scan.scan_id) === undefined);
	recent.putBefore(list.reverse().map((scan) => {
		const { kind, word } = lookOf(scan.voided_at ? 'undone' : scan.result);
		return { scan, kind, text: word };
	}));
}

/* The way to the server may be open again. */
function tryAgain() {
	queue.retryNow();
	if (unread !== null && unread === state.session) {
		restoreRecent(unread);
	}
}

function leave() {
	if (queue.depth > 0) {
		note(`${plural(queue.depth, 'scan')} not sent yet: stay until the queue is empty.`);
		return;
	}
	leaveTo(() => screen.show());
}

function leaveTo(next) {
	Object.assign(state, { session: null, begin: null });
	camera.stop();
	keepAwake(false);
	showSound();
	sessionDialog.close();
	next();
}

function sessionOver(how) {
	const id = state.session;
	leaveTo(() => screen.end(`Session ${id} is ${how}. Start a new one.`));
}

function dispatched(report) {
	const id = state.session;
	sounds.play('done');
	leaveTo(() => screen.dispatched(id, report.message));
}

async function cancelSession() {
	const id = state.session;
	const answer = await call('POST', `/sessions/${id}/cancel`, { body: { by: state.operator },
		key: `cancel-${id}` }).catch((e) => ({ status: 0, json: { message: e.message } }));
	if (answer.status === 200) {
		leaveTo(() => screen.end(`Session ${id} was cancelled: nothing was dispatched.`));
	} else {
		byId('session-told').textContent = sentence(`Not cancelled: ${reason(answer)}`);
	}
}

function showSession() {
	if (known() === null) {
		note('The server does not know this session yet: no other station can join it.');
		return;
	}
	byId('session-told').textContent = '';
	fill(byId('session-code'), barcode(`CMD SESSION ${state.session}`));
	byId('session-name').textContent = `CMD SESSION ${state.session}`;
	sessionDialog.open();
}

/* An unknown scan turned out to be known: told in words, the parcel is not at hand now. */
function tellNews(item) {
	const line = recent.get(item.scan_id);
	const { kind, word } = lookOf(item.result);
	if (line !== undefined) {
		recent.put(line.scan, kind, `${word}: matched later`);
	}
	byId('news').textContent = `${item.scanned_number}, scanned as unknown at ${item.station ?? 'a station'}, `
		+ `is known now${item.waybill_number === item.scanned_number ? '' : ` as ${item.waybill_number}`}: ${word.toLowerCase()}.`;
	byId('news').hidden = false;
}

/* --- other tabs --- */

/* Another tab goes on where this one is; this one waits for its turn. */
async function giveWay() {
	const { session } = state;
	state.session = null; /* nothing is scanned here meanwhile */
	const kept = await queue.rest();
	if (!kept || !(outbox.durable || queue.depth === 0)) {
		state.session ??= session; /* or the server made it meanwhile */
		if (state.halt === null) {
			queue.go();
		}
		note('Scans are kept in this tab alone: another can take over when they are sent.');
		return;
	}
	state.gone = true;
	tab.giveWay();
	location.reload();
}

/* --- wiring --- */

function wire() {
	byId('station').addEventListener('change', () => levels.load());
	byId('leave').addEventListener('click', leave);
	byId('undo').addEventListener('click', () => undo(recent.last()));
	byId('acknowledge').addEventListener('click', acknowledge);
	byId('session-open').addEventListener('click', showSession);
	byId('session-cancel').addEventListener('click', cancelSession);
	byId('soft-keys').addEventListener('click', () => {
		byId('entry').inputMode = byId('entry').inputMode === 'none' ? 'text' : 'none';
		byId('entry').focus();
	});
	for (const button of document.querySelectorAll('.test-sound')) {
		button.addEventListener('click', () => sounds.unlock().then(() => sounds.test()));
	}
	for (const gesture of ['keydown', 'pointerdown']) {
		document.addEventListener(gesture, () => state.session !== null && sounds.blocked
			&& sounds.unlock(), true);
	}
	listenForCommands({ active: () => screen.ready, run: runAtStart });
	captureKeys(byId('entry'), { active: () => state.session !== null, commit,
		caps: (on) => { byId('caps').hidden = !on; }, escape: acknowledge });
	window.addEventListener('online', tryAgain);
	window.addEventListener('beforeunload', (event) => {
		if (queue.depth > 0 && !queue.login && !state.login && !state.gone) {
			event.preventDefault();
			event.returnValue = '';
		}
	});
}

async function begin() {
	showDurable(outbox.durable);
	levels.load();
	wire();
	await tab.become({ waiting: () => other.show(), wanted: giveWay });
	other.hide();
	state.halt = recall('halt');
	refused.refresh();
	const left = await queue.load(); /* sooner than a session: its line is never told to be empty */
	byId('begin').disabled = false; /* sooner, the browser itself would send the form */
	const restored = screen.restore();
	for (const { kind, scan, flagged } of left) {
		recent.put(scan, kind === 'undo' ? 'undoing' : 'held', kind === 'undo' ? 'Undoing' : KEPT, { flagged });
	}
	showHalt();
	if (state.halt === null) {
		queue.go();
	}
	await restored;
	await keepPage({ updated: () => {
		if (screen.shown && queue.depth === 0) {
			location.reload();
		}
		byId('updated').hidden = false;
	} });
}

await begin();
