/* A shift at the scan page: undo, stop on error, commands, several stations, dispatch. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { recorded, sql } from './own_server.mjs';
import { api, csv, launch, load, numbers, open, openStart, panel, scan, showing, startScanning, text, tones,
	until, url, violations } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const shown = (page) => text(page, '.panel .panel-number');
const sessionOf = (page) => text(page, '#v-session');
const counters = async (page) => [await text(page, '#c-scanned'), await text(page, '#c-duplicate'),
	await text(page, '#c-error')];
const command = (page, words) => scan(page, `CMD ${words}`);
const status = (number) => sql(`select status from waybills where waybill_number = '${number}'`)[0][0];

/* A page in a session that expects these numbers. */
async function expecting(list, options = {}) {
	const form = new FormData();
	form.append('waybill_file', new Blob([csv(list)]), 'manifest.csv');
	const upload = await (await fetch(`${url}/upload`, { method: 'POST', body: form,
		headers: { Accept: 'application/json' } })).json();
	const { json } = await api('POST', '/sessions', { scanned_by: 'Ana', station: 'Dock 1', uploads: [upload.id] });
	const page = await open(browser, '/scan', { ...options, init: `localStorage.setItem('waybill.session',
		'{"id":${json.id},"operator":"Ana","station":"Dock 1","mode":"dispatch"}')` });
	await page.waitForSelector('#work:not([hidden])');
	await until(async () => await text(page, '#c-expected') === String(list.length), 'the counters are there');
	return page;
}

test('undo of the last scan is done by the server, and the number may be scanned again', async () => {
	const [a, b] = await load(numbers(2));
	const page = await startScanning(browser);
	const session = await sessionOf(page);
	await scan(page, a);
	await panel(page, 'valid');
	await scan(page, b);
	await showing(page, b);
	await tones(page);
	await page.click('#undo');
	await panel(page, 'undone');
	assert.equal(await shown(page), b);
	const heard = await tones(page);
	assert.equal(heard.length, 2);
	assert.ok(heard[0].hertz < heard[1].hertz && heard.every((t) => t.lasts < 0.08));
	assert.deepEqual(await counters(page), ['1', '0', '0']);
	assert.deepEqual(sql(`select waybill_number, voided_by, voided_at is not null from scanned_waybills
		where session_id = ${session} order by id`), [[a, '', 'f'], [b, 'Ana Reyes', 't']]);
	await scan(page, b); /* at once: it is no second beep */
	await panel(page, 'valid');
	await command(page, 'UNDO');
	await panel(page, 'undone');
	await command(page, 'undo'); /* Caps Lock: the one before */
	await showing(page, a);
	await until(async () => await text(page, '#c-scanned') === '0', 'both are undone');
	await command(page, 'UNDO');
	await until(async () => /nothing to undo/.test(await text(page, '#note')), 'there is nothing left');
	await page.context().close();
});

test('any recent scan can be undone, after a reload too', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser);
	for (const number of list) {
		await scan(page, number);
		await showing(page, number);
	}
	await page.reload();
	await page.click(`button[aria-label="Undo ${list[1]}"]`);
	await panel(page, 'undone');
	assert.equal(await shown(page), list[1]);
	assert.deepEqual((await page.locator('#recent .recent-word').allTextContents()), ['Valid', 'Undone', 'Valid']);
	await page.context().close();
});

