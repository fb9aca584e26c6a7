/* The scan page: keys, order, verdicts, sessions. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, enter, launch, load, numbers, once, open, panel, scan, startScanning, text, tones, type, until } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/* The scans that were sent, again each time that they were, alone or in a backlog. */
const posts = (page) => {
	const list = [];
	page.on('request', (r) => {
		if (r.method() === 'POST' && /\/scans?$/.test(r.url())) {
			const body = JSON.parse(r.postData());
			list.push(...(body.scans ?? [body]));
		}
	});
	return list;
};
const shown = (page) => text(page, '.panel .panel-number');
const sessionOf = async (page) => Number(await text(page, '#v-session'));

test('a known number is valid, seen and heard', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await scan(page, number);
	await panel(page, 'valid');
	assert.equal(await text(page, '#verdict-status .panel-word'), 'Valid');
	assert.equal(await shown(page), number);
	assert.ok(await page.isVisible('.panel-icon.for-valid'));
	assert.equal(await page.inputValue('#entry'), '');
	assert.equal(await text(page, '#c-scanned'), '1');
	const [tone, ...more] = await tones(page);
	assert.deepEqual(more, []);
	assert.ok(tone.hertz >= 880 && tone.hertz <= 1320, `${tone.hertz} Hz`);
	assert.ok(tone.lasts > 0.08 && tone.lasts < 0.2, `${tone.lasts} s`);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('the same number again is a duplicate that names the first scan', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await scan(page, number);
	await panel(page, 'valid');
	await tones(page);
	await page.waitForTimeout(1050); /* sooner it is the same beep twice */
	await scan(page, number);
	await panel(page, 'duplicate');
	assert.equal(await text(page, '#verdict-status .panel-word'), 'Duplicate');
	assert.match(await text(page, '.panel-detail'), /First scanned at \d\d:\d\d:\d\d by Ana Reyes, station Dock 2/);
	const heard = await tones(page);
	assert.equal(heard.length, 2);
	assert.ok(heard[1].from >= heard[0].from + heard[0].lasts);
	assert.ok(heard.every((t) => t.hertz > 400 && t.hertz < 880));
	assert.equal(await text(page, '#c-duplicate'), '1');
	await page.context().close();
});

/* "First scanned at 08:05" was read as this morning's. */
test('a duplicate of another day tells the day', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	const { json } = await api('POST', '/scan', { waybill_number: number, session_id: await sessionOf(page),
		scan_id: crypto.randomUUID(), scanned_by: 'Ben', station: 'Dock 7', scanned_at: '2025-01-31T08:05:00+08:00' });
	assert.equal(json.result, 'valid');
	await scan(page, number);
	await panel(page, 'duplicate');
	assert.match(await text(page, '.panel-detail'), /First scanned on 2025-01-31 at 08:05:00 by Ben, station Dock 7/);
	await page.context().close();
});

test('an unknown number is an alert with a long low buzz', async () => {
	const page = await startScanning(browser);
	const [number] = numbers(1);
	await scan(page, number);
	await panel(page, 'unknown');
	assert.equal(await text(page, '[role=alert] .panel-word'), 'Not found');
	assert.equal(await text(page, '#verdict-status'), '');
	const [tone, ...more] = await tones(page);
	assert.deepEqual(more, []);
	assert.ok(tone.hertz < 250 && tone.lasts >= 0.5, JSON.stringify(tone));
	assert.equal(await text(page, '#c-error'), '1');
	await page.context().close();
});

test('thirty fast scans over a slow network keep their order and their number', async () => {
	const list = await load(numbers(30));
	const page = await startScanning(browser);
	const sent = posts(page);
	let running = 0;
	let most = 0;
	let go = null;
	const typed = new Promise((resolve) => { go = resolve; });
	await page.route(/\/scans?$/, async (route) => {
		running += 1;
		most = Math.max(most, running);
		await typed; /* the first request hangs as long as the typing takes */
		await new Promise((resolve) => setTimeout(resolve, 30));
		await route.continue().catch(() => undefined); /* given up meanwhile */
		running -= 1;
	});
	await type(page, list.map((n) => `${n}\n`).join(''), 1);
	assert.equal(await text(page, '#depth'), '30 scans waiting');
	go();
	await until(async () => await text(page, '#c-scanned') === '30', 'all 30 were answered', 30000);
	/* on a slow machine the first is given up and sent again with the others */
	assert.deepEqual(once(sent), list);
	assert.ok(most === 1 || sent.length > 30, 'one after another');
	assert.equal(await text(page, '#depth'), 'empty');
	assert.deepEqual((await page.locator('#recent .recent-number').allTextContents()).reverse(), list);
	const { json } = await api('GET', `/sessions/${await sessionOf(page)}`);
	assert.equal(json.valid, 30);
	await page.context().close();
});

test('a scanner that sends CR and LF makes one scan and presses no button', async () => {
	const [a, b] = await load(numbers(2));
	const page = await startScanning(browser);
	const sent = posts(page);
	await page.focus('#leave');
	await type(page, `${a}\n\n`, 2);
	await panel(page, 'valid');
	await type(page, b, 2);
	await page.keyboard.press('Control+j');
	await until(async () => await shown(page) === b, 'the second is shown');
	assert.deepEqual(once(sent), [a, b]);
	assert.ok(await page.isVisible('#work'));
	await page.context().close();
});

