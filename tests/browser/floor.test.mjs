/* Sessions, waybills and unknown scans as a supervisor works on them. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { api, holdFirst, launch, load, numbers, open, until, url, violations } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const narrow = { viewport: { width: 320, height: 568 } };

async function begin(station, fields = {}) {
	const { json } = await api('POST', '/sessions', { station, scanned_by: 'Mia', batch_ready: false, ...fields });
	return json.id;
}

async function scans(session, list) {
	for (const number of list) {
		await api('POST', '/scan', { waybill_number: number, session_id: session, scan_id: randomUUID(), station: 'Dock 7', scanned_by: 'Mia' });
	}
}

async function fine(page) {
	assert.deepEqual(await violations(page), []);
	assert.deepEqual(page.faults, []);
}

const shows = (page, selector, text) => page.waitForFunction(([s, t]) => document.querySelector(s)?.textContent.includes(t), [selector, text]);
const gone = (page, selector) => page.waitForSelector(selector, { state: 'hidden' });

for (const colorScheme of ['light', 'dark']) {
	test(`sessions, live and filtered, ${colorScheme}`, async () => {
		const list = await load(numbers(2));
		const station = `Gate ${list[0]}`;
		const id = await begin(station);
		const page = await open(browser, `/sessions?q=${encodeURIComponent(station)}`, { colorScheme });
		await page.waitForSelector(`#rows a[href="/sessions/${id}"]`);
		assert.equal(await page.inputValue('#q'), station);
		assert.equal(await page.locator('#rows tr').count(), 1);
		assert.equal(await page.textContent('.top nav a[aria-current]'), 'Sessions');
		await scans(id, list);
		await shows(page, '#rows tr td:nth-child(6)', '2');
		const later = await begin(station);
		await page.waitForSelector(`#rows tr:first-child a[href="/sessions/${later}"]`);
		await fine(page);

		await page.fill('#q', 'no such station');
		await page.press('#q', 'Enter');
		await page.waitForSelector('#none:not([hidden])');
		assert.equal(new URL(page.url()).searchParams.get('q'), 'no such station');
		await fine(page);
		/* the barcode of a manifest */
		await page.fill('#q', `session-${id}`);
		await page.press('#q', 'Enter');
		await page.waitForURL(`**/sessions/${id}`);
		await page.context().close();
	});

	test(`a session is dispatched after it was told what that does, ${colorScheme}`, async () => {
		const list = await load(numbers(4));
		const { json: { upload_id: upload } } = await api('GET', `/waybills/${list[0]}`);
		const id = await begin('Dock 7', { uploads: [upload] });
		await scans(id, [list[0], list[1], list[0], 'NOSUCH']);
		await api('POST', `/waybills/${list[1]}/hold`, { reason: 'wet' });
		const page = await open(browser, `/sessions/${id}`, { colorScheme });
		await shows(page, '#c-missing', '2');
		assert.deepEqual(await page.$$eval('.tiles dd', (all) => all.map((d) => d.textContent)), ['2', '1', '1', '4', '2']);
		await shows(page, '#missing-rows', list[3]);
		await until(async () => await page.locator('#scan-rows tr').count() === 4, 'its scans are listed');
		await fine(page);
		await page.selectOption('#scans-filter select', 'duplicate');
		await page.click('#scans-filter button');
		await until(async () => await page.locator('#scan-rows tr').count() === 1, 'the scans are filtered');

		await page.focus('#dispatch');
		await page.keyboard.press('Enter');
		await shows(page, '#dispatch-yes', 'Dispatch 1 parcel');
		await shows(page, '#dispatch-told', `On hold: 1 (${list[1]})`);
		await page.check('#hold-missing');
		await shows(page, '#dispatch-told', '2 parcels are missing, 2 of them put on hold');
		await fine(page);
		assert.equal((await api('GET', `/sessions/${id}`)).json.state, 'open');
		await page.keyboard.press('Escape');
		await gone(page, '#dispatch-ask');
		assert.equal((await api('GET', `/sessions/${id}`)).json.state, 'open');

		await page.click('#dispatch');
		await page.check('#hold-missing');
		await shows(page, '#dispatch-told', '2 of them put on hold');
		await page.waitForSelector('#dispatch-yes:not([disabled])');
		await page.click('#dispatch-yes');
		await shows(page, '#done', '1 dispatched, 1 skipped, 2 put on hold.');
		await shows(page, '#state', 'Dispatched');
		await gone(page, '#dispatch');
		assert.equal((await api('GET', `/waybills/${list[0]}`)).json.status, 'dispatched');
		assert.equal((await api('GET', `/waybills/${list[3]}`)).json.status, 'issue_pending');
		await fine(page);
		await page.context().close();
	});

	test(`a waybill is put on hold and back, ${colorScheme}`, async () => {
		const [number] = await load(numbers(1));
		const page = await open(browser, `/waybills/${number}`, { colorScheme });
		await page.click('#hold');
		await page.click('#ask-yes');
		assert.equal(await page.locator('#ask').isVisible(), true, 'a hold needs a reason');
		await page.fill('#ask-reason', 'label torn <b>');
		await fine(page);
		await page.press('#ask-reason', 'Enter');
		await shows(page, '#held', 'label torn <b>');
		await shows(page, '#history', 'label torn <b>');
		assert.equal(await page.locator('#hold').isVisible(), false);
		await fine(page);
		await page.click('#resume');
		await page.fill('#ask-reason', 'new label');
		await page.click('#ask-yes');
		await shows(page, '#history', 'new label');
		await page.waitForSelector('#hold:not([hidden])');
		assert.equal((await api('GET', `/waybills/${number}`)).json.status, 'pending');
		assert.equal(await page.getAttribute('#label', 'href'), `/waybills/${number}/label`);
		await page.context().close();
	});

	test(`waybills are searched and exported, ${colorScheme}`, async () => {
		const list = await load(numbers(60));
		const { json: { upload_id: upload } } = await api('GET', `/waybills/${list[0]}`);
		const page = await open(browser, '/waybills', { colorScheme });
		await page.fill('[name="upload"]', String(upload));
		await page.press('[name="upload"]', 'Enter');
		await until(async () => await page.locator('#rows tr').count() === 50, 'the first page is there');
		await fine(page);
		await page.click('#more');
		await until(async () => await page.locator('#rows tr').count() === 60, 'the rest is there');
		await gone(page, '#more');
		const [file] = await Promise.all([page.waitForEvent('download'), page.click('#csv')]);
		const rows = await (await file.createReadStream()).toArray();
		assert.equal(Buffer.concat(rows).toString().trim().split('\r\n').length, 61);
		await page.fill('#q', list[7].slice(2));
		await page.selectOption('[name="status"]', 'pending');
		await page.press('#q', 'Enter');
		await until(async () => await page.locator('#rows tr').count() === 1, 'one is found');
		await page.click('#rows a');
		await shows(page, '#title', list[7]);
		await page.context().close();
	});

	test(`unknown scans are matched and dismissed, ${colorScheme}`, async () => {
		const [number] = await load(numbers(1));
		const [lost, noise] = [`X${number}`, `Y${number}`];
		const id = await begin('Dock 7');
		await scans(id, [lost, noise]);
		const page = await open(browser, `/unknown-scans?session_id=${id}`, { colorScheme });
		await page.waitForSelector('#rows tr');
		await fine(page);
		await page.click(`[aria-label="Match ${lost}"]`);
		await page.fill('#match-number', 'NOSUCH');
		await page.press('#match-number', 'Enter');
		await page.waitForSelector('#match-trouble:not([hidden])');
		await fine(page);
		await page.fill('#match-number', number);
		await page.press('#match-number', 'Enter');
		await shows(page, '#done', `${lost} is matched to ${number}.`);
		await page.click(`[aria-label="Dismiss ${noise}"]`);
		await page.fill('#dismiss-reason', 'a shelf');
		await page.press('#dismiss-reason', 'Enter');
		await page.waitForSelector('#none:not([hidden])');
		await page.selectOption('[name="state"]', 'all');
		await page.click('#filter button');
		await shows(page, '#rows', 'a shelf');
		await shows(page, '#rows', `Matched to ${number}`);
		assert.equal((await api('GET', `/sessions/${id}`)).json.valid, 1);
		await fine(page);
		await page.context().close();
	});
}