for (const how of ['Escape', 'the button', 'the command', 'a reload, then Escape']) {
	test(`an error stops the line until it is acknowledged by ${how}`, async () => {
		const list = await load(numbers(3));
		const [unknown] = numbers(1);
		const page = await startScanning(browser);
		await page.check('#work .stop-on-error');
		const session = await sessionOf(page);
		await scan(page, list[0]);
		await panel(page, 'valid');
		await scan(page, unknown);
		await page.waitForSelector('#halt:not([hidden])');
		await panel(page, 'unknown');
		await tones(page);
		await scan(page, list[1]);
		await scan(page, list[2]);
		await until(async () => await text(page, '#depth') === '2 scans waiting', 'two are kept');
		assert.match(await text(page, '#halt'), new RegExp(`${unknown}: Not found.*2 scans made meanwhile`, 's'));
		assert.equal(await page.getAttribute('#panel', 'data-kind'), 'unknown', 'the error stays');
		const ticks = [];
		await until(async () => ticks.push(...(await tones(page)).filter((t) => t.lasts < 0.06)) === 2, 'both ticked');
		assert.deepEqual(recorded(session), [[list[0], 'valid'], [unknown, 'not_found']]);
		if (how.startsWith('a reload')) {
			page.on('dialog', (dialog) => dialog.accept());
			await page.reload();
			await page.waitForSelector('#halt:not([hidden])');
			assert.equal(await text(page, '#depth'), '2 scans waiting');
		}
		if (how === 'the button') {
			await page.click('#acknowledge');
		} else if (how === 'the command') {
			await command(page, 'ACK');
		} else {
			await page.keyboard.press('Escape');
		}
		await until(async () => await text(page, '#depth') === 'empty', 'they are sent');
		assert.ok(!await page.isVisible('#halt'));
		assert.deepEqual(recorded(session), [[list[0], 'valid'], [unknown, 'not_found'], [list[1], 'valid'], [list[2], 'valid']]);
		assert.equal(await page.locator('#recent .recent-word:has-text("made while stopped")').count(), 2);
		await page.context().close();
	});
}

test('stop on error belongs to the station, and a duplicate is no error', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await page.check('#work .stop-on-error');
	await scan(page, number);
	await panel(page, 'valid');
	await page.waitForTimeout(1050); /* sooner it is the same beep twice */
	await scan(page, number);
	await panel(page, 'duplicate');
	assert.ok(!await page.isVisible('#halt'));
	await page.click('#leave');
	assert.ok(await page.isChecked('#start .stop-on-error'));
	await page.fill('#station', 'Dock 9');
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	assert.ok(!await page.isChecked('#work .stop-on-error'));
	await page.context().close();
});

test('commands work the start screen whatever has the focus', async () => {
	const page = await openStart(browser);
	for (const field of ['#operator', '#station', '#mode', '#start .mute', '#start .test-sound', '#begin']) {
		await page.focus(field);
		await command(page, 'OP Ben Cruz');
		assert.equal(await page.inputValue('#operator'), 'Ben Cruz');
	}
	await page.fill('#station', 'Dock 4');
	assert.equal(await page.inputValue('#mode'), 'dispatch');
	assert.equal(await page.isChecked('#start .mute'), false);
	await page.focus('#station');
	await command(page, 'START');
	await page.waitForSelector('#work:not([hidden])');
	assert.deepEqual([await text(page, '#v-operator'), await text(page, '#v-station')], ['Ben Cruz', 'Dock 4']);
	await until(async () => !await page.isVisible('#sound-blocked'), 'sound is on');
	await page.context().close();
});

test('a badge changes the operator; a command nobody knows is an error and no scan', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	const session = await sessionOf(page);
	await command(page, 'OP Cora D. Vega');
	await until(async () => await text(page, '#v-operator') === 'Cora D. Vega', 'the operator is another');
	await scan(page, number);
	await showing(page, number);
	assert.deepEqual(sql(`select scanned_by from scanned_waybills where session_id = ${session}`), [['Cora D. Vega']]);
	await tones(page);
	await command(page, 'FLY');
	await panel(page, 'error');
	assert.equal(await text(page, '[role=alert] .panel-word'), 'Unknown command');
	assert.ok((await tones(page))[0].hertz < 250);
	assert.equal(recorded(session).length, 1);
	/* the server agrees that no waybill can be called so */
	const { status: code, json } = await api('POST', '/scan', { waybill_number: 'CMD UNDO' });
	assert.deepEqual([code, json.result], [400, 'invalid']);
	await page.context().close();
});

/* Each of a scanner's keys, as a keyboard with Caps Lock on gives them. */
const capsLocked = (page, code) => page.evaluate((typed) => {
	for (const key of [...typed, 'Enter']) {
		document.body.dispatchEvent(new KeyboardEvent('keydown',
			{ key, bubbles: true, cancelable: true, modifierCapsLock: true }));
	}
}, code);