test('a second end key right behind the first does not move the focus', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	/* made in the page, so that no time passes between the two */
	const done = await page.evaluate((code) => {
		const entry = document.getElementById('entry');
		const press = (key) => entry.dispatchEvent(new KeyboardEvent('keydown',
			{ key, bubbles: true, cancelable: true }));
		entry.value = code;
		return [press('Enter'), press('Tab')];
	}, number);
	assert.deepEqual(done, [false, false], 'both were swallowed');
	await panel(page, 'valid');
	await page.context().close();
});

test('Tab ends a code as Enter does', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await scan(page, number, '\t');
	await panel(page, 'valid');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'entry');
	await page.waitForTimeout(150); /* sooner it would belong to the code's end */
	await page.keyboard.press('Tab');
	assert.notEqual(await page.evaluate(() => document.activeElement.id), 'entry');
	await page.context().close();
});

test('keys reach the scanner whatever has the focus', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser);
	const mute = page.locator('#work .mute');
	for (const [i, target] of ['#work .volume', '#work .mute', '#recent'].entries()) {
		await page.focus(target);
		await scan(page, list[i]);
		await until(async () => await shown(page) === list[i], `${list[i]} typed at ${target} is shown`);
	}
	assert.equal(await mute.isChecked(), false);
	await page.evaluate(() => document.activeElement.blur());
	await mute.focus();
	await page.keyboard.press('Space'); /* a control still works by keyboard */
	assert.equal(await mute.isChecked(), true);
	await page.context().close();
});

test('a reload restores the session without a question', async () => {
	const [a, b] = await load(numbers(2));
	const page = await startScanning(browser);
	await scan(page, a);
	await panel(page, 'valid');
	const before = await sessionOf(page);
	let made = 0;
	page.on('request', (r) => { made += r.method() === 'POST' && r.url().endsWith('/sessions') ? 1 : 0; });
	await page.reload();
	await page.waitForSelector('#work:not([hidden])');
	assert.equal(await sessionOf(page), before);
	await until(async () => await text(page, '#c-scanned') === '1', 'the counters are back');
	await scan(page, b);
	await until(async () => await text(page, '#c-scanned') === '2', 'the session goes on');
	assert.equal(made, 0);
	assert.equal(await text(page, '#v-operator'), 'Ana Reyes');
	await page.context().close();
});

test('a session the server does not know leads to the start screen', async () => {
	const init = () => localStorage.setItem('waybill.session',
		'{"id":999999999,"operator":"Ana","station":"Dock 1"}');
	const page = await open(browser, '/scan', { init });
	await page.waitForSelector('#start-error:not([hidden])');
	assert.match(await text(page, '#start-error'), /999999999/);
	await page.context().close();
});

test('the same code within a second is ignored and shown as ignored', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	const sent = posts(page);
	await enter(page, [number, number]);
	await page.waitForSelector('#recent [data-kind="ignored"]');
	await panel(page, 'valid');
	assert.match(await text(page, '#note'), /ignored/);
	assert.deepEqual(once(sent), [number]);
	assert.equal((await tones(page)).length, 1);
	await page.context().close();
});

test('half a number left in the field is not made part of the next scan', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	const sent = posts(page);
	await type(page, 'JT12');
	await page.waitForTimeout(1700);
	await scan(page, number);
	await panel(page, 'valid');
	assert.equal(sent[0].waybill_number, number);
	assert.match(await text(page, '#note'), /JT12/);
	await page.context().close();
});

/* A scanner without a suffix had filled the field: the next parcel's number fell off its end. */
test('five thousand characters do not take the next scan along, nor the page', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await type(page, 'C'.repeat(5000), 0);
	await page.waitForTimeout(1700);
	await scan(page, number);
	await panel(page, 'valid');
	assert.equal(await shown(page), number);
	assert.match(await text(page, '#note'), /^“C{40} …” had been left/);
	await type(page, `${'D'.repeat(5000)}\n`, 0);
	await panel(page, 'error');
	assert.match(await text(page, '.panel-detail'), /longer than 64 characters/);
	assert.equal(await page.evaluate(() => window.scrollY), 0, 'the counters are in view');
	await page.context().close();
});

test('Caps Lock and damaged codes are warned about', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await page.evaluate(() => document.body.dispatchEvent(new KeyboardEvent('keydown',
		{ key: 'Shift', bubbles: true, modifierCapsLock: true })));
	assert.ok(await page.isVisible('#caps'));
	await scan(page, number.toLowerCase());
	await panel(page, 'valid'); /* the server reads it all the same */
	assert.ok(!await page.isVisible('#caps'));
	assert.match(await text(page, '#note'), /small letters/);
	await scan(page, 'JT"!&00');
	await until(async () => /keyboard layout/.test(await text(page, '#note')), 'the layout is doubted');
	await page.context().close();
});

test('everything works by keyboard alone', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await page.focus('#leave');
	await page.keyboard.press('Enter');
	await page.waitForSelector('#start:not([hidden])');
	await page.keyboard.press('Control+a');
	await page.keyboard.type('Ben Cruz');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Control+a');
	await page.keyboard.type('Dock 7');
	await page.keyboard.press('Enter');
	await page.waitForSelector('#work:not([hidden])');
	assert.equal(await text(page, '#v-station'), 'Dock 7');
	await scan(page, number);
	await panel(page, 'valid');
	await page.context().close();
});