test('a session is cancelled and opened again with the keyboard', async () => {
	const id = await begin('Dock 7');
	const page = await open(browser, `/sessions/${id}`);
	await page.waitForSelector('#cancel:not([hidden])');
	await page.focus('#cancel');
	await page.keyboard.press('Enter');
	await page.keyboard.type('wrong truck');
	await page.keyboard.press('Enter');
	await shows(page, '#ended', 'wrong truck');
	await page.waitForFunction(() => document.activeElement.id === 'resume');
	await page.keyboard.press('Enter');
	await shows(page, '#state', 'Open: not dispatched yet');
	await page.waitForFunction(() => document.activeElement.id === 'cancel');
	await page.context().close();
});

/* One that was slow showed again what had been left behind. */
test('an answer that is overtaken is not shown: sessions', async () => {
	const station = `Gate ${numbers(1)[0]}`;
	const id = await begin(station);
	const page = await open(browser, `/sessions?q=${encodeURIComponent(station)}`);
	await page.waitForSelector(`#rows a[href="/sessions/${id}"]`);
	const late = await holdFirst(page, /\/sessions\?/);
	await late.held; /* the next look at what has changed */
	await page.fill('#q', 'no such station');
	await page.press('#q', 'Enter');
	await page.waitForSelector('#none:not([hidden])');
	await late.come();
	assert.ok(await page.isVisible('#none'));
	assert.equal(await page.locator('#rows tr').count(), 0);
	await page.context().close();
});