/* The badge made "aNA d. vEGA" the operator, whose figures nobody finds. */
test('a badge read under Caps Lock is of the one whose name stands on it', async () => {
	const page = await openStart(browser);
	await page.fill('#station', 'Dock 4');
	await capsLocked(page, 'cmd op aNA d. vEGA');
	assert.equal(await page.inputValue('#operator'), 'Ana D. Vega');
	await capsLocked(page, 'cmd start');
	await page.waitForSelector('#work:not([hidden])');
	await capsLocked(page, 'cmd op bEN');
	assert.equal(await text(page, '#v-operator'), 'Ben');
	await capsLocked(page, 'CMD OP Cora'); /* a scanner that makes up for it */
	assert.equal(await text(page, '#v-operator'), 'Cora');
	await command(page, 'op cora'); /* and one that changes case */
	assert.equal(await text(page, '#v-operator'), 'cora');
	await page.context().close();
});

test('dispatch: counted first, put off by a scan, confirmed by the second command', async () => {
	const list = numbers(4);
	const page = await expecting(list);
	const session = await sessionOf(page);
	await scan(page, list[0]);
	await showing(page, list[0]);
	await command(page, 'DISPATCH');
	await page.waitForSelector('#dispatch-go:not([hidden])');
	assert.match(await text(page, '#dispatch-told'), /Dispatch 1 parcel/);
	assert.deepEqual(await violations(page), []);
	await scan(page, list[1]);
	await showing(page, list[1]);
	assert.ok(!await page.isVisible('#dispatch'));
	assert.match(await text(page, '#note'), /put off/);
	await page.click('#dispatch-open');
	await page.waitForSelector('#dispatch-go:not([hidden])');
	await page.check('#dispatch-hold');
	await until(async () => /2 parcels put on hold/.test(await text(page, '#dispatch-lines')), 'the hold is counted');
	assert.equal(status(list[0]), 'pending', 'nothing was done yet');
	await command(page, 'DISPATCH');
	await page.waitForSelector('#start-done:not([hidden])');
	assert.match(await text(page, '#start-done'), new RegExp(`Session ${session}: 2 dispatched`));
	assert.equal(await page.getAttribute('#start-manifest', 'href'), `/sessions/${session}/manifest`);
	assert.deepEqual(list.map(status), ['dispatched', 'dispatched', 'issue_pending', 'issue_pending']);
	assert.deepEqual(await violations(page), []);
	await page.reload();
	await page.waitForSelector('#start', { state: 'visible' }); /* the session is over */
	await page.context().close();
});

test('dispatch waits for an empty queue', async () => {
	const list = numbers(2);
	const page = await expecting(list);
	await page.context().setOffline(true);
	await scan(page, list[0]);
	await panel(page, 'held');
	await page.click('#dispatch-open');
	await until(async () => /1 scan not sent yet/.test(await text(page, '#dispatch-told')), 'it waits');
	await page.check('#dispatch-hold');
	assert.match(await text(page, '#dispatch-told'), /1 scan not sent yet/, 'it still waits');
	assert.ok(!await page.isVisible('#dispatch-go'));
	await page.context().setOffline(false);
	await page.waitForSelector('#dispatch-go:not([hidden])');
	assert.match(await text(page, '#dispatch-told'), /Dispatch 1 parcel/);
	assert.match(await text(page, '#dispatch-lines'), /1 parcel put on hold/);
	await page.route('**/scans/*', (route) => route.abort());
	await command(page, 'UNDO');
	await command(page, 'DISPATCH');
	await until(async () => /1 scan not sent yet/.test(await text(page, '#dispatch-told')), 'it waits for the undo');
	await page.unroute('**/scans/*');
	await until(async () => /Dispatch 0 parcels/.test(await text(page, '#dispatch-told')), 'it counts anew');
	assert.deepEqual(list.map(status), ['pending', 'pending']);
	await page.keyboard.press('Escape');
	assert.ok(!await page.isVisible('#dispatch'));
	await page.context().close();
});