test('an answer that is overtaken is not shown: a session', async () => {
	const list = await load(numbers(3));
	const { json: { upload_id: upload } } = await api('GET', `/waybills/${list[0]}`);
	const id = await begin('Dock 7', { uploads: [upload] });
	await scans(id, list.slice(0, 1));
	const page = await open(browser, `/sessions/${id}`);
	const first = await holdFirst(page, `**/sessions/${id}/dispatch`);
	await page.click('#dispatch');
	await first.held;
	await page.check('#hold-missing');
	await shows(page, '#dispatch-told', '2 of them put on hold');
	await first.come();
	assert.match(await page.textContent('#dispatch-told'), /2 of them put on hold/);
	await page.keyboard.press('Escape');
	const look = await holdFirst(page, `**/sessions/${id}`);
	await look.held;
	await page.click('#cancel');
	await page.fill('#cancel-reason', 'wrong truck');
	await page.press('#cancel-reason', 'Enter');
	await page.waitForFunction(() => document.activeElement.id === 'resume');
	await look.come();
	assert.equal(await page.evaluate(() => document.activeElement.id), 'resume');
	await page.context().close();
});

test('a session fits 320 px', async () => {
	const [number] = await load(numbers(1));
	const id = await begin('A station with a long name indeed');
	await scans(id, [number, number]);
	const page = await open(browser, `/sessions/${id}`, narrow);
	await shows(page, '#scan-rows', number);
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
	await page.click('#dispatch');
	await shows(page, '#dispatch-yes', 'Dispatch 1 parcel');
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320);
	await page.context().close();
});

/* The destination and all behind it were 1,500 pixels out of sight, for every waybill. */
test('a name of one long word leaves its row in view', async () => {
	const [number] = numbers(1);
	const form = new FormData();
	form.append('waybill_file', new Blob([`Waybill Number,Receiver,City\n${number},${'X'.repeat(180)},Cebu City`]), 'word.csv');
	await fetch(`${url}/upload`, { method: 'POST', body: form });
	const page = await open(browser, `/waybills?q=${number}`);
	await shows(page, '#rows', number);
	const { width } = await page.locator('#rows tr').boundingBox();
	assert.ok(width <= 1280, `${width} px`);
	await page.context().close();
});

test('a session that is not there says so', async () => {
	const page = await open(browser, '/sessions/99999999');
	await shows(page, '#trouble', 'There is no session 99999999.');
	await page.context().close();
});