test('the missing list is live, and scanning goes on beneath it', async () => {
	const list = numbers(3);
	const page = await expecting(list);
	const other = await expecting(numbers(1));
	await page.click('#missing-open');
	await until(async () => await page.locator('#missing-rows tr').count() === 3, 'three are missing');
	assert.deepEqual(await violations(page), []);
	await scan(page, list[0]);
	await until(async () => await page.locator('#missing-rows tr').count() === 2, 'two are missing');
	assert.match(await text(page, '#missing-told'), /2 parcels of 3 parcels/);
	await scan(other, list[1]); /* in another session: told where it is */
	await showing(other, list[1]);
	await scan(page, list[2]);
	await until(async () => /session \d+, Dock 1/.test(await text(page, '#missing-rows')), 'the other session is named');
	await until(async () => await text(page, '#c-missing') === '1', 'one is missing');
	await page.keyboard.press('Escape');
	assert.ok(!await page.isVisible('#missing'));
	await page.context().close();
	await other.context().close();
});

test('another station joins by the list or by a barcode, and both see the counters', async () => {
	const list = await load(numbers(3));
	const first = await startScanning(browser);
	const session = await sessionOf(first);
	await scan(first, list[0]);
	await panel(first, 'valid');
	await first.click('#session-open');
	assert.equal(await text(first, '#session-name'), `CMD SESSION ${session}`);
	assert.equal(await first.locator('#session-code svg').count(), 1);
	assert.deepEqual(await violations(first), []);
	await first.keyboard.press('Escape');
	const join = async (how) => {
		const page = await openStart(browser);
		await page.fill('#operator', 'Ben');
		await page.fill('#station', 'Dock 8');
		await how(page);
		await page.waitForSelector('#work:not([hidden])');
		assert.equal(await sessionOf(page), session);
		return page;
	};
	const byList = await join((page) => page.click(`button[aria-label="Join session ${session}"]`));
	await scan(byList, list[1]);
	await panel(byList, 'valid');
	assert.equal(await text(byList, '#c-scanned'), '2');
	await until(async () => await text(first, '#c-scanned') === '2', 'the first station sees it');
	await byList.context().close();
	await (await join((page) => command(page, `SESSION ${session}`))).context().close();
	const third = await join((page) => scan(page, `SESSION-${session}`)); /* a manifest's */
	/* cancelled at one station, over at the other */
	await third.click('#session-open');
	await third.click('#session-cancel');
	await third.waitForSelector('#start:not([hidden])');
	await first.waitForSelector('#start:not([hidden])');
	assert.match(await text(first, '#start-error'), new RegExp(`${session} is cancelled`));
	assert.equal(sql(`select state from batch_sessions where id = ${session}`)[0][0], 'cancelled');
	await third.context().close();
	await first.context().close();
});

test('an unknown scan that an upload makes known is told, without a sound', async () => {
	const [number] = numbers(1);
	const page = await startScanning(browser);
	/* news are what comes after the first look at the session */
	await until(() => page.evaluate(() => localStorage.getItem('waybill.news') !== null), 'the session was looked at');
	await scan(page, number);
	await panel(page, 'unknown');
	await tones(page);
	await load([number]).catch(() => undefined); /* "matched" is among its warnings */
	await page.waitForSelector('#news:not([hidden])');
	assert.match(await text(page, '#news'), new RegExp(`${number}, scanned as unknown at Dock 2, is known now: valid`));
	assert.match(await text(page, '#recent .recent-word'), /Valid: matched later/);
	await until(async () => await text(page, '#c-scanned') === '1', 'the counters follow');
	assert.deepEqual(await tones(page), []);
	await page.context().close();
});

test('a field in a dialog keeps its keys', async () => {
	const page = await startScanning(browser);
	await page.evaluate(() => {
		const box = document.getElementById('missing');
		const input = document.createElement('input');
		input.id = 'probe';
		box.append(input);
		box.showModal();
		input.focus();
	});
	await page.keyboard.type('not a scan');
	await page.keyboard.press('Enter');
	assert.equal(await page.inputValue('#probe'), 'not a scan');
	assert.equal(await page.inputValue('#entry'), '');
	assert.equal(await page.locator('#recent li').count(), 0);
	await page.context().close();
});
